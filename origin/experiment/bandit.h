// Shares of a bandit's variants by what is known of them: Thompson sampling's shares, the probability that a variant is
// the best, in all and within each segment (a contextual bandit whose contexts are the segments).
//
// A variant's mean has a normal posterior; a segment's one starts from the variant's mean over all segments, with
// kPriorShare of it for a standard deviation, so that a segment differs only where its own visitors say so. Nobody's
// share falls below kLeastShare: what is never shown is never learned of again. Source: Russo, Van Roy, Kazerouni,
// Osband, Wen: "A Tutorial on Thompson Sampling" (2018), sections 3 and 8.
#pragma once

#include <span>
#include <vector>

#include "origin/experiment/outcomes.h"
#include "origin/experiment/published_flags.h"
#include "origin/experiment/results.h"

namespace footlight::experiment {

inline constexpr double kLeastShare = 0.05;    // of a variant, where there are at most 10
inline constexpr double kPriorShare = 0.25;    // of the mean: how much a segment may differ before it has shown it
inline constexpr double kBanditMinimum = 100;  // units a variant before shares move

struct Belief {
  double mean = 0;
  double error = 0;  // standard deviation, above 0
};
// P(variant k has the largest mean), by quadrature; they sum to 1. `less_is_better`: the smallest.
[[nodiscard]] std::vector<double> chances_to_be_best(std::span<const Belief> beliefs, bool less_is_better);

// Equal shares until every variant has kBanditMinimum units.
[[nodiscard]] Allocation allocate(const Outcomes& outcomes, const SegmentNames& names, std::int64_t version);

}  // namespace footlight::experiment
