#include "origin/experiment/health.h"

#include <boost/math/distributions/chi_squared.hpp>

namespace footlight::experiment {

double sample_ratio_p(const std::vector<double>& units, const std::vector<double>& weights) {
  double total = 0;
  double share = 0;
  int variants = 0;
  for (std::size_t v = 0; v < units.size() && v < weights.size(); ++v) {
    if (weights[v] <= 0) continue;
    total += units[v];
    share += weights[v];
    ++variants;
  }
  if (variants < 2 || total <= 0) return 1;
  double statistic = 0;
  for (std::size_t v = 0; v < units.size() && v < weights.size(); ++v) {
    if (weights[v] <= 0) continue;
    const double expected = total * weights[v] / share;
    statistic += (units[v] - expected) * (units[v] - expected) / expected;
  }
  const boost::math::chi_squared distribution(variants - 1);
  return boost::math::cdf(boost::math::complement(distribution, statistic));
}

}  // namespace footlight::experiment
