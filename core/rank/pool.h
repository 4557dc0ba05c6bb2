// The best candidates of one slot, kept sorted while the items stream by.
#pragma once

#include <cstdint>

#include "core/snapshot/layout.h"

namespace footlight {

struct Candidate {
  double score = 0;           // z
  double nearest = 0;         // largest similarity to a card already placed
  double odds = 0;            // of a draw, relative to the best candidate's
  std::uint32_t item = 0;     // index
  std::uint32_t item_id = 0;  // stable: ends ties
};

// Holds at most `capacity` candidates in order: higher score first, then lower item id. Insertion is O(capacity), and
// rare: of n candidates in random order about capacity * ln(n / capacity) get past the threshold.
class Pool {
 public:
  static constexpr std::uint32_t kCapacity = 4 * snapshot::kMaxSlotLimit;

  void reset(std::uint32_t capacity) noexcept {
    capacity_ = capacity < kCapacity ? capacity : kCapacity;
    size_ = 0;
  }

  void offer(double score, std::uint32_t item, std::uint32_t item_id) noexcept {
    if (size_ == capacity_ && !before(score, item_id, rows_[size_ - 1])) return;
    std::uint32_t at = size_ < capacity_ ? size_++ : size_ - 1;
    for (; at > 0 && before(score, item_id, rows_[at - 1]); --at) rows_[at] = rows_[at - 1];
    rows_[at] = {score, 0.0, 0.0, item, item_id};
  }

  void remove(std::uint32_t at) noexcept {
    for (--size_; at < size_; ++at) rows_[at] = rows_[at + 1];
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] Candidate& operator[](std::uint32_t at) noexcept { return rows_[at]; }

 private:
  static bool before(double score, std::uint32_t item_id, const Candidate& other) noexcept {
    return score > other.score || (score == other.score && item_id < other.item_id);
  }

  Candidate rows_[kCapacity];
  std::uint32_t capacity_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace footlight
