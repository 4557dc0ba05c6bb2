#include "core/rank/score.h"

namespace footlight {

void score_range(const snapshot::SnapshotView& snapshot, const FoldedVisitor& folded,
                 snapshot::SnapshotView::Range range, std::span<double> scores) noexcept {
  const auto& weights = snapshot.weights();
  const double match_weight = static_cast<double>(weights.match);
  const double prior_unit = static_cast<double>(weights.prior) / 32.0;
  const auto priors = snapshot.segment_priors(folded.segment);
  const auto items = snapshot.items();
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    const double own = static_cast<double>(items[i].bias) + match_weight * match(folded, snapshot, i);
    scores[i] = own + scores[i] + prior_unit * priors[i];
  }
}

}  // namespace footlight
