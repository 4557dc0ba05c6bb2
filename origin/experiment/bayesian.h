// The Bayesian reading of an effect: a normal prior, a normal likelihood, and so a normal posterior.
#pragma once

#include <optional>

#include "origin/experiment/frequentist.h"

namespace footlight::experiment {

struct Prior {          // of the relative effect
  bool proper = false;  // false: flat
  double mean = 0;
  double variance = 1;

  // The same belief about the absolute one.
  [[nodiscard]] Prior absolute(double control_mean) const noexcept {
    return {proper, mean * control_mean, variance * control_mean * control_mean};
  }
};

struct BayesResult {
  double value = 0;  // posterior mean
  double error = 0;  // posterior standard deviation
  Interval interval{};
  double chance_to_win = 0.5;
  double risk_of_control = 0;    // expected loss of staying with the control
  double risk_of_treatment = 0;  // and of choosing the treatment
};

// `prior` in the effect's units. `less_is_better`: the treatment wins when the effect is negative. Nothing as
// welch_test.
[[nodiscard]] std::optional<BayesResult> bayes_test(const Effect& effect, const Prior& prior, double alpha,
                                                    bool less_is_better = false);

// E[max(x, 0)] of x normal.
[[nodiscard]] double expected_gain(double mean, double error);

}  // namespace footlight::experiment
