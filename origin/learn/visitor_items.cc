#include "origin/learn/visitor_items.h"

#include <algorithm>
#include <cmath>

namespace footlight::learn {

void VisitorItems::add(std::span<const std::uint32_t> set) {
  items.insert(items.end(), set.begin(), set.end());
  offsets.push_back(items.size());
}

std::vector<ItemNeighbour> strongest_of(std::vector<ItemNeighbour>& row, std::size_t kept) {
  const auto stronger = [](const ItemNeighbour& a, const ItemNeighbour& b) {
    const float x = std::fabs(a.weight);
    const float y = std::fabs(b.weight);
    return x != y ? x > y : a.item < b.item;
  };
  const std::size_t size = std::min(kept, row.size());
  std::partial_sort(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(size), row.end(), stronger);
  return {row.begin(), row.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace footlight::learn
