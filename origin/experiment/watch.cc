#include "origin/experiment/watch.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "origin/experiment/bandit.h"
#include "origin/experiment/health.h"
#include "origin/publish/sha256.h"

namespace footlight::experiment {
namespace {

constexpr const char* kPublished = "experiments_published";
constexpr double kWorthChanging = 0.01;  // a share
constexpr std::int64_t kReallocateMs = 6 * 3'600'000;

// The guardrail that surely breaks, in words; empty: none.
std::string broken_guardrail(const StoredTest& stored, const Outcomes& outcomes) {
  const bool any = std::any_of(stored.test.metrics.begin(), stored.test.metrics.end(),
                               [](const TestMetric& metric) { return metric.guardrail; });
  const double least = *std::min_element(outcomes.data.units.begin(), outcomes.data.units.end());
  if (!any || !stored.test.auto_rollback || least < kMinimumUnits) return {};
  AnalysisOptions options = stored.test.analysis;
  options.statistics = Statistics::kSequential;
  const AnalysisResult result = analyze_results(outcomes.data, options);
  for (const MetricResult& metric : result.metrics) {
    if (!metric.guardrail) continue;
    for (const Comparison& one : metric.comparisons) {
      if (one.direction >= 0) continue;
      return fmt::format("guardrail '{}' is surely worse in '{}': {:.4g} against {:.4g}", metric.name,
                         outcomes.data.variants[one.variant], one.treatment_mean, one.control_mean);
    }
  }
  return {};
}

bool differ(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() != b.size() || !std::equal(a.begin(), a.end(), b.begin(),
                                             [](double x, double y) { return std::abs(x - y) < kWorthChanging; });
}

bool differ(const Allocation& a, const Allocation& b) {
  if (differ(a.weights, b.weights) || a.leaves.size() != b.leaves.size()) return true;
  for (std::size_t leaf = 0; leaf < a.leaves.size(); ++leaf) {
    if (a.leaves[leaf].segment != b.leaves[leaf].segment || differ(a.leaves[leaf].weights, b.leaves[leaf].weights)) {
      return true;
    }
  }
  return false;
}

Watched watch(origin::Store& store, const StoredTest& stored, const SegmentNames& names, std::string_view actor,
              std::int64_t now_ms) {
  const ABTest& test = stored.test;
  Watched watched{test.id, "running", ""};
  if (test.end_ms != 0 && test.end_ms <= now_ms) {
    watched.what = "ended";
    watched.detail = "its endDate has come";
    stop_test(store, test.id, actor, watched.detail);
    return watched;
  }
  Outcomes outcomes;
  {
    auto db = store.reader();
    outcomes = collect_outcomes(*db, store.vault(), test, now_ms);
  }
  watched.detail = fmt::format("{:.0f} units", [&] {
    double units = 0;
    for (const double n : outcomes.data.units) units += n;
    return units;
  }());
  if (const std::string broken = broken_guardrail(stored, outcomes); !broken.empty()) {
    watched.what = "rolled_back";
    watched.detail = broken;
    stop_test(store, test.id, actor, "rolled back: " + broken);
    return watched;
  }
  if (!test.bandit || (stored.allocation && now_ms - stored.updated_at_ms < kReallocateMs)) return watched;
  const std::int64_t version = stored.allocation ? stored.allocation->version + 1 : 1;
  const Allocation allocation = allocate(outcomes, names, version);
  if (stored.allocation && !differ(*stored.allocation, allocation)) return watched;
  set_allocation(store, test.id, allocation, actor);
  watched.what = "shares";
  watched.detail = allocation_json(allocation).dump();
  return watched;
}

}  // namespace

std::vector<Watched> watch_tests(origin::Store& store, const SegmentNames& names, std::string_view actor,
                                 std::int64_t now_ms) {
  std::vector<Watched> out;
  for (const StoredTest& stored : tests(store)) {
    if (stored.status != TestStatus::kRunning) continue;
    try {
      out.push_back(watch(store, stored, names, actor, now_ms));
    } catch (const CannotChange&) {  // somebody else was faster
    }
  }
  return out;
}

std::string experiments_digest(origin::Store& store, std::int64_t now_ms) {
  std::string text = experiment_flags(store, now_ms).dump();
  for (const StoredTest& stored : tests(store)) {
    // A canary is no flag: its snapshot is in the manifest as long as it runs.
    if (stored.test.kind == TestKind::kCanary && stored.status == TestStatus::kRunning) text += stored.test.id;
  }
  return publish::sha256_hex(std::as_bytes(std::span(text)));
}

bool needs_publish(origin::Store& store, std::int64_t now_ms) {
  const auto published = store.meta(kPublished);
  if (published) return *published != experiments_digest(store, now_ms);
  const auto all = tests(store);
  return std::any_of(all.begin(), all.end(),
                     [](const StoredTest& stored) { return stored.status == TestStatus::kRunning; });
}

void mark_published(origin::Store& store, const std::string& digest) { store.set_meta(kPublished, digest); }

}  // namespace footlight::experiment
