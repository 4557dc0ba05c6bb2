// The additive score of many items at once: the one loop that a large catalogue makes long.
#pragma once

#include <cstdint>
#include <span>

#include "core/match/match.h"
#include "core/snapshot/reader.h"

namespace footlight {

// scores[i] holds w_item_item * cf(history, i) and becomes z(v, i), for every i of the range. The terms are added in
// the order bias, match, item-item, prior, so that the last bit is the same everywhere. Cost: one dot product an item.
void score_range(const snapshot::SnapshotView& snapshot, const FoldedVisitor& folded,
                 snapshot::SnapshotView::Range range, std::span<double> scores) noexcept;

}  // namespace footlight
