// Engagement rates by empirical Bayes: how likely is a visitor who sees an item to choose it?
//
// Counted are visitors, never impressions, so that nobody counts twice and repeats on one day cannot pile up. For item
// i, n_i visitors saw it and k_i of them chose it (click, engage, convert or positive feedback, and no negative one).
// The rates of all items of the site are taken as draws from one Beta(mean * strength, (1 - mean) * strength), whose
// mean is sum k / sum n and whose strength is fitted by the method of moments (Morris, "Parametric Empirical Bayes
// Inference", JASA 1983; the beta-binomial form as in Robinson, "Introduction to Empirical Bayes", 2017). Then
//
//     rate_i = (k_i + strength * mean) / (n_i + strength)
//
// An item with few visitors stays near the site's mean; one with many keeps its own rate.
//
// Within a segment s the same is done once more, with the item's overall rate as the mean:
//
//     rate_si = (k_si + segment_strength * rate_i) / (n_si + segment_strength)
//     prior_si = logit(rate_si) - logit(rate_i)
//
// so the prior says only what is special about the segment, and "popular with people like you" is true when it is said.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace footlight::learn {

struct Count {
  std::uint64_t seen = 0;    // visitors
  std::uint64_t chosen = 0;  // of those; at most `seen`
};

struct RatePrior {
  double mean = 0.5;
  double strength = 20;  // visitors that the prior is worth
};

// Fits the prior to counts with at least one visitor. Fewer than three of them, or counts with no spread beyond chance,
// leave nothing to fit: strength is then 20, or at most kMaxStrength.
inline constexpr double kMinStrength = 2;
inline constexpr double kMaxStrength = 500;
[[nodiscard]] RatePrior fit_rate_prior(std::span<const Count> counts) noexcept;

// In (0, 1) for a prior whose mean is. Monotone: rises with chosen, falls with seen.
[[nodiscard]] double shrunk_rate(Count count, RatePrior prior) noexcept;

// Natural logarithm of p / (1 - p), p kept within [1e-6, 1 - 1e-6].
[[nodiscard]] double logit(double p) noexcept;

}  // namespace footlight::learn
