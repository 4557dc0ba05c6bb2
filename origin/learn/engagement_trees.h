// One oblivious tree: the same test at every node of a level, so that a leaf is the number whose bits are the answers.
//
//   Prokhorenkova et al., "CatBoost: unbiased boosting with categorical features", NeurIPS 2018 (oblivious trees);
//   Chen, Guestrin, "XGBoost", KDD 2016, equation 7 (the gain of a split from first and second derivatives);
//   Fisher, "On grouping for maximum homogeneity", JASA 1958 (with bins in order of their mean, the best of all subsets
//   is among the prefixes; exact for one leaf and one head, here a good guess for all of them together).
//
// Letters: V sides, H heads, L levels; g and w are the sums of first derivatives (y - p) and Hessians p (1 - p) of a
// side's impressions. A level's test is the field and set of bins with the largest
//
//     sum over the leaves so far, both children and all heads of   (sum of g)^2 / (sum of w + l2)
//
// Tests looked at: every threshold of an ordered field, "not known" on either side; every prefix of an unordered
// field's bins by g / w; one bin at a time of a field in which a side may have several. Cost: V F L additions a tree,
// spread over fields.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "origin/learn/crew.h"
#include "origin/learn/engagement_design.h"

namespace footlight::learn {

struct TreeOptions {
  std::uint32_t depth = 6;
  double l2 = 4;
  double sides_share =
      0.8;  // each side takes part in the choice of tests with this chance, and each field in a level's
  double fields_share = 0.7;
  std::uint64_t seed = 1;
};

struct Derivatives {
  float gradient = 0;
  float hessian = 0;
};

using TreeSplits = std::vector<snapshot::TreeSplitInput>;  // [L]; a level that gains nothing has an empty mask

// `sums` [V, H].
[[nodiscard]] TreeSplits grow_tree(const Design& design, std::span<const Derivatives> sums, std::size_t heads,
                                   const TreeOptions& options, Crew& crew);

// [V]: the leaf of each side.
[[nodiscard]] std::vector<std::uint8_t> leaves_of(const Design& design, const TreeSplits& splits, Crew& crew);

// [2^L, H]: Newton's step for all sides of a leaf, sum of g / (sum of w + l2).
[[nodiscard]] std::vector<float> leaf_steps(const std::vector<std::uint8_t>& leaves, std::span<const Derivatives> sums,
                                            std::size_t heads, std::size_t leaf_count, double l2, Crew& crew);

}  // namespace footlight::learn
