// What the builder makes of a description.
#include "core/snapshot/builder.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/snapshot/reader.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
using snapshot::SnapshotView;

std::vector<std::byte> built(const snapshot::SnapshotInput& site) {
  auto bytes = snapshot::build(site);
  BOOST_REQUIRE_MESSAGE(bytes.has_value(), (bytes ? "" : bytes.error().what));
  return *bytes;
}

BOOST_AUTO_TEST_SUITE(building)

BOOST_AUTO_TEST_CASE(what_was_built_is_read_back) {
  world::Options options;
  options.items = 60;
  const auto site = world::make_site(options);
  const auto bytes = built(site);
  const auto view = SnapshotView::open(bytes);
  BOOST_REQUIRE(view.has_value());
  BOOST_CHECK_EQUAL(view->version(), site.version);
  BOOST_CHECK_EQUAL(view->items().size(), site.items.size());
  BOOST_CHECK_EQUAL(view->segments().size(), site.segments.size() + 1);
  BOOST_CHECK_EQUAL(view->locale_tag(view->find_locale("de-AT")), "de");
  BOOST_CHECK_EQUAL(view->find_locale("fr"), 0U);
  for (const auto& item : site.items) {
    const std::uint32_t index = view->find_item(item.id);
    BOOST_REQUIRE(index != snapshot::kNone);
    BOOST_CHECK(view->items()[index].type == item.type);
    BOOST_CHECK_EQUAL(view->item_body(index, 1), item.body[1]);
    BOOST_CHECK_EQUAL(view->item_body(index, 77), item.body[0]);  // an unknown locale is the default one
    BOOST_CHECK_EQUAL(view->find_item_by_uuid(item.uuid), index);
    BOOST_CHECK_LE(view->neighbours(index).items.size(), 32U);
  }
  BOOST_CHECK_EQUAL(view->find_item(2), snapshot::kNone);
  const std::uint32_t format = view->find_question("format");
  BOOST_CHECK_EQUAL(view->find_option(format, "format_2"), view->find_option_by_id(402));
  BOOST_CHECK_EQUAL(view->find_option(format, "format No. 2 \u2013 \u00e9"), view->find_option_by_id(402));
  BOOST_CHECK_EQUAL(view->find_option(format, "budget_2"), snapshot::kNone);
}

BOOST_AUTO_TEST_CASE(equal_input_gives_equal_bytes) {
  const auto site = world::make_site({});
  BOOST_CHECK(built(site) == built(site));
}

BOOST_AUTO_TEST_CASE(item_item_rows_keep_their_strongest_neighbours) {
  world::Options options;
  options.items = 100;
  options.neighbours = 50;
  auto site = world::make_site(options);
  site.neighbours_kept = 8;
  const auto bytes = built(site);
  const auto view = SnapshotView::open(bytes);
  BOOST_REQUIRE(view.has_value());
  const auto row = view->neighbours(view->find_item(1));
  BOOST_CHECK_LE(row.items.size(), 8U);
  int largest = 0;
  for (const auto weight : row.weights) largest = std::max(largest, std::abs(int{weight}));
  BOOST_CHECK_EQUAL(largest, 127);
}

BOOST_AUTO_TEST_CASE(ranges_match_by_overlap) {
  auto site = world::make_site({});
  site.items.resize(1);
  site.rules.clear();
  auto& item = site.items[0];
  item.affinities.clear();
  item.ranges = {{9, {5000, 15000}}};  // exactly the second option of budget: [5000, 15000]
  const auto bytes = built(site);
  const auto view = SnapshotView::open(bytes);
  BOOST_REQUIRE(view.has_value());
  const auto at = [&](std::uint32_t id) { return int{view->features(0)[view->find_option_by_id(id)]}; };
  BOOST_CHECK_EQUAL(at(900), 0);    // [0, 5000] touches in one point
  BOOST_CHECK_EQUAL(at(901), 127);  // equal
  BOOST_CHECK_EQUAL(at(902), 0);
  site.items[0].ranges = {{9, {6000, 7000}}};
  const auto inside = built(site);
  BOOST_CHECK_EQUAL(int{SnapshotView::open(inside)->features(0)[view->find_option_by_id(901)]}, 127);
  site.items[0].ranges = {{9, {0, 10000}}};
  const auto half = built(site);
  BOOST_CHECK_EQUAL(int{SnapshotView::open(half)->features(0)[view->find_option_by_id(901)]}, 64);
}

BOOST_AUTO_TEST_CASE(a_bad_description_is_named) {
  const auto refuses = [](auto change, const std::string& what) {
    auto site = world::make_site({.items = 30});
    change(site);
    const auto bytes = snapshot::build(site);
    BOOST_REQUIRE(!bytes.has_value());
    BOOST_CHECK_MESSAGE(bytes.error().what.find(what) != std::string::npos, bytes.error().what);
  };
  refuses([](auto& s) { s.items[3].affinities.push_back({4711, 1}); }, "option 4711 is not known");
  refuses([](auto& s) { s.items[3].id = s.items[2].id; }, "id is taken");
  refuses([](auto& s) { s.items[3].uuid = s.items[2].uuid; }, "uuid is taken");
  refuses([](auto& s) { s.rules[0].item_id = 99999; }, "item is not known");
  refuses([](auto& s) { s.locales.clear(); }, "locales");
  refuses([](auto& s) { s.segments[0].when[0].second = {999}; }, "option 999");
  refuses([](auto& s) { s.slots[0].max_limit = 65; }, "bad_value");
  refuses([](auto& s) { s.weights.match = -1; }, "bad_value");
}

BOOST_AUTO_TEST_CASE(of_an_item_item_row_the_largest_are_kept_whatever_their_sign) {
  auto input = plain_site();
  input.items[0].neighbours = {{4, 0.1F}, {7, -0.5F}, {10, 0.3F}, {13, 0.2F}};
  input.neighbours_kept = 2;
  const Site site(std::move(input));
  const auto row = site.view.neighbours(0);
  BOOST_REQUIRE_EQUAL(row.items.size(), 2U);
  BOOST_CHECK_EQUAL(site.view.items()[row.items[0]].id, 7U);
  BOOST_CHECK_EQUAL(site.view.items()[row.items[1]].id, 10U);
  BOOST_CHECK_EQUAL(int{row.weights[0]}, -127);
  BOOST_CHECK_EQUAL(int{row.weights[1]}, 76);
}

BOOST_AUTO_TEST_CASE(priors_are_log_odds_in_32nds_and_stop_at_3_9) {
  auto input = plain_site();
  input.everyone_priors = {{1, 0.5F}, {4, 3.9F}, {7, 100}, {10, -100}, {999, 1}};
  const Site site(std::move(input));
  const auto priors = site.view.segment_priors(0);
  const int want[] = {16, 125, 125, -125, 0};
  for (std::size_t i = 0; i < 5; ++i) BOOST_CHECK_EQUAL(int{priors[i]}, want[i]);
}

std::vector<std::uint32_t> slate_of(const Site& site, std::uint32_t segment, std::uint32_t slot) {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t item : site.view.slate(segment, slot)) out.push_back(site.view.items()[item].id);
  return out;
}

// Slots that show the same type share its items, as they do on a page.
BOOST_AUTO_TEST_CASE(no_item_stands_in_two_slates_of_a_segment) {
  auto input = plain_site(9);
  input.slots[kResources].types = {snapshot::ContentType::kProject};
  input.slots[kResources].diversity = 0;
  snapshot::RuleInput pin;
  pin.id = 1;
  pin.item_id = 1;
  pin.slot_id = 5;
  input.rules = {pin};
  const Site site(std::move(input));
  for (std::uint32_t s = 0; s < site.view.segments().size(); ++s) {
    BOOST_TEST(slate_of(site, s, kProjects) == (std::vector<std::uint32_t>{4, 7, 10, 13, 16, 19}),
               boost::test_tools::per_element());
    BOOST_TEST(slate_of(site, s, kResources) == (std::vector<std::uint32_t>{1, 22, 25}),
               boost::test_tools::per_element());
  }
}

// Sixteen slots or 256 cards are what one page may have: the next slot begins another.
BOOST_AUTO_TEST_CASE(slates_of_more_slots_than_a_page_may_have) {
  for (const std::uint16_t limit : {std::uint16_t{1}, std::uint16_t{64}}) {
    auto input = plain_site(300);
    const auto slot = input.slots[kProjects];
    input.slots.assign(20, slot);
    for (std::uint32_t s = 0; s < 20; ++s) {
      input.slots[s].id = s + 1;
      input.slots[s].limit = input.slots[s].max_limit = limit;
    }
    const Site site(std::move(input));
    const std::uint32_t page = limit == 1 ? 16 : 4;
    BOOST_CHECK(slate_of(site, 0, 0) == slate_of(site, 0, page));
    BOOST_CHECK(slate_of(site, 0, 1) == slate_of(site, 0, page + 1));
    BOOST_CHECK(slate_of(site, 0, 0) != slate_of(site, 0, page - 1));
    BOOST_CHECK_EQUAL(slate_of(site, 0, 19).size(), limit);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
