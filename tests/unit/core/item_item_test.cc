#include "core/model/item_item.h"

#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/numeric/random.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;

// What a history of the plain site's items does to the others, written as one would on paper. `days_ago` belongs to
// `history`; every item is clicked, those in `disliked` are not liked.
struct Past {
  std::vector<std::uint32_t> items;  // ids
  std::vector<std::uint32_t> days_ago;
  std::vector<Feedback> feedback;
};

double naive_cf(const Site& site, const Past& past, std::uint32_t item) {
  const auto& w = site.view.weights();
  double sum = 0;
  double chosen = 0;
  for (std::size_t h = 0; h < past.items.size(); ++h) {
    double a = past.feedback[h] == Feedback::kNegative ? -1 : past.feedback[h] == Feedback::kPositive ? 1.5 : 1;
    a *= std::pow(2.0, -static_cast<double>(past.days_ago[h]) / static_cast<double>(w.half_life_days));
    if (a > 0) chosen += a;
    const std::uint32_t from = site.view.find_item(past.items[h]);
    if (from == snapshot::kNone) continue;
    const auto row = site.view.neighbours(from);
    for (std::size_t n = 0; n < row.items.size(); ++n) {
      if (row.items[n] == item) sum += a * row.weights[n] * static_cast<double>(row.scale);
    }
  }
  return sum / std::pow(std::max(1.0, chosen), static_cast<double>(w.history_exponent));
}

Visitor visitor_of(const Past& past) {
  Visitor visitor;
  for (std::size_t h = 0; h < past.items.size(); ++h) {
    interact(visitor, {.item_id = past.items[h],
                       .action = Action::kClick,
                       .feedback = past.feedback[h],
                       .day = static_cast<std::uint16_t>(kToday - past.days_ago[h])});
  }
  return visitor;
}

Site woven(float exponent) {
  auto input = plain_site(12);
  Random random(7);
  for (auto& item : input.items) {
    for (const auto& other : input.items) {
      if (other.id != item.id && random.uniform() < 0.6) {
        item.neighbours.push_back({other.id, static_cast<float>(2 * random.uniform() - 0.6)});
      }
    }
  }
  input.weights.history_exponent = exponent;
  return Site(std::move(input));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(item_item)

BOOST_AUTO_TEST_CASE(the_sum_is_the_formula_and_its_shares_add_up) {
  Random random(11);
  for (const float exponent : {0.0F, 0.3F, 0.5F, 1.0F}) {
    const Site site = woven(exponent);
    for (int round = 0; round < 40; ++round) {
      Past past;
      const std::uint32_t length = world::below(random, 10);
      for (std::uint32_t h = 0; h < length; ++h) {
        // Every item once, ids 1, 4, …; one in eight is not in the snapshot.
        past.items.push_back(random.uniform() < 0.125 ? 1000 + h : 3 * h + 1);
        past.days_ago.push_back((length - h) * world::below(random, 2) * 9);
        past.feedback.push_back(static_cast<Feedback>(world::below(random, 3)));
      }
      std::sort(past.days_ago.rbegin(), past.days_ago.rend());
      const Visitor visitor = visitor_of(past);
      BOOST_REQUIRE_EQUAL(std::size_t{visitor.history_count}, past.items.size());
      const RecentItems recent = recent_items(visitor, site.view, kToday);
      std::vector<double> scores(site.view.items().size(), 0.25);
      add_item_item(recent, site.view, 3.0, scores);
      for (std::uint32_t i = 0; i < scores.size(); ++i) {
        const double expected = naive_cf(site, past, i);
        BOOST_TEST(std::abs(scores[i] - (0.25 + 3 * expected)) < 1e-12);
        const Contribution share = strongest_history(recent, site.view, i);
        BOOST_TEST(std::abs(share.total - expected) < 1e-12);
        if (share.item == snapshot::kNone) continue;
        RecentItems alone = recent;
        alone.count = 0;
        for (std::uint32_t h = 0; h < recent.count; ++h) {
          if (recent.items[h] == share.item) {
            alone.items[0] = recent.items[h];
            alone.weights[0] = recent.weights[h];
            alone.count = 1;
          }
        }
        std::vector<double> only(scores.size(), 0);
        add_item_item(alone, site.view, 1.0, only);
        BOOST_TEST(std::abs(share.value - only[i]) < 1e-12);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(exponent_0_is_the_plain_sum_to_the_bit) {
  const Site site = woven(0);
  const RecentItems recent =
      recent_items(visitor_of({{1, 4, 7}, {0, 0, 0}, {Feedback{}, Feedback{}, Feedback{}}}), site.view, kToday);
  BOOST_CHECK_EQUAL(recent.damping, 1.0);
}

BOOST_AUTO_TEST_CASE(what_counts_as_history) {
  const Site site = woven(0.5F);
  const auto damping = [&](const Past& past) { return recent_items(visitor_of(past), site.view, kToday).damping; };
  constexpr auto kNo = Feedback::kNegative;
  constexpr Feedback kPlain{};
  BOOST_TEST(damping({}) == 1.0);
  BOOST_TEST(damping({{1}, {0}, {kPlain}}) == 1.0);
  BOOST_TEST(damping({{1}, {300}, {kPlain}}) == 1.0);  // one old choice is not blown up to a fresh one
  BOOST_TEST(std::abs(damping({{1, 4, 7, 10}, {0, 0, 0, 0}, {kPlain, kPlain, kPlain, kPlain}}) - 0.5) < 1e-15);
  BOOST_TEST(std::abs(damping({{1, 4, 7, 10, 13}, {0, 0, 0, 0, 0}, {kPlain, kPlain, kPlain, kPlain, kNo}}) - 0.5) <
             1e-15);  // a dislike is no choice
  BOOST_TEST(std::abs(damping({{1, 4, 7, 4711}, {0, 0, 0, 0}, {kPlain, kPlain, kPlain, kPlain}}) - 0.5) < 1e-15);
}

BOOST_AUTO_TEST_SUITE_END()
