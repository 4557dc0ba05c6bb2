// Item-item model: what the visitor's recent items say about the others.
//
//     cf(history, i) = S^-e * sum over history items j of a_j * W[j][i]
//     a_j = strength(action, feedback) * 2^(-age / half_life)
//     S = max(1, sum of the a_j above 0)
//
// W are item-item weights as origin/learn/item_item.h fits them (the fit's intercept is the item's bias), pruned to the
// strongest neighbours and quantised to int8 by row. e is WeightsRow::history_exponent, 0 to 1: with 0 every choice
// adds its full weight, however many there are; with 1 they are averaged. Between the two lies what predicts best,
// because the choices of one visitor repeat each other. S is the number of chosen items when all are of today. It takes
// the weights, so that an entry fades out of S as it fades out of the sum, and it stops at 1, so that a single old
// choice is not blown up to a fresh one. It counts what the visitor chose whether this snapshot knows the item or not:
// a segment pack, which lacks items, divides like the whole. The sum is taken in history order, then in row order, so
// it is the same everywhere.
#pragma once

#include <cstdint>
#include <span>

#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"

namespace footlight {

// 0 for a plain view (an impression is not a preference); 1 for click, engage and convert alike (the trainer's input is
// "chosen or not", and it must use the same rule); positive feedback 1.5, negative -1, whatever the action.
[[nodiscard]] double interaction_strength(const HistoryEntry& entry) noexcept;

// strength * 2^(-age_days / half_life_days); half_life_days 0: no decay. An entry from the future has age 0.
[[nodiscard]] double interaction_weight(const HistoryEntry& entry, std::uint16_t today, float half_life_days) noexcept;

// The visitor's history as this snapshot knows it: looked up and weighed once per request.
struct RecentItems {
  std::uint32_t count = 0;
  std::uint32_t items[kMaxHistory] = {};  // indexes, latest first; unknown items are left out
  double weights[kMaxHistory] = {};
  double damping = 1;  // S^-e
};
[[nodiscard]] RecentItems recent_items(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                                       std::uint16_t today) noexcept;

// Adds factor * cf(history, i) to scores[i] for every item i. `scores` has one number per item. Cost: history times
// neighbours.
void add_item_item(const RecentItems& recent, const snapshot::SnapshotView& snapshot, double factor,
                   std::span<double> scores) noexcept;

// The history item that adds most to item i, and how much; item kNone when none adds anything.
struct Contribution {
  std::uint32_t item = snapshot::kNone;
  double value = 0;  // of that item alone, damping and all: its exact share of total
  double total = 0;  // cf(history, i)
};
[[nodiscard]] Contribution strongest_history(const RecentItems& recent, const snapshot::SnapshotView& snapshot,
                                             std::uint32_t item) noexcept;

}  // namespace footlight
