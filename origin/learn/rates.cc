#include "origin/learn/rates.h"

#include <algorithm>
#include <cmath>

namespace footlight::learn {

RatePrior fit_rate_prior(std::span<const Count> counts) noexcept {
  double seen = 0;
  double chosen = 0;
  double squares = 0;  // of seen
  double items = 0;
  for (const Count& count : counts) {
    if (count.seen == 0) continue;
    const auto n = static_cast<double>(count.seen);
    seen += n;
    squares += n * n;
    chosen += static_cast<double>(count.chosen);
    items += 1;
  }
  if (items < 1) return {};
  RatePrior prior;
  // Half a visitor on either side keeps the mean away from 0 and 1, where a logit has no value.
  prior.mean = (chosen + 0.5) / (seen + 1);
  if (items < 3) return prior;

  // Weighted between-item variance; its expectation is m (1 - m) (items - 1 + correction * rho), where
  // rho = 1 / (strength + 1) is the correlation of two visitors of one item (Kleinman, JASA 1973).
  double spread = 0;
  for (const Count& count : counts) {
    if (count.seen == 0) continue;
    const auto n = static_cast<double>(count.seen);
    const double difference = static_cast<double>(count.chosen) / n - prior.mean;
    spread += n * difference * difference;
  }
  const double chance = prior.mean * (1 - prior.mean);
  const double correction = seen - squares / seen - (items - 1);
  const double excess = spread / chance - (items - 1);
  if (excess <= 0) {
    prior.strength = kMaxStrength;  // no more spread than chance: all items alike
  } else if (correction > 0) {
    prior.strength = std::clamp(correction / excess - 1, kMinStrength, kMaxStrength);
  }
  return prior;
}

double shrunk_rate(Count count, RatePrior prior) noexcept {
  return (static_cast<double>(count.chosen) + prior.strength * prior.mean) /
         (static_cast<double>(count.seen) + prior.strength);
}

double logit(double p) noexcept {
  const double kept = std::clamp(p, 1e-6, 1 - 1e-6);
  return std::log(kept / (1 - kept));
}

}  // namespace footlight::learn
