#include "origin/experiment/ab_test.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/experiment/program.h"
#include "origin/experiment/compile.h"
#include "origin/experiment/page_flags.h"
#include "origin/experiment/published_flags.h"
#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

using origin::Fault;
using origin::Fields;
using origin::pointer_to;

constexpr const char* kKinds[] = {"experiment", "rollout", "redirect", "holdout", "canary"};
constexpr const char* kStatuses[] = {"draft", "running", "stopped", "concluded"};
constexpr std::size_t kMaxMetrics = 50;

template <std::size_t N>
std::optional<std::size_t> index_of(const char* const (&names)[N], std::string_view name) {
  const auto* found = std::find(std::begin(names), std::end(names), name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<std::size_t>(found - std::begin(names));
}

// The name's position; a fault that lists what it may be.
template <std::size_t N>
std::size_t choice(Fields& fields, const char* field, const char* const (&names)[N], const char* otherwise) {
  const std::string name = fields.text_or(field, 40, otherwise);
  if (const auto index = index_of(names, name)) return *index;
  fields.fault("unknown", fmt::format("must be one of {}", fmt::join(names, ", ")), field);
  return 0;
}

std::int64_t time_of(Fields& fields, const char* field) {
  const std::string text = fields.text_or(field, 64, "");
  if (text.empty()) return 0;
  const auto time = origin::parse_time_ms(text);
  if (!time) fields.fault("type", "must be a time such as 2026-01-02T10:00:00Z", field);
  return time.value_or(0);
}

// Ids and keys end up in addresses, cookies and the tracking of others.
void check_key(Fields& fields, const char* field, const std::string& key) {
  const bool good = std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (!good) fields.fault("type", "may hold letters, digits, and . _ - only", field);
}

EventFilter read_filter(const Json& json, const std::string& pointer, MetricKind kind, std::vector<Fault>& faults) {
  Fields fields(json, pointer, faults);
  fields.only({"action", "goal", "slot", "type", "content", "measure"});
  EventFilter filter;
  filter.goal = fields.text_or("goal", 100, "");
  filter.action = fields.text_or("action", 20, "");
  if (filter.action.empty() == filter.goal.empty()) {
    fields.fault("required", "needs either an action or a goal");
  } else if (filter.goal.empty()) {
    constexpr const char* kActions[] = {"view", "click", "engage", "convert"};
    choice(fields, "action", kActions, "");
  }
  filter.slot = fields.text_or("slot", 100, "");
  filter.type = fields.text_or("type", 50, "");
  filter.content = fields.text_or("content", 255, "");
  if (!filter.goal.empty() && !(filter.slot.empty() && filter.type.empty() && filter.content.empty())) {
    fields.fault("unknown", "a goal has neither slot, type nor content", "goal");
  }
  constexpr const char* kMeasures[] = {"count", "value", "seconds"};
  filter.measure = static_cast<Measure>(choice(fields, "measure", kMeasures, "count"));
  if (filter.measure == Measure::kValue && filter.goal.empty()) {
    fields.fault("unknown", "only goals have a value", "measure");
  }
  if (filter.measure != Measure::kCount && kind == MetricKind::kProportion) {
    fields.fault("unknown", "a proportion counts", "measure");
  }
  return filter;
}

TestMetric read_metric(const Json& json, const std::string& pointer, std::vector<Fault>& faults) {
  Fields fields(json, pointer, faults);
  fields.only({"name", "kind", "events", "per", "lessIsBetter", "guardrail", "cap", "capPercentile"});
  TestMetric metric;
  metric.name = fields.text("name", 255);
  constexpr const char* kMetricKinds[] = {"proportion", "mean", "ratio"};
  metric.kind = static_cast<MetricKind>(choice(fields, "kind", kMetricKinds, "proportion"));
  metric.less_is_better = fields.flag_or("lessIsBetter", false);
  metric.guardrail = fields.flag_or("guardrail", false);
  if (fields.find("cap") != nullptr) metric.cap = fields.number("cap", 0, 1e12);
  if (fields.find("capPercentile") != nullptr) metric.cap_percentile = fields.number("capPercentile", 0.5, 0.9999);
  if (metric.cap && metric.cap_percentile) fields.fault("conflict", "there is a cap already", "capPercentile");
  if ((metric.cap || metric.cap_percentile) && metric.kind == MetricKind::kProportion) {
    fields.fault("unknown", "a proportion needs no cap", metric.cap ? "cap" : "capPercentile");
  }
  const auto filter = [&](const char* name) {
    const Json* given = fields.find(name);
    if (given != nullptr) return read_filter(*given, pointer_to(pointer, name), metric.kind, faults);
    fields.fault("required", "is required", name);
    return EventFilter{};
  };
  metric.events = filter("events");
  if (metric.kind == MetricKind::kRatio) {
    metric.per = filter("per");
  } else if (fields.find("per") != nullptr) {
    fields.fault("unknown", "belongs to a ratio", "per");
  }
  return metric;
}

class Reader {
 public:
  Reader(const Json& document, std::vector<Fault>& faults) : fields_(document, "", faults), faults_(faults) {
    test_.document = document;
  }

  ABTest read() {
    fields_.only({"id",
                  "name",
                  "hypothesis",
                  "kind",
                  "flag",
                  "variants",
                  "trafficAllocation",
                  "startDate",
                  "endDate",
                  "condition",
                  "page",
                  "persistQueryString",
                  "namespace",
                  "schedule",
                  "allocation",
                  "sticky",
                  "metrics",
                  "attributionHours",
                  "beforeDays",
                  "analysis",
                  "autoRollback",
                  "share",
                  "version"});
    test_.id = fields_.text("id", 100);
    check_key(fields_, "id", test_.id);
    test_.name = fields_.text_or("name", 255, test_.id);
    test_.hypothesis = fields_.text_or("hypothesis", 2000, "");
    test_.kind = static_cast<TestKind>(choice(fields_, "kind", kKinds, "experiment"));
    test_.traffic_allocation = fields_.number_or("trafficAllocation", 0, 1, 1);
    read_window();
    read_variants();
    if (const Json* condition = fields_.find("condition")) test_.condition = *condition;
    read_namespace();
    constexpr const char* kAllocations[] = {"fixed", "bandit"};
    test_.bandit = choice(fields_, "allocation", kAllocations, "fixed") == 1;
    if (test_.bandit && test_.kind != TestKind::kExperiment) {
      fields_.fault("conflict", "only an experiment's shares may follow its results", "allocation");
    }
    test_.sticky = fields_.flag_or("sticky", test_.bandit);
    if (test_.kind == TestKind::kCanary) {
      test_.canary_version = static_cast<std::uint64_t>(fields_.number("version", 1, 9e15));
    } else if (fields_.find("version") != nullptr) {
      fields_.fault("unknown", "belongs to a canary", "version");
    }
    test_.auto_rollback = fields_.flag_or("autoRollback", true);
    const Json& metrics = fields_.list("metrics", kMaxMetrics, false);
    std::set<std::string> names;
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      const std::string pointer = pointer_to("/metrics", m);
      test_.metrics.push_back(read_metric(metrics[m], pointer, faults_));
      if (!names.insert(test_.metrics.back().name).second) {
        faults_.push_back({"duplicate", "another metric has this name", pointer_to(pointer, "name")});
      }
    }
    if (test_.metrics.empty()) {
      fields_.fault("required", "needs at least one metric that is no guardrail", "metrics");
    } else if (std::all_of(test_.metrics.begin(), test_.metrics.end(), [](const auto& m) { return m.guardrail; })) {
      fields_.fault("required", "needs one that is no guardrail", "metrics");
    }
    test_.attribution_hours = fields_.number_or("attributionHours", 0.1, 24 * 365, test_.attribution_hours);
    test_.before_days = fields_.number_or("beforeDays", 0, 365, test_.before_days);
    read_analysis();
    // What the flags' compiler says of it, in case it is the condition, say, that cannot be meant.
    if (faults_.empty() && test_.kind != TestKind::kCanary) {
      Json flags = Json::object();
      add_to_flags(test_, {}, flags);
      const Findings findings = compile(flags).findings;
      for (const Fault& fault : findings.faults) faults_.push_back({fault.code, fault.detail, ""});
      for (const Fault& warning : findings.warnings) {
        if (warning.code == kNeverHolds) faults_.push_back({warning.code, warning.detail, "/condition"});
      }
    }
    return std::move(test_);
  }

 private:
  void read_window() {
    test_.start_ms = time_of(fields_, "startDate");
    test_.end_ms = time_of(fields_, "endDate");
    if (test_.end_ms != 0 && test_.end_ms <= test_.start_ms) {
      fields_.fault("order", "must be after startDate", "endDate");
    }
  }

  void read_variants() {
    if (test_.kind == TestKind::kHoldout) {
      if (fields_.find("variants") != nullptr) fields_.fault("unknown", "a holdout has none of its own", "variants");
      const double share = fields_.number("share", 0.001, 0.5);
      test_.flag = "holdout:" + test_.id;
      test_.variants = {{"general", "", "general", 1 - share, ""}, {"holdout", "", "holdout", share, ""}};
      return;
    }
    if (fields_.find("share") != nullptr) fields_.fault("unknown", "belongs to a holdout", "share");
    if (test_.kind == TestKind::kRedirect) {
      test_.page = fields_.text("page", 2000);
      test_.persist_query_string = fields_.flag_or("persistQueryString", true);
    } else if (test_.kind != TestKind::kCanary) {
      test_.flag = fields_.text("flag", 255);
    }
    const Json& variants = fields_.list("variants", kMaxVariants, true);
    std::set<std::string> keys;
    double total = 0;
    for (std::size_t v = 0; v < variants.size(); ++v) {
      const std::string pointer = pointer_to("/variants", v);
      Fields fields(variants[v], pointer, faults_);
      fields.only({"key", "name", "value", "weight", "url"});
      TestVariant variant;
      variant.key = fields.text("key", 100);
      check_key(fields, "key", variant.key);
      if (!keys.insert(variant.key).second) fields.fault("duplicate", "another variant has this key", "key");
      variant.name = fields.text_or("name", 255, "");
      variant.weight = fields.number_or("weight", 0, 1e6, 1);
      total += variant.weight;
      variant.url = fields.text_or("url", 2000, "");
      const bool is_redirect = test_.kind == TestKind::kRedirect;
      if (!variant.url.empty() && !is_redirect) fields.fault("unknown", "belongs to a redirect", "url");
      if (is_redirect && !variant.url.empty() && !variant.url.starts_with("https://") &&
          !variant.url.starts_with("http://") && !variant.url.starts_with("/")) {
        fields.fault("type", "must be an address: https://…, http://… or /…", "url");
      }
      if (variants[v].is_object() && variants[v].contains("value")) variant.value = variants[v].at("value");
      if (acts_on_pages(test_.flag)) check_page_value(test_.flag, variant.value, pointer_to(pointer, "value"), faults_);
      test_.variants.push_back(std::move(variant));
    }
    if (variants.size() < 2) fields_.fault("required", "needs a control and at least one more", "variants");
    if (variants.size() >= 2 && total <= 0) fields_.fault("range", "have no weight at all", "variants");
    if (test_.kind == TestKind::kRedirect && test_.variants.size() >= 2 &&
        std::all_of(test_.variants.begin(), test_.variants.end(), [](const auto& v) { return v.url.empty(); })) {
      fields_.fault("required", "needs a url in at least one", "variants");
    }
    read_schedule();
  }

  void read_schedule() {
    const bool is_rollout = test_.kind == TestKind::kRollout;
    if (!is_rollout) {
      if (fields_.find("schedule") != nullptr) fields_.fault("unknown", "belongs to a rollout", "schedule");
      return;
    }
    if (test_.variants.size() > 2) fields_.fault("conflict", "a rollout has two", "variants");
    const Json& steps = fields_.list("schedule", 100, true);
    for (std::size_t s = 0; s < steps.size(); ++s) {
      Fields fields(steps[s], pointer_to("/schedule", s), faults_);
      fields.only({"from", "share"});
      if (fields.find("from") == nullptr) fields.fault("required", "is required", "from");
      const Step step{time_of(fields, "from"), fields.number("share", 0, 1)};
      if (!test_.schedule.empty() && step.from_ms <= test_.schedule.back().from_ms) {
        fields.fault("order", "must be after the step before", "from");
      }
      if (!test_.schedule.empty() && step.share < test_.schedule.back().share) {
        fields.fault("order", "must not be less than the step before: stop the rollout instead", "share");
      }
      test_.schedule.push_back(step);
    }
    if (steps.empty()) fields_.fault("required", "needs at least one step", "schedule");
  }

  void read_namespace() {
    const Json* given = fields_.find("namespace");
    if (given == nullptr) return;
    Fields fields(*given, "/namespace", faults_);
    fields.only({"name", "from", "to"});
    test_.space = fields.text("name", 100);
    test_.space_range.from = fields.number("from", 0, 1);
    test_.space_range.until = fields.number("to", 0, 1);
    if (test_.space_range.until <= test_.space_range.from) fields.fault("order", "must be above `from`", "to");
  }

  void read_analysis() {
    const Json* given = fields_.find("analysis");
    if (given == nullptr) return;
    Fields fields(*given, "/analysis", faults_);
    fields.only({"statistics", "correction", "alpha", "relative"});
    constexpr const char* kStatistics[] = {"sequential", "fixed", "bayesian"};
    test_.analysis.statistics = static_cast<Statistics>(choice(fields, "statistics", kStatistics, "sequential"));
    constexpr const char* kCorrections[] = {"none", "holm", "bh"};
    test_.analysis.correction = static_cast<Correction>(choice(fields, "correction", kCorrections, "holm"));
    test_.analysis.alpha = fields.number_or("alpha", 0.0001, 0.5, test_.analysis.alpha);
    test_.analysis.relative = fields.flag_or("relative", true);
  }

  Fields fields_;
  std::vector<Fault>& faults_;
  ABTest test_;
};

}  // namespace

const char* kind_name(TestKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
const char* status_name(TestStatus status) { return kStatuses[static_cast<std::size_t>(status)]; }

std::optional<TestStatus> status_from(std::string_view name) {
  const auto index = index_of(kStatuses, name);
  if (!index) return std::nullopt;
  return static_cast<TestStatus>(*index);
}

ABTest read_ab_test(const Json& document, std::vector<Fault>& faults) { return Reader(document, faults).read(); }

Json personalised_versus_default(const std::string& id) {
  return {{"id", id},
          {"name", "Personalised against default"},
          {"hypothesis", "Pages filled for their visitor are clicked more often than the site's own."},
          {"flag", kPersonalizationFlag},
          {"variants",
           {{{"key", "default"}, {"name", "The site's own page"}, {"value", false}},
            {{"key", "personalised"}, {"name", "Filled for the visitor"}, {"value", true}}}},
          {"metrics",
           {{{"name", "Clicked"}, {"kind", "proportion"}, {"events", {{"action", "click"}}}},
            {{"name", "Converted"}, {"kind", "proportion"}, {"events", {{"action", "convert"}}}},
            {{"name", "Seconds engaged"},
             {"kind", "mean"},
             {"events", {{"action", "engage"}, {"measure", "seconds"}}},
             {"capPercentile", 0.99}}}}};
}

Json canary_document(const std::string& id, std::uint64_t live, std::uint64_t candidate, double share) {
  Json document = personalised_versus_default(id);
  document.erase("flag");
  document["kind"] = "canary";
  document["name"] = fmt::format("Snapshot {} against {}", candidate, live);
  document["hypothesis"] = "The new snapshot is at least as good as the live one.";
  document["version"] = candidate;
  document["variants"] = {{{"key", kLiveVariant}, {"name", "What is live"}, {"weight", 1 - share}},
                          {{"key", kCanaryVariant}, {"name", "The new snapshot"}, {"weight", share}}};
  return document;
}

}  // namespace footlight::experiment
