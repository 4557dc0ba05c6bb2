#include <cstring>
#include <memory>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"
#include "tests/world/world.h"

namespace {

using namespace footlight;
using snapshot::SnapshotView;

std::vector<std::byte> built(const snapshot::SnapshotInput& site) {
  auto bytes = snapshot::build(site);
  BOOST_REQUIRE_MESSAGE(bytes.has_value(), (bytes ? "" : bytes.error().what));
  return *bytes;
}

// Walks everything a view can give and decides a page on it: with the address sanitizer on, any wrong offset shows.
void use(const SnapshotView& view) {
  std::size_t seen = 0;
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    for (std::uint32_t l = 0; l < view.locale_count(); ++l) {
      for (const char c : view.item_body(i, l)) seen += static_cast<unsigned char>(c);
      seen += view.item_name(i, l).size();
    }
    for (const auto n : view.neighbours(i).items) seen += view.items()[n].id;
    for (std::uint32_t c = 0; c < view.stride(); ++c) seen += static_cast<std::size_t>(view.features(i)[c]);
  }
  Random random(9);
  world::Options options;
  options.items = 20;
  const auto site = world::make_site(options);
  std::vector<std::byte> scratch(decide_scratch_bytes(view));
  const auto decision = std::make_unique<Decision>();
  for (int round = 0; round < 3; ++round) {
    const Visitor visitor = world::make_visitor(random, site, options);
    std::vector<SlotRequest> requests;
    for (std::uint32_t s = 0; s < view.slots().size() && s < kMaxSlotRequests; ++s) requests.push_back({s, 3});
    const Status status = decide(view, visitor, {options.today * 86400U, true, true}, requests, scratch, *decision);
    BOOST_REQUIRE(status == Status::kOk || status == Status::kTooLarge);
    for (std::uint32_t e = 0; e < decision->entry_count; ++e) {
      char words[256];
      seen += write_reason(view, decision->entries[e], 1, words);
    }
  }
  BOOST_TEST(seen != std::size_t{1});
}

BOOST_AUTO_TEST_SUITE(snapshots)

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
  use(*view);
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

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  const auto bytes = built(world::make_site({.items = 12}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    BOOST_REQUIRE_MESSAGE(!SnapshotView::open(cut).has_value(), "cut at " << size);
  }
  auto longer = bytes;
  longer.push_back(std::byte{0});
  BOOST_CHECK(!SnapshotView::open(longer).has_value());
}

BOOST_AUTO_TEST_CASE(every_flipped_byte_gives_a_status_or_a_usable_view) {
  const auto bytes = built(world::make_site({.items = 8, .neighbours = 4}));
  std::size_t refused = 0;
  std::size_t usable = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      auto broken = bytes;
      broken[at] ^= static_cast<std::byte>(flip);
      const auto view = SnapshotView::open(broken);
      if (!view) {
        ++refused;
        continue;
      }
      ++usable;
      if (at % 7 == 0 || at < 2048) use(*view);
    }
  }
  BOOST_TEST_MESSAGE(refused << " refused, " << usable << " usable");
  BOOST_CHECK_GT(refused, 1000U);
  BOOST_CHECK_GT(usable, 1000U);
}

BOOST_AUTO_TEST_CASE(unknown_sections_are_skipped_and_majors_refused) {
  auto bytes = built(world::make_site({.items = 8}));
  snapshot::Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  ++header.minor;
  std::memcpy(bytes.data(), &header, sizeof header);
  BOOST_CHECK(SnapshotView::open(bytes).has_value());
  ++header.major;
  std::memcpy(bytes.data(), &header, sizeof header);
  BOOST_CHECK(SnapshotView::open(bytes).error() == Status::kUnsupportedMajor);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
