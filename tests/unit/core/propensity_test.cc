// conditional_propensities(): what decide() would have drawn, for a slate that it or another policy has shown.
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
using snapshot::kNone;

// Projects of rising bias, two of them alike, one pinned to the second place.
snapshot::SnapshotInput varied(float temperature, float diversity) {
  auto site = plain_site(20);
  for (std::uint32_t i = 0; i < 20; ++i) site.items[i].bias = static_cast<float>(i % 7) * 0.2F;
  site.items[3].affinities = {{402, 1}};
  site.items[6].affinities = {{402, 1}};
  site.slots[kProjects].temperature = temperature;
  site.slots[kProjects].diversity = diversity;
  site.rules.push_back(
      {.id = 1, .kind = snapshot::RuleKind::kPin, .slot_id = site.slots[kProjects].id, .item_id = 1, .position = 1});
  return site;
}

struct Told {
  std::vector<Chance> chances;
  std::vector<std::uint32_t> counts;

  [[nodiscard]] std::span<const Chance> of(std::size_t position) const {
    return {chances.data() + position * kMaxChances, counts[position]};
  }
  [[nodiscard]] float of(std::size_t position, std::uint32_t item) const {
    for (const Chance& chance : of(position)) {
      if (chance.item == item) return chance.propensity;
    }
    return 0;
  }
};

Told tell(Site& site, const Visitor& visitor, const std::vector<std::uint32_t>& shown,
          const Context& context = {kNow}) {
  Told told{std::vector<Chance>(shown.size() * kMaxChances), std::vector<std::uint32_t>(shown.size())};
  const SlotRequest request{kProjects, static_cast<std::uint32_t>(shown.size())};
  BOOST_REQUIRE(conditional_propensities(site.view, visitor, context, request, shown, site.scratch, told.chances,
                                         told.counts) == Status::kOk);
  return told;
}

Visitor unit(std::uint64_t id) {
  Visitor visitor;
  visitor.unit_id = id;
  return visitor;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(propensities)

// Every slate that decide() draws: its propensities to the bit, and all chances of a position together are 1.
BOOST_AUTO_TEST_CASE(of_its_own_draws_to_the_bit) {
  for (const float temperature : {0.0F, 0.01F, 0.3F, 50.0F}) {
    for (const float diversity : {0.0F, 0.5F}) {
      Site site(varied(temperature, diversity));
      for (std::uint64_t id = 0; id < 60; ++id) {
        const Decision& made = site.decide(unit(id), {{kProjects, 5}});
        std::vector<std::uint32_t> shown;
        for (const Entry& entry : made.entries_of(made.slots[0])) shown.push_back(entry.item);
        BOOST_REQUIRE_EQUAL(shown.size(), 5U);
        const std::vector<Entry> entries(made.entries, made.entries + made.entry_count);
        const Told told = tell(site, unit(id), shown);
        for (std::size_t p = 0; p < shown.size(); ++p) {
          BOOST_REQUIRE_EQUAL(told.of(p, shown[p]), entries[p].propensity);
          double sum = 0;
          for (const Chance& chance : told.of(p)) sum += static_cast<double>(chance.propensity);
          BOOST_REQUIRE_CLOSE(sum, 1.0, 1e-4);
        }
        BOOST_REQUIRE_EQUAL(told.of(1, site.view.find_item(1)), 1.0F);  // the pin
        if (temperature == 0.0F || id == 0) BOOST_REQUIRE_EQUAL(told.counts[0], 1U);
      }
    }
  }
}

// Another policy's slate: what it put above is gone, the pinned place has no chance for anything else, and what could
// not have been drawn has none.
BOOST_AUTO_TEST_CASE(of_a_slate_that_another_policy_showed) {
  Site site(varied(0.3F, 0));
  const Told told = tell(site, unit(7), {9, 8, 10});
  BOOST_TEST(told.of(0, 9) > 0);
  BOOST_TEST(told.of(1, 8) == 0);
  BOOST_TEST(told.of(2, 9) == 0);
  BOOST_TEST(told.of(2, 8) == 0);
  BOOST_TEST(told.of(2, 10) > 0);
  Visitor refuses = unit(7);
  interact(refuses, {.item_id = site.view.items()[9].id, .feedback = Feedback::kNegative, .day = kToday});
  BOOST_TEST(tell(site, refuses, {9}).of(0, 9) == 0);
}

BOOST_AUTO_TEST_CASE(below_an_unknown_item_nothing_is_told) {
  Site site(varied(0.3F, 0));
  const Told told = tell(site, unit(7), {9, 2, kNone, 4});
  BOOST_TEST(told.counts[2] > 0);  // what stood above is known
  BOOST_TEST(told.counts[3] == 0);
}

BOOST_AUTO_TEST_CASE(bad_requests_are_refused) {
  Site site(varied(0.3F, 0));
  std::vector<Chance> chances(2 * kMaxChances);
  std::vector<std::uint32_t> counts(2);
  const std::vector<std::uint32_t> shown = {1, 2};
  const auto ask = [&](SlotRequest request, std::span<const std::uint32_t> items, std::size_t scratch,
                       std::size_t room) {
    return conditional_propensities(site.view, unit(1), {kNow}, request, items, std::span(site.scratch).first(scratch),
                                    std::span(chances).first(room), counts);
  };
  const std::size_t enough = site.scratch.size();
  BOOST_CHECK(ask({kProjects, 2}, shown, enough, 2 * kMaxChances) == Status::kOk);
  BOOST_CHECK(ask({99, 2}, shown, enough, 2 * kMaxChances) == Status::kUnknownSlot);
  BOOST_CHECK(ask({kProjects, 2}, std::span(shown).first(1), enough, 2 * kMaxChances) == Status::kTooLarge);
  BOOST_CHECK(ask({kProjects, 2}, shown, enough - 16, 2 * kMaxChances) == Status::kTooLarge);
  BOOST_CHECK(ask({kProjects, 2}, shown, enough, 2 * kMaxChances - 1) == Status::kTooLarge);
}

BOOST_AUTO_TEST_SUITE_END()
