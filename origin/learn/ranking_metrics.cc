#include "origin/learn/ranking_metrics.h"

#include <algorithm>
#include <cmath>

namespace footlight::learn {

RankingMetrics ranking_metrics(std::span<const std::uint32_t> ranks, std::uint32_t k) {
  RankingMetrics out;
  std::uint32_t first = k;
  double hits = 0;
  for (const std::uint32_t rank : ranks) {
    if (rank >= k) continue;
    ++hits;
    out.ndcg += 1 / std::log2(rank + 2.0);
    first = std::min(first, rank);
  }
  const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(k, ranks.size()));
  double ideal = 0;
  for (std::uint32_t rank = 0; rank < most; ++rank) ideal += 1 / std::log2(rank + 2.0);
  out.recall = hits / most;
  out.ndcg /= ideal;
  out.hr = hits > 0 ? 1 : 0;
  out.mrr = first < k ? 1 / (first + 1.0) : 0;
  return out;
}

}  // namespace footlight::learn
