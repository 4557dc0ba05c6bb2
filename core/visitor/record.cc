#include "core/visitor/record.h"

#include <algorithm>

namespace footlight {
namespace {

constexpr std::uint8_t kFirstByte = 0xF1;  // high half: Footlight; low half: major version
constexpr std::uint8_t kHasUnit = 1U << 5U;

class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  std::uint8_t byte() noexcept {
    if (at_ >= bytes_.size()) {
      fail(Status::kTruncated);
      return 0;
    }
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }

  // LEB128 of at most `limit`, shortest form only, so that a record has exactly one encoding.
  std::uint32_t number(std::uint32_t limit) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const std::uint8_t b = byte();
      value |= std::uint64_t{b & 0x7FU} << shift;
      if ((b & 0x80U) == 0) {
        if (b == 0 && shift > 0) fail(Status::kBadValue);
        if (value > limit) fail(Status::kBadValue);
        return status_ == Status::kOk ? static_cast<std::uint32_t>(value) : 0;
      }
    }
    fail(Status::kBadValue);
    return 0;
  }

  void fail(Status status) noexcept {
    if (status_ == Status::kOk) status_ = status;
  }
  [[nodiscard]] Status status() const noexcept { return status_; }
  [[nodiscard]] bool done() const noexcept { return at_ == bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  Status status_ = Status::kOk;
};

class Output {
 public:
  void byte(std::uint32_t value) noexcept {
    if (size_ < sizeof bytes_) bytes_[size_] = static_cast<std::byte>(value);
    ++size_;
  }
  void number(std::uint32_t value) noexcept {
    for (; value >= 0x80U; value >>= 7U) byte((value & 0x7FU) | 0x80U);
    byte(value);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::byte* data() const noexcept { return bytes_; }

 private:
  std::byte bytes_[kMaxRecordBytes] = {};
  std::size_t size_ = 0;
};

// Days may run backwards between entries (imports, clocks): the difference is zigzag coded.
constexpr std::uint32_t zigzag(std::int32_t value) noexcept {
  return (static_cast<std::uint32_t>(value) << 1U) ^ static_cast<std::uint32_t>(value >> 31);
}
constexpr std::int32_t unzigzag(std::uint32_t value) noexcept {
  return static_cast<std::int32_t>(value >> 1U) ^ -static_cast<std::int32_t>(value & 1U);
}

Choice choice(Input& in, unsigned bits) noexcept {
  if (bits > 2) in.fail(Status::kBadValue);
  return bits > 2 ? Choice::kUnset : static_cast<Choice>(bits);
}

void write(const Visitor& v, Output& out) noexcept {
  out.byte(kFirstByte);
  out.byte(static_cast<std::uint32_t>(v.personalization) | static_cast<std::uint32_t>(v.measurement) << 2U |
           (v.opted_out ? 16U : 0U) | (v.unit_id != 0 ? kHasUnit : 0U));
  if (v.unit_id != 0) {
    for (unsigned i = 0; i < 64; i += 8) out.byte(static_cast<std::uint32_t>(v.unit_id >> i) & 0xFFU);
  }
  out.number(v.segment_id);
  out.number(v.engagement_points);
  out.number(v.texts_given);
  out.number(v.answer_count);
  std::uint32_t previous = 0;
  for (std::uint32_t i = 0; i < v.answer_count; ++i) {
    out.number(v.answers[i] - previous);
    previous = v.answers[i];
  }
  out.number(v.sticky_count);
  for (std::uint32_t i = 0; i < v.sticky_count; ++i) {
    out.number(v.sticky[i].experiment_id);
    out.number(v.sticky[i].variant);
    out.number(v.sticky[i].bucket_version);
  }
  out.number(v.history_count);
  std::int32_t day = 0;
  for (std::uint32_t i = 0; i < v.history_count; ++i) {
    const HistoryEntry& entry = v.history[i];
    out.number(entry.item_id);
    out.number(zigzag(static_cast<std::int32_t>(entry.day) - day));
    out.byte(static_cast<std::uint32_t>(entry.action) | static_cast<std::uint32_t>(entry.feedback) << 2U);
    day = entry.day;
  }
}

// All but the history fits at its largest: two bytes, the unit id, three numbers of 3 bytes, the answers (2 bytes each
// but for the three steps that 65535 has room for at 3), the sticky assignments, three counts.
static_assert(2 + 8 + 3 * 3 + (2 * kMaxAnswers + 3) + 11 * kMaxSticky + 2 + 1 + 1 <= kMaxRecordBytes);

// Takes one entry away: the oldest plain view, else the oldest.
bool evict(Visitor& v) noexcept {
  if (v.history_count == 0) return false;
  std::uint32_t at = v.history_count - 1;
  for (std::uint32_t i = v.history_count; i-- > 0;) {
    if (v.history[i].action == Action::kView && v.history[i].feedback == Feedback::kNone) {
      at = i;
      break;
    }
  }
  for (; at + 1 < v.history_count; ++at) v.history[at] = v.history[at + 1];
  --v.history_count;
  return true;
}

}  // namespace

Result<Visitor> decode_visitor(std::span<const std::byte> record) noexcept {
  if (record.size() > kMaxRecordBytes) return Unexpected(Status::kTooLarge);
  Input in(record);
  const std::uint8_t first = in.byte();
  if (in.status() != Status::kOk) return Unexpected(in.status());
  if ((first & 0xF0U) != (kFirstByte & 0xF0U)) return Unexpected(Status::kBadMagic);
  if (first != kFirstByte) return Unexpected(Status::kUnsupportedMajor);

  Visitor v;
  const unsigned bits = in.byte();
  v.personalization = choice(in, bits & 3U);
  v.measurement = choice(in, (bits >> 2U) & 3U);
  v.opted_out = (bits & 16U) != 0;
  if ((bits & 0xC0U) != 0) in.fail(Status::kBadValue);
  if ((bits & kHasUnit) != 0) {
    for (unsigned i = 0; i < 64; i += 8) v.unit_id |= std::uint64_t{in.byte()} << i;
    if (v.unit_id == 0) in.fail(Status::kBadValue);
  }
  v.segment_id = static_cast<std::uint16_t>(in.number(0xFFFF));
  v.engagement_points = static_cast<std::uint16_t>(in.number(0xFFFF));
  v.texts_given = static_cast<std::uint16_t>(in.number(0xFFFF));
  v.answer_count = in.number(kMaxAnswers);
  std::uint32_t previous = 0;
  for (std::uint32_t i = 0; i < v.answer_count; ++i) {
    const std::uint32_t step = in.number(0xFFFF);
    previous += step;
    if (step == 0 || previous > 0xFFFF) in.fail(Status::kBadValue);
    v.answers[i] = static_cast<std::uint16_t>(previous);
  }
  v.sticky_count = in.number(kMaxSticky);
  for (std::uint32_t i = 0; i < v.sticky_count; ++i) {
    v.sticky[i].experiment_id = in.number(0xFFFFFFFFU);
    v.sticky[i].variant = static_cast<std::uint16_t>(in.number(0xFFFF));
    v.sticky[i].bucket_version = static_cast<std::uint16_t>(in.number(0xFFFF));
  }
  v.history_count = in.number(kMaxHistory);
  std::int32_t day = 0;
  for (std::uint32_t i = 0; i < v.history_count; ++i) {
    HistoryEntry& entry = v.history[i];
    entry.item_id = in.number(0xFFFFFFFFU);
    day += unzigzag(in.number(0x3FFFF));
    const unsigned what = in.byte();
    if (entry.item_id == 0 || day < 0 || day > 0xFFFF || what > 15) {
      in.fail(Status::kBadValue);
      break;
    }
    // One entry an item, so that no item's say is multiplied.
    for (std::uint32_t before = 0; before < i; ++before) {
      if (v.history[before].item_id == entry.item_id) in.fail(Status::kBadValue);
    }
    entry.day = static_cast<std::uint16_t>(day);
    entry.action = static_cast<Action>(what & 3U);
    entry.feedback = static_cast<Feedback>(what >> 2U);
  }
  if (in.status() != Status::kOk) return Unexpected(in.status());
  if (!in.done()) return Unexpected(Status::kBadValue);
  return v;
}

Result<std::size_t> encode_visitor(const Visitor& visitor, std::span<std::byte> out) noexcept {
  Visitor kept = visitor;
  while (true) {
    Output bytes;
    write(kept, bytes);
    if (bytes.size() <= kMaxRecordBytes) {
      if (bytes.size() > out.size()) return Unexpected(Status::kTooLarge);
      std::copy_n(bytes.data(), bytes.size(), out.data());
      return bytes.size();
    }
    if (!evict(kept)) return Unexpected(Status::kTooLarge);
  }
}

}  // namespace footlight
