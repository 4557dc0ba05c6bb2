// Interactions: each event id counts once, and what one changes.
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "core/model/engagement.h"
#include "origin/ingest/interaction.h"
#include "origin/ingest/load.h"
#include "origin/store/store.h"
#include "tests/unit/origin/temporary.h"

using namespace footlight;
using namespace footlight::origin;

namespace {

struct Fixture {
  Temporary folder;
  std::unique_ptr<Store> store = Store::open({.path = folder / "a.db"});
  std::int64_t seq = 0;
  Uuid id = random_uuid();
  ContentRow item;

  Fixture() {
    item.uuid = to_string(random_uuid());
    item.foreign_id = "film";
    std::vector<ContentRow> rows{item};
    store->upsert_content(rows);
    store->put_site(R"({"slots":[{"name":"projects"}]})");
    item = rows.front();
    NewProfile profile{.id = id, .created_at_ms = 1};
    profile.foreign_hash = store->vault().hash(HashOf::kForeignId, "crm-1");
    seq = store->writer().submit([&](Database& db) { return insert_profile(db, store->vault(), profile); }).get();
  }

  Outcome apply(const std::vector<Event>& events, bool anonymous = false) {
    Who who;
    if (anonymous) {
      who.visitor_hash = store->vault().hash(HashOf::kVisitor, "v1");
    } else {
      who.profile = std::pair{seq, id};
    }
    return store->writer()
        .submit([&](Database& db) { return apply_events(db, store->vault(), who, events, nullptr); })
        .get();
  }

  Event event(const std::string& event_id, Action action = Action::kClick) {
    return {.event_id = event_id, .content_id = "film", .action = action, .occurred_at_ms = 1767348000000};
  }

  std::int64_t number(Sql sql) {
    auto db = store->reader();
    auto query = db->prepare(sql);
    return query->executeStep() ? query.integer(0) : -1;
  }
};

LoadReport load_text(Store& store, const std::string& text) {
  std::istringstream input(text);
  static const std::atomic<bool> never{false};
  return load_interactions(store,
                           {.input = input,
                            .format = RowFormat::kJsonLines,
                            .refused = [](std::size_t, const Fault&) {},
                            .progress = {},
                            .cancel = never},
                           nullptr);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ingest, Fixture)

BOOST_AUTO_TEST_CASE(an_event_id_counts_once) {
  auto outcome = apply({event("e1", Action::kConvert), event("e1", Action::kConvert), event("e2")});
  BOOST_TEST((outcome.receipts[0] == Receipt::kCounted));
  BOOST_TEST((outcome.receipts[1] == Receipt::kDuplicate));
  BOOST_TEST((outcome.receipts[2] == Receipt::kCounted));
  const auto level = outcome.scores.engagement_level;
  BOOST_TEST(level >= 2U);
  outcome = apply({event("e1", Action::kConvert)});
  BOOST_TEST((outcome.receipts[0] == Receipt::kDuplicate));
  BOOST_TEST(outcome.scores.engagement_level == level);
  BOOST_TEST(number("SELECT count(*) FROM interactions") == 2);
  BOOST_TEST(number("SELECT engagement_level FROM user_profiles") == level);
  BOOST_TEST(number("SELECT last_engaged_at FROM user_profiles") == 1767348000000);
}

BOOST_AUTO_TEST_CASE(surroundings_are_kept_where_something_was_shown) {
  const std::string context = R"("context":{"device":"phone","dayPart":"evening","weekday":3,"referrer":"search"}})";
  const std::string row = R"({"visitorId":"v1","contentId":"film","occurredAt":"2026-01-02T10:00:00Z",)";
  BOOST_TEST(load_text(*store, row + R"("action":"exposure",)" + context).created == 1U);
  BOOST_TEST(load_text(*store, row + R"("action":"click","slot":"projects",)" + context).created == 1U);
  BOOST_TEST(load_text(*store, row + R"("action":"view",)" + context).created == 1U);
  const std::uint32_t word = footlight::pack({.device = 2, .day_part = 4, .weekday = 3, .referrer = 3});
  store->for_each_visitor_history([&](const VisitorHistory& history) {
    BOOST_REQUIRE(history.exposures.size() == 1U);
    BOOST_TEST(history.exposures[0].context == word);
    BOOST_REQUIRE(history.events.size() == 2U);
    BOOST_TEST(history.events[0].context == word);
    BOOST_TEST(history.events[0].slot == "projects");
    BOOST_TEST(history.events[1].context == 0U);
  });
  BOOST_TEST(number("SELECT count(*) FROM interactions WHERE context IS NULL") == 1);
}

BOOST_AUTO_TEST_CASE(surroundings_may_come_as_one_word) {
  const std::string row = R"({"visitorId":"v1","contentId":"film","occurredAt":"2026-01-02T10:00:00Z",)";
  BOOST_TEST(load_text(*store, row + R"("action":"exposure","context":13122})").created == 1U);
  BOOST_TEST(number("SELECT context FROM interactions") == 13122);
}

BOOST_AUTO_TEST_CASE(without_an_id_a_repetition_counts_again) {
  static_cast<void>(apply({event(""), event("")}));
  BOOST_TEST(number("SELECT count(*) FROM interactions") == 2);
}

BOOST_AUTO_TEST_CASE(unknown_content_is_refused_alone) {
  Event unknown = event("e1");
  unknown.content_id = "nothing";
  const auto outcome = apply({unknown, event("e2")});
  BOOST_TEST((outcome.receipts[0] == Receipt::kUnknownContent));
  BOOST_TEST((outcome.receipts[1] == Receipt::kCounted));
}

BOOST_AUTO_TEST_CASE(the_record_remembers_and_the_recommendation_is_marked) {
  Event shown = event("x1");
  shown.exposure = true;
  shown.slot = "projects";
  static_cast<void>(apply({shown}));
  BOOST_TEST(number("SELECT count(*) FROM content_recommendations WHERE clicked_at IS NULL") == 1);
  static_cast<void>(apply({event("e1"), event("e2", Action::kConvert)}));
  BOOST_TEST(number("SELECT count(*) FROM content_recommendations WHERE clicked_at = 1767348000000 AND "
                    "converted_at = 1767348000000") == 1);
  std::size_t records = 0;
  store->for_each_profile_record([&](std::int64_t profile, std::span<const std::byte>) {
    BOOST_TEST(profile == seq);
    ++records;
  });
  BOOST_TEST(records == 1U);
  const Visitor visitor =
      store->writer().submit([&](Database& db) { return load_visitor(db, store->vault(), seq, id); }).get();
  BOOST_REQUIRE(visitor.history_count == 1U);
  BOOST_TEST(visitor.history[0].item_id == item.item_id);
  BOOST_TEST((visitor.history[0].action == Action::kConvert));
}

BOOST_AUTO_TEST_CASE(a_visitor_becomes_a_profile_with_their_past) {
  static_cast<void>(apply({event("e1")}, true));
  const Hash hash = store->vault().hash(HashOf::kVisitor, "v1");
  store->writer().submit([&](Database& db) { link_visitor(db, seq, hash); }).get();
  const auto outcome = apply({event("e2")}, true);
  BOOST_REQUIRE(outcome.profile.has_value());
  BOOST_TEST(outcome.profile->first == seq);
  std::size_t visitors = 0;
  store->for_each_visitor_history([&](const VisitorHistory& history) {
    ++visitors;
    BOOST_TEST(history.profile == seq);
    BOOST_TEST(history.events.size() == 2U);
  });
  BOOST_TEST(visitors == 1U);
}

BOOST_AUTO_TEST_CASE(where_an_event_was_shown_is_a_recommendation_once_a_day) {
  Event seen = event("v1", Action::kView);
  seen.slot = "projects";
  seen.reason = "Matches your interest in feature films";
  seen.snapshot_version = 3;
  Event clicked = seen;
  clicked.event_id = "c1";
  clicked.action = Action::kClick;
  static_cast<void>(apply({seen, clicked}));
  BOOST_TEST(number("SELECT count(*) FROM content_recommendations") == 1);
  BOOST_TEST(number("SELECT count(*) FROM content_recommendations WHERE clicked_at IS NOT NULL AND reason IS NOT NULL "
                    "AND instr(reason, 'feature') = 0") == 1);
  Event tomorrow = seen;
  tomorrow.event_id = "v2";
  tomorrow.occurred_at_ms += 86'400'000;
  static_cast<void>(apply({tomorrow}));
  BOOST_TEST(number("SELECT count(*) FROM content_recommendations") == 2);
}

BOOST_AUTO_TEST_CASE(a_profile_takes_the_past_of_its_visitor_into_its_record) {
  Event shown = event("e1", Action::kConvert);
  shown.slot = "projects";
  static_cast<void>(apply({shown}, true));
  const Hash hash = store->vault().hash(HashOf::kVisitor, "v1");
  const auto adopt = [&](Visitor& visitor) {
    return store->writer().submit([&](Database& db) { return adopt_past(db, seq, hash, visitor); }).get();
  };
  Visitor visitor;
  BOOST_TEST((adopt(visitor) == std::optional<std::int64_t>(shown.occurred_at_ms)));
  BOOST_REQUIRE(visitor.history_count == 1U);
  BOOST_TEST(visitor.history[0].item_id == item.item_id);
  BOOST_TEST(number("SELECT count(*) FROM content_recommendations WHERE user_profile_id IS NOT NULL") == 1);
  Visitor again;
  BOOST_TEST(!adopt(again).has_value());  // the past is this profile's already
  BOOST_TEST(again.history_count == 0U);
}

BOOST_AUTO_TEST_CASE(a_signal_stands_where_nothing_was_chosen) {
  const auto send = [&](const std::string& event_id, bool anonymous) {
    Who who{.profile = {}, .visitor_hash = {}, .signals_refusal = true};
    if (anonymous) {
      who.visitor_hash = store->vault().hash(HashOf::kVisitor, "v2");
    } else {
      who.profile = std::pair{seq, id};
    }
    const std::vector<Event> events{event(event_id)};
    return store->writer()
        .submit([&](Database& db) { return apply_events(db, store->vault(), who, events, nullptr); })
        .get()
        .receipts.front();
  };
  BOOST_TEST((send("g1", true) == Receipt::kNotWanted));
  BOOST_TEST((send("g2", false) == Receipt::kNotWanted));
  store->writer()
      .submit([&](Database& db) {
        Visitor visitor = load_visitor(db, store->vault(), seq, id);
        visitor.measurement = Choice::kGranted;
        save_visitor(db, store->vault(), seq, id, visitor, {}, std::nullopt);
      })
      .get();
  BOOST_TEST((send("g3", false) == Receipt::kCounted));
}

BOOST_AUTO_TEST_CASE(a_load_can_be_repeated) {
  const std::string text =
      R"({"visitorId":"v7","contentId":"film","action":"click","occurredAt":"2026-01-02T10:00:00Z"})"
      "\n"
      R"({"eventId":"e","profileId":"crm-1","contentId":"film","action":"view"})"
      "\n"
      R"({"profileId":"crm-2","contentId":"film","action":"view"})"
      "\n"
      R"({"contentId":"film","action":"view"})"
      "\n";
  auto report = load_text(*store, text);
  BOOST_TEST(report.created == 2U);
  BOOST_TEST(report.refused == 2U);
  report = load_text(*store, text);
  BOOST_TEST(report.created == 0U);
  BOOST_TEST(report.updated == 2U);
}

// A slot that the site does not have may be anybody's words: the event counts, its slot is not kept.
BOOST_FIXTURE_TEST_CASE(words_of_the_sender_that_are_not_the_sites_are_not_kept, Fixture) {
  Event odd = event("odd");
  odd.slot = "ada@example.com";
  const Event exposure{.event_id = "x", .experiment = "hero", .variant = "b", .exposure = true};
  Event goal{.event_id = "g", .goal = "ada@example.com"};
  goal.action = Action::kConvert;
  const Outcome outcome = apply({odd, exposure, goal});
  BOOST_TEST((outcome.receipts == std::vector{Receipt::kCounted, Receipt::kUnknownExperiment, Receipt::kCounted}));
  store->writer()
      .submit([](Database& db) {
        auto query = db.prepare("SELECT slot IS NULL FROM interactions");
        BOOST_TEST(query->executeStep());
        BOOST_TEST(query.integer(0) == 1);
        auto goals = db.prepare("SELECT goal FROM conversions");
        BOOST_TEST(goals->executeStep());
        BOOST_TEST(goals.text(0).starts_with("g:"));
        db.execute(
            "INSERT INTO experiments (id, document, status, created_at, updated_at) VALUES "
            "('hero', '{\"variants\":[{\"key\":\"a\"},{\"key\":\"b\"}]}', 'running', 1, 1)");
      })
      .get();
  Event known = exposure;
  BOOST_TEST((apply({known}).receipts.front() == Receipt::kCounted));
  known.event_id = "y";
  known.variant = "ada@example.com";
  BOOST_TEST((apply({known}).receipts.front() == Receipt::kUnknownExperiment));
}

BOOST_AUTO_TEST_SUITE_END()
