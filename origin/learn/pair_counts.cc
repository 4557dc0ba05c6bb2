#include "origin/learn/pair_counts.h"

#include <algorithm>
#include <stdexcept>

#include "origin/learn/parallel.h"

namespace footlight::learn {

PairCounts count_pairs(const VisitorItems& visitors, std::uint64_t max_pairs, unsigned threads,
                       const Progress& progress, const std::atomic<bool>& cancel) {
  const std::uint32_t n = visitors.item_count;
  PairCounts out;
  out.visitors = visitors.visitor_count();
  out.choosers.resize(n, 0);
  out.rows.resize(n);
  for (const std::uint32_t item : visitors.items) {
    if (item >= n) throw std::invalid_argument("item index out of range");
    ++out.choosers[item];
  }
  // Who chose each item.
  std::vector<std::uint64_t> offsets(n + std::size_t{1}, 0);
  for (std::uint32_t i = 0; i < n; ++i) offsets[i + 1] = offsets[i] + out.choosers[i];
  std::vector<std::uint32_t> choosers(visitors.items.size());
  std::vector<std::uint64_t> at(offsets.begin(), offsets.end() - 1);
  for (std::size_t v = 0; v < visitors.visitor_count(); ++v) {
    for (const std::uint32_t item : visitors.of(v)) choosers[at[item]++] = static_cast<std::uint32_t>(v);
  }

  const std::size_t row_limit = std::max<std::uint64_t>(1, max_pairs / std::max(1U, n));
  threads = thread_count(threads);
  std::vector<std::vector<std::uint32_t>> counts(threads);
  for_blocks(n, 64, threads, cancel, progress, [&](std::size_t begin, std::size_t end, unsigned self) {
    std::vector<std::uint32_t>& count = counts[self];
    count.resize(n, 0);
    std::vector<std::uint32_t> seen;
    for (std::size_t j = begin; j < end; ++j) {
      seen.clear();
      for (std::uint64_t c = offsets[j]; c < offsets[j + 1]; ++c) {
        for (const std::uint32_t other : visitors.of(choosers[c])) {
          if (count[other]++ == 0) seen.push_back(other);
        }
      }
      std::vector<PairCount>& row = out.rows[j];
      row.reserve(seen.size());
      for (const std::uint32_t other : seen) {
        if (other != j) row.push_back({other, count[other]});
        count[other] = 0;
      }
      if (row.size() > row_limit) {
        std::nth_element(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(row_limit), row.end(),
                         [](const PairCount& a, const PairCount& b) {
                           return a.visitors != b.visitors ? a.visitors > b.visitors : a.item < b.item;
                         });
        row.resize(row_limit);
        row.shrink_to_fit();
      }
      std::sort(row.begin(), row.end(), [](const PairCount& a, const PairCount& b) { return a.item < b.item; });
    }
  });
  return out;
}

}  // namespace footlight::learn
