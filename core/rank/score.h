// The additive score of many items at once: the one loop that a large catalogue makes long.
//
//     z(v, i) = bias_i + w_match * match(v, i) + w_engagement * engage(v, ctx, i) + w_item_item * cf(history, i)
//             + w_prior * prior(segment, i)
//
// in log-odds, without what is the same for every item: the visitor's own part of the engagement model, which
// probability() adds. The terms are added in that order, so that the last bit is the same everywhere.
#pragma once

#include <cstdint>
#include <span>

#include "core/match/match.h"
#include "core/model/engagement.h"
#include "core/snapshot/reader.h"

namespace footlight {

struct Context {
  std::uint32_t now_s = 0;  // Unix time; the day of history and exploration is now_s / 86400
  bool explore = true;      // false: greedy everywhere (precomputed pages, recommendations)
  bool personalize = true;  // false: as if nothing were known of the visitor
  Surroundings surroundings;
  std::uint32_t locale = 0;  // index

  [[nodiscard]] std::uint16_t day() const noexcept { return static_cast<std::uint16_t>(now_s / 86400U); }
};

// All that one request needs of visitor and context, folded once. About 3 kB, without a heap.
struct FoldedRequest {
  FoldedVisitor visitor;
  FeatureVector features;
  FoldedEngagement engagement;
};
[[nodiscard]] FoldedRequest fold_request(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                                         const Context& context) noexcept;

// scores[i] holds w_item_item * cf(history, i) and becomes z(v, i), for every i of the range. Cost: two dot products an
// item, one without an engagement model.
void score_range(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                 snapshot::SnapshotView::Range range, std::span<double> scores) noexcept;

// The terms of z before their weights. Cost: those of one item, and a search in the rows of the history.
struct ScoreParts {
  double bias = 0;
  double match = 0;
  double engagement = 0;
  double item_item = 0;
  double prior = 0;
};
[[nodiscard]] ScoreParts score_parts(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                                     std::uint32_t item) noexcept;

// z of one item: score_parts() added up with their weights.
[[nodiscard]] double z_of(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                          std::uint32_t item) noexcept;

// P(chosen | shown first) = sigmoid(calibrate_scale * (z + w_engagement * own) + calibrate_shift), own the visitor's
// part of the engagement model. Says something only where WeightsRow::calibrated is 1.
[[nodiscard]] double probability(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                                 double z) noexcept;

}  // namespace footlight
