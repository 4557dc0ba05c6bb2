#include "origin/experiment/published_flags.h"

#include <algorithm>

#include "origin/experiment/flag_store.h"
#include "origin/experiment/page_flags.h"
#include "origin/experiment/test_store.h"
#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

Json& member(Json& object, const char* name, Json otherwise) {
  if (!object.contains(name) || object[name].is_null()) object[name] = std::move(otherwise);
  return object[name];
}

std::vector<double> weights_of(const ABTest& test) {
  std::vector<double> weights;
  double total = 0;
  for (const TestVariant& variant : test.variants) total += variant.weight;
  for (const TestVariant& variant : test.variants) weights.push_back(total > 0 ? variant.weight / total : 0);
  return weights;
}

// The new version from the left of the buckets, its control, as large as there is room for, from the right: as the
// share grows nobody leaves the new version, and the two stay comparable.
Json rollout_ranges(double share) { return {{1 - std::min(share, 1 - share), 1.0}, {0.0, share}}; }

Json value_of(const ABTest& test, const TestVariant& variant) {
  if (test.kind != TestKind::kRedirect) return variant.value;
  if (variant.url.empty()) return Json::object();
  return {{"urlRedirect", variant.url}, {"persistQueryString", test.persist_query_string}};
}

Json rule_of(const ABTest& test, const Running& running) {
  Json rule = {{"key", test.id},   {"name", test.name},     {"seed", test.id},
               {"hashVersion", 2}, {"hashAttribute", "id"}, {"coverage", test.traffic_allocation}};
  Json values = Json::array();
  Json meta = Json::array();
  for (const TestVariant& variant : test.variants) {
    values.push_back(value_of(test, variant));
    meta.push_back({{"key", variant.key}, {"name", variant.name}});
  }
  rule[test.bandit ? "contextualVariations" : "variations"] = std::move(values);
  rule["meta"] = std::move(meta);
  if (test.kind == TestKind::kRollout) {
    rule["ranges"] = rollout_ranges(weights_at(test, running.now_ms)[1] * test.traffic_allocation);
  } else {
    const bool allocated = running.allocation && running.allocation->weights.size() == test.variants.size();
    rule["weights"] = allocated ? running.allocation->weights : weights_of(test);
  }
  if (!test.condition.is_null()) rule["condition"] = test.condition;
  if (!test.sticky) rule["disableStickyBucketing"] = true;
  if (test.start_ms != 0) rule["active_from"] = origin::format_time(test.start_ms);
  if (test.end_ms != 0) rule["active_until"] = origin::format_time(test.end_ms);
  if (!test.space.empty()) {
    rule["filters"] = {{{"attribute", "id"},
                        {"seed", test.space},
                        {"hashVersion", 2},
                        {"ranges", {{test.space_range.from, test.space_range.until}}}}};
  }
  if (test.kind != TestKind::kHoldout && !running.holdouts.empty()) {
    Json parents = Json::array();
    for (const std::string& holdout : running.holdouts) {
      parents.push_back({{"id", holdout}, {"condition", {{"value", "general"}}}});
    }
    rule["parentConditions"] = std::move(parents);
  }
  return rule;
}

Json contexts_of(const Allocation& allocation) {
  Json contexts = Json::array();
  for (std::size_t leaf = 0; leaf < allocation.leaves.size(); ++leaf) {
    contexts.push_back({{"leafId", leaf},
                        {"condition", {{"segment", allocation.leaves[leaf].segment}}},
                        {"weights", allocation.leaves[leaf].weights}});
  }
  contexts.push_back(
      {{"leafId", allocation.leaves.size()}, {"condition", Json::object()}, {"weights", allocation.weights}});
  return contexts;
}

}  // namespace

Json allocation_json(const Allocation& allocation) {
  Json leaves = Json::array();
  for (const auto& leaf : allocation.leaves) leaves.push_back({{"segment", leaf.segment}, {"weights", leaf.weights}});
  return {{"version", allocation.version}, {"weights", allocation.weights}, {"segments", std::move(leaves)}};
}

std::optional<Allocation> read_allocation(const Json& json) {
  try {
    Allocation allocation;
    allocation.version = json.at("version").get<std::int64_t>();
    allocation.weights = json.at("weights").get<std::vector<double>>();
    for (const Json& leaf : json.at("segments")) {
      allocation.leaves.push_back(
          {leaf.at("segment").get<std::string>(), leaf.at("weights").get<std::vector<double>>()});
    }
    return allocation;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::vector<double> weights_at(const ABTest& test, std::int64_t now_ms) {
  if (test.kind != TestKind::kRollout) return weights_of(test);
  double share = 0;
  for (const Step& step : test.schedule) {
    if (step.from_ms <= now_ms) share = step.share;
  }
  return {std::min(share, 1 - share), share};
}

void add_to_flags(const ABTest& test, const Running& running, Json& flags) {
  if (test.kind == TestKind::kCanary) return;  // its variants are snapshots
  Json rule = rule_of(test, running);
  if (test.kind == TestKind::kRedirect) {
    rule["urlPatterns"] = {{{"type", "simple"}, {"pattern", test.page}, {"include", true}}};
    member(flags, "experiments", Json::array()).push_back(std::move(rule));
    return;
  }
  if (test.bandit && running.allocation) {
    rule["contextualBanditRef"] = test.id;
    rule["banditVersion"] = running.allocation->version;
    member(flags, "contextualBandits", Json::object())[test.id] = {{"banditVersion", running.allocation->version},
                                                                   {"contexts", contexts_of(*running.allocation)}};
  }
  Json& feature = member(member(flags, "features", Json::object()), test.flag.c_str(), Json::object());
  if (!feature.contains("defaultValue")) feature["defaultValue"] = test.variants.front().value;
  Json& rules = member(feature, "rules", Json::array());
  rules.insert(rules.begin(), std::move(rule));
}

namespace {

// Puts the running experiments on top of `flags`; false when there are none.
bool add_running(origin::Store& store, std::int64_t now_ms, Json& flags) {
  std::vector<StoredTest> running;
  for (StoredTest& stored : tests(store)) {
    if (stored.status == TestStatus::kRunning) running.push_back(std::move(stored));
  }
  Running known;
  known.now_ms = now_ms;
  for (const StoredTest& stored : running) {
    if (stored.test.kind == TestKind::kHoldout) known.holdouts.push_back(stored.test.flag);
  }
  // The last that is put in front comes first.
  std::for_each(running.rbegin(), running.rend(), [&](const StoredTest& stored) {
    known.allocation = stored.allocation;
    add_to_flags(stored.test, known, flags);
  });
  return !running.empty();
}

}  // namespace

Json experiment_flags(origin::Store& store, std::int64_t now_ms) {
  Json out = Json::object();
  add_running(store, now_ms, out);
  return out;
}

std::optional<Json> published_flags(origin::Store& store, std::int64_t now_ms) {
  const auto document = flags(store);
  Json out = document.value_or(Json::object());
  const bool any = add_running(store, now_ms, out);
  if (!any && !document) return std::nullopt;
  std::vector<std::string>
      missing;  // content may come and go while an experiment runs: the place is left to the ranking
  const auto resolve = [&](const std::string& id) -> std::optional<std::string> {
    const auto row = store.content_by_any(id);
    if (!row) return std::nullopt;
    return row->uuid;
  };
  resolve_contents(out, resolve, missing);
  return out;
}

}  // namespace footlight::experiment
