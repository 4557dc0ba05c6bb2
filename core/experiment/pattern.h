// Regular expressions as bounded bytecode: a Thompson machine (Pike's form; Cox, "Regular Expression Matching: the
// Virtual Machine Approach", 2009) over UTF-16 code units. O(instructions * units) for any text, no allocation, no
// backtracking. Publishing compiles JavaScript's syntax to it (origin/experiment/compile_pattern.h); case-insensitive
// patterns arrive with the cases spelled out in their sets.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/status.h"

namespace footlight::experiment {

enum class PatternOp : std::uint32_t {
  kMatch = 0,       // the text matches
  kSet = 1,         // one unit of the ranges a, b = first, count
  kSplit = 2,       // goes on at a and at b
  kJump = 3,        // goes on at a
  kStart = 4,       // only at the start of the text
  kEnd = 5,         // only at its end
  kBoundary = 6,    // only between a word unit and another
  kNoBoundary = 7,  // only elsewhere
};

struct PatternRow {
  PatternOp op;
  std::uint32_t a;  // of kSplit and kJump: instruction of the same pattern, from 0
  std::uint32_t b;
};

struct UnitRange {  // first <= unit <= last
  std::uint16_t first;
  std::uint16_t last;
};

inline constexpr std::uint32_t kMaxInstructions = 512;  // of one pattern

struct Pattern {
  std::span<const PatternRow> rows;  // at most kMaxInstructions
  std::span<const UnitRange> ranges;

  [[nodiscard]] Status check() const noexcept;
  // RegExp.prototype.test: somewhere in the text.
  [[nodiscard]] bool matches(std::string_view text) const noexcept;
};

}  // namespace footlight::experiment
