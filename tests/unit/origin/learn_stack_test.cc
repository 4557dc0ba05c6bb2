// The stack and its calibration, and how far slots explore.
#include <cmath>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "origin/learn/stack.h"
#include "origin/learn/temperature.h"

namespace {

using namespace footlight::learn;

constexpr StackWeights kDefaults = {3, 1, 4, 1};

// n impressions whose truth is sigmoid(weights * parts + shift - drop * log2(1 + position)).
std::vector<StackRow> planted(std::size_t n, const StackWeights& weights, double shift, double drop = 0) {
  std::mt19937 random(7);
  const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
  std::vector<StackRow> rows;
  for (std::size_t i = 0; i < n; ++i) {
    StackRow row;
    row.parts = {static_cast<float>(uniform()), static_cast<float>(4 * uniform() - 2),
                 static_cast<float>(uniform() / 2), static_cast<float>(2 * uniform() - 1)};
    row.position = static_cast<std::uint8_t>(random() % 6);
    double log_odds = shift - drop * std::log2(1.0 + row.position);
    for (std::size_t j = 0; j < kStackParts; ++j) log_odds += weights[j] * static_cast<double>(row.parts[j]);
    row.clicked = uniform() < 1 / (1 + std::exp(-log_odds));
    row.checks = i % 2 == 1;
    rows.push_back(row);
  }
  return rows;
}

double distance(const StackWeights& a, const StackWeights& b) {
  double sum = 0;
  for (std::size_t j = 0; j < kStackParts; ++j) sum += std::abs(a[j] - b[j]);
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_stack)

BOOST_AUTO_TEST_CASE(without_data_the_defaults_stand) {
  const StackFit fit = fit_stack({}, kDefaults);
  BOOST_TEST(fit.weights == kDefaults, boost::test_tools::per_element());
  BOOST_TEST(!fit.calibrated);
  BOOST_TEST(fit.calibrate_scale == 1.0);
}

BOOST_AUTO_TEST_CASE(data_moves_the_weights_from_the_defaults_to_the_truth) {
  const StackWeights truth = {0.5, 1.4, 2, 0.6};
  double before = distance(kDefaults, truth);
  for (const std::size_t n : {60U, 2'000U, 20'000U}) {
    const StackFit fit = fit_stack(planted(n, truth, -1), kDefaults);
    const double now = distance(fit.weights, truth);
    BOOST_TEST(now < before, "with " << n << " rows " << now << " from the truth, before " << before);
    before = now;
  }
  BOOST_TEST(before < 0.6);
}

BOOST_AUTO_TEST_CASE(a_part_that_misleads_stops_at_zero) {
  const StackFit fit = fit_stack(planted(20'000, {1, 1, 1, -2}, -1), kDefaults);
  BOOST_TEST(fit.weights[3] == 0.0);
  BOOST_TEST(std::abs(fit.weights[1] - 1) < 0.3);  // the misleading part is gone from the sum, not from the truth
}

BOOST_AUTO_TEST_CASE(a_lower_place_does_not_count_against_what_stands_there) {
  // The better the match, the lower it stands: without position the match would look harmful.
  auto rows = planted(20'000, {2, 1, 1, 1}, 0, 0);
  std::mt19937 random(3);
  for (StackRow& row : rows) {
    row.position = static_cast<std::uint8_t>(row.parts[0] * 8);
    double log_odds = -1.5 * std::log2(1.0 + row.position);
    for (const float part : row.parts) log_odds += static_cast<double>(part);
    log_odds += static_cast<double>(row.parts[0]);
    row.clicked = static_cast<double>(random()) / 4294967296.0 < 1 / (1 + std::exp(-log_odds));
  }
  BOOST_TEST(fit_stack(rows, kDefaults).weights[0] > 1.0);
}

BOOST_AUTO_TEST_CASE(what_is_told_as_a_probability_is_one) {
  const StackFit fit = fit_stack(planted(20'000, {3, 1, 4, 1}, -4, 0.5), kDefaults);
  BOOST_TEST(fit.calibrated);
  BOOST_TEST(fit.ece <= 0.02);
  BOOST_TEST(fit.calibrate_shift < -3);
  BOOST_TEST(fit.auc > 0.7);
  BOOST_TEST(fit.log_loss < fit.base_log_loss);
}

BOOST_AUTO_TEST_CASE(a_check_that_fails_calibrates_nothing) {
  // The half that checks has another truth than the half that was fitted: the error is seen.
  auto rows = planted(4'000, {3, 1, 4, 1}, -4);
  const auto others = planted(4'000, {3, 1, 4, 1}, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].checks) rows[i].clicked = others[i].clicked;
  }
  const StackFit fit = fit_stack(rows, kDefaults);
  BOOST_TEST(fit.ece > 0.2);
  BOOST_TEST(!fit.calibrated);
}

BOOST_AUTO_TEST_CASE(exploration_falls_as_data_grows_and_stays_within_its_bounds) {
  const RatePrior prior{.mean = 0.1, .strength = 20};
  double before = 10;
  for (const std::uint64_t n : {0U, 10U, 100U, 1'000U, 10'000U}) {
    const std::vector<Count> candidates(16, {.seen = n, .chosen = n / 10});
    const double t = temperature_of(candidates, prior, 1, 10);
    BOOST_TEST(t <= before);
    before = t;
    BOOST_TEST(temperature_of(candidates, prior, 1, 0.3) <= 0.3);
    BOOST_TEST(temperature_of(candidates, prior, 1, 0.3) >= 0.3 * kTemperatureFloor);
    BOOST_TEST(temperature_of(candidates, prior, 1, 0) == 0.0);
  }
  // sd of an item with 1,000 visitors and 100 choices: sqrt(1/102 + 1/918) = 0.1044; a Gumbel as wide has scale 0.0814.
  const std::vector<Count> known(16, {.seen = 1'000, .chosen = 100});
  BOOST_TEST(std::abs(temperature_of(known, prior, 1, 0.5) - 0.0814) < 0.0001);
  BOOST_TEST(std::abs(temperature_of(known, prior, 2, 0.5) - 0.0500) < 0.0001);  // half of it is below the floor
  // A new item among the best raises it again.
  std::vector<Count> with_new = known;
  with_new.back() = {};
  BOOST_TEST(temperature_of(with_new, prior, 1, 0.5) > temperature_of(known, prior, 1, 0.5));
}

BOOST_AUTO_TEST_SUITE_END()
