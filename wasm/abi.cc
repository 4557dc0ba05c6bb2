// The C ABI of the engine: ABI.md says what each function takes and gives. One snapshot, one current visitor, one
// buffer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "core/match/match.h"
#include "core/model/similarity.h"
#include "core/rank/decide.h"
#include "core/rank/wire.h"
#include "core/snapshot/reader.h"
#include "core/snapshot/section.h"
#include "core/visitor/engagement.h"
#include "core/visitor/record.h"
#include "wasm/memory.h"

alignas(16) std::byte footlight::wasm::io[kIoBytes];

extern "C" std::byte __heap_base;  // where the linker's own data ends

namespace {

using namespace footlight;
using snapshot::SnapshotView;
using wasm::failure;
using wasm::io;
using wasm::kIoBytes;

constexpr std::size_t kPage = 65536;
constexpr std::int32_t kNoIndex = -1;

std::byte* room = nullptr;  // where the snapshot lies
std::size_t room_bytes = 0;
std::byte* scratch = nullptr;
std::size_t scratch_bytes = 0;
bool loaded = false;
SnapshotView view;
Visitor visitor;
Decision decision;

// Makes sure that the memory reaches to `end`.
bool grow_to(std::size_t end) {
  const std::size_t pages = __builtin_wasm_memory_size(0);
  const std::size_t wanted = (end + kPage - 1) / kPage;
  return wanted <= pages || __builtin_wasm_memory_grow(0, wanted - pages) != static_cast<std::size_t>(-1);
}

std::size_t top = 0;  // end of what is taken

std::size_t aligned(std::size_t n) { return (n + 15) / 16 * 16; }

template <typename T>
void put(std::size_t& at, T value) {
  std::memcpy(io + at, &value, sizeof value);
  at += sizeof value;
}

template <typename T>
T get(std::size_t at) {
  T value;
  std::memcpy(&value, io + at, sizeof value);
  return value;
}

std::string_view io_text(std::uint32_t n) {
  return {reinterpret_cast<const char*>(io), std::min<std::size_t>(n, kIoBytes)};
}

std::int32_t put_text(std::string_view text) {
  if (text.size() > kIoBytes) return failure(Status::kTooLarge);
  std::memcpy(io, text.data(), text.size());
  return static_cast<std::int32_t>(text.size());
}

std::int32_t index_or_none(std::uint32_t index) {
  return index == snapshot::kNone ? kNoIndex : static_cast<std::int32_t>(index);
}

Context context_of(std::uint32_t now_s, std::uint32_t flags) {
  return {now_s, (flags & 1U) != 0, (flags & 2U) != 0, unpack_surroundings(flags >> 16U), (flags >> 8U) & 255U};
}

}  // namespace

std::byte* footlight::wasm::set_aside(std::size_t bytes) noexcept {
  const std::size_t begin = aligned(top);
  if (!grow_to(begin + bytes)) return nullptr;
  top = begin + bytes;
  return reinterpret_cast<std::byte*>(begin);
}

std::span<const std::byte> footlight::wasm::reserved() noexcept { return {room, room_bytes}; }

SnapshotView* footlight::wasm::current_view() noexcept { return loaded ? &view : nullptr; }

Visitor& footlight::wasm::current_visitor() noexcept { return visitor; }

std::span<const std::byte> footlight::wasm::snapshot_program() noexcept {
  if (!loaded) return {};
  return snapshot::section_bytes({room, room_bytes}, snapshot::Section::kProgram);
}

// In place of Emscripten's start file, whose own version imports proc_exit. Hosts call it once before anything else.
extern "C" void __wasm_call_ctors();
extern "C" __attribute__((used)) void _initialize() { __wasm_call_ctors(); }

FL_EXPORT(fl_io)()->std::byte* { return io; }

FL_EXPORT(fl_io_bytes)()->std::uint32_t { return kIoBytes; }

FL_EXPORT(fl_reserve)(std::uint32_t bytes)->std::byte* {
  if (room != nullptr || bytes > snapshot::kMaxBytes) return nullptr;
  const std::size_t begin = aligned(reinterpret_cast<std::size_t>(&__heap_base));
  if (!grow_to(begin + bytes)) return nullptr;
  room = reinterpret_cast<std::byte*>(begin);
  room_bytes = bytes;
  top = begin + bytes;
  return room;
}

FL_EXPORT(fl_load)(std::uint32_t bytes)->std::uint32_t {
  if (loaded || bytes > room_bytes) return static_cast<std::uint32_t>(Status::kTooLarge);
  const auto opened = SnapshotView::open({room, bytes});
  if (!opened) return static_cast<std::uint32_t>(opened.error());
  view = *opened;
  scratch_bytes = decide_scratch_bytes(view);
  scratch = wasm::set_aside(scratch_bytes);
  if (scratch == nullptr) return static_cast<std::uint32_t>(Status::kTooLarge);
  loaded = true;
  return 0;
}

FL_EXPORT(fl_info)()->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  std::size_t at = 0;
  put(at, view.version());
  put(at, view.header().created_at_s);
  put(at, view.header().segment);
  for (const std::size_t n : {view.items().size(), view.slots().size(), view.segments().size(), view.questions().size(),
                              view.options().size()}) {
    put(at, static_cast<std::uint32_t>(n));
  }
  put(at, view.locale_count());
  return static_cast<std::int32_t>(at);
}

FL_EXPORT(fl_visitor_reset)()->void { visitor = Visitor{}; }

FL_EXPORT(fl_visitor_decode)(std::uint32_t n)->std::uint32_t {
  if (n > kIoBytes) return static_cast<std::uint32_t>(Status::kTooLarge);
  const auto decoded = decode_visitor({io, n});
  if (!decoded) return static_cast<std::uint32_t>(decoded.error());
  visitor = *decoded;
  return 0;
}

FL_EXPORT(fl_visitor_encode)()->std::int32_t {
  const auto size = encode_visitor(visitor, io);
  return size ? static_cast<std::int32_t>(*size) : failure(size.error());
}

FL_EXPORT(fl_visitor_unit)(std::uint32_t low, std::uint32_t high)->void {
  visitor.unit_id = low | std::uint64_t{high} << 32U;
}

FL_EXPORT(fl_visitor_choice)(std::uint32_t purpose, std::uint32_t choice)->void {
  if (choice > 2) return;
  if (purpose == 0) visitor.personalization = static_cast<Choice>(choice);
  if (purpose == 1) visitor.measurement = static_cast<Choice>(choice);
  if (purpose == 2) visitor.opted_out = choice != 0;
}

FL_EXPORT(fl_visitor_flags)()->std::uint32_t {
  return static_cast<std::uint32_t>(visitor.personalization) | static_cast<std::uint32_t>(visitor.measurement) << 2U |
         (visitor.opted_out ? 16U : 0U) | (visitor.unit_id != 0 ? 32U : 0U) |
         (visitor.answer_count != 0 || visitor.texts_given != 0 ? 64U : 0U) | (visitor.history_count != 0 ? 128U : 0U);
}

FL_EXPORT(fl_visitor_segment)(std::uint32_t id)->std::uint32_t {
  if (id > 65535) return static_cast<std::uint32_t>(Status::kBadValue);
  visitor.segment_id = static_cast<std::uint16_t>(id);
  return 0;
}

FL_EXPORT(fl_visitor_answer)(std::uint32_t n)->std::uint32_t {
  if (!loaded) return static_cast<std::uint32_t>(Status::kNotLoaded);
  if (n == 0 || n > kIoBytes || io[n - 1] != std::byte{0}) return static_cast<std::uint32_t>(Status::kTruncated);
  std::string_view parts[1 + snapshot::kMaxOptionsPerQuestion];
  std::size_t count = 0;
  for (std::string_view rest = io_text(n); !rest.empty();) {
    if (count == std::size(parts)) return static_cast<std::uint32_t>(Status::kTooLarge);
    const std::size_t end = rest.find('\0');
    parts[count++] = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  return static_cast<std::uint32_t>(answer(visitor, view, parts[0], {parts + 1, count - 1}));
}

FL_EXPORT(fl_visitor_interact)
(std::uint32_t item_id, std::uint32_t action, std::uint32_t feedback, std::uint32_t duration_ms, std::uint32_t day)
    ->std::uint32_t {
  if (item_id == 0 || action > 3 || feedback > 3 || day > 65535) return static_cast<std::uint32_t>(Status::kBadValue);
  interact(visitor, {item_id, static_cast<Action>(action), static_cast<Feedback>(feedback), duration_ms,
                     static_cast<std::uint16_t>(day)});
  return 0;
}

FL_EXPORT(fl_visitor_scores)()->std::uint32_t {
  if (!loaded) return 1;
  return engagement_level(visitor) | personalization_score(visitor, view) << 8U;
}

FL_EXPORT(fl_segment)()->std::uint32_t { return loaded ? segment_of(visitor, view) : 0; }

FL_EXPORT(fl_find_item)(std::uint32_t n)->std::int32_t {
  if (!loaded || n != 16) return kNoIndex;
  return index_or_none(
      view.find_item_by_uuid(std::span<const std::uint8_t, 16>(reinterpret_cast<const std::uint8_t*>(io), 16)));
}

FL_EXPORT(fl_find_slot)(std::uint32_t n)->std::int32_t {
  return loaded ? index_or_none(view.find_slot(io_text(n))) : kNoIndex;
}

FL_EXPORT(fl_find_locale)(std::uint32_t n)->std::int32_t {
  return loaded ? static_cast<std::int32_t>(view.find_locale(io_text(n))) : 0;
}

FL_EXPORT(fl_find_question)(std::uint32_t n)->std::int32_t {
  return loaded ? index_or_none(view.find_question(io_text(n))) : kNoIndex;
}

FL_EXPORT(fl_item)(std::uint32_t index)->const void* {
  return loaded && index < view.items().size() ? &view.items()[index] : nullptr;
}

FL_EXPORT(fl_text)(std::uint32_t kind, std::uint32_t index, std::uint32_t locale)->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  const auto within = [index](std::size_t count) { return index < count; };
  if (kind == 0 && within(view.items().size())) return put_text(view.item_body(index, locale));
  if (kind == 1 && within(view.items().size())) return put_text(view.item_name(index, locale));
  if (kind == 2 && within(view.slots().size())) return put_text(view.text(view.slots()[index].name));
  if (kind == 3 && within(view.segments().size())) return put_text(view.segment_name(index, locale));
  if (kind == 4 && within(view.locale_count())) return put_text(view.locale_tag(index));
  if (kind == 5 && within(view.questions().size())) return put_text(view.text(view.questions()[index].name));
  if (kind == 6 && within(view.options().size())) return put_text(view.text(view.options()[index].label));
  if (kind == 7 && within(view.questions().size())) return put_text(view.text(view.questions()[index].factor));
  if (kind == 8 && within(view.fields().size())) return put_text(view.text(view.fields()[index].name));
  if (kind == 9 && within(view.bin_count())) return put_text(view.bin_name(index));
  return failure(Status::kBadReference);
}

FL_EXPORT(fl_reason)
(std::uint32_t kind, std::uint32_t question, std::uint32_t argument, std::uint32_t locale)->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  if (kind >= snapshot::kReasonKinds || question > 65535) return failure(Status::kBadValue);
  Entry entry;
  entry.reason = static_cast<snapshot::ReasonKind>(kind);
  entry.reason_question = static_cast<std::uint16_t>(question);
  entry.reason_argument = argument;
  const std::size_t size = write_reason(view, entry, locale, {reinterpret_cast<char*>(io), kIoBytes});
  return size > kIoBytes ? failure(Status::kTooLarge) : static_cast<std::int32_t>(size);
}

FL_EXPORT(fl_decide)(std::uint32_t n)->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  if (n < 12 || n > kIoBytes) return failure(Status::kTruncated);
  const auto flags = get<std::uint32_t>(4);
  const auto count = get<std::uint32_t>(8);
  if (count > kMaxSlotRequests) return failure(Status::kTooLarge);
  if (n != 12 + 8 * count) return failure(Status::kTruncated);
  SlotRequest requests[kMaxSlotRequests];
  for (std::uint32_t i = 0; i < count; ++i) {
    requests[i] = {get<std::uint32_t>(12 + 8 * i), get<std::uint32_t>(16 + 8 * i)};
  }
  const Context context = context_of(get<std::uint32_t>(0), flags);
  const Status status = decide(view, visitor, context, {requests, count}, {scratch, scratch_bytes}, decision);
  return status == Status::kOk ? static_cast<std::int32_t>(encode_decision(decision, io)) : failure(status);
}

FL_EXPORT(fl_explain)(std::uint32_t index, std::uint32_t now_s, std::uint32_t flags)->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  if (index >= view.items().size()) return failure(Status::kUnknownItem);
  MatchFactor factors[kMaxFactors];
  const FoldedRequest folded = fold_request(visitor, view, context_of(now_s, flags));
  const std::size_t count = explain(view, folded, index, factors);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    put(at, static_cast<std::uint16_t>(factors[i].kind));
    put(at, factors[i].question);
    put(at, factors[i].argument);
    put(at, factors[i].score);
  }
  return static_cast<std::int32_t>(count);
}

FL_EXPORT(fl_features)(std::uint32_t now_s, std::uint32_t flags)->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  const FoldedRequest folded = fold_request(visitor, view, context_of(now_s, flags));
  std::size_t at = 0;
  for (std::size_t f = 0; f < view.fields().size(); ++f) {
    put(at, folded.features.masks[f]);
    put(at, view.fields()[f].first_bin);
    put(at, std::uint32_t{view.fields()[f].bins});
  }
  return static_cast<std::int32_t>(view.fields().size());
}

FL_EXPORT(fl_predict)(std::uint32_t index, std::uint32_t now_s, std::uint32_t flags)->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  if (index >= view.items().size()) return failure(Status::kUnknownItem);
  const FoldedRequest folded = fold_request(visitor, view, context_of(now_s, flags));
  const Prediction prediction = predict_engagement(folded.engagement, view, index);
  std::size_t at = 0;
  for (const double head : prediction.heads) put(at, head);
  score_items(view, visitor, context_of(now_s, flags), {scratch, scratch_bytes});
  const double z = reinterpret_cast<const double*>(scratch)[index];
  put(at, view.weights().calibrated != 0 ? probability(view, folded, z) : -1.0);
  return static_cast<std::int32_t>(at);
}

FL_EXPORT(fl_similarity)(std::uint32_t a, std::uint32_t b)->double {
  if (!loaded || a >= view.items().size() || b >= view.items().size()) return 0;
  return content_similarity(view, a, b);
}

FL_EXPORT(fl_slate)(std::uint32_t segment, std::uint32_t slot)->std::int32_t {
  if (!loaded) return failure(Status::kNotLoaded);
  if (segment >= view.segments().size() || slot >= view.slots().size()) return failure(Status::kUnknownSlot);
  std::size_t at = 0;
  for (const std::uint32_t item : view.slate(segment, slot)) put(at, item);
  return static_cast<std::int32_t>(at / sizeof(std::uint32_t));
}

FL_EXPORT(fl_score)(std::uint32_t now_s, std::uint32_t flags)->const double* {
  if (!loaded) return nullptr;
  score_items(view, visitor, context_of(now_s, flags), {scratch, scratch_bytes});
  return reinterpret_cast<const double*>(scratch);
}
