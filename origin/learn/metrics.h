// How good are probabilities? The same few measures wherever a model is judged.
//
// Every function takes N probabilities (or, for auc, any scores) beside N outcomes, 1 or 0, and throws
// std::invalid_argument when the lengths differ. Cost O(N log N) for auc and calibration, O(N) for the others.
// Thread-safe: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace footlight::learn {

// Area under the ROC curve: the chance that a random positive scores above a random negative, ties counting half
// (Mann-Whitney U over the number of pairs). 0.5 when there are only positives or only negatives.
[[nodiscard]] double auc(std::span<const double> scores, std::span<const std::uint8_t> outcomes);

// Mean of -ln of the probability given to what happened; probabilities are kept within [1e-15, 1 - 1e-15]. 0 for N = 0.
[[nodiscard]] double log_loss(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes);

// Share of rows on the wrong side of 0.5; 0.5 itself says yes. 0 for N = 0.
[[nodiscard]] double error_rate(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes);

// Rows in order of probability, cut into `bins` parts of equal size (they differ by at most one row).
struct CalibrationBin {
  std::size_t rows = 0;
  double mean_probability = 0;
  double rate = 0;  // of positives
};
inline constexpr std::size_t kCalibrationBins = 15;
// Fewer bins when there are fewer rows. Ties keep the order of the input.
[[nodiscard]] std::vector<CalibrationBin> calibration_curve(std::span<const double> probabilities,
                                                            std::span<const std::uint8_t> outcomes,
                                                            std::size_t bins = kCalibrationBins);

// Expected calibration error: mean of |mean_probability - rate| over equal-mass bins, weighted by rows (Naeini et al.,
// "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015; equal mass as in Nixon et al. 2019, for
// equal widths leave most bins empty when events are rare).
[[nodiscard]] double calibration_error(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes,
                                       std::size_t bins = kCalibrationBins);

}  // namespace footlight::learn
