// DESIGN.md, section 4: nothing that was learned from fewer than five visitors is published. One visitor is planted
// among many, with a past like no other's, and their trace is looked for in every published file.
#include <algorithm>
#include <map>
#include <random>

#include <boost/test/unit_test.hpp>

#include "core/rank/decide.h"
#include "origin/learn/trainer.h"
#include "origin/publish/file_write.h"
#include "origin/store/profiles.h"
#include "tests/unit/origin/small_site.h"

namespace footlight {
namespace {

using small_site::kNever;
using small_site::SmallSite;

constexpr const char* kRare = "e";
constexpr const char* kWords = "zqplantedvisitor";

void visit(SmallSite& site, const origin::NewProfile& profile, const std::vector<origin::Event>& events) {
  auto& store = site.store();
  store.writer()
      .submit([&](origin::Database& db) {
        const auto seq = insert_profile(db, store.vault(), profile);
        (void)apply_events(db, store.vault(), {.profile = std::pair{seq, profile.id}}, events, nullptr);
      })
      .get();
}

std::vector<origin::Event> shown(std::int64_t& at, const std::string& item, bool is_clicked) {
  std::vector<origin::Event> events;
  origin::Event exposure{.content_id = item, .exposure = true, .occurred_at_ms = at++};
  exposure.slot = "projects";
  exposure.position = 0;
  events.push_back(exposure);
  if (is_clicked) events.push_back({.content_id = item, .action = Action::kClick, .occurred_at_ms = at++});
  return events;
}

// A hundred people who see and click everything but the rare item, which `others` of them click.
void crowd(SmallSite& site, int others) {
  std::mt19937 random(11);
  for (int v = 0; v < 100; ++v) {
    origin::NewProfile profile{.id = origin::random_uuid(), .created_at_ms = 1};
    profile.visitor.answer_count = 1;
    profile.visitor.answers[0] = v % 2 == 0 ? 201 : 202;
    std::int64_t at = 1'780'000'000'000 + std::int64_t{v} * 3'600'000;
    std::vector<origin::Event> events;
    for (const char* item : {"a", "b", "c", "d", "f"}) {
      for (const origin::Event& event : shown(at, item, random() % 4 == 0)) events.push_back(event);
    }
    if (v < others) {
      for (const origin::Event& event : shown(at, kRare, true)) events.push_back(event);
    }
    visit(site, profile, events);
  }
}

// Whoever clicks the rare item and the first one again and again, with words of their own.
void plant(SmallSite& site) {
  origin::NewProfile profile{.id = origin::random_uuid(),
                             .email = std::string(kWords) + "@example.com",
                             .answers = {{"logline", kWords}},
                             .created_at_ms = 1};
  profile.visitor.answer_count = 1;
  profile.visitor.answers[0] = 201;
  std::int64_t at = 1'781'000'000'000;
  std::vector<origin::Event> events;
  for (int i = 0; i < 20; ++i) {
    for (const char* item : {kRare, "a"}) {
      for (const origin::Event& event : shown(at, item, true)) events.push_back(event);
    }
  }
  events.back().reason = kWords;
  visit(site, profile, events);
}

struct Published {
  std::shared_ptr<const publish::LiveSnapshot> snapshot;
  std::uint32_t rare = 0;  // index
};

Published train_and_publish(SmallSite& site) {
  (void)learn::train(
      site.store(), {}, [](std::string_view, double) {}, kNever);
  const auto report = site.publish();
  Published published{publish::load_snapshot_file(site.options().directory / report.manifest.snapshot.sha256), 0};
  const auto items = published.snapshot->view().items();
  const std::uint32_t id = site.id(kRare);
  while (items[published.rare].id != id) ++published.rare;
  return published;
}

// The decision of a page with every item, for somebody with this past.
std::map<std::uint32_t, Entry> page_for(const Published& published, const std::vector<std::uint32_t>& clicked) {
  const auto& view = published.snapshot->view();
  Visitor visitor;
  for (const std::uint32_t id : clicked) {
    (void)interact(visitor, {.item_id = id, .action = Action::kClick, .day = 20'600});
  }
  std::vector<std::byte> scratch(decide_scratch_bytes(view));
  auto decision = std::make_unique<Decision>();
  const SlotRequest request{.slot = view.find_slot("projects"), .limit = 24};
  BOOST_REQUIRE(decide(view, visitor, {.now_s = 20'600U * 86400U, .explore = false}, std::span(&request, 1), scratch,
                       *decision) == Status::kOk);
  std::map<std::uint32_t, Entry> entries;
  for (std::uint32_t e = 0; e < decision->entry_count; ++e) {
    entries.emplace(decision->entries[e].item_id, decision->entries[e]);
  }
  return entries;
}

BOOST_AUTO_TEST_SUITE(publish_planted)

BOOST_AUTO_TEST_CASE(one_visitor_leaves_no_trace) {
  for (const int others : {0, 3}) {  // with the planted one there are at most four
    SmallSite site;
    crowd(site, others);
    plant(site);
    const Published published = train_and_publish(site);
    // Neither words nor ids in any file.
    for (const auto& file : std::filesystem::directory_iterator(site.options().directory)) {
      if (!file.is_regular_file()) continue;
      const std::string bytes = publish::read_file(file.path());
      BOOST_TEST(bytes.find(kWords) == std::string::npos, file.path());
    }
    // The item has no rate and no row of its own: having chosen it changes nothing, and no past leads to it.
    const auto nobody = page_for(published, {});
    const std::uint32_t rare = site.id(kRare);
    BOOST_REQUIRE(nobody.contains(rare));
    BOOST_TEST(nobody.at(rare).engagement_rate == kRateUnknown);
    BOOST_TEST(published.snapshot->view().items()[published.rare].engagement_rate < 0);
    const auto known = page_for(published, {site.id("a")});
    if (known.contains(rare)) BOOST_TEST(known.at(rare).confidence == nobody.at(rare).confidence);
    // What everybody saw has a rate, so the item could have had one.
    BOOST_TEST(nobody.at(site.id("b")).engagement_rate != kRateUnknown);
  }
}

// The other side: five visitors are enough, so the test above is able to fail.
BOOST_AUTO_TEST_CASE(five_visitors_are_heard) {
  SmallSite site;
  crowd(site, 12);
  plant(site);
  const Published published = train_and_publish(site);
  BOOST_TEST(page_for(published, {}).at(site.id(kRare)).engagement_rate != kRateUnknown);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace footlight
