#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/numeric/random.h"
#include "origin/learn/cell_rates.h"
#include "origin/learn/off_policy.h"

namespace {

using namespace footlight;
using namespace footlight::learn;
namespace tt = boost::test_tools;

bool warns(const OffPolicy& report, Caution caution) {
  return std::any_of(report.warnings.begin(), report.warnings.end(),
                     [&](const Warning& warning) { return warning.caution == caution; });
}

// Three actions with rates of their own; the log draws them with kLogging, the target would with kTarget.
constexpr std::array<double, 3> kRates = {0.1, 0.3, 0.6};
constexpr std::array<double, 3> kLogging = {0.5, 0.3, 0.2};
constexpr std::array<double, 3> kTarget = {0.1, 0.2, 0.7};
constexpr double kTrue = 0.1 * 0.1 + 0.2 * 0.3 + 0.7 * 0.6;

struct World {
  std::array<double, 3> logging = kLogging;
  std::array<double, 3> target = kTarget;
  std::array<double, 3> model = {0.2, 0.2, 0.2};  // wrong on purpose
  std::size_t rounds = 400;
  std::size_t repeats = 1;  // rounds of one cluster, with one and the same outcome
};

std::vector<Round> play(const World& world, Random& random) {
  double expected = 0;
  for (std::size_t a = 0; a < 3; ++a) expected += world.target[a] * world.model[a];
  std::vector<Round> rounds;
  for (std::size_t i = 0; i < world.rounds; ++i) {
    double u = random.uniform();
    std::size_t action = 0;
    while (action < 2 && u >= world.logging[action]) u -= world.logging[action++];
    const double reward = random.uniform() < kRates[action] ? 1 : 0;
    for (std::size_t k = 0; k < world.repeats; ++k) {
      rounds.push_back({.cluster = i,
                        .reward = reward,
                        .propensity = world.logging[action],
                        .target = world.target[action],
                        .model = world.model[action],
                        .model_under_target = expected});
    }
  }
  return rounds;
}

// w = 2, .5, 1, 0.25; r = 1, 0, 1, 0; q = .5, .25, .5, .25; m = .4 everywhere.
std::vector<Round> four_rounds() {
  return {{1, 1, 0.25, 0.5, 0.5, 0.4},
          {2, 0, 0.5, 0.25, 0.25, 0.4},
          {3, 1, 0.5, 0.5, 0.5, 0.4},
          {4, 0, 0.8, 0.2, 0.25, 0.4}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_off_policy)

BOOST_AUTO_TEST_CASE(a_log_worked_by_hand) {
  const OffPolicy report = estimate(four_rounds());
  const auto near = tt::tolerance(1e-12);
  BOOST_TEST(report.ips.value == 3.0 / 4, near);
  BOOST_TEST(report.snips.value == 3.0 / 3.75, near);
  BOOST_TEST(report.dm.value == 0.4, near);
  // w (r - q): 1, -.125, .5, -.0625
  BOOST_TEST(report.dr.value == 0.4 + 1.3125 / 4, near);
  BOOST_TEST(report.effective_sample_size == 3.75 * 3.75 / (4 + 0.25 + 1 + 0.0625), near);
  BOOST_TEST(report.largest_weight == 2.0, near);
  BOOST_TEST(report.mean_weight == 0.9375, near);
  BOOST_TEST(report.logged.value == 0.5, near);
  // IPS: terms 2, 0, 1, 0 around .75; four clusters of one.
  const double squares = 1.25 * 1.25 + 0.75 * 0.75 + 0.25 * 0.25 + 0.75 * 0.75;
  BOOST_TEST(report.ips.standard_error == std::sqrt(4.0 / 3 * squares) / 4, near);
  // Student's 97.5 % quantile with 3 degrees of freedom, from a table.
  BOOST_TEST(report.ips.high - report.ips.value == 3.182446305284263 * report.ips.standard_error, tt::tolerance(1e-9));
  BOOST_TEST(report.ips.value - report.ips.low == report.ips.high - report.ips.value, tt::tolerance(1e-9));
  // SNIPS: w (r - .8) / .9375
  const double s = (0.4 * 0.4 + 0.4 * 0.4 + 0.2 * 0.2 + 0.2 * 0.2) / (0.9375 * 0.9375);
  BOOST_TEST(report.snips.standard_error == std::sqrt(4.0 / 3 * s) / 4, near);
}

// With tau = 1 the first round is left to the model: V + B^2 of both, by hand.
BOOST_AUTO_TEST_CASE(tau_minimises_the_bound) {
  const OffPolicy report = estimate(four_rounds());
  // Candidates 0, .25, .5, 1, 2. Terms less their mean, squared, / 16; B = mean of the weights above tau.
  const double all[4] = {1, -0.125, 0.5, -0.0625};
  const double weights[4] = {2, 0.5, 1, 0.25};
  double best = std::numeric_limits<double>::infinity();
  double tau = -1;
  double value = 0;
  for (const double candidate : {0.0, 0.25, 0.5, 1.0, 2.0}) {
    double sum = 0, squares = 0, above = 0;
    for (int i = 0; i < 4; ++i) {
      const double term = weights[i] <= candidate ? all[i] : 0;
      sum += term;
      squares += term * term;
      above += weights[i] > candidate ? weights[i] : 0;
    }
    const double error = (squares - sum * sum / 4) / 16 + above * above / 16;
    if (error <= best) {
      best = error;
      tau = candidate;
      value = 0.4 + sum / 4;
    }
  }
  BOOST_TEST(report.tau == tau);
  BOOST_TEST(report.switch_dr.value == value, tt::tolerance(1e-12));
}

// One round with an enormous weight. Who knows that hardly any of the target lies there trusts the model for it; from
// the log alone nobody could know.
BOOST_AUTO_TEST_CASE(an_enormous_weight_is_switched_off) {
  std::vector<Round> rounds;
  for (std::uint64_t i = 0; i < 200; ++i) rounds.push_back({i, i % 4 == 0 ? 1.0 : 0.0, 0.5, 0.5, 0.25, 0.25});
  rounds.push_back({200, 1, 0.0001, 0.02, 0.25, 0.25});  // weight 200
  BOOST_TEST(estimate(rounds).tau == 0.02 / 0.0001);
  BOOST_TEST(estimate(rounds).dr.value > 0.9);
  const std::array<TargetMass, 2> mass = {TargetMass{1, 0.98}, TargetMass{200, 0.02}};
  const OffPolicy report = estimate(rounds, {.mass = mass});
  BOOST_TEST(report.tau == 1.0);
  BOOST_TEST(report.switch_dr.value == 0.25, tt::tolerance(1e-9));
  BOOST_TEST(report.switch_dr.standard_error < 0.1 * report.dr.standard_error);
}

BOOST_AUTO_TEST_CASE(on_its_own_log_every_estimate_is_the_mean) {
  Random random(3);
  World world;
  world.target = world.logging;
  world.model = kRates;
  const auto rounds = play(world, random);
  const OffPolicy report = estimate(rounds);
  BOOST_TEST(report.ips.value == report.logged.value, tt::tolerance(1e-12));
  BOOST_TEST(report.snips.value == report.logged.value, tt::tolerance(1e-12));
  BOOST_TEST(report.ips.standard_error == report.logged.standard_error, tt::tolerance(1e-12));
  BOOST_TEST(report.effective_sample_size == 400.0, tt::tolerance(1e-9));
}

// Over many logs the mean error is within the Monte-Carlo error, and 95 % intervals cover about 95 % of the time. DM
// has a wrong model here and is as wrong as that.
BOOST_AUTO_TEST_CASE(unbiased_and_covering_over_many_logs) {
  constexpr int kLogs = 400;
  Random random(20260101);
  const World world;
  struct Tally {
    double sum = 0, squares = 0;
    int covered = 0;
    void add(const Interval& estimate) {
      sum += estimate.value - kTrue;
      squares += (estimate.value - kTrue) * (estimate.value - kTrue);
      covered += estimate.low <= kTrue && kTrue <= estimate.high ? 1 : 0;
    }
  } ips, snips, dr;
  for (int log = 0; log < kLogs; ++log) {
    const OffPolicy report = estimate(play(world, random));
    ips.add(report.ips);
    snips.add(report.snips);
    dr.add(report.dr);
    BOOST_REQUIRE(std::abs(report.dm.value - 0.2) < 1e-12);
  }
  for (const Tally& tally : {ips, snips, dr}) {
    const double error = std::sqrt(tally.squares / kLogs / kLogs);  // of the mean over the logs
    BOOST_TEST(std::abs(tally.sum / kLogs) < 4 * error);
    // 400 draws at .95: standard error .011
    BOOST_TEST(tally.covered >= 0.91 * kLogs);
    BOOST_TEST(tally.covered <= 0.99 * kLogs);
  }
  BOOST_TEST(snips.squares < ips.squares);
}

// About ten rewards a log, as on a site that has just begun: the normal interval still covers 90 %.
BOOST_AUTO_TEST_CASE(few_rewards_still_cover_nine_in_ten) {
  constexpr int kLogs = 300;
  Random random(77);
  int covered = 0;
  for (int log = 0; log < kLogs; ++log) {
    std::vector<Round> rounds;
    for (std::uint64_t i = 0; i < 300; ++i) {
      const bool first = random.uniform() < 0.5;
      const double reward = random.uniform() < (first ? 0.05 : 0.025) ? 1 : 0;
      rounds.push_back({i, reward, 0.5, first ? 0.75 : 0.25, 0, 0});
    }
    const Interval ips = estimate(rounds).ips;
    covered += ips.low <= 0.04375 && 0.04375 <= ips.high ? 1 : 0;
  }
  BOOST_TEST(covered >= 0.88 * kLogs);
}

// With the true rates as model, the mean of m alone is the answer, and DR adds noise around 0 with less spread than
// IPS.
BOOST_AUTO_TEST_CASE(an_exact_model_makes_dr_exact) {
  Random random(5);
  World world;
  world.model = kRates;
  auto rounds = play(world, random);
  BOOST_TEST(estimate(rounds).dm.value == kTrue, tt::tolerance(1e-12));
  BOOST_TEST(estimate(rounds).dr.standard_error < estimate(rounds).ips.standard_error);
  for (Round& round : rounds) round.reward = round.model;  // and no noise left in the reward
  const OffPolicy exact = estimate(rounds);
  BOOST_TEST(exact.dr.value == kTrue, tt::tolerance(1e-12));
  BOOST_TEST(exact.switch_dr.value == kTrue, tt::tolerance(1e-12));
  BOOST_TEST(exact.dr.standard_error < 1e-12);
}

BOOST_AUTO_TEST_CASE(clusters_widen_the_interval) {
  Random random(11);
  World world;
  world.repeats = 4;
  auto rounds = play(world, random);
  const OffPolicy clustered = estimate(rounds);
  for (std::size_t i = 0; i < rounds.size(); ++i) rounds[i].cluster = i;
  const OffPolicy apart = estimate(rounds);
  BOOST_TEST(clustered.ips.value == apart.ips.value);
  // Four equal rounds a cluster: twice as wide.
  BOOST_TEST(clustered.ips.standard_error / apart.ips.standard_error == 2.0, tt::tolerance(0.01));
  BOOST_TEST(clustered.clusters == 400);
}

BOOST_AUTO_TEST_CASE(the_difference_of_a_target_and_itself_is_nothing) {
  Random random(13);
  World world;
  const auto candidate = play(world, random);
  const OffPolicy same = estimate_difference(candidate, candidate);
  BOOST_TEST(same.dr.value == 0.0);
  BOOST_TEST(same.dr.standard_error == 0.0);
  BOOST_TEST(p_of_at_least_zero(same.dr) == 1.0);
  // The logging policy itself as baseline; the difference is the one of the values.
  auto baseline = candidate;
  for (Round& round : baseline) {
    round.target = round.propensity;
    round.model_under_target = 0.2;
  }
  const OffPolicy gain = estimate_difference(candidate, baseline);
  BOOST_TEST(gain.ips.value == estimate(candidate).ips.value - estimate(baseline).ips.value, tt::tolerance(1e-12));
  BOOST_TEST(gain.ips.low > 0);
  BOOST_TEST(p_of_at_least_zero(estimate_difference(baseline, candidate).ips) < 0.025);
  auto other = baseline;
  other[7].reward += 1;
  BOOST_CHECK_THROW((void)estimate_difference(candidate, other), std::invalid_argument);
}

// Each warning has a log that triggers it; the plain log triggers none.
BOOST_AUTO_TEST_CASE(a_good_log_has_no_warning) {
  Random random(17);
  BOOST_TEST(estimate(play({}, random)).warnings.empty());
}

BOOST_AUTO_TEST_CASE(each_warning_has_its_log) {
  Random random(19);
  const auto plain = play({}, random);
  BOOST_TEST(warns(estimate({}), Caution::kNothing));

  auto log = plain;
  for (Round& round : log) round.propensity = 1;
  BOOST_TEST(warns(estimate(log), Caution::kNoExploration));
  BOOST_TEST(!warns(estimate(log), Caution::kGreedyRounds));
  BOOST_TEST(warns(estimate(log), Caution::kSupport));

  log = plain;
  for (std::size_t i = 0; i < log.size(); i += 5) log[i].propensity = 1;
  BOOST_TEST(warns(estimate(log), Caution::kGreedyRounds));
  BOOST_TEST(!warns(estimate(log), Caution::kNoExploration));

  log = plain;
  for (std::size_t i = 0; i < log.size(); i += 10) log[i].propensity = i % 20 == 0 ? 0 : std::nan("");
  const OffPolicy unknown = estimate(log);
  BOOST_TEST(warns(unknown, Caution::kUnknownPropensity));
  BOOST_TEST(unknown.left_out == 40);
  BOOST_TEST(unknown.rounds == 360);

  BOOST_TEST(warns(estimate(plain, {.unsupported = 0.3}), Caution::kSupport));
  World narrow;  // the log never draws what the target shows most
  narrow.logging = {0.6, 0.4, 0};
  const OffPolicy unsupported = estimate(play(narrow, random));
  BOOST_TEST(warns(unsupported, Caution::kSupport));
  BOOST_TEST(unsupported.unsupported == 0.7, tt::tolerance(0.1));

  World rare;
  rare.logging = {0.98, 0.01, 0.01};
  BOOST_TEST(warns(estimate(play(rare, random)), Caution::kEffectiveSize));
  BOOST_TEST(warns(estimate(play(rare, random)), Caution::kFewCarry));

  log = plain;
  for (std::size_t i = 20; i < log.size(); ++i) log[i].reward = 0;
  BOOST_TEST(warns(estimate(log), Caution::kFewRewards));

  log = plain;
  for (std::size_t i = 0; i < log.size(); ++i) log[i].cluster = i % 7;
  BOOST_TEST(warns(estimate(log), Caution::kFewClusters));
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_refused) {
  auto log = four_rounds();
  log[2].target = 1.5;
  BOOST_CHECK_THROW((void)estimate(log), std::invalid_argument);
  log = four_rounds();
  log[0].reward = std::numeric_limits<double>::infinity();
  BOOST_CHECK_THROW((void)estimate(log), std::invalid_argument);
  BOOST_CHECK_THROW((void)estimate(four_rounds(), {.confidence = 1}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(cell_rates_never_use_a_rounds_own_fold) {
  // Cell 1 pays always, cell 2 never; the last round alone is of cell 3.
  std::vector<CellReward> rounds;
  for (std::uint64_t i = 0; i < 50; ++i) rounds.push_back({1 + i % 2, i, i % 2 == 0 ? 1.0 : 0.0});
  rounds.push_back({3, 50, 1});
  const CellRates model(rounds);
  BOOST_TEST(model.of(1, model.fold_of(0)) > 0.9);
  BOOST_TEST(model.of(2, model.fold_of(1)) < 0.1);
  const double alone = model.of(3, model.fold_of(50));
  BOOST_TEST(alone == 0.5, tt::tolerance(1e-12));  // the other folds' mean: 20 of 40
  auto changed = rounds;
  changed[50].reward = 0;
  BOOST_TEST(CellRates(changed).of(3, model.fold_of(50)) == alone);
  BOOST_TEST(CellRates(changed).of(3, (model.fold_of(50) + 1) % CellRates::kFolds) !=
             model.of(3, (model.fold_of(50) + 1) % CellRates::kFolds));
}

BOOST_AUTO_TEST_CASE(cells_that_do_not_differ_get_the_mean) {
  std::vector<CellReward> rounds;
  for (std::uint64_t i = 0; i < 400; ++i) rounds.push_back({i % 4, i, (i / 4) % 2 == 0 ? 1.0 : 0.0});
  const CellRates model(rounds);
  for (std::uint64_t cell = 0; cell < 4; ++cell) {
    BOOST_TEST(model.of(cell, 0) == 0.5, tt::tolerance(0.02));
    BOOST_TEST(model.of(cell, 0) == model.of(99, 0));
  }
  BOOST_TEST(CellRates({}).of(1, 0) == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
