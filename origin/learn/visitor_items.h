// What the item-item fits read, and what they all leave behind.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace footlight::learn {

// Visitors' item sets, one after the other. Item indexes within one visitor are unique.
struct VisitorItems {
  std::uint32_t item_count = 0;
  std::vector<std::uint64_t> offsets = {0};  // visitor v has items[offsets[v]] to items[offsets[v + 1] - 1]
  std::vector<std::uint32_t> items;

  [[nodiscard]] std::size_t visitor_count() const noexcept { return offsets.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> of(std::size_t visitor) const noexcept {
    return std::span(items).subspan(offsets[visitor], offsets[visitor + 1] - offsets[visitor]);
  }
  // Appends one visitor.
  void add(std::span<const std::uint32_t> set);
};

struct ItemNeighbour {
  std::uint32_t item = 0;
  float weight = 0;

  bool operator==(const ItemNeighbour&) const = default;
};

// Row j of an item-item model: what having chosen j says about the others; strongest first, ties by item.
using NeighbourRows = std::vector<std::vector<ItemNeighbour>>;

// The `kept` of one row with the largest |weight|, in that order; ties by item, so that equal input gives equal bytes.
[[nodiscard]] std::vector<ItemNeighbour> strongest_of(std::vector<ItemNeighbour>& row, std::size_t kept);

// Told the share of the work done, 0 to 1, in order, from the calling thread.
using Progress = std::function<void(double)>;

struct Cancelled {};  // thrown when the flag was seen; nothing has been written anywhere

}  // namespace footlight::learn
