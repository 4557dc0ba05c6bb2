// The item-item model that a site publishes: one front over the ways to fit it.
//
//     const ItemItemModel model = fit_item_item(visitors, {}, progress, cancel);
//     cf(history, i) = bias[i] + |history|^-history_exponent * sum over j in history of W[j, i]
//     z += weight * cf(history, i)
//
// which is what core/model/item_item.h computes, W[j] being neighbours[j].
//
//   softmax  W and bias trained for the log-likelihood of each choice given the visitor's others (item_item_softmax.h).
//            The best where items are few and visitors many (msweb: MRR .496, EASE^R .4905); logits, so `weight` is 1.
//   ease     EASE^R with an intercept, closed form (ease.h): n^3, for up to some thousands of items.
//   sparse   the same regression, item by item on its strongest co-chosen items (item_item_sparse.h): bounded memory.
//
// `automatic` takes softmax up to 640 items if at least 200 visitors chose two or more, else ease up to 1,024 items,
// else sparse, and says in the answer what it took. Deterministic; the thread count changes no bit.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {

enum class ItemItemMethod : std::uint8_t { kAutomatic, kSoftmax, kEase, kSparse };

// "automatic", "softmax", "ease", "sparse"
[[nodiscard]] std::string_view item_item_method_name(ItemItemMethod method) noexcept;

struct ItemItemOptions {
  ItemItemMethod method = ItemItemMethod::kAutomatic;
  std::uint32_t neighbours_kept = 32;  // of a row (softmax: on average), 1 to snapshot::kMaxNeighbours
  double lambda = 20;                  // ridge of ease and sparse, in visitors; above 0
  unsigned threads = 0;                // 0: as many as there are cores
};

struct ItemItemModel {
  ItemItemMethod method = ItemItemMethod::kAutomatic;  // what was used; never automatic
  double weight = 1;            // natural WeightsRow.item_item: log-odds for a cf of 1 (softmax 1, ease and sparse 4)
  double history_exponent = 0;  // for WeightsRow.history_exponent
  std::vector<float> bias;      // [n], same unit as cf; softmax: mean 0 over the items
  NeighbourRows neighbours;     // [n]
};

// What kAutomatic takes for these visitors.
[[nodiscard]] ItemItemMethod automatic_item_item_method(const VisitorItems& visitors) noexcept;

// Throws Cancelled, std::bad_alloc, or std::invalid_argument when an option or an item index is out of range.
[[nodiscard]] ItemItemModel fit_item_item(const VisitorItems& visitors, const ItemItemOptions& options,
                                          const Progress& progress, const std::atomic<bool>& cancel);

}  // namespace footlight::learn
