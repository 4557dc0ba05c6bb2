// The promises of the statistics, kept in simulated experiments whose truth is known. Seeds are fixed; a share is held
// against its nominal value with three standard errors of room.
#include <cmath>
#include <optional>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/numeric/elementary.h"
#include "core/numeric/random.h"
#include "origin/experiment/bayesian.h"
#include "origin/experiment/health.h"
#include "origin/experiment/peeking.h"
#include "origin/experiment/power.h"

namespace {

using namespace footlight;
using namespace footlight::experiment;

constexpr double kAlpha = 0.05;

double normal(Random& random) {  // Irwin-Hall: near enough, and symmetric
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum - 6;
}

double room(double share, int runs) { return 3 * std::sqrt(share * (1 - share) / runs); }

// One unit: what it was before (its own level), what it does, and over how much.
struct World {
  double lift = 0;
  double noise = 1;
};

Sums draw(const World& world, bool treated, int units, Random& random) {
  Sums sums;
  for (int u = 0; u < units; ++u) {
    const double level = normal(random);
    const double base = 5 + normal(random) * 0.5;
    const double rate = (4 + level) * (treated ? 1 + world.lift : 1);
    const double parts[] = {rate * base + world.noise * normal(random), base, (4 + level) * 5 + normal(random), 5};
    sums.add(parts);
  }
  return sums;
}

// Share of experiments whose interval holds the truth, and the mean width.
template <typename Interval>
std::pair<double, double> coverage(const Metric& metric, double truth, bool relative, double lift, int runs,
                                   const Interval& interval_of) {
  Random random(7);
  double held = 0;
  double width = 0;
  for (int run = 0; run < runs; ++run) {
    const Sums control = draw({}, false, 300, random);
    const Sums treatment = draw({.lift = lift}, true, 300, random);
    const double theta = cuped_theta(metric, control, treatment);
    const Effect effect = effect_of(estimate(metric, control, theta), estimate(metric, treatment, theta), relative);
    const auto interval = interval_of(effect);
    held += interval.low <= truth && truth <= interval.high ? 1 : 0;
    width += interval.high - interval.low;
  }
  return {held / runs, width / runs};
}

constexpr auto kWelch = [](const Effect& effect) { return welch_test(effect, kAlpha)->interval; };
constexpr auto kFlatBayes = [](const Effect& effect) { return bayes_test(effect, {}, kAlpha)->interval; };

}  // namespace

BOOST_AUTO_TEST_SUITE(experiment_simulation)

BOOST_AUTO_TEST_CASE(intervals_hold_the_truth_as_often_as_they_say) {
  constexpr int kRuns = 1000;
  const double least = 1 - kAlpha - room(kAlpha, kRuns);
  const double most = 1 - kAlpha + room(kAlpha, kRuns);
  const auto check = [&](const char* name, double held) {
    BOOST_TEST_MESSAGE(name << " " << held);
    BOOST_TEST(held >= least, name << " covers " << held);
    BOOST_TEST(held <= most, name << " covers " << held);
  };
  const Metric mean{MetricKind::kMean, false};
  const Metric ratio{MetricKind::kRatio, false};
  const auto plain = coverage(mean, 0.05, true, 0.05, kRuns, kWelch);
  check("mean, relative", plain.first);
  check("mean, absolute", coverage(mean, 20 * 0.05, false, 0.05, kRuns, kWelch).first);
  check("mean, flat prior", coverage(mean, 0.05, true, 0.05, kRuns, kFlatBayes).first);
  check("ratio", coverage(ratio, 0.05, true, 0.05, kRuns, kWelch).first);
  // With the same units, and half the width or less: what was before explains most of them.
  const auto adjusted = coverage({MetricKind::kMean, true}, 0.05, true, 0.05, kRuns, kWelch);
  check("mean with CUPED", adjusted.first);
  BOOST_TEST(adjusted.second < plain.second / 1.5);
  check("ratio with CUPED", coverage({MetricKind::kRatio, true}, 0.05, true, 0.05, kRuns, kWelch).first);
}

BOOST_AUTO_TEST_CASE(looking_again_and_again_deceives_the_fixed_test_and_not_the_sequential_one) {
  const PeekingOptions none{.runs = 1000, .looks = 25, .units_per_look = 200};
  const PeekingResult result = simulate_peeking(none);
  BOOST_TEST(result.sequential_rejected <= none.alpha + room(none.alpha, 1000));
  BOOST_TEST(result.fixed_rejected > 3 * none.alpha);
  PeekingOptions planted = none;
  planted.lift = 0.3;
  const PeekingResult found = simulate_peeking(planted);
  BOOST_TEST(found.covered >= 1 - none.alpha - room(none.alpha, 1000));
  BOOST_TEST(found.sequential_rejected > 0.8);
}

BOOST_AUTO_TEST_CASE(a_sound_split_is_called_broken_as_often_as_alpha_says) {
  Random random(3);
  constexpr int kRuns = 4000;
  int alarms = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> units(3);
    for (int u = 0; u < 1000; ++u) {
      const double x = random.uniform();
      ++units[x < 0.5 ? 0 : x < 0.8 ? 1 : 2];
    }
    alarms += sample_ratio_p(units, {5, 3, 2}) < kAlpha ? 1 : 0;
  }
  BOOST_TEST(std::abs(alarms / double{kRuns} - kAlpha) < room(kAlpha, kRuns));
  BOOST_TEST(sample_ratio_p({5300, 4700}, {1, 1}) < kSampleRatioAlpha);
}

BOOST_AUTO_TEST_CASE(a_planted_lift_is_found_with_the_promised_power) {
  constexpr double kPower = 0.8;
  constexpr int kRuns = 400;
  const PowerMetric metric{.mean = 0.3, .variance = 0.21};
  const double units = *sample_size(metric, 0.05, kPower, {});
  BOOST_TEST(power_of(metric, 0.05, units, {}) == kPower, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(*minimum_detectable_effect(metric, units, kPower, {}) == 0.05, boost::test_tools::tolerance(1e-3));
  Random random(11);
  int found = 0;
  const Metric proportion{MetricKind::kProportion, false};
  for (int run = 0; run < kRuns; ++run) {
    const auto arm = [&](double rate) {
      Sums sums;
      for (auto left = static_cast<int>(std::ceil(units)); left > 0; --left) {
        const double one[] = {random.uniform() < rate ? 1.0 : 0.0};
        sums.add(one);
      }
      return estimate(proportion, sums, 0);
    };
    const Estimate control = arm(metric.mean);
    found += welch_test(effect_of(control, arm(metric.mean * 1.05), true), kAlpha)->p <= kAlpha ? 1 : 0;
  }
  BOOST_TEST(found / double{kRuns} >= kPower - room(kPower, kRuns));
}

BOOST_AUTO_TEST_CASE(where_nothing_can_be_said_nothing_is) {
  const Metric mean{MetricKind::kMean, false};
  Sums alike;
  const double one[] = {1.0};
  for (int i = 0; i < 10; ++i) alike.add(one);
  const Effect effect = effect_of(estimate(mean, alike, 0), estimate(mean, alike, 0), true);
  BOOST_TEST(!welch_test(effect, kAlpha).has_value());
  BOOST_TEST(!sequential_test(effect, kAlpha, kTuning).has_value());
  BOOST_TEST(!bayes_test(effect, {}, kAlpha).has_value());
  BOOST_TEST(!welch_test(effect_of({}, {}, false), kAlpha).has_value());
  BOOST_TEST(sample_ratio_p({}, {}) == 1.0);
  BOOST_TEST(!sample_size({.mean = 0.1, .variance = 0.09}, 0.0, 0.8, {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
