// The fixed-horizon test: Welch's t, for an experiment that is looked at once, when the planned sample is in.
#pragma once

#include <optional>
#include <vector>

#include "origin/experiment/metric.h"

namespace footlight::experiment {

enum class Sides : std::uint8_t { kTwo, kGreater, kLess };  // what the alternative says of the effect

struct Interval {
  double low;  // -infinity on an open side
  double high;
};

struct TestResult {
  double value = 0;
  double error = 0;  // standard error
  Interval interval{};
  double p = 1;
};

// Nothing where the effect has no variance: one of the variants has fewer than two units, or all of its units alike, or
// a relative effect has nothing to be relative to. `alpha` in (0, 1).
[[nodiscard]] std::optional<TestResult> welch_test(const Effect& effect, double alpha, Sides sides = Sides::kTwo);

// Family-wise error (Holm 1979) and false discovery rate (Benjamini, Hochberg 1995); in the order given, at most 1.
[[nodiscard]] std::vector<double> holm(const std::vector<double>& p);
[[nodiscard]] std::vector<double> benjamini_hochberg(const std::vector<double>& p);
// The two-sided interval that belongs to an adjusted p of an effect of `value`: of p = alpha it just touches 0.
[[nodiscard]] Interval adjusted_interval(double value, double p, double alpha);

}  // namespace footlight::experiment
