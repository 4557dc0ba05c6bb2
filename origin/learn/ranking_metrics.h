// How good a ranking is, for one user with the relevant items at some of its ranks (from 0, below all that are ranked).
//
//     Recall@k = |relevant in the first k| / min(k, |relevant|)
//     NDCG@k   = DCG@k / IDCG@k, DCG@k = sum over relevant ranks r < k of 1 / log2(r + 2), IDCG@k the DCG@k of a
//     ranking
//                that begins with min(k, |relevant|) relevant items
//     HR@k     = 1 if a relevant item is in the first k, else 0
//     MRR@k    = 1 / (first relevant rank + 1) if that is within the first k, else 0
//
// Dividing Recall by min(k, |relevant|) lets a perfect ranking reach 1 however small k (as in Liang et al.,
// "Variational Autoencoders for Collaborative Filtering", WWW 2018). Over users, each is the plain mean.
#pragma once

#include <cstdint>
#include <span>

namespace footlight::learn {

struct RankingMetrics {
  double recall = 0;
  double ndcg = 0;
  double hr = 0;
  double mrr = 0;
};

// `ranks` of the relevant items, in any order; at least one. k is at least 1.
[[nodiscard]] RankingMetrics ranking_metrics(std::span<const std::uint32_t> ranks, std::uint32_t k);

}  // namespace footlight::learn
