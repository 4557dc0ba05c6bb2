// SPEC.md's analyzeResults: what an experiment's numbers say, whether they may be believed, and what to do, in plain
// words.
//
// The first metric that is no guardrail decides. A winner is named only when no health check fails:
//     sample_ratio        units do not split as they were to (health.h)
//     multiple_exposure   too many units have seen more than one variant (they are left out of the sums, and counted)
//     minimum_units       some variant has fewer than kMinimumUnits
//     guardrail           a guardrail metric is surely worse in the variant that would win
// Thread-safe: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "origin/experiment/bayesian.h"
#include "origin/experiment/frequentist.h"
#include "origin/experiment/metric.h"
#include "origin/experiment/sequential.h"

namespace footlight::experiment {

enum class Statistics : std::uint8_t { kSequential, kFixed, kBayesian };
enum class Correction : std::uint8_t { kUncorrected, kHolm, kBenjaminiHochberg };

struct MetricData {
  std::string name;
  Metric metric;
  bool less_is_better = false;
  bool guardrail = false;
  std::vector<Sums> variants;  // the control first
};

struct ExperimentData {
  std::string name;
  std::vector<std::string> variants;  // at least two; the control first
  std::vector<double> weights;        // shares they were to get, any scale
  bool fixed_shares = true;           // false: they changed while it ran, and the split says nothing
  std::vector<double> units;          // exposed to this variant and no other
  double multiple_exposed = 0;        // units that saw more than one, in no variant's numbers
  std::vector<MetricData> metrics;    // at least one that is no guardrail
};

struct AnalysisOptions {
  Statistics statistics = Statistics::kSequential;
  Correction correction = Correction::kHolm;  // over treatments and metrics that are no guardrails
  double alpha = 0.05;
  double tuning = kTuning;
  bool relative = true;
  Prior prior;
};

struct Comparison {  // of one treatment with the control
  std::size_t variant = 0;
  double control_mean = 0;
  double treatment_mean = 0;
  // Effects are shares of the control's mean, but a guardrail's is the difference: whether anything is worse at all is
  // known sooner of that. Where nobody or everybody did in one of the two, and a share of the control's mean says
  // nothing, the effect is the difference of the two shares, after one more of either (Agresti, Caffo: "Simple and
  // Effective Confidence Intervals for Proportions", The American Statistician 2000).
  bool relative = true;
  std::optional<TestResult> test;  // nothing can be said without variance
  double adjusted_p = 1;
  std::optional<BayesResult> bayes;
  int direction = 0;  // 1: surely better, -1: surely worse, 0: neither
};

struct MetricResult {
  std::string name;
  bool guardrail = false;
  bool less_is_better = false;
  std::vector<Comparison> comparisons;  // by treatment
};

struct HealthCheck {
  std::string code;
  bool passed = true;
  std::string detail;
};

struct AnalysisResult {
  std::vector<HealthCheck> health;
  std::vector<MetricResult> metrics;
  std::optional<std::size_t> winner;  // position in the variants; 0: the control
  std::string advice;
};

// Throws std::invalid_argument naming what does not fit together.
[[nodiscard]] AnalysisResult analyze_results(const ExperimentData& data, const AnalysisOptions& options);

}  // namespace footlight::experiment
