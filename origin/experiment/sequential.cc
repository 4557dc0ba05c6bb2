#include "origin/experiment/sequential.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/tools/roots.hpp>

namespace footlight::experiment {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargestOneSided = 0.4999;

// rho^2 of a mixture that is tightest at `tuning` units (Waudby-Smith et al., appendix B.2).
double rho_squared(double alpha, double tuning) {
  const double log_alpha = -2 * std::log(alpha);
  return (log_alpha + std::log(log_alpha + 1)) / tuning;
}

}  // namespace

double sequential_multiplier(double units, double alpha, double tuning, Sides sides) {
  const bool two = sides == Sides::kTwo;
  const double scaled = units * rho_squared(two ? alpha : 2 * alpha, tuning);  // n rho^2
  const double root = std::sqrt(scaled + 1);
  const double log_term = two ? std::log(root / alpha) : std::log(1 + root / (2 * alpha));
  return std::sqrt(2 * (scaled + 1) / scaled * log_term);
}

std::optional<TestResult> sequential_test(const Effect& effect, double alpha, double tuning, Sides sides) {
  if (!(effect.variance > 0) || !(effect.units > 0)) return std::nullopt;
  TestResult out{.value = effect.value, .error = std::sqrt(effect.variance)};
  const double half = sequential_multiplier(effect.units, alpha, tuning, sides) * out.error;
  const double statistic = out.value / out.error;
  if (sides == Sides::kTwo) {
    out.interval = {out.value - half, out.value + half};
    const double scaled = effect.units * rho_squared(alpha, tuning);
    const double log_e = -std::log(scaled + 1) / 2 + statistic * statistic * scaled / (2 * (scaled + 1));
    out.p = std::min(1.0, std::exp(-log_e));
    return out;
  }
  out.interval =
      sides == Sides::kGreater ? Interval{out.value - half, kInfinity} : Interval{-kInfinity, out.value + half};
  // The smallest alpha whose interval leaves 0 out; the mixture stays the one that is tuned for `alpha`.
  const double toward = sides == Sides::kGreater ? statistic : -statistic;
  const double scaled = effect.units * rho_squared(2 * alpha, tuning);
  const double root = std::sqrt(scaled + 1);
  const double exponent = toward > 0 ? toward * toward * scaled / (2 * (scaled + 1)) : 0;
  out.p = toward > 0 ? std::min(kLargestOneSided, root / (2 * std::expm1(exponent))) : kLargestOneSided;
  return out;
}

NormalMixture NormalMixture::tuned_for(double v, double alpha, bool one_sided) {
  const double log_alpha = -2 * std::log(one_sided ? 2 * alpha : alpha);
  return {v / (log_alpha + std::log1p(log_alpha)), one_sided};
}

double NormalMixture::log_value(double s, double v) const {
  const double both = s * s / (2 * (v + rho));
  if (!one_sided) return std::log(rho / (v + rho)) / 2 + both;
  return std::log(4 * rho / (v + rho)) / 2 + both +
         std::log(boost::math::cdf(boost::math::normal(), s / std::sqrt(v + rho)));
}

double NormalMixture::bound(double v, double alpha) const {
  return std::sqrt((v + rho) * (std::log((v + rho) / rho) - 2 * std::log(alpha)));
}

}  // namespace footlight::experiment
