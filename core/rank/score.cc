#include "core/rank/score.h"

#include "core/numeric/elementary.h"

namespace footlight {

FoldedRequest fold_request(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                           const Context& context) noexcept {
  FoldedRequest out;
  out.visitor = fold(visitor, snapshot, context.day());
  if (snapshot.engagement() == nullptr) return out;
  out.features = prepare_features(visitor, out.visitor, snapshot, context.surroundings, context.locale, context.day());
  out.engagement = fold_engagement(out.features, snapshot);
  return out;
}

void score_range(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                 snapshot::SnapshotView::Range range, std::span<double> scores) noexcept {
  const auto& weights = snapshot.weights();
  const double match_weight = static_cast<double>(weights.match);
  const double engagement_weight = static_cast<double>(weights.engagement);
  const double prior_unit = static_cast<double>(weights.prior) / 32.0;
  const auto priors = snapshot.segment_priors(folded.visitor.segment);
  const auto items = snapshot.items();
  const bool engaged = snapshot.engagement() != nullptr;
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    double own = static_cast<double>(items[i].bias) + match_weight * match(folded.visitor, snapshot, i);
    if (engaged) own += engagement_weight * engage(folded.engagement, snapshot, i);
    scores[i] = own + scores[i] + prior_unit * priors[i];
  }
}

ScoreParts score_parts(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                       std::uint32_t item) noexcept {
  ScoreParts parts;
  parts.bias = static_cast<double>(snapshot.items()[item].bias);
  parts.match = match(folded.visitor, snapshot, item);
  if (snapshot.engagement() != nullptr) parts.engagement = engage(folded.engagement, snapshot, item);
  parts.item_item = strongest_history(folded.visitor.recent, snapshot, item).total;
  parts.prior = snapshot.segment_priors(folded.visitor.segment)[item] / 32.0;
  return parts;
}

double z_of(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded, std::uint32_t item) noexcept {
  const auto& weights = snapshot.weights();
  const ScoreParts parts = score_parts(snapshot, folded, item);
  return parts.bias + static_cast<double>(weights.match) * parts.match +
         static_cast<double>(weights.engagement) * parts.engagement +
         static_cast<double>(weights.item_item) * parts.item_item + static_cast<double>(weights.prior) * parts.prior;
}

double probability(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded, double z) noexcept {
  const auto& weights = snapshot.weights();
  const double own = static_cast<double>(weights.engagement) * folded.engagement.own_blend;
  return sigmoid(static_cast<double>(weights.calibrate_scale) * (z + own) +
                 static_cast<double>(weights.calibrate_shift));
}

}  // namespace footlight
