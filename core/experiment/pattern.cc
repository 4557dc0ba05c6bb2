#include "core/experiment/pattern.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/experiment/text.h"

namespace footlight::experiment {
namespace {

bool is_word(int unit) noexcept {
  return (unit >= '0' && unit <= '9') || (unit >= 'A' && unit <= 'Z') || (unit >= 'a' && unit <= 'z') || unit == '_';
}

// The instructions that wait for a unit, each once.
struct States {
  std::array<std::uint16_t, kMaxInstructions> list;
  std::uint32_t count = 0;
  std::array<std::uint64_t, kMaxInstructions / 64> seen{};

  bool first_time(std::uint32_t i) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (i % 64);
    if ((seen[i / 64] & bit) != 0) return false;
    seen[i / 64] |= bit;
    return true;
  }
};

struct Place {  // between two units; -1: the text's start or end
  int before;
  int after;
};

bool passes(PatternOp op, Place place) noexcept {
  switch (op) {
    case PatternOp::kStart:
      return place.before < 0;
    case PatternOp::kEnd:
      return place.after < 0;
    case PatternOp::kBoundary:
      return is_word(place.before) != is_word(place.after);
    default:
      return is_word(place.before) == is_word(place.after);
  }
}

// Follows what needs no unit from `start` on. True: it comes to a match.
bool follow(const Pattern& pattern, std::uint32_t start, Place place, States& states) noexcept {
  std::array<std::uint16_t, 2 * kMaxInstructions> open;  // every instruction opens at most two, once
  std::uint32_t opened = 0;
  open[opened++] = static_cast<std::uint16_t>(start);
  while (opened > 0) {
    const std::uint32_t i = open[--opened];
    if (!states.first_time(i)) continue;
    const PatternRow& row = pattern.rows[i];
    switch (row.op) {
      case PatternOp::kMatch:
        return true;
      case PatternOp::kSet:
        states.list[states.count++] = static_cast<std::uint16_t>(i);
        break;
      case PatternOp::kSplit:
        open[opened++] = static_cast<std::uint16_t>(row.b);
        open[opened++] = static_cast<std::uint16_t>(row.a);
        break;
      case PatternOp::kJump:
        open[opened++] = static_cast<std::uint16_t>(row.a);
        break;
      default:
        if (passes(row.op, place)) open[opened++] = static_cast<std::uint16_t>(i + 1);
    }
  }
  return false;
}

}  // namespace

Status Pattern::check() const noexcept {
  if (rows.empty() || rows.size() > kMaxInstructions) return Status::kTooLarge;
  if (rows.back().op != PatternOp::kMatch) return Status::kBadValue;  // so that i + 1 is always there
  for (const PatternRow& row : rows) {
    if (row.op > PatternOp::kNoBoundary) return Status::kBadValue;
    if (row.op == PatternOp::kSet && (row.a > ranges.size() || row.b > ranges.size() - row.a)) {
      return Status::kBadReference;
    }
    const bool jumps = row.op == PatternOp::kSplit || row.op == PatternOp::kJump;
    if (jumps && (row.a >= rows.size() || (row.op == PatternOp::kSplit && row.b >= rows.size()))) {
      return Status::kBadReference;
    }
  }
  return Status::kOk;
}

bool Pattern::matches(std::string_view text) const noexcept {
  Units units(text);
  States now;
  Place place{-1, units.next()};
  for (;;) {
    if (follow(*this, 0, place, now)) return true;  // a match may begin here
    if (place.after < 0) return false;
    const int unit = place.after;
    place = {unit, units.next()};
    States then;
    for (std::uint32_t s = 0; s < now.count; ++s) {
      const PatternRow& row = rows[now.list[s]];
      const auto set = ranges.subspan(row.a, row.b);
      const bool in =
          std::any_of(set.begin(), set.end(), [&](UnitRange r) { return unit >= r.first && unit <= r.last; });
      if (in && follow(*this, now.list[s] + 1U, place, then)) return true;
    }
    now = then;
  }
}

}  // namespace footlight::experiment
