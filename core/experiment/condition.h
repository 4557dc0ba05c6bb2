// Targeting conditions, compiled: a forest of tests on one subject, in breadth-first order as values are (value.h).
//
// The language is GrowthBook's (MongoDB's queries with additions). Publishing translates it once
// (origin/experiment/compile_condition.h), so that what is left to do here is walking and comparing, with JavaScript's
// rules: == on text, < between kinds, null for what is missing.
#pragma once

#include <cstdint>
#include <span>

#include "core/experiment/pattern.h"
#include "core/experiment/value.h"

namespace footlight::experiment {

enum class Test : std::uint32_t {
  kFalse = 0,
  kTrue = 1,
  kAll = 2,        // every child holds
  kAny = 3,        // some child holds; without children it holds
  kNot = 4,        // the child does not
  kPath = 5,       // the child holds of the value at `text`
  kText = 6,       // String(subject) is the operand's text
  kLowerText = 7,  // and in lower case
  kNumber = 8,     // Number(subject) is the operand's number
  kTruth = 9,      // subject is not null, and true or false as the operand
  kNull = 10,      // subject is null
  kSame = 11,      // same JSON as the operand
  kEqual = 12,     // ===
  kLess = 13,      // JavaScript's <
  kLessOrEqual = 14,
  kGreater = 15,
  kGreaterOrEqual = 16,
  kVersionEqual = 17,
  kVersionLess = 18,
  kVersionGreater = 19,
  kIn = 20,       // subject, or one of its elements, is in the operand, a sorted array
  kLowerIn = 21,  // strings in lower case
  kSize = 22,     // subject is an array, and the child holds of its length
  kElement = 23,  // subject is an array, and the child holds of some element that is truthy
  kEvery = 24,    // subject is an array, and every child holds of some element of it
  kPattern = 25,  // the pattern `operand` matches String(subject)
  kType = 26,     // bit Kind of `operand` is set
};

struct ConditionRow {
  Test test;
  std::uint32_t operand;  // value, pattern or bits
  std::uint32_t first;    // of the children
  std::uint32_t count;
  TextRef text;  // kPath, in the table's text
};

struct PatternRef {  // into one table of instructions
  std::uint32_t first;
  std::uint32_t count;
};

struct ConditionTable {
  std::span<const ConditionRow> rows;
  std::span<const PatternRef> patterns;
  std::span<const PatternRow> instructions;
  std::span<const UnitRange> ranges;
  ValueTable constants;

  // An operand of kIn must be sorted by text (of kLowerIn: in lower case), byte by byte; where it is not, a member may
  // be missed, and nothing worse: check() does not look.
  [[nodiscard]] Status check(std::uint32_t roots) const noexcept;
  [[nodiscard]] bool holds(std::uint32_t row, Value subject) const noexcept;

 private:
  [[nodiscard]] bool is_in(const ConditionRow& row, Value subject) const noexcept;
  [[nodiscard]] bool children(const ConditionRow& row, Value subject) const noexcept;
  [[nodiscard]] bool holds_of_size(std::uint32_t child, std::uint32_t size) const noexcept;
};

}  // namespace footlight::experiment
