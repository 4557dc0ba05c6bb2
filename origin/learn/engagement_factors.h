// The additive part and the factors of the engagement model, by Newton coordinate descent.
//
// Letters as in engagement.h. For a row n and head h, r = weight (y - p) and w = weight p (1 - p). A parameter t that
// enters the log-odds as t * x has, everything else fixed, the penalised Newton step (IRLS)
//
//     d = (sum of r x - l2 t) / (sum of w x^2 + l2)        and afterwards  r -= w x d   for its rows
//
// A field's bins share no side (fields with several bins a side go bin by bin), so a whole field steps at once; fields
// follow one another on what the ones before have left (backfitting). x depends on the other side alone, so the sums
// are taken per side (or item) once, and the fields then work on V sums, not on N rows:
//
//     weights, biases    x = 1
//     vector[bin]_d      x = q_d(item)        one dimension after the other, as in rank-one updates of a
//     vector[feature]_d  x = p_d(side)        factorization (Yu et al., "CCD++", ICDM 2012; Rendle's ALS for
//     gain_h             x = <p, q>           factorization machines, SIGIR 2011)
//
// An ordered field is penalised for differences between neighbouring bins as well, a tridiagonal system: the bins of a
// number are many and each has little behind it (shoppers without PageValues: AUC .7577 to .7617 by that alone).
//
// Vectors are fitted to the first head alone. Labels are nested, so that it has all positives of the others: with them
// the same click would count twice and three times. Of the interaction the others have their gain.
//
// There is no learning rate.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "origin/learn/crew.h"
#include "origin/learn/engagement_design.h"
#include "origin/learn/engagement_trees.h"

namespace footlight::learn {

// Everything but the trees. C heads are fitted: those with a positive and a negative impression.
struct Parameters {
  std::size_t heads = 0;  // C
  std::size_t dimensions = 0;
  std::vector<float> base;             // [C]
  std::vector<float> positions;        // [kPositionRows, C]
  std::vector<float> bin_weights;      // [B, C]
  std::vector<float> feature_biases;   // [K, C]
  std::vector<float> gain;             // [C]; the first is 1
  std::vector<float> bin_vectors;      // [D, B]
  std::vector<float> feature_vectors;  // [D, K]
};

// No vectors on bins yet, small random ones on features, by seed, feature and dimension.
[[nodiscard]] Parameters first_parameters(std::size_t heads, std::size_t dimensions, std::size_t bins,
                                          const KnownFeatures& known, std::uint64_t seed);

// Log-odds of one data set: of row n and head c, own[n, c] + gain_c * interaction[n].
class Scores {
 public:
  // `bits[c]`: the label of head c. `design` and `crew` must outlive it.
  Scores(const Design& design, std::span<const std::uint8_t> bits, Crew& crew);

  // Anew from parameters and what the trees give each side, [V, C].
  void compute(const Parameters& parameters, std::span<const float> trees);
  void add_to_sides(std::span<const float> steps);  // [V, C]

  // Mean log loss of each head, [C].
  [[nodiscard]] std::vector<double> log_loss(const Parameters& parameters) const;
  // [V, C]
  [[nodiscard]] std::vector<Derivatives> side_sums(const Parameters& parameters) const;

  // One step for what each item has alone (ItemFeatureKind::kItem), rows weighted by 2^(-age / half_life), days.
  void step_recent(Parameters& parameters, const KnownFeatures& known, double half_life, double l2);
  void step_items(Parameters& parameters, double l2);  // one round over base and positions, then item features
  void step_bins(Parameters& parameters, double l2);   // one round over the bins' weights
  // One round over dimensions, then the gains.
  void step_factors(Parameters& parameters, double l2);

 private:
  struct Sums {
    double r = 0;
    double w = 0;
  };
  template <typename Visit>
  void for_rows(const Parameters& parameters, std::size_t heads, const Visit& visit) const;
  // [I, C]; a row counts `rate(n)` times.
  template <typename Rate>
  std::vector<Sums> item_sums(const Parameters& parameters, const Rate& rate) const;
  void step_positions(Parameters& parameters, double l2);
  void step_bin_dimension(Parameters& parameters, std::size_t d, double l2, const std::vector<float>& q);
  void step_feature_dimension(Parameters& parameters, std::size_t d, double l2, const std::vector<float>& p,
                              std::vector<float>& q);
  void step_gains(Parameters& parameters);
  // Backfits all fields on per-side sums [V, C]; gives what each side's log-odds gained, [V, C].
  std::vector<float> backfit_bins(std::vector<Sums>& sums, std::span<float> values, std::size_t channels, double l2);
  // The same for item features on per-item sums, [I, C].
  std::vector<float> backfit_features(std::vector<Sums>& sums, std::span<float> values, std::size_t channels,
                                      double l2) const;
  [[nodiscard]] std::vector<float> of_sides(std::span<const float> bin_values, std::size_t channels) const;
  [[nodiscard]] std::vector<float> of_items(std::span<const float> feature_values, std::size_t channels) const;

  const Design& design_;
  std::vector<std::uint8_t> bits_;
  Crew& crew_;
  bool knows_positions_ = false;
  std::vector<float> own_;          // [N, C]
  std::vector<float> interaction_;  // [N]
};

}  // namespace footlight::learn
