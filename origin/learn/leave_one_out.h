// Exhaustive leave-one-out: how well does a snapshot foresee what a visitor chose?
//
// For every visitor with at least two chosen items, each is held out in turn; the visitor record holds the others, all
// of today (so recency does not matter), and no answers. All items of the held-out item's type that are not in the
// record are ranked by the score z of core; ties go to what more visitors chose in training, then to the lower id. With
// rank0 the number of items before it:
//
//     HR@3 = mean of [rank0 < 3], MRR = mean of 1 / (rank0 + 1), half-life = mean of 2^(-rank0 / 4)
//     (Breese, Heckerman, Kadie: "Empirical Analysis of Predictive Algorithms for Collaborative Filtering", UAI 1998)
//
// popularity_mrr is the MRR of ranking by training popularity alone: what a site has without personalization.
// Measured is the shipped thing: the quantised snapshot, scored by the core.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"

namespace footlight::learn {

struct Figures {
  std::uint64_t visitors = 0;  // with at least two chosen items that the snapshot knows
  std::uint64_t cases = 0;
  double hr3 = 0;
  double mrr = 0;
  double halflife = 0;
  double popularity_mrr = 0;
};

class LeaveOneOut {
 public:
  // The view must outlive this. `popularity` has one count per item index.
  LeaveOneOut(const snapshot::SnapshotView& view, std::vector<std::uint32_t> popularity);

  // One visitor's chosen items by stable id, oldest first, unique. Unknown ones are left out. Cost: one scoring of all
  // items for each.
  void add(std::span<const std::uint32_t> chosen);

  [[nodiscard]] Figures figures() const noexcept;

 private:
  void add_case(std::span<const std::uint32_t> items, std::size_t held_out);

  const snapshot::SnapshotView& view_;
  std::vector<std::uint32_t> popularity_;
  std::vector<std::byte> scratch_;
  std::vector<std::uint8_t> given_;  // by item index
  Figures sums_;
};

}  // namespace footlight::learn
