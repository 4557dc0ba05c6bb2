#include "core/experiment/text.h"

#include <cstddef>

namespace footlight::experiment {
namespace {

constexpr int kReplacement = 0xFFFD;

// Length of the sequence that starts with `lead`, and its own bits; 0 when nothing starts with it.
struct Lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t least;  // the smallest code point that needs this length
};

Lead lead_of(std::uint32_t byte) noexcept {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

}  // namespace

int Units::next_beyond_ascii() noexcept {
  if (low_ >= 0) {
    const int low = low_;
    low_ = -1;
    return low;
  }
  if (at_ == end_) return -1;
  const auto [length, bits, least] = lead_of(static_cast<std::uint8_t>(*at_));
  std::uint32_t point = bits;
  bool good = length > 0 && length <= static_cast<std::size_t>(end_ - at_);
  for (std::size_t i = 1; good && i < length; ++i) {
    const auto byte = static_cast<std::uint8_t>(at_[i]);
    good = (byte & 0xC0U) == 0x80U;
    point = point << 6U | (byte & 0x3FU);
  }
  if (!good || point < least || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
    ++at_;
    return kReplacement;
  }
  at_ += length;
  if (point < 0x10000) return static_cast<int>(point);
  point -= 0x10000;
  low_ = static_cast<int>(0xDC00U + (point & 0x3FFU));
  return static_cast<int>(0xD800U + (point >> 10U));
}

std::strong_ordering compare_text(std::string_view a, std::string_view b) noexcept {
  Units left(a);
  Units right(b);
  for (;;) {
    const int x = left.next();
    const int y = right.next();
    if (x != y) return x <=> y;
    if (x < 0) return std::strong_ordering::equal;
  }
}

}  // namespace footlight::experiment
