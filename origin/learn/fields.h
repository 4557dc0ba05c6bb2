// The fields of the feature vector that a site's engagement model sees: the one place that says which.
//
//   NAME             a question with options: the answers given
//   liked_NAME       a question that history can answer: what the liked items are like
//   segment
//   chosen, seen     items chosen, items in the history: at most 0, 1, 2, 4, 8, 16 (seen: 32), or more
//   level            engagementLevel, 1 to 5
//   idle             days since the latest item of the history: at most 0, 1, 3, 7, 14, 30, or more
//   device, day_part, weekday, referrer     of the page view
//   locale           only where the site has several
//
// Numbers are binned at fixed steps, each about twice the one before: what they measure acts by its order of magnitude,
// and a fixed step keeps a bin's meaning from training to training. A field that is never known in the past is not
// given to the model at all (drop_unknown), so that nothing is said about what nobody has seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/snapshot/builder.h"
#include "origin/learn/engagement.h"

namespace footlight::learn {

// At most snapshot::kMaxFields; liked_… fields give way first.
[[nodiscard]] std::vector<snapshot::FieldInput> standard_fields(const snapshot::SnapshotInput& input);

// An engagement model of these fields that says 0 of everything: enough for prepare_features().
[[nodiscard]] snapshot::EngagementInput vocabulary(std::vector<snapshot::FieldInput> fields);

// What the engagement model knows an item by: itself, its type, and the options it is filed under. Ascending.
[[nodiscard]] std::vector<ItemFeature> item_features(const snapshot::ItemInput& item);

}  // namespace footlight::learn
