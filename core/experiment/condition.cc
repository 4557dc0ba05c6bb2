#include "core/experiment/condition.h"

#include <compare>
#include <cstddef>

#include "core/experiment/text.h"
#include "core/experiment/version.h"

namespace footlight::experiment {
namespace {

bool uses_operand(Test test) noexcept {
  return (test >= Test::kText && test <= Test::kNumber) || (test >= Test::kSame && test <= Test::kLowerIn);
}

bool takes_children(Test test) noexcept {
  return (test >= Test::kAll && test <= Test::kPath) || (test >= Test::kSize && test <= Test::kEvery);
}

bool takes_one_child(Test test) noexcept {
  return test == Test::kNot || test == Test::kPath || test == Test::kSize || test == Test::kElement;
}

// What JavaScript's < compares: texts when both sides are texts or made into one, else numbers; NaN is unordered.
std::partial_ordering compare(Value a, Value b) noexcept {
  if (a.kind() >= Kind::kString && b.kind() >= Kind::kString) return compare_text(a.text(), b.text());
  return a.number() <=> b.number();
}

}  // namespace

Status ConditionTable::check(std::uint32_t roots) const noexcept {
  if (roots > rows.size()) return Status::kBadReference;
  std::uint64_t next = roots;
  std::uint64_t level_end = roots;
  std::uint32_t depth = 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i >= next) return Status::kBadReference;
    if (i == level_end) {
      if (++depth > kMaxDepth) return Status::kTooLarge;
      level_end = next;
    }
    const ConditionRow& row = rows[i];
    if (row.test > Test::kType) return Status::kBadValue;
    if (row.text.offset > constants.text.size() || row.text.size > constants.text.size() - row.text.offset) {
      return Status::kBadReference;
    }
    if (uses_operand(row.test) && row.operand >= constants.rows.size()) return Status::kBadReference;
    const bool in = row.test == Test::kIn || row.test == Test::kLowerIn;
    if (in && constants.rows[row.operand].kind != Kind::kArray) return Status::kBadValue;
    if (row.test == Test::kPattern && row.operand >= patterns.size()) return Status::kBadReference;
    if (takes_one_child(row.test) ? row.count != 1 : !takes_children(row.test) && row.count != 0) {
      return Status::kBadValue;
    }
    if (row.count == 0) continue;
    if (row.first != next || row.count > rows.size() - next) return Status::kBadReference;
    next += row.count;
  }
  if (next != rows.size()) return Status::kBadReference;
  for (const PatternRef& ref : patterns) {
    if (ref.first > instructions.size() || ref.count > instructions.size() - ref.first) return Status::kBadReference;
    const Status status = Pattern{instructions.subspan(ref.first, ref.count), ranges}.check();
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

// Binary search by text, then the neighbours of the same text: 1 and "1" have one text and are two things.
bool ConditionTable::is_in(const ConditionRow& row, Value subject) const noexcept {
  const Value set(constants, row.operand);
  const bool lower = row.test == Test::kLowerIn;
  const auto key = [&](Value value) { return lower ? value.lower() : value.text(); };
  const std::string_view wanted = key(subject);
  std::uint32_t low = 0;
  std::uint32_t high = set.count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (key(set.element(middle)) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (; low < set.count() && key(set.element(low)) == wanted; ++low) {
    const Value one = set.element(low);
    if (one.equals(subject) || (lower && one.kind() == Kind::kString && subject.kind() == Kind::kString)) return true;
  }
  return false;
}

bool ConditionTable::children(const ConditionRow& row, Value subject) const noexcept {
  for (std::uint32_t c = 0; c < row.count; ++c) {
    const bool one = holds(row.first + c, subject);
    if (one != (row.test == Test::kAll)) return one;
  }
  return row.test == Test::kAll || row.count == 0;
}

bool ConditionTable::holds_of_size(std::uint32_t child, std::uint32_t size) const noexcept {
  char digits[10];
  std::uint32_t first = sizeof digits;
  std::uint32_t rest = size;
  do {
    digits[--first] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  const TextRef all{0, static_cast<std::uint32_t>(sizeof digits) - first};
  const ValueRow row{Kind::kNumber, 0, 0, 0, all, all, static_cast<double>(size)};
  const ValueTable table{{&row, 1}, {digits + first, all.size}};
  return holds(child, Value(table, 0));
}

// Recursion is bounded by kMaxDepth (check()).
bool ConditionTable::holds(std::uint32_t index, Value subject) const noexcept {
  const ConditionRow& row = rows[index];
  const Value operand(constants, row.operand);
  switch (row.test) {
    case Test::kFalse:
      return false;
    case Test::kTrue:
      return true;
    case Test::kAll:
    case Test::kAny:
      return children(row, subject);
    case Test::kNot:
      return !holds(row.first, subject);
    case Test::kPath:
      return holds(row.first, subject.at({constants.text.data() + row.text.offset, row.text.size}));
    case Test::kText:
      return subject.text() == operand.text();
    case Test::kLowerText:
      return subject.lower() == operand.lower();
    case Test::kNumber:
      return subject.number() == operand.number();
    case Test::kTruth:
      return !subject.is_null() && subject.truthy() == (row.operand != 0);
    case Test::kNull:
      return subject.is_null();
    case Test::kSame:
      return subject.same(operand);
    case Test::kEqual:
      return subject.equals(operand);
    case Test::kLess:
      return std::is_lt(compare(subject, operand));
    case Test::kLessOrEqual:
      return std::is_lteq(compare(subject, operand));
    case Test::kGreater:
      return std::is_gt(compare(subject, operand));
    case Test::kGreaterOrEqual:
      return std::is_gteq(compare(subject, operand));
    case Test::kVersionEqual:
      return compare_versions(subject, operand) == std::strong_ordering::equal;
    case Test::kVersionLess:
      return std::is_lt(compare_versions(subject, operand));
    case Test::kVersionGreater:
      return std::is_gt(compare_versions(subject, operand));
    case Test::kIn:
    case Test::kLowerIn:
      if (!subject.is_array()) return is_in(row, subject);
      for (std::uint32_t e = 0; e < subject.count(); ++e) {
        if (is_in(row, subject.element(e))) return true;
      }
      return false;
    case Test::kSize:
    case Test::kElement:
    case Test::kEvery:
      break;
    case Test::kPattern: {
      const PatternRef& ref = patterns[row.operand];
      return Pattern{instructions.subspan(ref.first, ref.count), ranges}.matches(subject.text());
    }
    case Test::kType:
      return (row.operand >> static_cast<std::uint32_t>(subject.kind()) & 1U) != 0;
  }
  if (!subject.is_array()) return false;
  if (row.test == Test::kSize) return holds_of_size(row.first, subject.count());
  const auto some = [&](std::uint32_t child, bool truthy_only) {
    for (std::uint32_t e = 0; e < subject.count(); ++e) {
      const Value element = subject.element(e);
      if ((!truthy_only || element.truthy()) && holds(child, element)) return true;
    }
    return false;
  };
  if (row.test == Test::kElement) return some(row.first, true);
  for (std::uint32_t c = 0; c < row.count; ++c) {
    if (!some(row.first + c, false)) return false;
  }
  return true;
}

}  // namespace footlight::experiment
