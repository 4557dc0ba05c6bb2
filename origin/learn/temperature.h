// How far each slot explores: as far as the model is unsure.
//
// decide() draws from softmax(z / t), which is the same as adding Gumbel noise of scale t to every z and taking the
// largest (Gumbel 1954; Maddison, Tarlow, Minka, "A* Sampling", NIPS 2014). Thompson sampling (Thompson 1933; Chapelle,
// Li, NIPS 2011) adds noise as large as the posterior is wide. A Gumbel of scale t has standard deviation t pi / sqrt
// 6, so the draw comes as near to Thompson sampling as one number a slot can when
//
//     t = sd * sqrt 6 / pi,   sd^2 = mean over the slot's candidates of the posterior variance of an item's z
//
// The posterior of an item's log-odds, after k of n visitors who saw it chose it and a Beta prior of `mean` worth
// `strength` visitors (rates.h), has by Laplace's approximation in log-odds the variance
//
//     1 / (k + strength mean) + 1 / (n - k + strength (1 - mean))
//
// divided by calibrate_scale^2, for z in the score's own unit. Candidates are the kCandidates best of the slot's types
// for somebody unknown: those that exploration would decide between. As visitors come, sd falls like 1 / sqrt(k), and a
// new item among the best raises it again.
//
// The site's own setting is the cap, kFloor of it the floor: a model that is sure is wrong at times, and without any
// exploration nobody would find out. 0 stays 0: not to explore is the owner's decision.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "origin/learn/rates.h"

namespace footlight::learn {

inline constexpr std::size_t kCandidates = 16;
inline constexpr double kTemperatureFloor = 0.1;  // of the site's setting

// Variance of an item's log-odds.
[[nodiscard]] double posterior_variance(Count count, RatePrior prior) noexcept;

// `candidates`: what is known of each. Monotone: falls when every candidate is seen and chosen more often in the same
// proportion. Without candidates the cap.
[[nodiscard]] double temperature_of(std::span<const Count> candidates, RatePrior prior, double calibrate_scale,
                                    double cap) noexcept;

}  // namespace footlight::learn
