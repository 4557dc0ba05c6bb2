#include "core/experiment/evaluate.h"

#include <algorithm>
#include <cstddef>

namespace footlight::experiment {
namespace {

bool active(std::uint32_t from_s, std::uint32_t until_s, std::uint32_t now_s) noexcept {
  return now_s >= from_s && (until_s == kNone || now_s < until_s);
}

// The member whose name is the pieces one after the other; null.
Value find_joined(Value object, std::string_view a, std::string_view between, std::string_view b) noexcept {
  if (object.kind() != Kind::kObject) return {};
  for (std::uint32_t m = 0; m < object.count(); ++m) {
    std::string_view name = object.element(2 * m).text();
    if (name.size() != a.size() + between.size() + b.size() || !name.starts_with(a)) continue;
    name.remove_prefix(a.size());
    if (!name.starts_with(between)) continue;
    name.remove_prefix(between.size());
    if (name == b) return object.element(2 * m + 1);
  }
  return {};
}

struct Digits {
  char text[10];
  std::size_t first = sizeof text;
  explicit Digits(std::uint32_t number) noexcept {
    do {
      text[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text + first, sizeof text - first}; }
};

// JavaScript's parseInt, where the result is a small position; -1 for all else.
std::int32_t parse_position(std::string_view text) noexcept {
  const std::size_t start = text.find_first_not_of(" \t\n\r\v\f");
  if (start == std::string_view::npos) return -1;
  text.remove_prefix(start);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int32_t number = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    number = std::min(number * 10 + (text[digits] - '0'), 1'000'000);
  }
  return digits > 0 ? number : -1;
}

}  // namespace

// As an SDK does that splits at "?", "#", "&" and "=" and decodes nothing.
std::int32_t position_in_query(std::string_view url, std::string_view key) noexcept {
  const std::size_t mark = url.find('?');
  if (mark == std::string_view::npos) return -1;
  url.remove_prefix(mark + 1);
  url = url.substr(0, url.find('?'));
  url = url.substr(0, url.find('#'));
  while (!url.empty()) {
    const std::string_view pair = url.substr(0, url.find('&'));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == key) {
      if (equals == std::string_view::npos) return -1;
      const std::string_view value = pair.substr(equals + 1);
      return parse_position(value.substr(0, value.find('=')));
    }
    url.remove_prefix(std::min(pair.size() + 1, url.size()));
  }
  return -1;
}

Request Request::of(const ValueTable& table, std::uint32_t now_s) noexcept {
  const Value root(table, 0);
  Request request;
  request.attributes = root.find("attributes");
  request.url = root.find("url");
  const std::string_view raw = request.url.find("raw").text();
  if (raw.find('?') != std::string_view::npos) request.query = raw;
  request.forced = root.find("forced");
  request.features = root.find("features");
  request.sticky = root.find("sticky");
  request.sticks = request.sticky.kind() == Kind::kObject;
  request.disabled = root.find("disabled").truthy();
  request.qa = root.find("qa").truthy();
  request.now_s = now_s;
  return request;
}

Feature Evaluator::feature(std::string_view key) noexcept {
  const std::uint32_t index = program_.find_feature(key);
  if (index != kNone) return feature(index);
  Feature out;
  if (request_.features.kind() != Kind::kObject) return out;
  for (std::uint32_t m = 0; m < request_.features.count(); ++m) {
    if (request_.features.element(2 * m).text() != key) continue;
    out.source = Source::kOverride;
    out.value = request_.features.element(2 * m + 1);
  }
  return out;
}

Feature Evaluator::feature(std::uint32_t index) noexcept {
  depth_ = 0;
  steps_ = 0;
  return evaluate(index);
}

Feature Evaluator::evaluate(std::uint32_t index) noexcept {
  Feature out;
  const bool cyclic = std::find(open_, open_ + depth_, index) != open_ + depth_;
  if (cyclic || depth_ == kMaxPrerequisites) {
    out.source = Source::kCyclicPrerequisite;
    return out;
  }
  const FeatureRow& row = program_.features[index];
  if (request_.features.kind() == Kind::kObject) {
    const std::string_view key = program_.text(row.key);
    for (std::uint32_t m = 0; m < request_.features.count(); ++m) {
      if (request_.features.element(2 * m).text() != key) continue;
      out.source = Source::kOverride;
      out.value = request_.features.element(2 * m + 1);
      return out;
    }
  }
  open_[depth_++] = index;
  for (std::uint32_t r = 0; r < row.rules.count; ++r) {
    if (apply(program_.rules[row.rules.first + r], row.rules.first + r, out)) {
      --depth_;
      return out;
    }
  }
  --depth_;
  out = {};
  out.source = Source::kDefaultValue;
  out.value = Value(program_.conditions.constants, row.value);
  return out;
}

// True: the rule has the last word.
bool Evaluator::apply(const RuleRow& rule, std::uint32_t index, Feature& out) noexcept {
  if (++steps_ > kMaxSteps) {
    out.source = Source::kCyclicPrerequisite;
    return true;
  }
  if (!active(rule.active_from_s, rule.active_until_s, request_.now_s)) return false;
  switch (rule.parents.count == 0 ? Prerequisites::kHold : prerequisites(rule.parents)) {
    case Prerequisites::kCyclic:
      out.source = Source::kCyclicPrerequisite;
      return true;
    case Prerequisites::kFailAtGate:
      out.source = Source::kPrerequisite;
      return true;
    case Prerequisites::kFail:
      return false;
    case Prerequisites::kHold:
      break;
  }
  if (rule.kind == RuleKind::kGate || (rule.filters.count > 0 && filtered_out(rule.filters))) return false;
  if (rule.kind == RuleKind::kForce) {
    if (rule.condition != kNone && !targets(rule.condition)) return false;
    if (!rolled_out(rule)) return false;
    out.source = Source::kForce;
    out.rule = index;
    out.value = Value(program_.conditions.constants, rule.value);
    return true;
  }
  out.assignment = assign(rule.experiment);
  const ExperimentRow& experiment = program_.experiments[rule.experiment];
  const VariantRow& variant = program_.variants[experiment.variants.first + out.assignment.variant];
  if (!out.assignment.in_experiment || variant.passthrough != 0) return false;
  out.source = Source::kExperiment;
  out.rule = index;
  out.value = Value(program_.conditions.constants, variant.value);
  return true;
}

Evaluator::Prerequisites Evaluator::prerequisites(Slice parents) noexcept {
  for (const ParentRow& parent : program_.parents.subspan(parents.first, parents.count)) {
    Feature above;
    if (parent.feature != kNone) above = evaluate(parent.feature);
    if (above.source == Source::kCyclicPrerequisite) return Prerequisites::kCyclic;
    // The condition speaks of {"value": …}: publishing compiles it to speak of the value itself.
    if (!program_.conditions.holds(parent.condition, above.value)) {
      return parent.gate != 0 ? Prerequisites::kFailAtGate : Prerequisites::kFail;
    }
  }
  return Prerequisites::kHold;
}

bool Evaluator::targets(std::uint32_t condition) noexcept {
  if (condition >= kMaxRemembered) return program_.conditions.holds(condition, request_.attributes);
  const std::uint64_t bit = std::uint64_t{1} << (condition % 64);
  std::uint64_t& holds = holds_[condition / 64];
  if ((asked_[condition / 64] & bit) == 0) {
    asked_[condition / 64] |= bit;
    if (program_.conditions.holds(condition, request_.attributes)) holds |= bit;
  }
  return (holds & bit) != 0;
}

Evaluator::Unit Evaluator::unit_of(const HashRow& hash, bool sticks) noexcept {
  Unit unit{program_.text(hash.attribute), {}};
  if (unit_attribute_ != hash.attribute.offset || hash.attribute.size == 0) {
    unit_attribute_ = hash.attribute.offset;
    unit_ = request_.attributes.find(unit.attribute);
    if (!unit_.truthy()) unit_ = {};
  }
  unit.value = unit_;
  if (unit.value.is_null() && sticks && hash.fallback.size > 0) {
    const std::string_view fallback = program_.text(hash.fallback);
    const Value other = request_.attributes.find(fallback);
    if (other.truthy()) unit = {fallback, other};
  }
  return unit;
}

std::optional<double> Evaluator::bucket(const HashRow& hash, const Unit& unit) const noexcept {
  if (hash.version == 2) return bucket_from(hash.seed_state, unit.value.text());
  return bucket_of(program_.text(hash.seed), "", unit.value.text(), hash.version);
}

bool Evaluator::filtered_out(Slice filters) noexcept {
  for (const FilterRow& filter : program_.filters.subspan(filters.first, filters.count)) {
    const Unit unit = unit_of(filter.hash, false);
    if (unit.value.is_null()) return true;
    const auto drawn = bucket(filter.hash, unit);
    if (!drawn) return true;
    if (choose_variant(*drawn, program_.ranges.subspan(filter.ranges.first, filter.ranges.count)) < 0) return true;
  }
  return false;
}

bool Evaluator::rolled_out(const RuleRow& rule) noexcept {
  const bool has_range = (rule.flags & kRuleHasRange) != 0;
  double coverage = rule.coverage;
  for (const StepRow& step : program_.steps.subspan(rule.steps.first, rule.steps.count)) {
    if (request_.now_s >= step.from_s) coverage = step.coverage;
  }
  const bool has_coverage = (rule.flags & kRuleHasCoverage) != 0;
  if (!has_range && !has_coverage) return true;
  if (!has_range && coverage == 0) return false;
  const Unit unit = unit_of(rule.hash, request_.sticks && (rule.flags & kRuleDoesNotStick) == 0);
  if (unit.value.is_null()) return false;
  const auto drawn = bucket(rule.hash, unit);
  if (!drawn) return false;
  return has_range ? rule.range.holds(*drawn) : *drawn <= coverage;
}

std::int32_t Evaluator::forced_variant(const ExperimentRow& row) const noexcept {
  const std::string_view key = program_.text(row.key);
  if (!request_.query.empty()) {
    const std::int32_t asked = position_in_query(request_.query, key);
    if (asked >= 0 && asked < static_cast<std::int32_t>(row.variants.count)) return asked;
  }
  if (request_.forced.is_null()) return -1;
  const Value forced = request_.forced.find(key);
  if (forced.kind() != Kind::kNumber) return -1;
  // Past the last variant: the visitor is held out by force.
  const auto last = static_cast<double>(row.variants.count);
  return forced.number() >= 0 && forced.number() < last ? static_cast<std::int32_t>(forced.number())
                                                        : static_cast<std::int32_t>(row.variants.count);
}

bool Evaluator::eligible(const ExperimentRow& row, const Unit& unit) noexcept {
  if (row.filters.count > 0) {
    if (filtered_out(row.filters)) return false;
  } else if ((row.flags & kExperimentHasNamespace) != 0) {
    const auto bucket = bucket_of("__", program_.text(row.space), unit.value.text(), 1);
    if (!row.space_range.holds(*bucket)) return false;
  }
  if (row.condition != kNone && !targets(row.condition)) return false;
  return row.parents.count == 0 || prerequisites(row.parents) == Prerequisites::kHold;
}

Evaluator::Sticky Evaluator::sticky_variant(const ExperimentRow& row) const noexcept {
  // The fallback's document first, the attribute's own over it.
  Value documents[2];
  const std::string_view fallback = row.hash.fallback.size > 0 ? program_.text(row.hash.fallback) : "id";
  const Value other = request_.attributes.find(fallback);
  if (other.truthy()) documents[0] = find_joined(request_.sticky, fallback, "||", other.text());
  const std::string_view attribute = program_.text(row.hash.attribute);
  const Value own = request_.attributes.find(attribute);
  documents[1] = find_joined(request_.sticky, attribute, "||", own.truthy() ? own.text() : "");
  const auto assigned = [&](std::uint32_t version) {
    const Digits digits(version);
    const Value by_own = find_joined(documents[1], program_.text(row.key), "__", digits.view());
    return by_own.is_null() ? find_joined(documents[0], program_.text(row.key), "__", digits.view()) : by_own;
  };
  for (std::uint32_t version = 0; version < row.min_bucket_version; ++version) {
    if (!assigned(version).is_null()) return {-1, true};
  }
  const Value key = assigned(row.bucket_version);
  if (key.is_null()) return {};
  for (std::uint32_t v = 0; v < row.variants.count; ++v) {
    if (program_.text(program_.variants[row.variants.first + v].key) == key.text()) {
      return {static_cast<std::int32_t>(v), false};
    }
  }
  return {};
}

Assignment Evaluator::assign(std::uint32_t index) noexcept {
  const ExperimentRow& row = program_.experiments[index];
  const bool sticks = request_.sticks && (row.flags & kExperimentDoesNotStick) == 0;
  const Unit unit = unit_of(row.hash, sticks);
  Assignment out;
  out.experiment = index;
  out.attribute = unit.attribute;
  out.unit = unit.value;
  const auto give = [&](std::int32_t variant, bool hash_used) {
    out.in_experiment = variant >= 0 && variant < static_cast<std::int32_t>(row.variants.count);
    out.variant = out.in_experiment ? static_cast<std::uint32_t>(variant) : 0;
    out.hash_used = hash_used;
    return out;
  };
  const auto leave_out = [&] { return give(-1, false); };

  Slice ranges = row.ranges;
  for (std::uint32_t c = 0; c < row.contexts.count; ++c) {
    const ContextRow& context = program_.contexts[row.contexts.first + c];
    if (!targets(context.condition)) continue;
    ranges = context.ranges;
    out.leaf = context.leaf;
    out.context = row.contexts.first + c;
    break;
  }
  if (row.variants.count < 2 || request_.disabled) return leave_out();
  if (row.url != kNone && !program_.conditions.holds(row.url, request_.url)) return leave_out();
  const std::int32_t forced = forced_variant(row);
  if (forced >= 0) return give(forced, false);
  if ((row.flags & kExperimentInactive) != 0) return leave_out();
  if (!active(row.active_from_s, row.active_until_s, request_.now_s)) return leave_out();
  if (unit.value.is_null()) return leave_out();
  const Sticky sticky = sticks ? sticky_variant(row) : Sticky{};
  if (sticky.variant < 0 && !eligible(row, unit)) return leave_out();

  const auto drawn = bucket(row.hash, unit);
  if (!drawn) return leave_out();
  const std::int32_t variant = sticky.variant >= 0
                                   ? sticky.variant
                                   : choose_variant(*drawn, program_.ranges.subspan(ranges.first, ranges.count));
  if (sticky.blocked) {
    out.sticky_used = true;
    return leave_out();
  }
  if (variant < 0) return leave_out();
  if ((row.flags & kExperimentForces) != 0) return give(row.forced, false);
  if (request_.qa || (row.flags & kExperimentStopped) != 0) return leave_out();
  out.bucket = *drawn;
  out.sticky_used = sticky.variant >= 0;
  return give(variant, true);
}

}  // namespace footlight::experiment
