// Apprentice mode: what would have been shown is logged by itself, and compared with what is popular.
#include <cstring>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/rank/decide.h"
#include "origin/learn/apprentice.h"
#include "origin/publish/live.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using small_site::kNever;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kStart = 20'700 * kDayMs;

class Log {
 public:
  void would_show(std::uint32_t visitor, std::int64_t at_ms, const std::vector<std::string>& items) {
    std::vector<origin::Event> events;
    for (const std::string& item : items) {
      origin::Event event = of(item, at_ms);
      event.would_show = true;
      event.slot = "projects";
      event.position = static_cast<std::uint32_t>(events.size());
      event.propensity = 0.5;
      events.push_back(event);
    }
    write(visitor, events);
  }
  void click(std::uint32_t visitor, std::int64_t at_ms, const std::string& item, Feedback feedback = Feedback::kNone) {
    origin::Event event = of(item, at_ms);
    event.action = Action::kClick;
    event.feedback = feedback;
    write(visitor, {event});
  }
  [[nodiscard]] learn::ApprenticeReport report() { return learn::evaluate_apprentice(site_.store(), kNever); }
  [[nodiscard]] origin::Store& store() { return site_.store(); }
  [[nodiscard]] small_site::SmallSite& site() { return site_; }

 private:
  static origin::Event of(const std::string& item, std::int64_t at_ms) {
    origin::Event event;
    event.content_id = item;
    event.occurred_at_ms = at_ms;
    return event;
  }
  void write(std::uint32_t visitor, std::vector<origin::Event> events) {
    origin::Who who;
    who.visitor_hash.emplace();
    std::memcpy(who.visitor_hash->data(), &visitor, sizeof visitor);
    auto done = store().writer().submit(
        [&](origin::Database& db) { return apply_events(db, store().vault(), who, events, nullptr); });
    for (const origin::Receipt receipt : done.get().receipts) BOOST_REQUIRE(receipt == origin::Receipt::kCounted);
  }
  small_site::SmallSite site_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_apprentice)

BOOST_AUTO_TEST_CASE(a_log_worked_by_hand) {
  Log log;
  // The day before, "a" was chosen by three, "b" by two, "c" by one.
  for (const auto& [item, visitors] :
       std::vector<std::pair<std::string, std::uint32_t>>{{"a", 3}, {"b", 2}, {"c", 1}}) {
    for (std::uint32_t v = 0; v < visitors; ++v) log.click(100 + v, kStart, item);
  }
  const std::int64_t day = kStart + kDayMs;
  log.would_show(1, day, {"d", "e"});  // popular: a, b
  log.click(1, day + 1000, "d");       // ours alone
  log.would_show(2, day, {"d", "a"});
  log.click(2, day + 1000, "a");  // both
  log.would_show(3, day, {"d", "e"});
  log.click(3, day + 1000, "b");  // popular alone
  log.would_show(4, day, {"d", "e"});
  log.click(4, day + 1000, "c");  // neither
  // 100 had a: popular for it is b, c.
  log.would_show(100, day, {"e", "f"});
  log.click(100, day + 1000, "a");  // chosen before: no case
  // No cases: before the slate, on another day, another type, a negative word.
  log.click(5, day, "d");
  log.would_show(5, day + 500, {"e", "f"});
  log.would_show(6, day, {"d", "e"});
  log.click(6, day + kDayMs, "d");
  log.would_show(7, day, {"d", "e"});
  log.click(7, day + 1, "hero");
  log.click(7, day + 2, "d", Feedback::kNegative);
  const learn::ApprenticeReport report = log.report();
  BOOST_TEST(report.cases == 4);
  BOOST_TEST(report.visitors == 4);
  BOOST_TEST(report.slates == 8);
  BOOST_TEST(report.would_show.value == 0.5);
  BOOST_TEST(report.popular.value == 0.5);
  BOOST_TEST(report.gain.value == 0.0);
  BOOST_TEST(report.gain.standard_error > 0);
}

BOOST_AUTO_TEST_CASE(the_latest_slate_before_the_choice_counts) {
  Log log;
  log.would_show(1, kStart, {"a", "b"});
  log.would_show(1, kStart + 10, {"c", "b"});
  log.click(1, kStart + 20, "a");
  log.click(1, kStart + 21, "c");
  const learn::ApprenticeReport report = log.report();
  BOOST_TEST(report.cases == 2);
  BOOST_TEST(report.slates == 1);
  BOOST_TEST(report.would_show.value == 0.5);
}

BOOST_AUTO_TEST_CASE(what_would_have_been_shown_is_no_exposure) {
  Log log;
  log.would_show(1, kStart, {"a", "b"});
  std::size_t counted = 0;
  log.store().for_each_item_counts([&](const origin::ItemCounts&) { ++counted; });
  BOOST_TEST(counted == 0);
  std::size_t histories = 0;
  log.store().for_each_visitor_history([&](const origin::VisitorHistory&) { ++histories; });
  BOOST_TEST(histories == 0);
  BOOST_TEST(log.report().cases == 0);
}

// The setting travels from the site document into the snapshot and every decision.
BOOST_AUTO_TEST_CASE(the_setting_is_in_the_decision) {
  Log log;
  for (const bool wanted : {false, true}) {
    std::string site = small_site::kSite;
    if (wanted) site.insert(site.find('{') + 1, R"("apprentice": true,)");
    log.store().put_site(site);
    const auto report = log.site().publish();
    const auto live = publish::load_snapshot_file(log.site().options().directory / report.manifest.snapshot.sha256);
    std::vector<std::byte> scratch(decide_scratch_bytes(live->view()));
    Decision decision;
    const SlotRequest request{live->view().find_slot("projects"), 0};
    Context context;
    context.now_s = 1'790'000'000;
    BOOST_REQUIRE(decide(live->view(), Visitor{}, context, {&request, 1}, scratch, decision) == Status::kOk);
    BOOST_TEST((decision.flags & snapshot::kApprentice) == (wanted ? 1U : 0U));
    BOOST_TEST(decision.entry_count == 3U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
