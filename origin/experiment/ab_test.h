// SPEC.md's ABTest: one experiment of the site, as its owner writes it (origin/IMPORT.md), and what becomes of it.
//
//     draft ──start──> running ──stop──> stopped ──conclude──> concluded
//
// Kinds:
//   experiment   the variants are values of a flag
//   rollout      two variants, the second reaching more and more visitors by schedule; stops by itself when a guardrail
//                breaks
//   redirect     the variants are addresses that a page sends its visitors on to
//   holdout      a share of the visitors is in no other experiment, to see what all of them together are worth
//   canary       an old snapshot against a new one (publish/publisher.h makes it)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/experiment/hash.h"
#include "origin/experiment/analysis.h"
#include "origin/experiment/value_builder.h"
#include "origin/store/site.h"

namespace footlight::experiment {

enum class TestKind : std::uint8_t { kExperiment, kRollout, kRedirect, kHoldout, kCanary };
enum class TestStatus : std::uint8_t { kDraft, kRunning, kStopped, kConcluded };
[[nodiscard]] const char* kind_name(TestKind kind);
[[nodiscard]] const char* status_name(TestStatus status);
[[nodiscard]] std::optional<TestStatus> status_from(std::string_view name);

// Which events of a unit count, and how much each.
enum class Measure : std::uint8_t { kCount, kValue, kSeconds };
struct EventFilter {
  std::string action;                 // view, click, engage, convert; empty: by goal
  std::string goal;                   // of a conversion by the site's own name
  std::string slot;                   // empty: anywhere
  std::string type;                   // of the content; empty: any
  std::string content;                // UUID or own id; empty: any
  Measure measure = Measure::kCount;  // kValue: of the goal; kSeconds: engaged
};

struct TestMetric {
  std::string name;
  MetricKind kind = MetricKind::kProportion;
  EventFilter events;
  EventFilter per;  // of a ratio: its denominator
  bool less_is_better = false;
  bool guardrail = false;
  std::optional<double> cap;             // of one unit's value
  std::optional<double> cap_percentile;  // the same, at this share of the units; in (0.5, 1)
};

struct TestVariant {
  std::string key;
  std::string name;
  Json value;
  double weight = 1;  // share, any scale
  std::string url;    // of a redirect; empty: the page stays
};

struct Step {  // of a rollout
  std::int64_t from_ms = 0;
  double share = 0;
};

struct ABTest {
  std::string id;  // also the seed of the draw: two experiments draw independently
  std::string name;
  std::string hypothesis;
  TestKind kind = TestKind::kExperiment;
  std::string flag;
  std::vector<TestVariant> variants;  // the control first
  double traffic_allocation = 1;      // share of the visitors that take part
  std::int64_t start_ms = 0;          // 0: as soon as it is started
  std::int64_t end_ms = 0;            // 0: until it is stopped
  Json condition;                     // targeting; null: everybody
  std::string page;                   // of a redirect: the pattern of the addresses it is for
  bool persist_query_string = true;
  std::string space;  // a namespace: experiments in disjoint parts of one exclude each other
  Range space_range{0, 1};
  std::vector<Step> schedule;
  bool bandit = false;  // the shares follow the results, for each segment
  bool sticky = false;  // who has seen a variant keeps it although shares change
  std::vector<TestMetric> metrics;
  double attribution_hours = 14 * 24;  // after a unit's first exposure
  double before_days = 14;             // what counts as before it (CUPED); 0: no adjustment
  AnalysisOptions analysis;
  std::uint64_t canary_version = 0;  // of a canary: the snapshot that may become the live one
  bool auto_rollback = true;         // stops when a guardrail breaks

  // As it was written, with defaults left out.
  Json document;
};

// Faults name places in the document. Checked as a whole: ids, shares that sum to something, a window that opens before
// it closes, metrics that can be computed, and that the flags made of it compile.
[[nodiscard]] ABTest read_ab_test(const Json& document, std::vector<origin::Fault>& faults);

// Ready to be started: whether pages filled for their visitor are better than the site's own.
[[nodiscard]] Json personalised_versus_default(const std::string& id);

// Made by publishing (publish/publisher.h): version `live` against `candidate`, which `share` of the visitors get.
[[nodiscard]] Json canary_document(const std::string& id, std::uint64_t live, std::uint64_t candidate, double share);
inline constexpr const char* kLiveVariant = "live";
inline constexpr const char* kCanaryVariant = "canary";

inline constexpr const char* kPersonalizationFlag = "personalization";

}  // namespace footlight::experiment
