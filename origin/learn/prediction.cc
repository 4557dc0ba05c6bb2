#include "origin/learn/prediction.h"

#include <bit>

#include "core/model/engagement.h"

namespace footlight::learn {

using Json = nlohmann::ordered_json;

Foreseen foresee(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
                 std::uint32_t item) {
  Foreseen foreseen{.has_model = snapshot.engagement() != nullptr};
  const FoldedRequest folded = fold_request(visitor, snapshot, context);
  if (foreseen.has_model) {
    const Prediction prediction = predict_engagement(folded.engagement, snapshot, item);
    foreseen.click = prediction.heads[0];
    foreseen.engage = prediction.heads[1];
    foreseen.convert = prediction.heads[2];
  }
  if (snapshot.weights().calibrated == 1) {
    foreseen.chosen = probability(snapshot, folded, z_of(snapshot, folded, item));
  }
  return foreseen;
}

std::vector<NamedFeature> named_features(const snapshot::SnapshotView& snapshot, const Visitor& visitor,
                                         const Context& context, std::optional<std::uint32_t> item) {
  std::vector<NamedFeature> list;
  if (snapshot.engagement() == nullptr) return list;
  const FoldedRequest folded = fold_request(visitor, snapshot, context);
  double shares[snapshot::kMaxFields + 1] = {};
  if (item) engagement_shares(folded.features, folded.engagement, snapshot, *item, shares);
  for (std::size_t f = 0; f < snapshot.fields().size(); ++f) {
    const snapshot::FieldRow& field = snapshot.fields()[f];
    NamedFeature feature{.field = snapshot.text(field.name)};
    for (std::uint64_t left = folded.features.masks[f]; left != 0; left &= left - 1) {
      const auto bin = static_cast<std::uint32_t>(std::countr_zero(left));
      feature.indexes.push_back(bin);
      feature.bins.push_back(snapshot.bin_name(field.first_bin + bin));
    }
    if (item) feature.log_odds = shares[f];
    list.push_back(std::move(feature));
  }
  return list;
}

Json prediction_document(const snapshot::SnapshotView& snapshot, const Foreseen& foreseen) {
  const auto known = [&](double value) { return foreseen.has_model ? Json(value) : Json(nullptr); };
  return {{"snapshotVersion", snapshot.version()},
          {"model", foreseen.has_model},
          {"click", known(foreseen.click)},
          {"engage", known(foreseen.engage)},
          {"convert", known(foreseen.convert)},
          {"probability", foreseen.chosen ? Json(*foreseen.chosen) : Json(nullptr)}};
}

Json features_document(const snapshot::SnapshotView& snapshot, const std::vector<NamedFeature>& features) {
  Json list = Json::array();
  for (const NamedFeature& feature : features) {
    Json row = {{"field", feature.field}, {"bins", feature.bins}, {"indexes", feature.indexes}};
    if (feature.log_odds) row["logOdds"] = *feature.log_odds;
    list.push_back(std::move(row));
  }
  return {{"snapshotVersion", snapshot.version()},
          {"model", snapshot.engagement() != nullptr},
          {"features", std::move(list)}};
}

}  // namespace footlight::learn
