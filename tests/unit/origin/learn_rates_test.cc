#include <cmath>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/numeric/random.h"
#include "origin/learn/rates.h"

namespace {

using namespace footlight;
using namespace footlight::learn;

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_rates)

BOOST_AUTO_TEST_CASE(few_visitors_stay_near_the_mean_many_keep_their_own_rate) {
  const RatePrior prior{0.2, 20};
  BOOST_TEST(shrunk_rate({0, 0}, prior) == 0.2, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(shrunk_rate({1, 1}, prior) < 0.25);
  BOOST_TEST(shrunk_rate({10000, 9000}, prior) > 0.89);
}

BOOST_AUTO_TEST_CASE(the_rate_rises_with_choices_and_falls_with_views) {
  const RatePrior prior{0.3, 7};
  for (std::uint64_t seen = 1; seen < 50; ++seen) {
    for (std::uint64_t chosen = 0; chosen < seen; ++chosen) {
      BOOST_REQUIRE(shrunk_rate({seen, chosen + 1}, prior) > shrunk_rate({seen, chosen}, prior));
      BOOST_REQUIRE(shrunk_rate({seen + 1, chosen}, prior) < shrunk_rate({seen, chosen}, prior));
      BOOST_REQUIRE(shrunk_rate({seen, chosen}, prior) > 0);
      BOOST_REQUIRE(shrunk_rate({seen, chosen + 1}, prior) < 1);
    }
  }
}

// 400 items whose rates are drawn from Beta(3, 9): mean .25, strength 12, with 30 to 230 visitors each.
BOOST_AUTO_TEST_CASE(a_planted_prior_is_recovered) {
  std::mt19937_64 bits(20260101);
  std::gamma_distribution<double> a(3.0);
  std::gamma_distribution<double> b(9.0);
  std::uniform_int_distribution<int> visitors(30, 230);
  std::vector<Count> counts;
  for (int i = 0; i < 400; ++i) {
    const double x = a(bits);
    const double rate = x / (x + b(bits));
    Count count{static_cast<std::uint64_t>(visitors(bits)), 0};
    std::binomial_distribution<int> draws(static_cast<int>(count.seen), rate);
    count.chosen = static_cast<std::uint64_t>(draws(bits));
    counts.push_back(count);
  }
  const RatePrior prior = fit_rate_prior(counts);
  BOOST_TEST(std::abs(prior.mean - 0.25) < 0.02);
  BOOST_TEST(prior.strength > 9.0);
  BOOST_TEST(prior.strength < 16.0);
}

BOOST_AUTO_TEST_CASE(no_spread_beyond_chance_means_all_alike) {
  const std::vector<Count> counts(50, Count{100, 30});
  BOOST_TEST(fit_rate_prior(counts).strength == kMaxStrength);
}

BOOST_AUTO_TEST_CASE(nothing_to_fit_gives_a_usable_prior) {
  for (const std::vector<Count>& counts :
       {std::vector<Count>{}, {{0, 0}}, {{10, 10}}, {{10, 0}}, {{5, 5}, {5, 5}, {5, 5}}, {{1, 0}, {1, 0}, {1, 0}}}) {
    const RatePrior prior = fit_rate_prior(counts);
    BOOST_TEST(prior.mean > 0);
    BOOST_TEST(prior.mean < 1);
    BOOST_TEST(prior.strength >= kMinStrength);
    BOOST_TEST(prior.strength <= kMaxStrength);
    BOOST_TEST(std::isfinite(logit(shrunk_rate({5, 5}, prior))));
  }
}

BOOST_AUTO_TEST_CASE(logit_is_finite_everywhere) {
  BOOST_TEST(logit(0.5) == 0.0);
  BOOST_TEST(logit(0.0) < -13);
  BOOST_TEST(std::isfinite(logit(0.0)));
  BOOST_TEST(std::isfinite(logit(1.0)));
}

BOOST_AUTO_TEST_SUITE_END()
