#include "origin/experiment/compile_condition.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

constexpr std::size_t kMaxPattern = 1000;  // bytes of a regular expression

bool is_operator_object(const Json& value) {
  if (!value.is_object() || value.empty()) return false;
  return std::all_of(value.items().begin(), value.items().end(),
                     [](const auto& member) { return member.key().starts_with('$'); });
}

ConditionTree leaf(Test test, std::uint32_t operand = 0) { return {test, operand, {}, {}}; }

ConditionTree parent(Test test, ConditionTree child) {
  ConditionTree tree{test, 0, {}, {}};
  tree.children.push_back(std::move(child));
  return tree;
}

ConditionTree opposite(ConditionTree tree) { return parent(Test::kNot, std::move(tree)); }

// `all` of one is that one.
ConditionTree all_of(std::vector<ConditionTree> children) {
  if (children.size() == 1) return std::move(children.front());
  return {Test::kAll, 0, {}, std::move(children)};
}

std::uint32_t type_bits(std::string_view name) {
  const auto bit = [](Kind kind) { return 1U << static_cast<std::uint32_t>(kind); };
  if (name == "null") return bit(Kind::kNull);
  if (name == "boolean") return bit(Kind::kFalse) | bit(Kind::kTrue);
  if (name == "number") return bit(Kind::kNumber);
  if (name == "string") return bit(Kind::kString);
  if (name == "array") return bit(Kind::kArray);
  if (name == "object") return bit(Kind::kObject);
  return 0;
}

}  // namespace

void ConditionBuilder::fault(std::string_view code, std::string detail, const std::string& pointer) {
  findings_.faults.push_back({std::string(code), std::move(detail), pointer});
}

void ConditionBuilder::warn(std::string_view code, std::string detail, const std::string& pointer) {
  findings_.warnings.push_back({std::string(code), std::move(detail), pointer});
}

std::uint32_t ConditionBuilder::constant(Json value, const std::string& pointer) {
  try {
    return values_.add(std::move(value));
  } catch (const std::length_error& error) {
    fault("too_deep", error.what(), pointer);
    return values_.add(nullptr);
  }
}

std::uint32_t ConditionBuilder::add(const Json& condition, const std::string& pointer) {
  const std::string text = condition.dump();
  if (const auto found = known_.find(text); found != known_.end()) return found->second;
  const std::size_t before = findings_.faults.size() + findings_.warnings.size();
  const std::uint32_t root = add_root(object(condition, pointer, false));
  // What was found must be said of every place.
  if (findings_.faults.size() + findings_.warnings.size() == before) known_.emplace(text, root);
  return root;
}

std::uint32_t ConditionBuilder::add_prerequisite(const Json& condition, const std::string& pointer) {
  return add_root(object(condition, pointer, true));
}

std::uint32_t ConditionBuilder::add_root(ConditionTree tree) {
  roots_.push_back(std::move(tree));
  return static_cast<std::uint32_t>(roots_.size() - 1);
}

ConditionTree ConditionBuilder::object(const Json& condition, const std::string& pointer, bool of_value) {
  if (!condition.is_object()) {
    fault("type", "must be an object", pointer);
    return leaf(Test::kFalse);
  }
  std::vector<ConditionTree> parts;
  for (const auto& member : condition.items()) {
    const std::string& key = member.key();
    const std::string at = origin::pointer_to(pointer, key);
    if (key == "$or") {
      parts.push_back(list(Test::kAny, member.value(), at, of_value));
    } else if (key == "$nor") {
      parts.push_back(opposite(list(Test::kAny, member.value(), at, of_value)));
    } else if (key == "$and") {
      parts.push_back(list(Test::kAll, member.value(), at, of_value));
    } else if (key == "$not") {
      parts.push_back(opposite(object(member.value(), at, of_value)));
    } else {
      parts.push_back(of_path(key, value(member.value(), at), at, of_value));
    }
  }
  return all_of(std::move(parts));
}

ConditionTree ConditionBuilder::list(Test test, const Json& conditions, const std::string& pointer, bool of_value) {
  ConditionTree tree{test, 0, {}, {}};
  if (!conditions.is_array()) {
    fault("type", "must be an array", pointer);
    return tree;
  }
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    tree.children.push_back(object(conditions[i], origin::pointer_to(pointer, i), of_value));
  }
  return tree;
}

ConditionTree ConditionBuilder::of_path(std::string_view path, ConditionTree child, const std::string& pointer,
                                        bool of_value) {
  if (of_value) {
    if (path == "value") return child;
    if (!path.starts_with("value.")) {
      fault("unknown", "a prerequisite's condition can only speak of `value`", pointer);
      return child;
    }
    path.remove_prefix(std::string_view("value.").size());
  }
  ConditionTree tree = parent(Test::kPath, std::move(child));
  tree.path = path;
  return tree;
}

ConditionTree ConditionBuilder::value(const Json& condition, const std::string& pointer, bool any_case) {
  if (condition.is_string()) {
    return leaf(any_case ? Test::kLowerText : Test::kText, constant(condition, pointer));
  }
  if (condition.is_number()) return leaf(Test::kNumber, constant(condition, pointer));
  if (condition.is_boolean()) return leaf(Test::kTruth, condition.get<bool>() ? 1 : 0);
  if (condition.is_null()) return leaf(Test::kNull);
  if (!is_operator_object(condition)) return leaf(Test::kSame, constant(condition, pointer));
  std::vector<ConditionTree> parts;
  for (const auto& member : condition.items()) {
    parts.push_back(operation(member.key(), member.value(), origin::pointer_to(pointer, member.key())));
  }
  return all_of(std::move(parts));
}

ConditionTree ConditionBuilder::operation(std::string_view name, const Json& operand, const std::string& pointer) {
  static constexpr std::pair<std::string_view, Test> kComparisons[] = {
      {"$eq", Test::kEqual},           {"$lt", Test::kLess},
      {"$lte", Test::kLessOrEqual},    {"$gt", Test::kGreater},
      {"$gte", Test::kGreaterOrEqual}, {"$veq", Test::kVersionEqual},
      {"$vlt", Test::kVersionLess},    {"$vgt", Test::kVersionGreater}};
  static constexpr std::pair<std::string_view, Test> kOpposites[] = {{"$ne", Test::kEqual},
                                                                     {"$vne", Test::kVersionEqual},
                                                                     {"$vgte", Test::kVersionLess},
                                                                     {"$vlte", Test::kVersionGreater}};
  for (const auto& [known, test] : kComparisons) {
    if (name == known) return leaf(test, constant(operand, pointer));
  }
  for (const auto& [known, test] : kOpposites) {
    if (name == known) return opposite(leaf(test, constant(operand, pointer)));
  }
  if (name == "$exists") {
    const bool wanted = !operand.is_null() && operand != Json(false) && operand != Json(0) && operand != Json("");
    return wanted ? opposite(leaf(Test::kNull)) : leaf(Test::kNull);
  }
  if (name == "$in" || name == "$ini") return in(operand, name == "$ini", pointer);
  if (name == "$nin" || name == "$nini") {
    return operand.is_array() ? opposite(in(operand, name == "$nini", pointer)) : in(operand, false, pointer);
  }
  if (name == "$inGroup" || name == "$notInGroup") {
    Json group = Json::array();
    const std::string key = js_text(operand);
    if (groups_.is_object() && groups_.contains(key) && groups_[key].is_array()) {
      group = groups_[key];
    } else {
      warn("unknown", fmt::format("'{}' is not a saved group: nobody is in it", key), pointer);
    }
    return name == "$inGroup" ? in(group, false, pointer) : opposite(in(group, false, pointer));
  }
  if (name == "$not") return opposite(value(operand, pointer));
  if (name == "$size") return parent(Test::kSize, value(operand, pointer));
  if (name == "$elemMatch") {
    return parent(Test::kElement,
                  is_operator_object(operand) ? value(operand, pointer) : object(operand, pointer, false));
  }
  if (name == "$all" || name == "$alli") {
    if (!operand.is_array()) {
      warn(kNeverHolds, "must be an array: it never holds", pointer);
      return leaf(Test::kFalse);
    }
    ConditionTree tree{Test::kEvery, 0, {}, {}};
    for (std::size_t i = 0; i < operand.size(); ++i) {
      tree.children.push_back(value(operand[i], origin::pointer_to(pointer, i), name == "$alli"));
    }
    return tree;
  }
  if (name == "$regex" || name == "$regexi") return regex(operand, name == "$regexi", pointer);
  if (name == "$type") return leaf(Test::kType, operand.is_string() ? type_bits(operand.get<std::string>()) : 0);
  warn(kNeverHolds, fmt::format("'{}' is not an operator: it never holds", name), pointer);
  return leaf(Test::kFalse);
}

ConditionTree ConditionBuilder::in(const Json& set, bool any_case, const std::string& pointer) {
  if (!set.is_array()) {
    warn(kNeverHolds, "must be an array: it never holds", pointer);
    return leaf(Test::kFalse);
  }
  std::vector<std::pair<std::string, const Json*>> sorted;
  for (const Json& one : set) {
    const std::string text = js_text(one);
    sorted.emplace_back(any_case ? js_lower(text) : text, &one);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json array = Json::array();
  for (const auto& [text, one] : sorted) array.push_back(*one);
  return leaf(any_case ? Test::kLowerIn : Test::kIn, constant(std::move(array), pointer));
}

ConditionTree ConditionBuilder::regex(const Json& operand, bool any_case, const std::string& pointer) {
  if (!operand.is_string()) {
    warn(kNeverHolds, "must be a regular expression: it never holds", pointer);
    return leaf(Test::kFalse);
  }
  const auto text = operand.get<std::string>();
  if (text.size() > kMaxPattern) {
    fault("too_long", fmt::format("has {} bytes; at most {}", text.size(), kMaxPattern), pointer);
    return leaf(Test::kFalse);
  }
  return pattern(compile_pattern(text, any_case), pointer);
}

ConditionTree ConditionBuilder::pattern(CompiledPattern compiled, const std::string& pointer) {
  switch (compiled.verdict) {
    case CompiledPattern::Verdict::kInvalid:
      warn(kNeverHolds, fmt::format("is not a regular expression ({}): it never holds", compiled.detail), pointer);
      return leaf(Test::kFalse);
    case CompiledPattern::Verdict::kUnsupported:
      fault("pattern", fmt::format("cannot be published: {}", compiled.detail), pointer);
      return leaf(Test::kFalse);
    case CompiledPattern::Verdict::kGood:
      break;
  }
  const auto first_range = static_cast<std::uint32_t>(ranges_.size());
  const auto first_row = static_cast<std::uint32_t>(instructions_.size());
  for (PatternRow row : compiled.rows) {
    if (row.op == PatternOp::kSet) row.a += first_range;
    instructions_.push_back(row);
  }
  ranges_.insert(ranges_.end(), compiled.ranges.begin(), compiled.ranges.end());
  patterns_.push_back({first_row, static_cast<std::uint32_t>(compiled.rows.size())});
  return leaf(Test::kPattern, static_cast<std::uint32_t>(patterns_.size() - 1));
}

std::vector<ConditionRow> ConditionBuilder::rows() const {
  std::deque<std::pair<const ConditionTree*, std::uint32_t>> open;  // and its depth
  for (const ConditionTree& root : roots_) open.emplace_back(&root, 1);
  std::vector<ConditionRow> rows;
  auto next = static_cast<std::uint32_t>(roots_.size());
  while (!open.empty()) {
    const auto [tree, depth] = open.front();
    open.pop_front();
    if (depth > kMaxDepth) throw std::length_error("conditions are nested too deep");
    ConditionRow row{tree->test, tree->operand, 0, static_cast<std::uint32_t>(tree->children.size()), {0, 0}};
    if (tree->test == Test::kPath) row.text = pool_.add(tree->path);
    if (row.count > 0) row.first = next;
    next += row.count;
    for (const ConditionTree& child : tree->children) open.emplace_back(&child, depth + 1);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace footlight::experiment
