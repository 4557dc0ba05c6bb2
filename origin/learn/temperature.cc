#include "origin/learn/temperature.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace footlight::learn {

double posterior_variance(Count count, RatePrior prior) noexcept {
  const auto chosen = static_cast<double>(count.chosen);
  const auto others = static_cast<double>(count.seen - count.chosen);
  return 1 / (chosen + prior.strength * prior.mean) + 1 / (others + prior.strength * (1 - prior.mean));
}

double temperature_of(std::span<const Count> candidates, RatePrior prior, double calibrate_scale, double cap) noexcept {
  if (cap <= 0) return 0;
  if (candidates.empty()) return cap;
  double variance = 0;
  for (const Count& count : candidates) variance += posterior_variance(count, prior);
  variance /= static_cast<double>(candidates.size());
  const double sd = std::sqrt(variance) / std::max(calibrate_scale, 0.01);
  return std::clamp(sd * std::sqrt(6.0) / std::numbers::pi, kTemperatureFloor * cap, cap);
}

}  // namespace footlight::learn
