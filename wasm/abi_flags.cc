// Flags and experiments in the C ABI: in engine_full.wasm alone.
#include <algorithm>

#include "core/experiment/wire.h"
#include "core/rank/adjust.h"
#include "wasm/memory.h"

namespace {

using namespace footlight;
using namespace footlight::experiment;

Program program;
const std::byte* begin = nullptr;  // of the program's bytes
FlagRow* rows = nullptr;
std::size_t row_count = 0;

snapshot::SnapshotView published;  // while an adjusted one is decided with
bool is_adjusted = false;
std::byte* adjusted_room = nullptr;

StickyAssignment* find_sticky(std::uint32_t experiment) {
  Visitor& visitor = wasm::current_visitor();
  for (std::uint32_t i = 0; i < visitor.sticky_count; ++i) {
    if (visitor.sticky[i].experiment_id == experiment) return &visitor.sticky[i];
  }
  return nullptr;
}

}  // namespace

FL_EXPORT(fl_program)(std::uint32_t bytes)->std::int32_t {
  if (bytes > wasm::reserved().size()) return wasm::failure(Status::kTooLarge);
  const auto source = bytes > 0 ? wasm::reserved().first(bytes) : wasm::snapshot_program();
  const auto opened = open_program(source);
  if (!opened) return wasm::failure(opened.error());
  const std::size_t count = flag_rows(*opened);
  if (count > row_count) {
    auto* room = wasm::set_aside(count * sizeof(FlagRow));
    if (room == nullptr) return wasm::failure(Status::kTooLarge);
    rows = reinterpret_cast<FlagRow*>(room);
    row_count = count;
  }
  program = *opened;
  begin = source.data();
  return static_cast<std::int32_t>(count);
}

FL_EXPORT(fl_program_at)()->const std::byte* { return begin; }

FL_EXPORT(fl_flags)(std::uint32_t n, std::uint32_t now_s)->std::int32_t {
  if (n > wasm::kIoBytes) return wasm::failure(Status::kTooLarge);
  const auto table = read_request({wasm::io, n});
  if (!table) return wasm::failure(table.error());
  evaluate_all(program, Request::of(*table, now_s), {rows, row_count});
  return static_cast<std::int32_t>(reinterpret_cast<std::uintptr_t>(rows));
}

FL_EXPORT(fl_unit)()->std::uint64_t { return wasm::current_visitor().unit_id; }

FL_EXPORT(fl_sticky)(std::uint32_t experiment)->std::int32_t {
  const StickyAssignment* found = find_sticky(experiment);
  return found == nullptr ? -1 : found->variant | (found->bucket_version & 0x7FFF) << 16;
}

FL_EXPORT(fl_stick)(std::uint32_t experiment, std::uint32_t variant, std::uint32_t bucket_version)->void {
  Visitor& visitor = wasm::current_visitor();
  StickyAssignment* place = find_sticky(experiment);
  if (place == nullptr) {
    if (visitor.sticky_count == kMaxSticky) {  // the oldest goes
      std::copy(visitor.sticky + 1, visitor.sticky + kMaxSticky, visitor.sticky);
      --visitor.sticky_count;
    }
    place = &visitor.sticky[visitor.sticky_count++];
  }
  *place = {experiment, static_cast<std::uint16_t>(variant), static_cast<std::uint16_t>(bucket_version)};
}

FL_EXPORT(fl_adjust)(std::uint32_t n)->std::int32_t {
  snapshot::SnapshotView* view = wasm::current_view();
  if (view == nullptr) return wasm::failure(Status::kNotLoaded);
  if (n > wasm::kIoBytes) return wasm::failure(Status::kTooLarge);
  if (is_adjusted) *view = published;
  is_adjusted = false;
  if (n == 0) return 0;
  const auto adjustment = read_adjustment({wasm::io, n});
  if (!adjustment) return wasm::failure(adjustment.error());
  const std::size_t bytes = adjusted_bytes(*view);
  if (adjusted_room == nullptr) adjusted_room = wasm::set_aside(bytes);
  if (adjusted_room == nullptr) return wasm::failure(Status::kTooLarge);
  published = *view;
  *view = Adjusted(published, *adjustment, {adjusted_room, bytes}).view();
  is_adjusted = true;
  return 0;
}

FL_EXPORT(fl_has_program)()->std::uint32_t { return wasm::snapshot_program().empty() ? 0 : 1; }
