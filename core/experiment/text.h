// Text as JavaScript sees it: a sequence of UTF-16 code units, read from UTF-8 without a copy.
//
// Hashing, comparing and matching all go by code units, because that is what the world's flag systems agreed on first
// (String.prototype.charCodeAt). A byte sequence that is not UTF-8 reads as U+FFFD for each of its bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace footlight::experiment {

class Units {
 public:
  explicit Units(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}

  // The next code unit, 0 to 65535; -1 at the end, and from then on.
  int next() noexcept {
    if (at_ != end_ && low_ < 0 && static_cast<unsigned char>(*at_) < 0x80) return *at_++;
    return next_beyond_ascii();
  }

 private:
  int next_beyond_ascii() noexcept;

  const char* at_;
  const char* end_;
  int low_ = -1;  // second half of a surrogate pair
};

// The order of JavaScript's < on strings.
[[nodiscard]] std::strong_ordering compare_text(std::string_view a, std::string_view b) noexcept;

}  // namespace footlight::experiment
