// Always-valid tests: an experiment may be looked at whenever anybody likes, and stopped for what is seen.
//
// Asymptotic confidence sequences (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: "Time-uniform central limit theory and
// asymptotic confidence sequences", 2021), with the normal mixture of Robbins. `tuning` is the number of units at which
// they are tightest; at any other they still hold.
#pragma once

#include <optional>

#include "origin/experiment/frequentist.h"

namespace footlight::experiment {

inline constexpr double kTuning = 5000;

// As welch_test. The p is always valid, too: at every look, P(p <= alpha) under no effect is at most alpha. One-sided
// ones are capped at .4999, beyond which the bound does not go.
[[nodiscard]] std::optional<TestResult> sequential_test(const Effect& effect, double alpha, double tuning,
                                                        Sides sides = Sides::kTwo);

// The interval's half width in standard errors, at `units` units.
[[nodiscard]] double sequential_multiplier(double units, double alpha, double tuning, Sides sides);

// The mixture martingale behind them, in Howard, Ramdas, McAuliffe, Sekhon: "Time-uniform, nonparametric, nonasymptotic
// confidence sequences" (Annals of Statistics 2021), section 3.2: for a sum s with variance process v.
struct NormalMixture {
  double rho;
  bool one_sided;
  static NormalMixture tuned_for(double v, double alpha, bool one_sided);
  [[nodiscard]] double log_value(double s, double v) const;
  [[nodiscard]] double bound(double v, double alpha) const;  // two-sided only
};

}  // namespace footlight::experiment
