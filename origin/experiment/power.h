// How large an experiment must be, and what it can see at its size.
//
// Two-sided normal approximation for a relative effect, variances by the delta method. Planning for the sequential test
// takes an error as large as its interval is wide (GrowthBook's convention): from half power on it promises too little,
// never too much, even for an experiment that is looked at only once. For the Bayesian test, power is that the chance
// to win leaves alpha / 2 on either side.
#pragma once

#include <cstdint>
#include <optional>

#include "origin/experiment/bayesian.h"
#include "origin/experiment/metric.h"
#include "origin/experiment/sequential.h"

namespace footlight::experiment {

struct PowerMetric {
  double mean = 0;      // of the control, a unit; not 0
  double variance = 0;  // of one unit of the control
};

struct Analysis {
  double alpha = 0.05;
  double tuning = 0;  // of the sequential test; 0: fixed horizon
  Prior prior;        // proper: Bayesian
};

// That a relative effect is found with `units` in each of the two variants. In [0, 1].
[[nodiscard]] double power_of(const PowerMetric& metric, double effect, double units, const Analysis& analysis);
// The smallest positive relative effect that is found with this power; nothing when there is none up to 1000 times the
// control's mean.
[[nodiscard]] std::optional<double> minimum_detectable_effect(const PowerMetric& metric, double units, double power,
                                                              const Analysis& analysis);
// Units in each variant for an effect; nothing when more than 1e12 would be needed.
[[nodiscard]] std::optional<double> sample_size(const PowerMetric& metric, double effect, double power,
                                                const Analysis& analysis);

// Units in each of two variants for an absolute difference, with the baseline's variance in both: the textbook formula.
[[nodiscard]] double simple_sample_size(double variance, double difference, double alpha, double power);

// Of a running experiment: how many times its present units are still to come until `effect` is found with `power`
// (within 1e-5) in one look, when they will be like those that came. 0: it is there. Nothing above 1e9 times.
[[nodiscard]] std::optional<double> scaling_factor(const Effect& now, double effect, double power,
                                                   const Analysis& analysis);

}  // namespace footlight::experiment
