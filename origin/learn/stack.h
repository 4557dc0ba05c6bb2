// The stack: how much each part of the score counts, learned on impressions that no part has seen, and what probability
// the sum stands for.
//
//     z + w_engagement * own = w_match * match + w_engagement * engage + w_item_item * cf + w_prior * prior
//     log-odds of clicked    = z + w_engagement * own + b + c * log2(1 + position)
//
// Each part is core's own, from a snapshot built of the models at hand (core/rank/score.h, score_parts); cf has the
// item-item model's intercept in it and prior the item's popularity, which the snapshot keeps in the item's bias.
//
// Weights: maximum a posteriori of that logistic regression, with a Gaussian prior around the documented day-0 defaults
// (site.json, else core's; sd kPriorSd of the default), each at least 0, by projected Newton steps (Bertsekas, SIAM
// Journal on Control and Optimization 1982). Without data the defaults stand; with some they move a little; with much
// the data decides. b and c are nuisances: a slate is one position after the other, and what stands low is clicked less
// for that alone.
//
// Calibration (Platt, "Probabilistic outputs for support vector machines", 1999): p = sigmoid(scale * (z + w_engagement
// * own) + shift), fitted to what was shown, positions as they came; the prior of `scale` is around 1. Weights and
// calibration see the visitors of one half of the held-out impressions; the other half checks: expected calibration
// error over at most ten bins of at least kRowsABin rows (metrics.h), AUC, and log loss. `calibrated` only when the
// check has kLeastChecked impressions and its error is at most kMaxEce: what is told as a probability has to be one.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace footlight::learn {

inline constexpr std::size_t kStackParts = 4;  // match, engagement, item_item, prior
using StackWeights = std::array<double, kStackParts>;

inline constexpr double kPriorSd = 0.5;
inline constexpr double kMaxStackWeight = 100;  // what a reader takes
inline constexpr std::uint64_t kLeastChecked = 200;
inline constexpr double kMaxEce = 0.05;
inline constexpr std::size_t kRowsABin = 200;  // in smaller bins chance alone looks like an error

struct StackRow {
  std::array<float, kStackParts> parts{};  // before their weights
  std::uint8_t position = 255;             // 255: not known, taken as the mean
  bool clicked = false;
  bool checks = false;  // in the half that checks
};

struct StackFit {
  StackWeights weights{};
  double calibrate_scale = 1;
  double calibrate_shift = 0;
  bool calibrated = false;
  std::uint64_t fitted_on = 0;
  std::uint64_t checked_on = 0;
  double auc = 0.5;
  double log_loss = 0;
  double base_log_loss = 0;  // of the mean rate alone
  double ece = 0;

  bool operator==(const StackFit&) const = default;
};

// Rows may be none: then the defaults come back, uncalibrated. Deterministic.
[[nodiscard]] StackFit fit_stack(std::span<const StackRow> rows, const StackWeights& defaults);

}  // namespace footlight::learn
