#include "origin/experiment/bandit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/normal.hpp>

namespace footlight::experiment {
namespace {

// The deciding metric's mean of each variant; empty where nothing can be said.
std::vector<Belief> beliefs_of(const MetricData& metric) {
  std::vector<Belief> beliefs;
  for (const Sums& sums : metric.variants) {
    const Estimate found = estimate(metric.metric, sums, 0);
    if (found.n < 2) return {};
    // Nobody, or everybody, did: one more of either is the least that can be doubted.
    const double variance = found.variance > 0 ? found.variance : 1 / found.n;
    beliefs.push_back({found.unadjusted_mean, std::sqrt(variance / found.n)});
  }
  return beliefs;
}

Belief shrunk(const Belief& prior, const Sums& sums, const Metric& metric, double unit_variance) {
  const double spread = std::max(std::abs(prior.mean) * kPriorShare, 1e-9);
  const double prior_variance = spread * spread + prior.error * prior.error;
  if (sums.n < 1 || unit_variance <= 0) return {prior.mean, std::sqrt(prior_variance)};
  const Estimate own = estimate(metric, sums, 0);
  const double own_variance = unit_variance / sums.n;
  const double precision = 1 / prior_variance + 1 / own_variance;
  return {(prior.mean / prior_variance + own.unadjusted_mean / own_variance) / precision, std::sqrt(1 / precision)};
}

std::vector<double> with_floor(std::vector<double> shares) {
  const double floor = std::min(kLeastShare, 0.5 / static_cast<double>(shares.size()));
  // What is above the floor gives what is missing below it.
  double missing = 0;
  double above = 0;
  for (const double share : shares) {
    missing += std::max(0.0, floor - share);
    above += std::max(0.0, share - floor);
  }
  for (double& share : shares) share = share < floor ? floor : floor + (share - floor) * (1 - missing / above);
  // Steps of a thousandth, so that noise alone changes nothing; the last one gets what rounding left.
  double total = 0;
  for (double& share : shares) total += share = std::round(share * 1000) / 1000;
  auto largest = std::max_element(shares.begin(), shares.end());
  *largest += 1 - total;
  return shares;
}

}  // namespace

std::vector<double> chances_to_be_best(std::span<const Belief> beliefs, bool less_is_better) {
  constexpr int kSteps = 400;  // over 12 standard deviations: an error far below kLeastShare
  const boost::math::normal standard;
  std::vector<double> chances(beliefs.size());
  for (std::size_t k = 0; k < beliefs.size(); ++k) {
    for (int step = 0; step <= kSteps; ++step) {
      const double z = -6 + 12.0 * step / kSteps;
      double density = boost::math::pdf(standard, z) * 12.0 / kSteps;
      const double x = beliefs[k].mean + z * beliefs[k].error;
      for (std::size_t j = 0; j < beliefs.size() && density > 0; ++j) {
        if (j == k) continue;
        const double below = (x - beliefs[j].mean) / beliefs[j].error;
        density *= boost::math::cdf(standard, std::clamp(less_is_better ? -below : below, -30.0, 30.0));
      }
      chances[k] += density;
    }
  }
  const double total = std::accumulate(chances.begin(), chances.end(), 0.0);
  for (double& chance : chances) chance /= total;
  return chances;
}

Allocation allocate(const Outcomes& outcomes, const SegmentNames& names, std::int64_t version) {
  const MetricData& metric = outcomes.data.metrics[outcomes.deciding];
  const std::size_t variants = outcomes.data.variants.size();
  Allocation allocation;
  allocation.version = version;
  allocation.weights.assign(variants, 1.0 / static_cast<double>(variants));
  const bool enough = std::all_of(outcomes.data.units.begin(), outcomes.data.units.end(),
                                  [](double units) { return units >= kBanditMinimum; });
  const std::vector<Belief> all = enough ? beliefs_of(metric) : std::vector<Belief>();
  if (all.empty()) return allocation;
  allocation.weights = with_floor(chances_to_be_best(all, metric.less_is_better));
  for (const SegmentOutcomes& segment : outcomes.segments) {
    const MetricData& own = segment.data.metrics[outcomes.deciding];
    std::vector<Belief> beliefs;
    for (std::size_t v = 0; v < variants; ++v) {
      const double unit_variance = all[v].error * all[v].error * metric.variants[v].n;
      beliefs.push_back(shrunk(all[v], own.variants[v], own.metric, unit_variance));
    }
    allocation.leaves.push_back(
        {names(segment.segment), with_floor(chances_to_be_best(beliefs, metric.less_is_better))});
  }
  return allocation;
}

}  // namespace footlight::experiment
