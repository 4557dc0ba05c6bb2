// A reward model for off-policy estimates: the shrunk mean reward of each cell (an item in a position), cross-fitted.
//
//     const CellRates model(logged);
//     model.of(cell, model.fold_of(i))      // q: from the rounds outside of that fold
//
// Rounds are dealt to kFolds folds by cluster, in order of first appearance (cluster k: fold k mod kFolds), and what is
// said to a round comes from the other folds alone: a round never helps to foretell its own reward, nor does its
// cluster, so that DR's interval (off_policy.h) stays honest however finely the cells are cut.
//
// Within the other folds, with n_c rounds and mean r_c in cell c, C cells, N rounds, mean r:
//
//     within  = sum over c of sum of (r_i - r_c)^2 / (N - C)                         what one round varies by
//     between = max(0, (sum over c of n_c (r_c - r)^2 / (C - 1) - within) / n_0)     what cells differ by
//     n_0     = (N - sum of n_c^2 / N) / (C - 1)
//     q_c     = (n_c r_c + strength r) / (n_c + strength),  strength = within / between
//
// the random-effects estimate by the method of moments (Searle, Casella, McCulloch, "Variance Components", 1992,
// chapter 3). Cells that do not differ beyond chance, an unknown cell, and fewer than two cells or N <= C all get r.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace footlight::learn {

struct CellReward {
  std::uint64_t cell = 0;
  std::uint64_t cluster = 0;
  double reward = 0;
};

class CellRates {
 public:
  static constexpr std::size_t kFolds = 5;

  // Cost: O(n). Sums run in the order of the rounds, cells in order of first appearance.
  explicit CellRates(std::span<const CellReward> rounds);

  [[nodiscard]] std::size_t fold_of(std::size_t round) const { return folds_[round]; }
  // What the rounds outside `fold` say of the cell; 0 when there are none.
  [[nodiscard]] double of(std::uint64_t cell, std::size_t fold) const;

 private:
  struct Fitted {
    double mean = 0;
    std::unordered_map<std::uint64_t, double> rates;
  };
  std::vector<std::uint8_t> folds_;
  Fitted without_[kFolds];
};

}  // namespace footlight::learn
