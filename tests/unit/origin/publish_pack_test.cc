#include <memory>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "origin/publish/compare.h"
#include "origin/publish/live.h"
#include "origin/publish/pack.h"
#include "tests/world/world.h"

namespace {

using namespace footlight;
using publish::LiveSnapshot;

// A catalogue that is much larger than what one page can show.
struct World {
  world::Options options{.seed = 5, .items = 1200};
  snapshot::SnapshotInput input = world::make_site(options);
  LiveSnapshot edge{snapshot::build(input).value()};
};

std::vector<std::vector<std::uint32_t>> slates(const snapshot::SnapshotView& view, const Visitor& visitor) {
  std::vector<SlotRequest> requests;
  for (std::uint32_t s = 0; s < view.slots().size() && s < kMaxSlotRequests; ++s) requests.push_back({s, 0});
  std::vector<std::byte> scratch(decide_scratch_bytes(view));
  const auto decision = std::make_unique<Decision>();
  BOOST_REQUIRE(decide(view, visitor, {.now_s = 20780U * 86400U, .explore = false}, requests, scratch, *decision) ==
                Status::kOk);
  std::vector<std::vector<std::uint32_t>> out;
  for (std::uint32_t s = 0; s < decision->slot_count; ++s) {
    out.emplace_back();
    for (const Entry& entry : decision->entries_of(decision->slots[s])) out.back().push_back(entry.item_id);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(publish_pack)

BOOST_FIXTURE_TEST_CASE(the_segments_typical_visitor_gets_the_same_page_from_the_pack, World) {
  for (std::uint32_t s = 0; s < edge.view().segments().size(); ++s) {
    const LiveSnapshot pack(snapshot::build(publish::cut_pack(input, edge.view(), s)).value());
    Visitor visitor;
    visitor.segment_id = static_cast<std::uint16_t>(edge.view().segments()[s].id);
    BOOST_TEST((slates(pack.view(), visitor) == slates(edge.view(), visitor)));
    BOOST_TEST(pack.view().header().segment == s);
    if (s > 0) BOOST_TEST(pack.bytes().size() < edge.bytes().size() / 2);
  }
}

BOOST_FIXTURE_TEST_CASE(ghosts_are_few_nameless_bodies_and_never_shown, World) {
  const LiveSnapshot pack(snapshot::build(publish::cut_pack(input, edge.view(), 1)).value());
  const auto& view = pack.view();
  std::size_t ghosts = 0;
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    if ((view.items()[i].flags & snapshot::kHistoryOnly) == 0) {
      BOOST_TEST(!view.item_body(i, 0).empty());
      continue;
    }
    ++ghosts;
    BOOST_TEST(view.item_body(i, 0).empty());
    BOOST_TEST(!view.item_name(i, 0).empty());
  }
  BOOST_TEST(ghosts > 0U);
  BOOST_TEST(ghosts <= publish::kMaxGhosts);
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    for (const auto neighbour : view.neighbours(i).items) {
      BOOST_TEST((view.items()[neighbour].flags & snapshot::kHistoryOnly) == 0);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(history_with_a_ghost_still_moves_the_page, World) {
  const LiveSnapshot pack(snapshot::build(publish::cut_pack(input, edge.view(), 0)).value());
  const auto& view = pack.view();
  bool moved = false;
  for (std::uint32_t i = 0; i < view.items().size() && !moved; ++i) {
    if ((view.items()[i].flags & snapshot::kHistoryOnly) == 0 || view.neighbours(i).items.empty()) continue;
    Visitor visitor;
    interact(visitor, {.item_id = view.items()[i].id, .action = Action::kConvert, .day = 20780});
    moved = slates(view, visitor) != slates(view, Visitor{});
  }
  BOOST_TEST(moved);
}

BOOST_FIXTURE_TEST_CASE(comparing_a_snapshot_with_itself_finds_nothing, World) {
  publish::PageComparison pages(edge.view(), edge.view(), 20780U * 86400U);
  Random random(3);
  for (int v = 0; v < 50; ++v) pages.add(world::make_visitor(random, input, options));
  BOOST_TEST(pages.visitors() == 50U);
  BOOST_TEST(pages.changed() == 0U);
  BOOST_TEST(pages.items().empty());
  BOOST_TEST(publish::compare_content(edge.view(), edge.view()).empty());
}

BOOST_FIXTURE_TEST_CASE(what_a_change_does_is_counted, World) {
  auto changed = input;
  changed.version = 2;
  changed.weights.match = 0;
  const auto gone = changed.items.front().id;
  changed.items.erase(changed.items.begin());
  std::erase_if(changed.rules, [&](const auto& rule) { return rule.item_id == gone; });
  const LiveSnapshot after(snapshot::build(changed).value());
  const auto content = publish::compare_content(edge.view(), after.view());
  BOOST_TEST(content.at("items").at("removed").size() == 1U);
  BOOST_TEST(content.at("items").at("removed").at(0).at("id") == gone);
  BOOST_TEST(content.at("weights").contains("match"));
  BOOST_TEST(!content.at("items").contains("added"));
  publish::PageComparison pages(edge.view(), after.view(), 20780U * 86400U);
  Random random(3);
  for (int v = 0; v < 50; ++v) pages.add(world::make_visitor(random, input, options));
  BOOST_TEST(pages.changed() > 0U);
  std::uint64_t gained = 0;
  for (const auto& [id, item] : pages.items()) gained += item.gained;
  BOOST_TEST(gained > 0U);
  for (const auto& [name, slot] : pages.slots()) {
    BOOST_TEST(slot.changed <= pages.visitors());
    BOOST_TEST(slot.kept <= slot.cards);
  }
}

BOOST_AUTO_TEST_SUITE_END()
