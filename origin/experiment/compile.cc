#include "origin/experiment/compile.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "core/experiment/evaluate.h"
#include "origin/experiment/checked_object.h"
#include "origin/experiment/url_pattern.h"
#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

using origin::pointer_to;

constexpr const char* kKnownInRules[] = {"id",
                                         "key",
                                         "name",
                                         "phase",
                                         "seed",
                                         "force",
                                         "variations",
                                         "weights",
                                         "coverage",
                                         "condition",
                                         "namespace",
                                         "filters",
                                         "ranges",
                                         "range",
                                         "meta",
                                         "hashAttribute",
                                         "hashVersion",
                                         "fallbackAttribute",
                                         "tracks",
                                         "type",
                                         "bucketVersion",
                                         "minBucketVersion",
                                         "disableStickyBucketing",
                                         "parentConditions",
                                         "description",
                                         "active_from",
                                         "active_until",
                                         "schedule",
                                         "contextualVariations",
                                         "contextualBanditRef",
                                         "banditVersion"};
constexpr const char* kKnownInExperiments[] = {"key",
                                               "name",
                                               "phase",
                                               "seed",
                                               "variations",
                                               "weights",
                                               "coverage",
                                               "condition",
                                               "namespace",
                                               "filters",
                                               "ranges",
                                               "meta",
                                               "hashAttribute",
                                               "hashVersion",
                                               "fallbackAttribute",
                                               "status",
                                               "active",
                                               "force",
                                               "bucketVersion",
                                               "minBucketVersion",
                                               "disableStickyBucketing",
                                               "parentConditions",
                                               "urlPatterns",
                                               "persistQueryString",
                                               "manual",
                                               "changeId",
                                               "description",
                                               "active_from",
                                               "active_until"};

template <typename Row>
void append(std::vector<std::byte>& out, const std::vector<Row>& rows) {
  const std::size_t at = out.size();
  out.resize(at + (rows.size() * sizeof(Row) + 7) / 8 * 8);
  if (!rows.empty()) std::memcpy(out.data() + at, rows.data(), rows.size() * sizeof(Row));
}

class Compiler {
 public:
  Compiler(const Json& document, Compiled& out)
      : document_(document),
        out_(out),
        root_(document, "", out.findings),
        values_(pool_),
        conditions_(pool_, values_, member("savedGroups"), out.findings) {}

  void run() {
    const Json& features = member("features");
    for (const auto& feature : features.items()) index_.emplace(feature.key(), 0);
    if (index_.size() > kMaxFeatures) root_.fault("too_long", "has too many features", "features");
    std::uint32_t next = 0;
    for (auto& [key, index] : index_) index = next++;  // by key, byte by byte
    if (const Json* experiments = root_.list("experiments", kMaxRules)) {
      for (std::size_t e = 0; e < experiments->size(); ++e)
        add_experiment((*experiments)[e], pointer_to("/experiments", e));
    }
    listed_ = static_cast<std::uint32_t>(experiments_.size());
    for (const auto& [key, index] : index_) add_feature(key, features.at(key));
    check_prerequisites();
    if (out_.findings.faults.empty()) write();
  }

 private:
  const Json& member(const char* name) {
    static const Json nothing = Json::object();
    const Json* found = document_.is_object() && document_.contains(name) ? &document_.at(name) : nullptr;
    if (found == nullptr || found->is_null()) return nothing;
    if (!found->is_object()) {
      root_.fault("type", "must be an object", name);
      return nothing;
    }
    return *found;
  }

  std::uint32_t value(const Json& json, const std::string& pointer) {
    try {
      return values_.add(json);
    } catch (const std::length_error& error) {
      out_.findings.faults.push_back({"too_deep", error.what(), pointer});
      return values_.add(nullptr);
    }
  }

  void add_feature(const std::string& key, const Json& json) {
    const std::string pointer = pointer_to("/features", key);
    CheckedObject feature(json, pointer, out_.findings);
    feature.only({"defaultValue", "rules", "description"});
    const Json* fallback = feature.find("defaultValue");
    FeatureRow row{pool_.add(key),
                   value(fallback == nullptr ? Json() : *fallback, feature.at("defaultValue")),
                   {static_cast<std::uint32_t>(rules_.size()), 0},
                   0};
    if (const Json* rules = feature.list("rules", kMaxRules)) {
      for (std::size_t r = 0; r < rules->size(); ++r) {
        add_rule(key, (*rules)[r], pointer_to(pointer_to(pointer, "rules"), r));
      }
    }
    row.rules.count = static_cast<std::uint32_t>(rules_.size()) - row.rules.first;
    features_.push_back(row);
  }

  HashRow hash(CheckedObject& from, const char* attribute, std::string_view seed, std::uint32_t version,
               bool fallback) {
    HashRow row{};
    row.attribute = pool_.add(from.text(attribute, "id"));
    row.fallback = pool_.add(fallback ? from.text("fallbackAttribute") : "");
    const std::string own_seed = from.text("seed", seed);
    row.seed = pool_.add(own_seed);
    row.seed_state = hash_state(own_seed);
    row.version = from.whole("hashVersion", version, 1000);
    if (row.version > 2) from.warn("unknown", "is not a version of the hash: nobody is in", "hashVersion");
    return row;
  }

  void add_rule(const std::string& key, const Json& json, const std::string& pointer) {
    CheckedObject rule(json, pointer, out_.findings);
    rule.only(kKnownInRules);
    RuleRow row{};
    row.id = pool_.add(rule.text("id"));
    row.active_from_s = rule.time_s("active_from", 0);
    row.active_until_s = rule.time_s("active_until", kNone);
    row.condition = row.experiment = kNone;
    row.parents = add_parents(rule);
    row.filters = add_filters(rule);
    if (const Json* force = rule.find("force")) {
      row.kind = RuleKind::kForce;
      row.value = value(*force, rule.at("force"));
      row.condition = add_condition(rule);
      row.hash = hash(rule, "hashAttribute", key, 1, true);
      add_rollout(rule, row);
    } else if (const Json* variations =
                   rule.list(rule.has("contextualVariations") ? "contextualVariations" : "variations", kMaxVariants)) {
      row.kind = RuleKind::kExperiment;
      row.experiment = experiment(rule, *variations, key, row);
      row.hash = experiments_[row.experiment].hash;
    } else {
      row.kind = RuleKind::kGate;
      if (row.parents.count == 0) rule.warn("required", "has neither a value to force nor variations: no effect", "");
    }
    rules_.push_back(row);
    out_.rule_pointers.push_back(pointer);
  }

  void add_rollout(CheckedObject& rule, RuleRow& row) {
    if (rule.flag("disableStickyBucketing", false)) row.flags |= kRuleDoesNotStick;
    if (const Json* range = rule.find("range"); range != nullptr && !range->is_null()) {
      if (const auto read = rule.range(*range, rule.at("range"))) {
        row.flags |= kRuleHasRange;
        row.range = *read;
      }
    }
    if (const auto coverage = rule.number("coverage")) {
      if (*coverage < 0 || *coverage > 1) rule.warn("range", "is outside 0 to 1", "coverage");
      row.flags |= kRuleHasCoverage;
      row.coverage = *coverage;
    }
    row.steps.first = static_cast<std::uint32_t>(steps_.size());
    const Json* schedule = rule.list("schedule", 100);
    if (schedule == nullptr) return;
    row.flags |= kRuleHasCoverage;
    for (std::size_t s = 0; s < schedule->size(); ++s) {
      CheckedObject step((*schedule)[s], pointer_to(rule.at("schedule"), s), out_.findings);
      step.only({"from", "coverage"});
      if (!step.has("from")) step.fault("required", "is required", "from");
      const double coverage = step.number("coverage").value_or(-1);
      if (coverage < 0 || coverage > 1) step.fault("range", "must be from 0 to 1", "coverage");
      const StepRow added{step.time_s("from", 0), 0, coverage};
      if (s > 0 && added.from_s <= steps_.back().from_s) step.fault("order", "must be after the step before", "from");
      steps_.push_back(added);
    }
    row.steps.count = static_cast<std::uint32_t>(schedule->size());
  }

  std::uint32_t add_condition(CheckedObject& from) {
    const Json* condition = from.find("condition");
    if (condition == nullptr || condition->is_null()) return kNone;
    return conditions_.add(*condition, from.at("condition"));
  }

  Slice add_parents(CheckedObject& from) {
    Slice slice{static_cast<std::uint32_t>(parents_.size()), 0};
    const Json* parents = from.list("parentConditions", 100);
    if (parents == nullptr) return slice;
    for (std::size_t p = 0; p < parents->size(); ++p) {
      CheckedObject parent((*parents)[p], pointer_to(from.at("parentConditions"), p), out_.findings);
      const std::string id = parent.text("id");
      const auto found = index_.find(id);
      if (found == index_.end())
        parent.warn("unknown", fmt::format("'{}' is not a feature: it has no value", id), "id");
      const Json* condition = parent.find("condition");
      parents_.push_back(
          {found == index_.end() ? kNone : found->second,
           conditions_.add_prerequisite(condition == nullptr ? Json::object() : *condition, parent.at("condition")),
           parent.flag("gate", false) ? 1U : 0U});
    }
    slice.count = static_cast<std::uint32_t>(parents->size());
    return slice;
  }

  Slice add_ranges(const std::vector<Range>& ranges) {
    const Slice slice{static_cast<std::uint32_t>(ranges_.size()), static_cast<std::uint32_t>(ranges.size())};
    ranges_.insert(ranges_.end(), ranges.begin(), ranges.end());
    return slice;
  }

  // Nothing when it is not given.
  std::optional<std::vector<Range>> read_ranges(CheckedObject& from) {
    const Json* list = from.list("ranges", 1000);
    if (list == nullptr) return std::nullopt;
    std::vector<Range> ranges;
    for (std::size_t r = 0; r < list->size(); ++r) {
      if (const auto range = from.range((*list)[r], pointer_to(from.at("ranges"), r))) ranges.push_back(*range);
    }
    return ranges;
  }

  Slice add_filters(CheckedObject& from) {
    Slice slice{static_cast<std::uint32_t>(filters_.size()), 0};
    const Json* filters = from.list("filters", 100);
    if (filters == nullptr) return slice;
    for (std::size_t f = 0; f < filters->size(); ++f) {
      CheckedObject filter((*filters)[f], pointer_to(from.at("filters"), f), out_.findings);
      FilterRow row{};
      row.hash = hash(filter, "attribute", "", 2, false);
      row.ranges = add_ranges(read_ranges(filter).value_or(std::vector<Range>{}));
      filters_.push_back(row);
    }
    slice.count = static_cast<std::uint32_t>(filters->size());
    return slice;
  }

  void add_experiment(const Json& json, const std::string& pointer) {
    CheckedObject from(json, pointer, out_.findings);
    from.only(kKnownInExperiments);
    const std::string key = from.text("key");
    if (key.empty()) from.fault("required", "is required", "key");
    const Json* variations = from.list("variations", kMaxVariants);
    if (variations == nullptr) from.fault("required", "is required", "variations");
    RuleRow window{};
    window.active_from_s = from.time_s("active_from", 0);
    window.active_until_s = from.time_s("active_until", kNone);
    window.parents = add_parents(from);
    window.filters = add_filters(from);
    const std::uint32_t index = experiment(from, variations == nullptr ? Json::array({0}) : *variations, key, window);
    ExperimentRow& row = experiments_[index];
    row.parents = window.parents;
    row.active_from_s = window.active_from_s;
    row.active_until_s = window.active_until_s;
    const std::string status = from.text("status", "running");
    if (status == "stopped") {
      row.flags |= kExperimentStopped;
    } else if (status == "draft") {
      row.flags |= kExperimentInactive;
    } else if (status != "running") {
      from.fault("unknown", "must be draft, running or stopped", "status");
    }
    if (!from.flag("active", true)) row.flags |= kExperimentInactive;
    if (const auto forced = from.number("force")) {
      row.flags |= kExperimentForces;
      row.forced = static_cast<std::int32_t>(std::clamp(*forced, -1.0, 1e6));
    }
    if (const Json* targets = from.find("urlPatterns"); targets != nullptr && !targets->is_null()) {
      row.url = conditions_.add_root(compile_url_targets(*targets, from.at("urlPatterns"), conditions_, out_.findings));
    }
  }

  std::uint32_t experiment(CheckedObject& from, const Json& variations, const std::string& key, const RuleRow& rule) {
    ExperimentRow row{};
    const std::string name = from.text("key", key);
    row.key = pool_.add(name);
    row.condition = add_condition(from);
    row.url = kNone;
    row.active_until_s = kNone;
    row.filters = rule.filters;
    row.hash = hash(from, "hashAttribute", name, 1, true);
    row.bucket_version = from.whole("bucketVersion", 0, 1e6);
    row.min_bucket_version = from.whole("minBucketVersion", 0, 1000);
    if (from.flag("disableStickyBucketing", false)) row.flags |= kExperimentDoesNotStick;
    if (const Json* space = from.list("namespace", 3)) {
      const bool good =
          space->size() == 3 && (*space)[0].is_string() && (*space)[1].is_number() && (*space)[2].is_number();
      if (good) {
        row.flags |= kExperimentHasNamespace;
        row.space = pool_.add((*space)[0].get<std::string>());
        row.space_range = {(*space)[1].get<double>(), (*space)[2].get<double>()};
      } else {
        from.fault("type", "must be a name and two numbers", "namespace");
      }
    }
    row.variants = add_variants(from, variations);
    const double coverage = from.number("coverage").value_or(1);
    if (coverage < 0 || coverage > 1) from.warn("range", "is outside 0 to 1", "coverage");
    const auto given = read_ranges(from);
    const auto ranges_for = [&](const std::vector<double>& weights) {
      return given ? *given : bucket_ranges(variations.size(), coverage, weights);
    };
    row.ranges = add_ranges(ranges_for(from.numbers("weights")));
    add_contexts(from, row, ranges_for);
    experiments_.push_back(row);
    return static_cast<std::uint32_t>(experiments_.size() - 1);
  }

  Slice add_variants(CheckedObject& from, const Json& variations) {
    if (variations.empty()) from.fault("required", "needs at least one", "variations");
    const Json* meta = from.list("meta", kMaxVariants);
    const Slice slice{static_cast<std::uint32_t>(variants_.size()), static_cast<std::uint32_t>(variations.size())};
    for (std::size_t v = 0; v < variations.size(); ++v) {
      VariantRow row{};
      row.value = value(variations[v], pointer_to(from.at("variations"), v));
      if (meta != nullptr && v < meta->size()) {
        CheckedObject one((*meta)[v], pointer_to(from.at("meta"), v), out_.findings);
        row.key = pool_.add(one.text("key"));
        row.name = pool_.add(one.text("name"));
        row.passthrough = one.flag("passthrough", false) ? 1 : 0;
      }
      variants_.push_back(row);
    }
    return slice;
  }

  template <typename RangesFor>
  void add_contexts(CheckedObject& from, ExperimentRow& row, const RangesFor& ranges_for) {
    row.contexts.first = static_cast<std::uint32_t>(contexts_.size());
    const std::string ref = from.text("contextualBanditRef");
    const Json& bandits = member("contextualBandits");
    if (ref.empty()) return;
    if (!bandits.contains(ref)) {
      from.warn("unknown", fmt::format("'{}' is not a contextual bandit: its own weights hold", ref),
                "contextualBanditRef");
      return;
    }
    row.flags |= kExperimentIsBandit;
    const std::string pointer = pointer_to("/contextualBandits", ref);
    CheckedObject bandit(bandits.at(ref), pointer, out_.findings);
    const Json* contexts = bandit.list("contexts", 1000);
    if (contexts == nullptr) return;
    for (std::size_t c = 0; c < contexts->size(); ++c) {
      CheckedObject context((*contexts)[c], pointer_to(bandit.at("contexts"), c), out_.findings);
      const Json* condition = context.find("condition");
      ContextRow added{};
      added.condition = conditions_.add(condition == nullptr || condition->is_null() ? Json::object() : *condition,
                                        context.at("condition"));
      added.leaf = static_cast<std::int32_t>(std::clamp(context.number("leafId").value_or(-1), -1.0, 2e9));
      added.ranges = add_ranges(ranges_for(context.numbers("weights")));
      contexts_.push_back(added);
    }
    row.contexts.count = static_cast<std::uint32_t>(contexts->size());
  }

  // No feature may need more steps, or a longer chain of others, than the core will go.
  void check_prerequisites() {
    std::vector<double> cost(features_.size(), -1);
    std::vector<bool> open(features_.size(), false);
    const std::function<double(std::uint32_t, std::uint32_t)> visit = [&](std::uint32_t f,
                                                                          std::uint32_t depth) -> double {
      const std::string key = pool_.text().substr(features_[f].key.offset, features_[f].key.size);
      if (open[f]) {
        root_.warn("cycle", fmt::format("'{}' is its own prerequisite: it has no value", key), "features");
        return 0;
      }
      if (depth > kMaxPrerequisites) {
        root_.fault("too_deep",
                    fmt::format("'{}' has more than {} prerequisites one behind the other", key, kMaxPrerequisites),
                    "features");
        return 0;
      }
      if (cost[f] >= 0) return cost[f];
      open[f] = true;
      double sum = 0;
      for (std::uint32_t r = 0; r < features_[f].rules.count; ++r) {
        const Slice parents = rules_[features_[f].rules.first + r].parents;
        sum += 1;
        for (std::uint32_t p = 0; p < parents.count; ++p) {
          if (parents_[parents.first + p].feature != kNone)
            sum += visit(parents_[parents.first + p].feature, depth + 1);
        }
      }
      open[f] = false;
      if (sum > kMaxSteps)
        root_.fault("too_large", fmt::format("'{}' needs more than {} rules, prerequisites included", key, kMaxSteps),
                    "features");
      return cost[f] = sum;
    };
    for (std::uint32_t f = 0; f < features_.size(); ++f) static_cast<void>(visit(f, 1));
  }

  void write() {
    std::vector<ConditionRow> conditions;
    try {
      conditions = conditions_.rows();
    } catch (const std::length_error& error) {
      root_.fault("too_deep", error.what(), "");
      return;
    }
    const std::vector<ValueRow> values = values_.rows();
    const auto size = [](const auto& rows) { return static_cast<std::uint32_t>(rows.size()); };
    ProgramHeader head{};
    head.magic = kProgramMagic;
    head.major = kProgramMajor;
    head.value_roots = values_.roots();
    head.condition_roots = conditions_.roots();
    head.values = size(values);
    head.conditions = size(conditions);
    head.patterns = size(conditions_.patterns());
    head.instructions = size(conditions_.instructions());
    head.unit_ranges = size(conditions_.ranges());
    head.features = size(features_);
    head.rules = size(rules_);
    head.experiments = size(experiments_);
    head.parents = size(parents_);
    head.filters = size(filters_);
    head.ranges = size(ranges_);
    head.steps = size(steps_);
    head.contexts = size(contexts_);
    head.variants = size(variants_);
    head.text = size(pool_.text());
    head.listed = listed_;
    std::vector<std::byte> bytes(sizeof head);
    std::memcpy(bytes.data(), &head, sizeof head);
    append(bytes, values);
    append(bytes, conditions);
    append(bytes, conditions_.patterns());
    append(bytes, conditions_.instructions());
    append(bytes, conditions_.ranges());
    append(bytes, features_);
    append(bytes, rules_);
    append(bytes, experiments_);
    append(bytes, parents_);
    append(bytes, filters_);
    append(bytes, ranges_);
    append(bytes, steps_);
    append(bytes, contexts_);
    append(bytes, variants_);
    append(bytes, std::vector<char>(pool_.text().begin(), pool_.text().end()));
    out_.words.resize(bytes.size() / 8);
    std::memcpy(out_.words.data(), bytes.data(), bytes.size());
  }

  const Json& document_;
  Compiled& out_;
  CheckedObject root_;
  TextPool pool_;
  ValueBuilder values_;
  ConditionBuilder conditions_;
  std::map<std::string, std::uint32_t> index_;  // of the features
  std::vector<FeatureRow> features_;
  std::vector<RuleRow> rules_;
  std::vector<ExperimentRow> experiments_;
  std::uint32_t listed_ = 0;
  std::vector<ParentRow> parents_;
  std::vector<FilterRow> filters_;
  std::vector<Range> ranges_;
  std::vector<StepRow> steps_;
  std::vector<ContextRow> contexts_;
  std::vector<VariantRow> variants_;
};

}  // namespace

std::vector<double> equal_weights(int variants) {
  if (variants <= 0) return {};
  return std::vector<double>(static_cast<std::size_t>(variants), 1.0 / variants);
}

std::vector<Range> bucket_ranges(std::size_t variants, double coverage, std::vector<double> weights) {
  coverage = std::clamp(coverage, 0.0, 1.0);
  double total = 0;
  for (const double weight : weights) total += weight;
  if (weights.size() != variants || total < 0.99 || total > 1.01) weights = equal_weights(static_cast<int>(variants));
  std::vector<Range> ranges;
  double start = 0;
  for (const double weight : weights) {
    ranges.push_back({start, start + coverage * weight});
    start += weight;
  }
  return ranges;
}

Compiled compile(const Json& document) {
  Compiled out;
  Compiler(document, out).run();
  return out;
}

}  // namespace footlight::experiment
