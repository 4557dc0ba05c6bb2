// What a variant's units did, as sums: all that the statistics need, and all that has to leave the database.
//
// A metric is a proportion (units that did), a mean (of a value per unit) or a ratio (of two sums: clicks over pages,
// where the unit is the visitor), each possibly with the same measured before the exposure (CUPED; Deng, Xu, Kohavi,
// Walker: "Improving the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data", WSDM 2013).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace footlight::experiment {

// Sums over n units of up to four values and of their products: value, its denominator, and both before exposure.
enum Part : std::size_t { kValue = 0, kBase = 1, kValueBefore = 2, kBaseBefore = 3 };
inline constexpr std::size_t kParts = 4;

enum class MetricKind : std::uint8_t { kProportion, kMean, kRatio };

struct Sums {
  double n = 0;
  std::array<double, kParts> sum{};
  std::array<std::array<double, kParts>, kParts> product{};  // symmetric; product[p][p]: sums of squares

  void add(std::span<const double> values);  // one unit; missing parts are 0
  Sums& operator+=(const Sums& other);
  [[nodiscard]] double mean(Part part) const;
  // Sample covariance, n - 1; 0 for fewer than two units.
  [[nodiscard]] double covariance(Part a, Part b) const;
};

// Larger values count as `cap`: one visitor who buys everything must not decide an experiment.
[[nodiscard]] double capped(double value, double cap) noexcept;

struct Metric {
  MetricKind kind = MetricKind::kMean;
  bool before = false;  // the parts from before the exposure are there, and adjust
};

// One variant's metric, adjusted or not, as a random quantity: `mean` has the variance `variance / n`.
struct Estimate {
  double n = 0;
  double mean = 0;
  double unadjusted_mean = 0;
  double variance = 0;  // of one unit; not positive: nothing can be said
  // With an adjustment: covariance of one unit's unadjusted mean with the part from before, and its coefficient.
  double theta = 0;
  double variance_after = 0;
  double variance_before = 0;
  double covariance_before = 0;
  bool is_ratio = false;
};

// The coefficient that takes most variance out of the difference of the two; 0 without data from before.
[[nodiscard]] double cuped_theta(const Metric& metric, const Sums& control, const Sums& treatment);
[[nodiscard]] Estimate estimate(const Metric& metric, const Sums& sums, double theta);

// The difference of treatment and control, absolute or relative to the control's unadjusted mean, with its variance by
// the delta method (Deng, Knoblich, Lu: "Applying the Delta Method in Metric Analytics", KDD 2018).
struct Effect {
  double value = 0;
  double variance = 0;            // of `value`; not positive: nothing can be said
  double degrees_of_freedom = 0;  // Welch, Satterthwaite
  double units = 0;               // of both
};
[[nodiscard]] Effect effect_of(const Estimate& control, const Estimate& treatment, bool relative);

}  // namespace footlight::experiment
