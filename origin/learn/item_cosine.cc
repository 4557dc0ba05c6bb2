#include "origin/learn/item_cosine.h"

#include <cmath>

#include "origin/learn/pair_counts.h"

namespace footlight::learn {

EaseModel fit_cosine(const VisitorItems& visitors, std::uint32_t neighbours_kept, unsigned threads,
                     const Progress& progress, const std::atomic<bool>& cancel) {
  PairCounts counts = count_pairs(visitors, 48U << 20U, threads, progress, cancel);
  EaseModel model;
  model.bias.resize(visitors.item_count, 0);
  for (std::uint32_t j = 0; j < visitors.item_count; ++j) {
    std::vector<ItemNeighbour> row;
    for (const PairCount& pair : counts.rows[j]) {
      const double both = static_cast<double>(counts.choosers[j]) * counts.choosers[pair.item];
      row.push_back({pair.item, static_cast<float>(pair.visitors / std::sqrt(both))});
    }
    counts.rows[j] = {};
    model.neighbours.push_back(strongest_of(row, neighbours_kept));
  }
  progress(1);
  return model;
}

}  // namespace footlight::learn
