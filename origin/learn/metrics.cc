#include "origin/learn/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace footlight::learn {
namespace {

void check(std::span<const double> values, std::span<const std::uint8_t> outcomes) {
  if (values.size() != outcomes.size()) throw std::invalid_argument("as many outcomes as probabilities are needed");
}

std::vector<std::size_t> ascending(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

}  // namespace

double auc(std::span<const double> scores, std::span<const std::uint8_t> outcomes) {
  check(scores, outcomes);
  const auto order = ascending(scores);
  double below = 0;  // negatives with a lower score
  double pairs_won = 0;
  double positives = 0;
  for (std::size_t at = 0; at < order.size();) {
    double tied[2] = {0, 0};
    std::size_t end = at;
    for (; end < order.size() && scores[order[end]] == scores[order[at]]; ++end) {
      tied[outcomes[order[end]] != 0 ? 1 : 0] += 1;
    }
    pairs_won += tied[1] * (below + tied[0] / 2);
    below += tied[0];
    positives += tied[1];
    at = end;
  }
  return positives == 0 || below == 0 ? 0.5 : pairs_won / (positives * below);
}

double log_loss(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes) {
  check(probabilities, outcomes);
  if (probabilities.empty()) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const double p = std::clamp(probabilities[i], 1e-15, 1 - 1e-15);
    sum -= std::log(outcomes[i] != 0 ? p : 1 - p);
  }
  return sum / static_cast<double>(probabilities.size());
}

double error_rate(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes) {
  check(probabilities, outcomes);
  if (probabilities.empty()) return 0;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if ((probabilities[i] >= 0.5) != (outcomes[i] != 0)) ++wrong;
  }
  return static_cast<double>(wrong) / static_cast<double>(probabilities.size());
}

std::vector<CalibrationBin> calibration_curve(std::span<const double> probabilities,
                                              std::span<const std::uint8_t> outcomes, std::size_t bins) {
  check(probabilities, outcomes);
  const auto order = ascending(probabilities);
  const std::size_t count = std::min(bins, order.size());
  std::vector<CalibrationBin> curve(count);
  for (std::size_t b = 0; b < count; ++b) {
    const std::size_t begin = order.size() * b / count;
    const std::size_t end = order.size() * (b + 1) / count;
    CalibrationBin& bin = curve[b];
    for (std::size_t i = begin; i < end; ++i) {
      bin.mean_probability += probabilities[order[i]];
      bin.rate += outcomes[order[i]] != 0 ? 1 : 0;
    }
    bin.rows = end - begin;
    bin.mean_probability /= static_cast<double>(bin.rows);
    bin.rate /= static_cast<double>(bin.rows);
  }
  return curve;
}

double calibration_error(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes,
                         std::size_t bins) {
  double sum = 0;
  for (const CalibrationBin& bin : calibration_curve(probabilities, outcomes, bins)) {
    sum += static_cast<double>(bin.rows) * std::fabs(bin.mean_probability - bin.rate);
  }
  return probabilities.empty() ? 0 : sum / static_cast<double>(probabilities.size());
}

}  // namespace footlight::learn
