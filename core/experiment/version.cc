#include "core/experiment/version.h"

#include <algorithm>
#include <cstddef>

#include "core/experiment/text.h"

namespace footlight::experiment {
namespace {

constexpr std::size_t kPadded = 5;

std::string_view version_text(Value value) noexcept {
  const bool says = value.kind() == Kind::kNumber || (value.kind() == Kind::kString && value.truthy());
  std::string_view text = says ? value.text() : "0";
  if (text[0] == 'v') text.remove_prefix(1);
  // JavaScript's .* ends at a line break, and its $ is the end of the text.
  for (std::size_t plus = text.find('+'); plus != std::string_view::npos; plus = text.find('+', plus + 1)) {
    if (text.find_first_of("\n\r", plus) == std::string_view::npos) return text.substr(0, plus);
  }
  return text;
}

// The padded text, unit by unit.
class Padded {
 public:
  explicit Padded(std::string_view text) noexcept : rest_(text), part_({}) {
    parts_ = 1 + static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return ends(c); }));
    start_part();
  }

  int next() noexcept {
    if (spaces_ > 0) {
      --spaces_;
      return ' ';
    }
    const int unit = part_.next();
    if (unit >= 0) return unit;
    if (more_) {
      start_part();
      return '-';
    }
    if (parts_ == 3) {  // "-" and "~"
      parts_ = 0;
      part_ = Units("~");
      return '-';
    }
    return -1;
  }

 private:
  static bool ends(char c) noexcept { return c == '-' || c == '.'; }

  void start_part() noexcept {
    const std::size_t end = std::min(rest_.find_first_of("-."), rest_.size());
    const std::string_view part = rest_.substr(0, end);
    more_ = end < rest_.size();
    rest_.remove_prefix(more_ ? end + 1 : end);
    const bool digits = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    spaces_ = digits && part.size() < kPadded ? kPadded - part.size() : 0;
    part_ = Units(part);
  }

  std::string_view rest_;
  Units part_;
  std::size_t parts_ = 0;
  std::size_t spaces_ = 0;
  bool more_ = false;
};

}  // namespace

std::strong_ordering compare_versions(Value a, Value b) noexcept {
  Padded left(version_text(a));
  Padded right(version_text(b));
  for (;;) {
    const int x = left.next();
    const int y = right.next();
    if (x != y) return x <=> y;
    if (x < 0) return std::strong_ordering::equal;
  }
}

}  // namespace footlight::experiment
