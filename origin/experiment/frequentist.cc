#include "origin/experiment/frequentist.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace footlight::experiment {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::size_t> ascending(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

std::optional<TestResult> welch_test(const Effect& effect, double alpha, Sides sides) {
  if (!(effect.variance > 0) || !(effect.degrees_of_freedom > 0)) return std::nullopt;
  const boost::math::students_t t(effect.degrees_of_freedom);
  TestResult out{.value = effect.value, .error = std::sqrt(effect.variance)};
  const double statistic = out.value / out.error;
  if (sides == Sides::kTwo) {
    const double half = boost::math::quantile(t, 1 - alpha / 2) * out.error;
    out.interval = {out.value - half, out.value + half};
    out.p = 2 * boost::math::cdf(boost::math::complement(t, std::abs(statistic)));
    return out;
  }
  const double half = boost::math::quantile(t, 1 - alpha) * out.error;
  if (sides == Sides::kGreater) {
    out.interval = {out.value - half, kInfinity};
    out.p = boost::math::cdf(boost::math::complement(t, statistic));
  } else {
    out.interval = {-kInfinity, out.value + half};
    out.p = boost::math::cdf(t, statistic);
  }
  return out;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<double> out(p.size());
  double running = 0;
  const auto order = ascending(p);
  for (std::size_t i = 0; i < order.size(); ++i) {
    running = std::max(running, p[order[i]] * static_cast<double>(p.size() - i));
    out[order[i]] = std::min(running, 1.0);
  }
  return out;
}

std::vector<double> benjamini_hochberg(const std::vector<double>& p) {
  std::vector<double> out(p.size());
  double running = 1;
  const auto order = ascending(p);
  for (std::size_t i = order.size(); i-- > 0;) {
    running = std::min(running, p[order[i]] * static_cast<double>(p.size()) / static_cast<double>(i + 1));
    out[order[i]] = running;
  }
  return out;
}

Interval adjusted_interval(double value, double p, double alpha) {
  const boost::math::normal z;
  if (!(p > 0)) return {value, value};
  if (p >= 1) return {-kInfinity, kInfinity};
  const double error = std::abs(value) / boost::math::quantile(z, 1 - p / 2);
  const double half = boost::math::quantile(z, 1 - alpha / 2) * error;
  return {value - half, value + half};
}

}  // namespace footlight::experiment
