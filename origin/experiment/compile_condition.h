// Targeting conditions in JSON (GrowthBook's language) -> the forest of core/experiment/condition.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/experiment/condition.h"
#include "origin/experiment/compile_pattern.h"
#include "origin/experiment/value_builder.h"
#include "origin/store/site.h"

namespace footlight::experiment {

// Everything that is said about a document on the way: faults stop the publishing, warnings do not.
struct Findings {
  std::vector<origin::Fault> faults;
  std::vector<origin::Fault> warnings;
};

// Code of the warning for a part of a condition that can hold for nobody: a slip, where it is new.
inline constexpr const char* kNeverHolds = "never_holds";

struct ConditionTree {
  Test test = Test::kTrue;
  std::uint32_t operand = 0;
  std::string path;  // of kPath
  std::vector<ConditionTree> children;
};

class ConditionBuilder {
 public:
  // `groups`: an object of arrays, what $inGroup and $notInGroup name.
  ConditionBuilder(TextPool& pool, ValueBuilder& values, const Json& groups, Findings& findings)
      : pool_(pool), values_(values), groups_(groups), findings_(findings) {}

  // Of a subject: what `condition`, an object, says of it. The row of a root, the same for the same condition.
  std::uint32_t add(const Json& condition, const std::string& pointer);
  // Of a feature's value: what `condition` says of {"value": it}.
  std::uint32_t add_prerequisite(const Json& condition, const std::string& pointer);
  std::uint32_t add_root(ConditionTree tree);
  // kPattern, or kFalse with a warning for what JavaScript refuses, or a fault.
  ConditionTree pattern(CompiledPattern compiled, const std::string& pointer);

  // The tables so far. Throws std::length_error when a condition is deeper than kMaxDepth.
  [[nodiscard]] std::vector<ConditionRow> rows() const;
  [[nodiscard]] std::uint32_t roots() const noexcept { return static_cast<std::uint32_t>(roots_.size()); }
  [[nodiscard]] const std::vector<PatternRef>& patterns() const noexcept { return patterns_; }
  [[nodiscard]] const std::vector<PatternRow>& instructions() const noexcept { return instructions_; }
  [[nodiscard]] const std::vector<UnitRange>& ranges() const noexcept { return ranges_; }

 private:
  ConditionTree object(const Json& condition, const std::string& pointer, bool of_value);
  ConditionTree list(Test test, const Json& conditions, const std::string& pointer, bool of_value);
  ConditionTree of_path(std::string_view path, ConditionTree child, const std::string& pointer, bool of_value);
  ConditionTree value(const Json& condition, const std::string& pointer, bool any_case = false);
  ConditionTree operation(std::string_view name, const Json& operand, const std::string& pointer);
  ConditionTree in(const Json& set, bool any_case, const std::string& pointer);
  ConditionTree regex(const Json& operand, bool any_case, const std::string& pointer);
  std::uint32_t constant(Json value, const std::string& pointer);
  void fault(std::string_view code, std::string detail, const std::string& pointer);
  void warn(std::string_view code, std::string detail, const std::string& pointer);

  TextPool& pool_;
  ValueBuilder& values_;
  const Json& groups_;
  Findings& findings_;
  std::vector<ConditionTree> roots_;
  std::unordered_map<std::string, std::uint32_t> known_;  // conditions without a finding, by their JSON
  std::vector<PatternRef> patterns_;
  std::vector<PatternRow> instructions_;
  std::vector<UnitRange> ranges_;
};

}  // namespace footlight::experiment
