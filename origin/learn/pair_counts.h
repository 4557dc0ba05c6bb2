// How many visitors chose two items both: the Gram matrix X'X of large catalogues, kept sparse and bounded.
//
// A row keeps at most max_pairs / n of its largest counts (ties by item). A pair of a popular and a rare item may so be
// missing from the popular one's row while the rare one's still has it: whoever needs the count looks into both. While
// everything fits, all counts are exact.
//
// Cost: the sum of s^2 over the visitors (s items each), spread over threads; 8 bytes a pair kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {

struct PairCount {
  std::uint32_t item = 0;
  std::uint32_t visitors = 0;
};

struct PairCounts {
  std::uint64_t visitors = 0;
  std::vector<std::uint32_t> choosers;       // [n]: the diagonal
  std::vector<std::vector<PairCount>> rows;  // [n]: by item; without the diagonal and without zeros
};

// Throws Cancelled, or std::invalid_argument when an item index is out of range.
[[nodiscard]] PairCounts count_pairs(const VisitorItems& visitors, std::uint64_t max_pairs, unsigned threads,
                                     const Progress& progress, const std::atomic<bool>& cancel);

}  // namespace footlight::learn
