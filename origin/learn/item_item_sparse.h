// EASE^R for large catalogues: every item's ridge regression on its own strongest companions alone.
//
// In EASE^R (ease.h) column i of B is the ridge regression of "chose i" on all other items and an intercept. Most of
// its n weights are next to nothing. Here item i gets the m items N that explain it best one by one,
//
//     gain(j) = (c_ij - c_i c_j / V)^2 / (c_j + lambda)     (c counts visitors, V is all of them)
//
// and the regression is solved on those alone, exactly: (G_NN + lambda I) b = G_Ni with the intercept's row in G. That
// is the sparsity pattern of Steck's "Markov Random Fields for Collaborative Filtering" (NeurIPS 2019) with one small
// dense system an item instead of one sparse inverse; with m = n - 1 it is EASE^R. No n x n matrix exists at any time.
//
// Cost: pair_counts.h, then n * (m^3 / 3 + the counts in m rows), over threads. Memory: 8 bytes a counted pair (at most
// max_pairs) and n * m * 8.
#pragma once

#include <atomic>
#include <cstdint>

#include "origin/learn/ease.h"

namespace footlight::learn {

struct SparseOptions {
  double lambda = 20;                    // above 0
  std::uint32_t companions = 128;        // m, at least 1
  std::uint32_t neighbours_kept = 32;    // of a row of B, with the largest |weight|
  std::uint64_t max_pairs = 48U << 20U;  // 384 MB
  unsigned threads = 0;
};

// Throws as fit_ease.
[[nodiscard]] EaseModel fit_sparse(const VisitorItems& visitors, const SparseOptions& options, const Progress& progress,
                                   const std::atomic<bool>& cancel);

}  // namespace footlight::learn
