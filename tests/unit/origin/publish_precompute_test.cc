#include <boost/test/unit_test.hpp>

#include "origin/learn/ease.h"
#include "origin/publish/live.h"
#include "origin/publish/precompute.h"
#include "origin/store/personalized_content.h"
#include "origin/store/profiles.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using small_site::kAtOnce;
using small_site::kNever;
using small_site::SmallSite;

constexpr std::int64_t kNow = 1'790'000'000'000;

origin::Uuid make_profile(SmallSite& site, Choice measurement, std::int64_t created_at_ms = kNow,
                          bool opted_out = false) {
  origin::NewProfile profile{.id = origin::random_uuid(), .created_at_ms = created_at_ms};
  profile.visitor.answers[profile.visitor.answer_count++] = 101;
  profile.visitor.measurement = measurement;
  profile.visitor.opted_out = opted_out;
  site.store()
      .writer()
      .submit([&](origin::Database& db) { return insert_profile(db, site.store().vault(), profile); })
      .get();
  return profile.id;
}

publish::Shown live_of(SmallSite& site) {
  site.publish();
  return publish::load_snapshot_file(site.store().live_snapshot()->path);
}

std::string stored(SmallSite& site, const origin::Uuid& id, const char* section, std::int64_t now = kNow) {
  auto db = site.store().reader();
  const auto key = site.store().vault().data_key(id);
  return newest_content(*db, site.store().vault(), *key, id, section, now).value_or("");
}

std::vector<std::int64_t> versions(SmallSite& site) {
  auto db = site.store().reader();
  auto query = db->prepare("SELECT snapshot_version FROM personalized_content ORDER BY rowid");
  std::vector<std::int64_t> all;
  while (query->executeStep()) all.push_back(query.integer(0));
  return all;
}

publish::PrecomputeReport all_active(SmallSite& site, const publish::Shown& live,
                                     const publish::PrecomputeOptions& options = {},
                                     const std::atomic<bool>& cancel = kNever) {
  return publish::precompute_for_active(
      site.store(), live, options, kNow, [](std::string_view, double) {}, cancel);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(publish_precompute)

BOOST_AUTO_TEST_CASE(a_profile_gets_its_page_with_the_version_and_an_end) {
  SmallSite site;
  const origin::Uuid id = make_profile(site, Choice::kGranted);
  const auto live = live_of(site);
  BOOST_TEST(publish::precompute_for_user(site.store(), live, id, kNow));
  BOOST_TEST(stored(site, id, "hero").find("Welcome") != std::string::npos);
  BOOST_TEST(stored(site, id, "featured_projects").find("\"title\":\"A\"") != std::string::npos);
  BOOST_TEST(stored(site, id, "hero", kNow + origin::kContentTtlMs).empty());
  BOOST_TEST(versions(site) == (std::vector<std::int64_t>{1, 1, 1, 1}));
  // The same page by the next version keeps its row, and says which version stands behind it now.
  BOOST_TEST(publish::precompute_for_user(site.store(), live_of(site), id, kNow));
  BOOST_TEST(versions(site) == (std::vector<std::int64_t>{2, 2, 2, 2}));
  BOOST_TEST(!publish::precompute_for_user(site.store(), live, origin::random_uuid(), kNow));
}

BOOST_AUTO_TEST_CASE(only_who_allows_it_and_is_active_is_precomputed) {
  SmallSite site;
  const origin::Uuid granted = make_profile(site, Choice::kGranted);
  const origin::Uuid silent = make_profile(site, Choice::kUnset);
  const origin::Uuid denied = make_profile(site, Choice::kDenied);
  const origin::Uuid out = make_profile(site, Choice::kGranted, kNow, true);
  const origin::Uuid gone_by = make_profile(site, Choice::kGranted, kNow - 8LL * 86'400'000);
  const auto live = live_of(site);
  auto report = all_active(site, live);
  BOOST_TEST(report.active == 3U);  // who has opted out is not even looked at
  BOOST_TEST(report.computed == 1U);
  BOOST_TEST(report.left_out == 2U);
  BOOST_TEST(!stored(site, granted, "hero").empty());
  for (const auto& id : {silent, denied, out, gone_by}) BOOST_TEST(stored(site, id, "hero").empty());
  BOOST_TEST(!publish::precompute_for_user(site.store(), live, out, kNow));

  // Who has been shown a page, and never said no, has it brought up to date.
  site.store()
      .writer()
      .submit([&](origin::Database& db) {
        const auto key = site.store().vault().data_key(silent);
        keep_content(db, site.store().vault(), *key, silent, "hero", "{}", 1, kNow);
      })
      .get();
  report = all_active(site, live, {.active_days = 9});
  BOOST_TEST(report.computed == 3U);
  BOOST_TEST(stored(site, silent, "hero") != "{}");
  BOOST_TEST(all_active(site, live, {.max_profiles = 2}).active == 2U);
}

BOOST_AUTO_TEST_CASE(in_apprentice_mode_nothing_is_precomputed) {
  SmallSite site;
  const origin::Uuid id = make_profile(site, Choice::kGranted);
  std::string document = small_site::kSite;
  document.replace(document.find("\"name\""), 0, "\"apprentice\": true, ");
  site.store().put_site(document);
  BOOST_TEST(!publish::precompute_for_user(site.store(), live_of(site), id, kNow));
  BOOST_TEST(versions(site).empty());
}

BOOST_AUTO_TEST_CASE(precomputing_can_be_interrupted) {
  SmallSite site;
  make_profile(site, Choice::kGranted);
  BOOST_CHECK_THROW(all_active(site, live_of(site), {}, kAtOnce), learn::Cancelled);
  BOOST_TEST(versions(site).empty());
}

BOOST_AUTO_TEST_CASE(every_segment_has_its_slates_in_the_snapshot) {
  SmallSite site;
  const auto live = live_of(site);
  const auto& view = live->view();
  for (std::uint32_t segment = 0; segment < view.segments().size(); ++segment) {
    const auto slates = publish::slates_of(view, segment);
    BOOST_REQUIRE(slates.size() == 2U);
    BOOST_TEST(slates[1].slot == "projects");
    BOOST_TEST(slates[1].items.size() == 3U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
