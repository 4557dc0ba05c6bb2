// SPEC.md's analyzeResults over the store: an experiment's outcomes, what they say, in all, by day and by segment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "origin/experiment/analysis.h"
#include "origin/experiment/outcomes.h"
#include "origin/experiment/test_store.h"

namespace footlight::experiment {

struct SegmentResults {
  std::string name;
  ExperimentData data;
  AnalysisResult analysis;
};

struct DayResults {
  std::int64_t until_ms = 0;
  std::vector<double> units;                     // by variant
  std::vector<std::optional<TestResult>> tests;  // by treatment
};

struct Results {
  StoredTest stored;
  std::int64_t as_of_ms = 0;
  Outcomes outcomes;
  AnalysisResult analysis;
  std::vector<SegmentResults> segments;
  std::string segments_warning;  // how far they may be believed; empty without segments
  std::vector<DayResults> days;
  // The smallest relative effect on the deciding metric that is found at 80 % power with the units there are.
  std::optional<double> detectable;
};

// The name of a segment by its id.
using SegmentNames = std::function<std::string(std::uint32_t)>;

// Throws CannotChange when there is no such experiment or it was never started.
[[nodiscard]] Results analyze_test(origin::Store& store, std::string_view id, const SegmentNames& names,
                                   std::int64_t now_ms);
[[nodiscard]] Json results_document(const Results& results);

}  // namespace footlight::experiment
