// What counts as an impression, what became of it, and that training sees what serving sees.
#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/rank/score.h"
#include "core/visitor/record.h"
#include "origin/learn/features.h"
#include "origin/learn/fields.h"
#include "origin/learn/past.h"
#include "origin/publish/assemble.h"
#include "origin/store/profiles.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using namespace footlight::learn;
using small_site::kNever;
using small_site::SmallSite;
namespace data = boost::unit_test::data;

const StageProgress kQuiet = [](std::string_view, double) {};

constexpr std::int64_t kNoon = 20'000 * kDayMs + kDayMs / 2;

PastEvent event(std::int64_t at, Action action, Feedback feedback = Feedback::kNone, std::uint32_t duration = 0) {
  return {.item = 1, .duration_ms = duration, .at_ms = kNoon + at, .action = action, .feedback = feedback};
}

struct Case {
  const char* name;
  std::vector<PastEvent> events;  // of an item shown at noon
  int outcome;
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

const Case kCases[] = {
    {"nothing happened", {}, 0},
    {"a view is no choice", {event(5, Action::kView, Feedback::kNone, 60'000)}, 0},
    {"a click", {event(5, Action::kClick)}, kClicked},
    {"a click that stayed 9.999 s", {event(5, Action::kClick, Feedback::kNone, 9'999)}, kClicked},
    {"a click that stayed 10 s", {event(5, Action::kClick, Feedback::kNone, 10'000)}, kClicked | kEngaged},
    {"an engagement", {event(5, Action::kEngage)}, kClicked | kEngaged},
    {"a positive word on a view", {event(5, Action::kView, Feedback::kPositive)}, kClicked | kEngaged},
    {"a neutral word on a view", {event(5, Action::kView, Feedback::kNeutral)}, 0},
    {"a conversion", {event(5, Action::kConvert)}, kClicked | kEngaged | kConverted},
    {"a conversion a week later", {event(7 * kDayMs, Action::kConvert)}, kClicked | kEngaged | kConverted},
    {"a conversion after more than a week", {event(8 * kDayMs, Action::kConvert)}, 0},
    {"a click the day after", {event(kDayMs, Action::kClick)}, 0},
    {"a click long before", {event(-3'600'000, Action::kClick)}, 0},
    {"a click whose clock is a little behind", {event(-30'000, Action::kClick)}, kClicked},
    {"not for me", {event(5, Action::kView, Feedback::kNegative)}, kDisliked},
    {"a click and then not for me",
     {event(5, Action::kConvert), event(9, Action::kEngage, Feedback::kNegative)},
     kDisliked},
};

SmallSite& put(SmallSite& site, std::uint32_t visitor, const std::string& content, std::int64_t at, bool exposure,
               Action action = Action::kClick, const std::string& slot = "", std::optional<std::uint32_t> position = {},
               std::optional<std::uint32_t> context = {}) {
  origin::Event event;
  event.content_id = content;
  event.exposure = exposure;
  event.action = action;
  event.occurred_at_ms = at;
  event.slot = slot;
  event.position = position;
  event.context = context;
  if (exposure) event.propensity = 0.5;
  origin::Who who;
  who.visitor_hash.emplace();
  std::memcpy(who.visitor_hash->data(), &visitor, sizeof visitor);
  auto done = site.store().writer().submit(
      [&](origin::Database& db) { return apply_events(db, site.store().vault(), who, std::span(&event, 1), nullptr); });
  (void)done.get();
  return site;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_past)

BOOST_DATA_TEST_CASE(what_becomes_of_an_impression, data::make(kCases), one) {
  const PastImpression shown{.item = 1, .at_ms = kNoon, .exposed = true};
  const auto all = impressions_of(one.events, std::span(&shown, 1));
  BOOST_REQUIRE(all.size() == 1U);
  BOOST_TEST(int{all[0].outcome} == one.outcome);
}

BOOST_AUTO_TEST_CASE(a_day_is_one_cluster_with_its_first_time_and_best_position) {
  const PastImpression shown[] = {{.item = 1, .at_ms = kNoon + 50, .propensity = 0.25F, .position = 2},
                                  {.item = 1, .at_ms = kNoon + 10, .position = 4},
                                  {.item = 2, .at_ms = kNoon + 20, .position = 0},
                                  {.item = 1, .at_ms = kNoon + kDayMs, .position = 7}};
  const PastEvent events[] = {event(60, Action::kClick)};
  const auto all = impressions_of(events, shown);
  BOOST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all[0].item == 1U);
  BOOST_TEST(all[0].at_ms == kNoon + 10);
  BOOST_TEST(int{all[0].position} == 2);
  BOOST_TEST(all[0].propensity == 0.25F);
  BOOST_TEST(int{all[0].outcome} == int{kClicked});
  BOOST_TEST(all[1].item == 2U);
  BOOST_TEST(int{all[1].outcome} == 0);
  BOOST_TEST(int{all[2].position} == 7);
  BOOST_TEST(int{all[2].outcome} == 0);
}

BOOST_AUTO_TEST_CASE(what_was_shown_comes_from_exposures_views_and_slots_and_not_from_clicks) {
  SmallSite site;
  put(site, 1, "a", kNoon, true, Action::kView, "projects", 3);
  put(site, 1, "a", kNoon + 5, false, Action::kView);   // of the same day: one cluster
  put(site, 1, "b", kNoon + 6, false, Action::kView);   // no exposure: the view stands for one
  put(site, 1, "c", kNoon + 7, false, Action::kClick);  // shown nobody knows where
  put(site, 1, "d", kNoon + 8, false, Action::kClick, "projects", 1);
  put(site, 2, "a", kNoon, true);  // shown, and nothing else ever
  const Past past = read_past(site.store(), {}, kQuiet, kNever);
  BOOST_REQUIRE(past.visitor_count() == 2U);
  const auto own = past.impressions_of(0);
  BOOST_REQUIRE(own.size() == 3U);
  BOOST_TEST(past.item_ids[own[0].item] == site.id("a"));
  BOOST_TEST(own[0].exposed);
  BOOST_TEST(own[0].propensity == 0.5F);
  BOOST_TEST(past.slots[own[0].slot] == "projects");
  BOOST_TEST(past.item_ids[own[1].item] == site.id("b"));
  BOOST_TEST(!own[1].exposed);
  BOOST_TEST(past.item_ids[own[2].item] == site.id("d"));
  BOOST_TEST(int{own[2].outcome} == int{kClicked});
  BOOST_TEST(past.events_of(0).size() == 4U);
  BOOST_TEST(past.impressions_of(1).size() == 1U);
  BOOST_TEST(past.held_out_from_ms == 0);
}

BOOST_AUTO_TEST_CASE(the_latest_tenth_is_held_out_when_it_says_something) {
  Past past;
  for (std::int64_t i = 0; i < 3000; ++i) {
    past.impressions.push_back({.at_ms = i, .outcome = i % 5 == 0 ? kClicked : std::uint8_t{0}});
  }
  hold_out_latest(past, {});
  BOOST_TEST(past.held_out_from_ms == 2700);
  hold_out_latest(past, {.most = 250});
  BOOST_TEST(past.held_out_from_ms == 2750);
  hold_out_latest(past, {.least = 400});
  BOOST_TEST(past.held_out_from_ms == 0);
  for (auto& impression : past.impressions) impression.outcome = 0;
  hold_out_latest(past, {});  // nobody clicked: nothing to learn from
  BOOST_TEST(past.held_out_from_ms == 0);
  for (std::size_t i = 0; i < 3000; ++i) past.impressions[i].at_ms = 7;  // an import without times
  hold_out_latest(past, {});
  BOOST_TEST(past.held_out_from_ms == 0);
}

BOOST_AUTO_TEST_CASE(features_are_what_core_sees_when_it_serves) {
  SmallSite site;
  const Surroundings phone{.device = 2, .day_part = 3, .weekday = 5, .referrer = 4};
  put(site, 1, "a", kNoon, true, Action::kView, "projects", 0, pack(phone));
  put(site, 1, "a", kNoon + 1000, false, Action::kConvert);
  put(site, 1, "b", kNoon + 2000, false, Action::kClick);
  put(site, 1, "c", kNoon + 3 * kDayMs, true, Action::kView, "projects", 1);
  const origin::Site description = site.store().site()->site;
  auto input = publish::assemble(site.store(), description, std::nullopt).input;
  const auto fields = standard_fields(input);
  input.engagement = vocabulary(fields);
  const auto bytes = snapshot::build(input).value();
  const auto view = snapshot::SnapshotView::open(bytes).value();
  const Past past = read_past(site.store(), {}, kQuiet, kNever);
  const Features features = features_of(past, view, kQuiet, kNever);
  BOOST_REQUIRE(past.impressions.size() == 2U);
  BOOST_REQUIRE(features.fields == fields.size());

  // What an edge has in hand when it serves: the record as it was then, sent and read again.
  Visitor then;
  const auto served = [&](const Surroundings& surroundings, std::int64_t at) {
    std::array<std::byte, kMaxRecordBytes> record;
    const std::size_t size = encode_visitor(then, record).value();
    const Visitor read = decode_visitor(std::span(record).first(size)).value();
    Context context{.now_s = static_cast<std::uint32_t>(at / 1000), .surroundings = surroundings};
    context.locale = 1000;
    return fold_request(read, view, context).features;
  };
  const auto expect = [&](std::size_t i, const FeatureVector& vector) {
    const auto row = features.of(features.of_impression[i]);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      BOOST_TEST(row[f] == vector.masks[f], fields[f].name << " of impression " << i);
    }
  };
  expect(0, served(phone, kNoon));
  (void)interact(then, {.item_id = site.id("a"), .action = Action::kConvert, .day = day_of(kNoon)});
  (void)interact(then, {.item_id = site.id("b"), .action = Action::kClick, .day = day_of(kNoon)});
  expect(1, served({}, kNoon + 3 * kDayMs));
  BOOST_TEST(!std::ranges::equal(features.of(features.of_impression[0]), features.of(features.of_impression[1])));
  const auto known = known_fields(past, features);
  for (std::size_t f = 0; f < fields.size(); ++f) {
    if (fields[f].name == "device" || fields[f].name == "chosen") BOOST_TEST(known[f]);
    if (fields[f].name == "locale") BOOST_TEST(!known[f]);
  }
}

BOOST_AUTO_TEST_CASE(who_opted_out_is_not_learned_from) {
  for (const bool out : {false, true}) {
    SmallSite site;
    origin::NewProfile profile{.id = origin::random_uuid(), .created_at_ms = 1};
    profile.visitor.answer_count = 1;
    profile.visitor.answers[0] = 102;
    const auto seq = site.store()
                         .writer()
                         .submit([&](origin::Database& db) {
                           const auto made = insert_profile(db, site.store().vault(), profile);
                           origin::Event event{.content_id = "a", .action = Action::kView, .occurred_at_ms = kNoon};
                           (void)apply_events(db, site.store().vault(), {.profile = std::pair{made, profile.id}},
                                              std::span(&event, 1), nullptr);
                           Visitor visitor = load_visitor(db, site.store().vault(), made, profile.id);
                           visitor.opted_out = out;
                           save_visitor(db, site.store().vault(), made, profile.id, visitor, {}, std::nullopt);
                           return made;
                         })
                         .get();
    BOOST_TEST(seq > 0);
    const Past past = read_past(site.store(), {}, kQuiet, kNever);
    BOOST_TEST(past.visitor_count() == (out ? 0U : 1U));
    if (!out) BOOST_TEST(past.answers_of(0)[0] == 102);
  }
}

BOOST_AUTO_TEST_SUITE_END()
