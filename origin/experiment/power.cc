#include "origin/experiment/power.h"

#include <cmath>
#include <functional>

#include <boost/math/distributions/normal.hpp>

namespace footlight::experiment {
namespace {

double phi(double x) { return boost::math::cdf(boost::math::normal(), x); }
double z_of(double p) { return boost::math::quantile(boost::math::normal(), p); }

// That an effect of standard error `error`, seen in `units` units in all, is called.
double power_at(double effect, double error, double units, const Analysis& analysis, bool both = true) {
  if (analysis.prior.proper) {
    // Called when posterior mean / sd passes z: (d / e^2 + m / v) > z sqrt(1 / e^2 + 1 / v).
    const double data = 1 / (error * error);
    const double prior = 1 / analysis.prior.variance;
    const double needed = z_of(1 - analysis.alpha / 2) * std::sqrt(data + prior);
    const double high = (needed - prior * analysis.prior.mean) / data;
    const double low = (-needed - prior * analysis.prior.mean) / data;
    return 1 - phi((high - effect) / error) + (both ? phi((low - effect) / error) : 0);
  }
  const double multiplier = analysis.tuning > 0
                                ? sequential_multiplier(units, analysis.alpha, analysis.tuning, Sides::kTwo)
                                : z_of(1 - analysis.alpha / 2);
  return 1 - phi(multiplier - effect / error) + (both ? phi(-multiplier - effect / error) : 0);
}

// The smallest x >= low with rises(x) >= goal, for a function that rises in the end; nothing above `high`.
std::optional<double> first_at_least(const std::function<double(double)>& rises, double goal, double low, double high) {
  double upper = low;
  while (rises(upper) < goal) {
    low = upper;
    upper *= 2;
    if (upper > high) return std::nullopt;
  }
  for (int step = 0; step < 200 && upper - low > 1e-13 * upper; ++step) {
    const double middle = (low + upper) / 2;
    (rises(middle) < goal ? low : upper) = middle;
  }
  return upper;
}

}  // namespace

namespace {

// Of finding it on the right side and, with `both`, on the wrong one.
double power_on(const PowerMetric& metric, double effect, double units, const Analysis& analysis, bool both) {
  const double ratio = 1 + effect;
  double error = std::sqrt(metric.variance * (1 + ratio * ratio) / (metric.mean * metric.mean * units));
  if (!(error > 0)) return 1;
  Analysis once = analysis;
  if (analysis.tuning > 0) {
    error *=
        sequential_multiplier(2 * units, analysis.alpha, analysis.tuning, Sides::kTwo) / z_of(1 - analysis.alpha / 2);
    once.tuning = 0;
  }
  return power_at(effect, error, 2 * units, once, both);
}

}  // namespace

double power_of(const PowerMetric& metric, double effect, double units, const Analysis& analysis) {
  return power_on(metric, effect, units, analysis, true);
}

std::optional<double> minimum_detectable_effect(const PowerMetric& metric, double units, double power,
                                                const Analysis& analysis) {
  return first_at_least([&](double effect) { return power_on(metric, effect, units, analysis, false); }, power, 1e-9,
                        1e3);
}

std::optional<double> sample_size(const PowerMetric& metric, double effect, double power, const Analysis& analysis) {
  return first_at_least([&](double units) { return power_of(metric, effect, units, analysis); }, power, 2, 1e12);
}

double simple_sample_size(double variance, double difference, double alpha, double power) {
  const double z = z_of(1 - alpha / 2) + z_of(power);
  return 2 * variance * z * z / (difference * difference);
}

std::optional<double> scaling_factor(const Effect& now, double effect, double power, const Analysis& analysis) {
  if (!(now.variance > 0)) return std::nullopt;
  const auto power_after = [&](double more) {
    return power_at(effect, std::sqrt(now.variance / (1 + more)), now.units * (1 + more), analysis);
  };
  if (power_after(0) >= power) return 0;
  double high = 1;
  for (; power_after(high) < power; high *= 2) {
    if (high > 1e9) return std::nullopt;
  }
  double low = high > 1 ? high / 2 : 0;
  double middle = high;
  for (int step = 0; step < 100; ++step) {
    const double difference = power_after(middle) - power;
    if (std::abs(difference) <= 1e-5) break;
    (difference < 0 ? low : high) = middle;
    middle = (low + high) / 2;
  }
  return middle;
}

}  // namespace footlight::experiment
