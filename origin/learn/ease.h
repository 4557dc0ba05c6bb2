// EASE^R with an intercept: the item-item model in closed form.
//
//   H. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019 (arXiv:1905.03375), equations 7 and 8.
//
// Letters: V visitors, n items, X [V, n] with X[v, j] = 1 when visitor v chose item j (trainer.h says what that means).
// With one more column of ones (the intercept, column n):
//
//     G = X'X + lambda I          [n + 1, n + 1]
//     P = G^-1
//     B[j, i] = -P[j, i] / P[i, i], B[i, i] = 0
//     cf(history, i) = B[n, i] + sum over j in history of B[j, i]
//
// B[n, i] is the answer to an empty history: the item's popularity, net of what the other items explain. The model has
// no other popularity part, and needs none (YARDSTICKS: .4901 MRR with the intercept, .4868 without).
//
// What counts is chosen or not. Weights for repeats or conversions are rejected: a weight enters G squared, so a few
// busy visitors would outweigh the others, and the core scores a history with strength 1 an item. An item whose latest
// feedback is negative is not in the visitor's set at all: EASE has no place for dislikes (a -1 in X would square to a
// choice in G). A dislike works where the visitor's own history is scored (core/model/item_item.h).
//
// Cost: V * s^2 for G (s items a visitor), n^3 / 3 for Cholesky and about 4/3 n^3 for the inverse, which is spread over
// threads; two n x n matrices of double. Two cores: 1,000 items 0.2 s, 2,000 items 1.2 s, 4,096 items 10 s and 270 MB.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {

// Beyond this the closed form takes minutes and gigabytes: item_item_sparse.h.
inline constexpr std::uint32_t kMaxEaseItems = 4096;

struct EaseOptions {
  double lambda = 20;                  // ridge; also damps items that few visitors stand behind
  std::uint32_t neighbours_kept = 32;  // a row keeps those with the largest |weight|
  unsigned threads = 0;                // 0: as many as there are cores
};

struct EaseModel {
  std::vector<float> bias;   // [n]: B[n, i]
  NeighbourRows neighbours;  // [n]
};

// Throws Cancelled, std::bad_alloc, or std::invalid_argument when lambda is not above 0 or an index is out of range.
[[nodiscard]] EaseModel fit_ease(const VisitorItems& visitors, const EaseOptions& options, const Progress& progress,
                                 const std::atomic<bool>& cancel);

}  // namespace footlight::learn
