// Pins, exclusions, windows and limits: what a site's owner says comes before any score.
#include <ostream>
#include <string>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
namespace data = boost::unit_test::data;
using snapshot::ContentType;
using snapshot::ReasonKind;
using Slates = std::vector<std::vector<std::uint32_t>>;

snapshot::RuleInput pin(std::uint32_t item, std::uint32_t position) {
  snapshot::RuleInput rule;
  rule.id = 100 + item;
  rule.item_id = item;
  rule.position = position;
  return rule;
}

snapshot::RuleInput exclude(std::uint32_t item) {
  snapshot::RuleInput rule;
  rule.id = 200 + item;
  rule.kind = snapshot::RuleKind::kExclude;
  rule.item_id = item;
  return rule;
}

snapshot::RuleInput in_slot(snapshot::RuleInput rule, std::uint32_t slot_id) {
  rule.slot_id = slot_id;
  return rule;
}

snapshot::RuleInput for_segment(snapshot::RuleInput rule, std::uint32_t segment_id) {
  rule.segment_id = segment_id;
  return rule;
}

// Slots 2 ("projects") and 5 ("resources") both show projects here, and neither explores.
constexpr std::uint32_t kProjectsId = 2;
constexpr std::uint32_t kResourcesId = 5;
snapshot::SnapshotInput two_slots() {
  auto site = plain_site();
  for (const auto slot : {kProjects, kResources}) {
    site.slots[slot].types = {ContentType::kProject};
    site.slots[slot].temperature = site.slots[slot].diversity = 0;
    site.slots[slot].hide_seen = false;
  }
  return site;
}

struct RuleCase {
  const char* name;
  std::vector<snapshot::RuleInput> rules;
  std::vector<SlotRequest> requests;
  Slates want;
};
std::ostream& operator<<(std::ostream& out, const RuleCase& c) { return out << c.name; }

const std::vector<RuleCase> kRuleCases = {
    {"a pin brings an item up", {pin(10, 0)}, {{kProjects, 3}}, {{10, 1, 4}}},
    {"a pin holds an item down that ranks higher by itself", {pin(1, 2)}, {{kProjects, 4}}, {{4, 7, 1, 10}}},
    {"pins of neighbouring places", {pin(1, 1), pin(4, 0)}, {{kProjects, 3}}, {{4, 1, 7}}},
    {"of two pins for one place the first counts", {pin(13, 1), pin(10, 1)}, {{kProjects, 3}}, {{1, 13, 4}}},
    {"an item is pinned once", {pin(10, 1), pin(10, 0)}, {{kProjects, 3}}, {{1, 10, 4}}},
    {"a pin beyond the limit leaves its item free", {pin(1, 3)}, {{kProjects, 3}}, {{1, 4, 7}}},
    {"a pin of a later slot is kept for it",
     {in_slot(pin(1, 0), kResourcesId)},
     {{kProjects, 2}, {kResources, 2}},
     {{4, 7}, {1, 10}}},
    {"a pin of a slot that is not on the page keeps nothing",
     {in_slot(pin(1, 0), kResourcesId)},
     {{kProjects, 2}},
     {{1, 4}}},
    {"a pin for every slot goes to the first", {pin(10, 1)}, {{kProjects, 2}, {kResources, 2}}, {{1, 10}, {4, 7}}},
    {"two slots have a pin each for one place",
     {in_slot(pin(10, 0), kProjectsId), in_slot(pin(1, 0), kResourcesId)},
     {{kProjects, 2}, {kResources, 2}},
     {{10, 4}, {1, 7}}},
    {"where candidates run out, later pins move up",
     {exclude(1), exclude(7), exclude(10), pin(13, 4)},
     {{kProjects, 5}},
     {{4, 13}}},
    {"several pins move up in the order of their places",
     {exclude(1), exclude(7), pin(13, 4), pin(10, 3)},
     {{kProjects, 5}},
     {{4, 10, 13}}},
    {"an excluded item is not shown, pinned or not", {exclude(1), pin(1, 1)}, {{kProjects, 3}}, {{4, 7, 10}}},
    {"an exclusion keeps to its slot",
     {in_slot(exclude(1), kProjectsId)},
     {{kProjects, 2}, {kResources, 1}},
     {{4, 7}, {1}}},
    {"an exclusion from a later slot leaves the earlier",
     {in_slot(exclude(1), kResourcesId)},
     {{kProjects, 1}, {kResources, 2}},
     {{1}, {4, 7}}},
    {"a pin keeps to its slot", {in_slot(pin(10, 0), kProjectsId)}, {{kResources, 2}}, {{1, 4}}},
    {"a pin keeps to its segment", {for_segment(pin(10, 0), 2)}, {{kProjects, 2}}, {{1, 4}}},
    {"an item excluded from one slot may be pinned in another",
     {in_slot(exclude(1), kProjectsId), in_slot(pin(1, 1), kResourcesId)},
     {{kProjects, 2}, {kResources, 2}},
     {{4, 7}, {10, 1}}},
    {"one slot twice goes on where it stopped", {pin(1, 1)}, {{kProjects, 2}, {kProjects, 2}}, {{4, 1}, {7, 10}}},
};

BOOST_AUTO_TEST_SUITE(rules)

BOOST_DATA_TEST_CASE(a_rule_says_what_a_slot_shows, data::make(kRuleCases), c) {
  auto input = two_slots();
  input.rules = c.rules;
  Site site(std::move(input));
  BOOST_TEST(slates(site.decide({}, c.requests)) == c.want);
}

BOOST_AUTO_TEST_CASE(a_pin_holds_while_the_rest_is_explored) {
  auto input = two_slots();
  input.slots[kProjects].temperature = 1;
  input.rules = {pin(1, 2)};
  Site site(std::move(input));
  Random random(3);
  for (int round = 0; round < 500; ++round) {
    Visitor visitor;
    visitor.unit_id = random.next();
    const Decision& decision = site.decide(visitor, {{kProjects, 4}});
    BOOST_REQUIRE_EQUAL(decision.entry_count, 4U);
    BOOST_REQUIRE_EQUAL(decision.entries[2].item_id, 1U);
    BOOST_REQUIRE(decision.entries[2].reason == ReasonKind::kPinned);
    BOOST_REQUIRE_EQUAL(decision.entries[2].propensity, 1.0F);
    BOOST_REQUIRE_LT(decision.entries[0].propensity, 0.26F);  // one of four that are as good
  }
}

BOOST_AUTO_TEST_CASE(a_pin_is_stronger_than_hide_what_was_seen) {
  auto input = two_slots();
  for (std::size_t i = 1; i < 5; ++i) input.items[i].type = ContentType::kService;
  input.slots[kProjects].hide_seen = true;
  input.rules = {pin(1, 1)};
  Site site(std::move(input));
  Visitor visitor;
  interact(visitor, {1, Action::kClick, Feedback::kNone, 0, kToday});
  BOOST_TEST(slates(site.decide(visitor, {{kProjects, 3}})) == (Slates{{1}}));
  BOOST_CHECK(site.decision->entries[0].reason == ReasonKind::kPinned);
}

BOOST_AUTO_TEST_CASE(not_for_me_takes_an_item_away_even_from_a_pin) {
  auto input = two_slots();
  input.rules = {pin(7, 1)};
  Site site(std::move(input));
  BOOST_TEST(slates(site.decide({}, {{kProjects, 3}})) == (Slates{{1, 7, 4}}));
  BOOST_CHECK(site.decision->entries[1].reason == ReasonKind::kPinned);
  Visitor visitor;
  interact(visitor, {7, Action::kView, Feedback::kNegative, 0, kToday});
  BOOST_TEST(slates(site.decide(visitor, {{kProjects, 3}})) == (Slates{{1, 4, 10}}));
}

BOOST_AUTO_TEST_CASE(a_pin_of_another_type_than_the_slots_shows_nothing) {
  auto input = two_slots();
  input.items[4].type = ContentType::kService;
  input.rules = {pin(13, 0)};
  Site site(std::move(input));
  BOOST_TEST(slates(site.decide({}, {{kProjects, 2}})) == (Slates{{1, 4}}));
}

BOOST_AUTO_TEST_CASE(a_segments_rule_is_for_that_segment_alone) {
  auto input = two_slots();
  input.rules = {for_segment(exclude(1), 2), for_segment(pin(13, 0), 2)};
  Site site(std::move(input));
  BOOST_TEST(slates(site.decide({}, {{kProjects, 2}})) == (Slates{{1, 4}}));
  const Visitor of_it = answering(site, "format", "format_1");
  BOOST_TEST(slates(site.decide(of_it, {{kProjects, 2}})) == (Slates{{13, 4}}));
}

struct WindowCase {
  const char* name;
  std::uint32_t from;
  std::uint32_t until;
  bool shown;
};
std::ostream& operator<<(std::ostream& out, const WindowCase& c) { return out << c.name; }

const std::vector<WindowCase> kWindows = {
    {"always", 0, snapshot::kNone, true},
    {"from now on", kNow, snapshot::kNone, true},
    {"from a second later", kNow + 1, kNow + 9, false},
    {"until a second later", 0, kNow + 1, true},
    {"until now", 0, kNow, false},
};

// The window holds for a candidate and for a pin alike.
BOOST_DATA_TEST_CASE(a_window_is_from_and_until_exclusively, data::make(kWindows) * data::make({false, true}), window,
                     pinned) {
  auto input = two_slots();
  input.items[0].active_from_s = window.from;
  input.items[0].active_until_s = window.until;
  if (pinned) input.rules = {pin(1, 0)};
  Site site(std::move(input));
  BOOST_TEST(slates(site.decide({}, {{kProjects, 1}})) == (Slates{{window.shown ? 1U : 4U}}));
}

BOOST_AUTO_TEST_CASE(history_only_items_are_no_candidates_and_seen_ones_only_where_the_slot_hides_them) {
  auto input = two_slots();
  input.items[3].history_only = true;
  input.slots[kProjects].hide_seen = true;
  Site site(std::move(input));
  Visitor seen;
  interact(seen, {13, Action::kView, Feedback::kNone, 0, kToday});  // an impression hides nothing
  BOOST_TEST(slates(site.decide(seen, {{kProjects, 5}})) == (Slates{{1, 4, 7, 13}}));
  interact(seen, {13, Action::kClick, Feedback::kNone, 0, kToday});
  BOOST_TEST(slates(site.decide(seen, {{kProjects, 5}})) == (Slates{{1, 4, 7}}));
  BOOST_TEST(slates(site.decide(seen, {{kResources, 5}})).at(0).size() == 4U);
}

struct LimitCase {
  std::uint32_t asked;
  std::uint32_t given;
};
std::ostream& operator<<(std::ostream& out, const LimitCase& c) { return out << "asked for " << c.asked; }
const std::vector<LimitCase> kLimits = {{0, 6}, {1, 1}, {6, 6}, {24, 24}, {25, 24}, {30, 24}, {0xFFFFFFFFU, 24}};

BOOST_DATA_TEST_CASE(a_limit_is_the_slots_own_or_what_was_asked_to_its_most, data::make(kLimits), c) {
  static Site site(plain_site(40));
  BOOST_CHECK_EQUAL(site.decide({}, {{kProjects, c.asked}}).entry_count, c.given);
}

BOOST_AUTO_TEST_CASE(bad_requests_are_refused) {
  Site site(plain_site());
  const auto status = [&](std::vector<SlotRequest> requests) {
    return footlight::decide(site.view, {}, {kNow}, requests, site.scratch, *site.decision);
  };
  BOOST_CHECK(status({{99, 1}}) == Status::kUnknownSlot);
  BOOST_CHECK(status({{5, 1}}) == Status::kUnknownSlot);
  BOOST_CHECK(status(std::vector<SlotRequest>(kMaxSlotRequests + 1)) == Status::kTooLarge);
  BOOST_CHECK(status(std::vector<SlotRequest>(16, {kProjects, 24})) == Status::kTooLarge);
  BOOST_CHECK(footlight::decide(site.view, {}, {kNow}, {}, {site.scratch.data(), 3}, *site.decision) ==
              Status::kTooLarge);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
