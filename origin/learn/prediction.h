// SPEC.md's MLPersonalizationModel on the origin: predictEngagement and prepareFeatures of a snapshot's engagement
// model, under names.
//
// Pure but for their input: any thread. Views of names live as long as the snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/rank/score.h"
#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"

namespace footlight::learn {

struct Foreseen {
  bool has_model = false;  // without one the heads are not known
  double click = 0;        // probabilities of a visitor to whom the item is shown first, convert <= engage <= click
  double engage = 0;
  double convert = 0;
  std::optional<double> chosen;  // by the whole score, calibrated; nullopt while that has not been learned
};
[[nodiscard]] Foreseen foresee(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
                               std::uint32_t item);

struct NamedFeature {
  std::string_view field;              // "format", "device"
  std::vector<std::string_view> bins;  // "Feature Film"; the bin for "not known" is named too
  std::vector<std::uint32_t> indexes;  // of the bins within the field
  std::optional<double> log_odds;      // what it adds for the item, in units of the blended log-odds
};
// Every field of the model, in its order; none without a model.
[[nodiscard]] std::vector<NamedFeature> named_features(const snapshot::SnapshotView& snapshot, const Visitor& visitor,
                                                       const Context& context, std::optional<std::uint32_t> item);

// {"snapshotVersion":…,"model":true,"click":…,"engage":…,"convert":…,"probability":…}; null for what is not known.
[[nodiscard]] nlohmann::ordered_json prediction_document(const snapshot::SnapshotView& snapshot,
                                                         const Foreseen& foreseen);
// {"snapshotVersion":…,"model":true,"features":[{"field":…,"bins":[…],"indexes":[…],"logOdds":…}]}
[[nodiscard]] nlohmann::ordered_json features_document(const snapshot::SnapshotView& snapshot,
                                                       const std::vector<NamedFeature>& features);

}  // namespace footlight::learn
