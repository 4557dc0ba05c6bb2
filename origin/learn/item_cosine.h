// Item cosine: the plain baseline that an item-item model has to beat.
//
//     W[j, i] = c_ij / sqrt(c_i c_j)      c counts visitors
//
// Without a bias. (Deshpande, Karypis: "Item-based top-N recommendation algorithms", TOIS 2004.)
#pragma once

#include <atomic>

#include "origin/learn/ease.h"

namespace footlight::learn {

// Cost and exceptions of count_pairs. Every row keeps its `neighbours_kept` largest.
[[nodiscard]] EaseModel fit_cosine(const VisitorItems& visitors, std::uint32_t neighbours_kept, unsigned threads,
                                   const Progress& progress, const std::atomic<bool>& cancel);

}  // namespace footlight::learn
