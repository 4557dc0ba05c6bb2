#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/numeric/random.h"
#include "origin/learn/question_weights.h"

using namespace footlight;
using namespace footlight::learn;

namespace {

// Impressions of a world in which question q's match is worth truth[q] log-odds, who answers clicks more, and items
// differ: what matches the most is shown to nobody's liking, so that popularity and match are confounded.
struct World {
  MatchShares shares;
  std::vector<MatchCase> cases;
};

World world(std::size_t rows, const std::vector<double>& truth, std::size_t items) {
  World made;
  made.shares.questions = truth.size();
  Random random(7);
  for (std::size_t n = 0; n < rows; ++n) {
    const auto item = static_cast<std::uint32_t>(random.uniform() * static_cast<double>(items));
    const auto position = static_cast<std::uint8_t>(random.uniform() * 4);
    const bool answers = random.uniform() < 0.7;
    double log_odds = -2.5 + (item % 3 == 0 ? -1.0 : 0.3) - 0.4 * std::log2(1.0 + position) + (answers ? 0.8 : 0.0);
    std::uint64_t answered = 0;
    for (std::size_t q = 0; q < truth.size(); ++q) {
      const double chance = item % 3 == 0 ? 0.7 : 0.3;
      const double share = answers && random.uniform() < chance ? 1 : 0;
      if (answers) answered |= std::uint64_t{1} << q;
      log_odds += truth[q] * share;
      made.shares.shares.push_back(static_cast<float>(share));
    }
    made.shares.answered.push_back(answered);
    const bool clicked = random.uniform() < 1 / (1 + std::exp(-log_odds));
    made.cases.push_back({static_cast<std::uint32_t>(n), item, position, clicked});
  }
  return made;
}

std::vector<double> fit(const World& from, const std::vector<double>& guess) {
  const std::atomic<bool> cancel{false};
  return fit_question_log_odds(from.shares, from.cases, 30, guess, cancel);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(question_weights)

BOOST_AUTO_TEST_CASE(what_a_match_is_worth_is_found_beside_popularity_place_and_who_answers) {
  const std::vector<double> truth{1.0, 0.5, 0.0, 0.8};
  const auto learned = fit(world(200'000, truth, 30), {0.3, 0.9, 0.9, 0.0});
  for (std::size_t q = 0; q < truth.size(); ++q) BOOST_TEST(std::abs(learned[q] - truth[q]) < 0.07);
}

BOOST_AUTO_TEST_CASE(no_data_keeps_the_guess_and_little_moves_it_little) {
  const std::vector<double> guess{0.3, 0.9};
  BOOST_TEST(fit(world(0, {1.0, 0.0}, 30), guess) == guess, boost::test_tools::per_element());
  const auto learned = fit(world(100, {1.0, 0.0}, 30), guess);
  BOOST_TEST(learned[0] > 0.1);
  BOOST_TEST(learned[0] < 0.8);
  BOOST_TEST(learned[1] > 0.5);
}

BOOST_AUTO_TEST_CASE(a_match_never_speaks_against_an_item) {
  const auto learned = fit(world(100'000, {-1.0, 0.6}, 30), {0.5, 0.5});
  BOOST_TEST(learned[0] == 0);
  BOOST_TEST(std::abs(learned[1] - 0.6) < 0.1);
}

BOOST_AUTO_TEST_CASE(the_same_twice) {
  const World from = world(20'000, {0.7, 0.2}, 30);
  BOOST_TEST(fit(from, {0.5, 0.5}) == fit(from, {0.5, 0.5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(cancelling_ends_it) {
  const World from = world(1'000, {0.7, 0.2}, 30);
  const std::atomic<bool> cancel{true};
  BOOST_CHECK_THROW(
      static_cast<void>(fit_question_log_odds(from.shares, from.cases, 30, std::vector<double>{0.5, 0.5}, cancel)),
      Cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
