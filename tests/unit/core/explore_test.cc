// The pool, diversity and exploration: which cards a slot draws from, with what probability.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/model/similarity.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;

// Projects of rising bias: the last is the best.
snapshot::SnapshotInput rising(std::uint32_t items, float step) {
  auto site = plain_site(items);
  for (std::uint32_t i = 0; i < items; ++i) site.items[i].bias = static_cast<float>(i) * step;
  site.slots[kProjects].diversity = 0;
  return site;
}

Visitor unit(std::uint64_t id) {
  Visitor visitor;
  visitor.unit_id = id;
  return visitor;
}

BOOST_AUTO_TEST_SUITE(exploring)

// P = max(16, 4 * limit): with a temperature that makes all equal, just those are ever drawn.
BOOST_AUTO_TEST_CASE(only_the_best_p_are_drawn_from) {
  auto input = rising(40, 0.01F);
  input.slots[kProjects].temperature = 100;
  Site site(std::move(input));
  for (const auto& [limit, pool] : std::map<std::uint32_t, std::uint32_t>{{1, 16}, {4, 16}, {5, 20}, {8, 32}}) {
    std::set<std::uint32_t> drawn;
    for (std::uint64_t id = 1; id <= 2000; ++id)
      drawn.insert(site.decide(unit(id), {{kProjects, limit}}).entries[0].item_id);
    BOOST_CHECK_EQUAL(drawn.size(), pool);
    BOOST_CHECK_EQUAL(*drawn.begin(), (40 - pool) * 3 + 1);
  }
}

BOOST_AUTO_TEST_CASE(of_equals_the_lower_ids_are_in_the_pool) {
  auto input = rising(40, 0);
  input.slots[kProjects].temperature = 1;
  Site site(std::move(input));
  std::set<std::uint32_t> drawn;
  for (std::uint64_t id = 1; id <= 2000; ++id) drawn.insert(site.decide(unit(id), {{kProjects, 2}}).entries[0].item_id);
  BOOST_CHECK_EQUAL(drawn.size(), 16U);
  BOOST_CHECK_EQUAL(*drawn.rbegin(), 15U * 3 + 1);
}

BOOST_AUTO_TEST_CASE(diversity_parts_equal_cards) {
  auto input = plain_site();
  for (const std::size_t i : {0U, 1U, 2U}) input.items[i].affinities = {{402, 1}};
  input.items[4].affinities = {{405, 1}};
  input.slots[kProjects].diversity = 0.3F;
  Site site(std::move(input));
  BOOST_TEST(ids(site.decide({}, {{kProjects, 5}})) == (std::vector<std::uint32_t>{1, 10, 13, 4, 7}),
             boost::test_tools::per_element());
}

// Item 13 is .5 better than item 4 and loses just that to the card above: the lower id goes first.
BOOST_AUTO_TEST_CASE(what_diversity_makes_equal_goes_by_id) {
  auto input = rising(5, 0);
  input.items[0].affinities = input.items[4].affinities = {{402, 1}};
  input.items[0].bias = 1;
  input.items[2].bias = input.items[3].bias = -5;
  input.items[4].bias = 0.5F;
  input.slots[kProjects].diversity = 0.5F;
  Site site(std::move(input));
  BOOST_TEST(ids(site.decide({}, {{kProjects, 3}})) == (std::vector<std::uint32_t>{1, 4, 13}),
             boost::test_tools::per_element());
}

// The nearest card above counts, not the latest.
BOOST_AUTO_TEST_CASE(a_card_is_compared_with_all_above_it) {
  auto input = rising(4, 0);
  input.items[0].affinities = input.items[2].affinities = {{402, 1}};
  input.items[1].affinities = {{405, 1}};
  input.items[0].bias = 3;
  input.items[1].bias = 2;
  input.items[2].bias = 0.5F;
  input.slots[kProjects].diversity = 1;
  Site site(std::move(input));
  BOOST_TEST(ids(site.decide({}, {{kProjects, 4}})) == (std::vector<std::uint32_t>{1, 4, 10, 7}),
             boost::test_tools::per_element());
}

snapshot::SnapshotInput diverse() {
  auto site = rising(8, 0.15F);
  for (const std::size_t i : {0U, 1U, 2U}) site.items[i].affinities = {{402, 1}};
  for (const std::size_t i : {5U, 6U, 7U}) site.items[i].affinities = {{405, 1}, {501, 1}};
  site.slots[kProjects].temperature = 0.4F;
  site.slots[kProjects].diversity = 0.5F;
  snapshot::RuleInput pin;
  pin.id = 1;
  pin.item_id = 22;
  pin.position = 1;
  site.rules = {pin};
  return site;
}

// Each logged propensity is exactly the softmax over what was left at that place.
BOOST_AUTO_TEST_CASE(propensity_is_the_softmax_over_what_was_left) {
  Site site(diverse());
  for (std::uint64_t id = 1; id <= 300; ++id) {
    const Decision& decision = site.decide(unit(id), {{kProjects, 4}});
    BOOST_REQUIRE_EQUAL(decision.entry_count, 4U);
    std::vector<std::uint32_t> above;
    for (const Entry& entry : decision.entries_of(decision.slots[0])) {
      double total = 0;
      double own = 0;
      for (std::uint32_t i = 0; i < 8; ++i) {
        if (site.view.items()[i].id == 22) continue;  // pinned
        if (std::find(above.begin(), above.end(), i) != above.end()) continue;
        double nearest = 0;
        for (const std::uint32_t card : above) nearest = std::max(nearest, content_similarity(site.view, card, i));
        const double odds = std::exp((static_cast<double>(site.view.items()[i].bias) - 0.5 * nearest) / double{0.4F});
        total += odds;
        if (i == entry.item) own = odds;
      }
      const double want = above.size() == 1 ? 1.0 : own / total;
      BOOST_REQUIRE_SMALL(static_cast<double>(entry.propensity) - want, 1e-6);
      above.push_back(entry.item);
    }
  }
}

// What is drawn at each place, given the cards above it, comes as often as its propensity says.
BOOST_AUTO_TEST_CASE(propensity_is_the_frequency_at_every_place) {
  Site site(diverse());
  struct Cell {
    int count = 0;
    double propensity = 0;
  };
  std::map<std::string, std::map<std::uint32_t, Cell>> places;  // by the cards above
  Random random(11);
  for (int v = 0; v < 30000; ++v) {
    std::string above;
    for (const Entry& entry : site.decide(unit(random.next()), {{kProjects, 4}}).entries_of(site.decision->slots[0])) {
      Cell& cell = places[above][entry.item_id];
      BOOST_REQUIRE(cell.count == 0 || cell.propensity == static_cast<double>(entry.propensity));
      ++cell.count;
      cell.propensity = static_cast<double>(entry.propensity);
      above += std::to_string(entry.item_id) + " ";
    }
  }
  int cells = 0;
  for (const auto& [above, drawn] : places) {
    double total = 0;
    for (const auto& [id, cell] : drawn) total += cell.count;
    for (const auto& [id, cell] : drawn) {
      const double expected = total * cell.propensity;
      if (expected < 20 || cell.propensity == 1.0) continue;
      ++cells;
      const double z = (cell.count - expected) / std::sqrt(expected * (1 - cell.propensity));
      BOOST_CHECK_MESSAGE(std::abs(z) < 5, "after " << above << "item " << id << ": z = " << z);
    }
  }
  BOOST_CHECK_GT(cells, 100);
}

BOOST_AUTO_TEST_CASE(a_page_is_stable_over_a_day_and_changes_with_the_day) {
  Site site(world::make_site({.items = 300}));
  Visitor visitor = unit(77);
  const std::uint32_t midnight = std::uint32_t{kToday} * 86400U;
  const auto first = ids(site.decide(visitor, {{kProjects, 6}}, {midnight + 1000}));
  BOOST_CHECK(first == ids(site.decide(visitor, {{kProjects, 6}}, {midnight + 30000})));
  int changed = 0;
  for (std::uint32_t day = 1; day < 20; ++day) {
    changed += ids(site.decide(visitor, {{kProjects, 6}}, {midnight + day * 86400U + 1000})) != first ? 1 : 0;
  }
  BOOST_CHECK_GT(changed, 10);
}

// The day begins at midnight UTC, to the second.
BOOST_AUTO_TEST_CASE(a_day_ends_at_midnight) {
  auto input = rising(16, 0);
  input.slots[kProjects].temperature = 1;
  Site site(std::move(input));
  const std::uint32_t midnight = std::uint32_t{kToday} * 86400U;
  int same = 0;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    const auto at = [&](std::uint32_t now_s) { return ids(site.decide(unit(id), {{kProjects, 6}}, {now_s})); };
    const auto today = at(midnight);
    BOOST_CHECK(today == at(midnight + 86399));
    same += today == at(midnight - 1) ? 1 : 0;
    same += today == at(midnight + 86400) ? 1 : 0;
  }
  BOOST_CHECK_EQUAL(same, 0);
}

// Two slots that equal each other but for their id, or two versions of one site, draw differently.
BOOST_AUTO_TEST_CASE(slots_and_versions_draw_by_themselves) {
  auto input = rising(16, 0);
  input.slots[kProjects].temperature = 1;
  auto& other = input.slots[kResources];
  other = input.slots[kProjects];
  other.id = 5;
  other.name = "other";
  Site site(input);
  input.version += 1;
  Site later(std::move(input));
  int by_slot = 0;
  int by_version = 0;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    const auto here = ids(site.decide(unit(id), {{kProjects, 6}}));
    by_slot += here == ids(site.decide(unit(id), {{kResources, 6}})) ? 1 : 0;
    by_version += here == ids(later.decide(unit(id), {{kProjects, 6}})) ? 1 : 0;
  }
  BOOST_CHECK_EQUAL(by_slot, 0);
  BOOST_CHECK_EQUAL(by_version, 0);
}

BOOST_AUTO_TEST_CASE(who_is_not_explored_on_gets_the_best_first) {
  auto input = rising(16, 0.1F);
  input.slots[kProjects].temperature = 1;
  Site site(std::move(input));
  const std::vector<std::uint32_t> best = {46, 43, 40, 37};
  const auto greedy = [&](std::uint64_t id, bool explore) {
    const Decision& decision = site.decide(unit(id), {{kProjects, 4}}, {kNow, explore, true});
    for (const Entry& entry : decision.entries_of(decision.slots[0])) BOOST_CHECK_EQUAL(entry.propensity, 1.0F);
    BOOST_TEST(ids(decision) == best, boost::test_tools::per_element());
  };
  for (std::uint64_t id = 1; id <= 20; ++id) greedy(id, false);
  greedy(0, true);
}

// So cold that all odds but the best one's are 0 in a double: the next best is weighed anew.
BOOST_AUTO_TEST_CASE(a_tiny_temperature_is_greedy_and_safe) {
  auto input = rising(16, 1);
  input.slots[kProjects].temperature = 1e-4F;
  Site site(std::move(input));
  for (std::uint64_t id = 1; id <= 20; ++id) {
    const Decision& decision = site.decide(unit(id), {{kProjects, 6}});
    BOOST_TEST(ids(decision) == (std::vector<std::uint32_t>{46, 43, 40, 37, 34, 31}), boost::test_tools::per_element());
    for (const Entry& entry : decision.entries_of(decision.slots[0])) BOOST_CHECK_EQUAL(entry.propensity, 1.0F);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
