// What counts for an experiment, to the unit: windows, the days before, caps, several variants, programs.
#include <boost/test/unit_test.hpp>

#include "origin/experiment/outcomes.h"
#include "origin/experiment/results.h"
#include "origin/experiment/test_store.h"
#include "origin/experiment/watch.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using namespace footlight::experiment;
using origin::Database;

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kNow = 1'790'000'000'000;

Json document(Json metrics) {
  return {{"id", "t"},
          {"flag", "f"},
          {"variants", {{{"key", "a"}, {"value", 1}}, {{"key", "b"}, {"value", 2}}}},
          {"attributionHours", 48},
          {"beforeDays", 7},
          {"metrics", std::move(metrics)}};
}

ABTest test_of(const Json& json) {
  std::vector<origin::Fault> faults;
  ABTest test = read_ab_test(json, faults);
  BOOST_REQUIRE_MESSAGE(faults.empty(), (faults.empty() ? "" : faults[0].pointer + " " + faults[0].detail));
  return test;
}

// Rows as ingest writes them, at times that the test chooses.
class World {
 public:
  void visitor(std::int64_t id, std::int64_t segment = 0) {
    run([&](Database& db) {
      auto insert = db.prepare("INSERT INTO visitors (visitor, hash, segment_id) VALUES (?, ?, ?)");
      const std::string hash = "visitor " + std::to_string(id);
      insert->bind(1, id);
      insert.bind_blob(2, hash);
      insert->bind(3, segment);
      insert->exec();
    });
  }
  void exposure(std::int64_t visitor, const std::string& variant, std::int64_t at) {
    run([&](Database& db) {
      auto insert =
          db.prepare("INSERT INTO exposures (experiment, visitor, variant, exposed_at) VALUES ('t', ?, ?, ?)");
      insert->bind(1, visitor);
      insert->bind(2, variant);
      insert->bind(3, at);
      insert->exec();
    });
  }
  void goal(std::int64_t visitor, const std::string& name, double value, std::int64_t at) {
    run([&](Database& db) {
      auto insert =
          db.prepare("INSERT INTO conversions (event_id, visitor, goal, value, occurred_at) VALUES (?, ?, ?, ?, ?)");
      const std::string event = "event " + std::to_string(++events_);
      insert.bind_blob(1, event);
      insert->bind(2, visitor);
      insert->bind(3, site_.store().vault().goal_hash(name));
      insert->bind(4, value);
      insert->bind(5, at);
      insert->exec();
    });
  }
  void click(std::int64_t visitor, std::int64_t item, std::int64_t at, int action = 1, const char* slot = "projects") {
    run([&](Database& db) {
      auto insert = db.prepare(
          "INSERT INTO interactions (event_id, visitor, item_id, action, occurred_at, received_at, slot, duration_ms) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, 4000)");
      const std::string event = "event " + std::to_string(++events_);
      insert.bind_blob(1, event);
      insert->bind(2, visitor);
      insert->bind(3, item);
      insert->bind(4, action);
      insert->bind(5, at);
      insert->bind(6, at);
      insert->bind(7, slot);
      insert->exec();
    });
  }
  Outcomes collect(const ABTest& test, std::int64_t now = kNow) {
    auto db = site_.store().reader();
    return collect_outcomes(*db, site_.store().vault(), test, now);
  }
  origin::Store& store() { return site_.store(); }

 private:
  template <typename Job>
  void run(Job job) {
    site_.store().writer().submit([&](Database& db) { job(db); }).get();
  }
  small_site::SmallSite site_;
  int events_ = 0;
};

const Json kOrders = {{"name", "orders"}, {"kind", "mean"}, {"events", {{"goal", "order"}, {"measure", "value"}}}};

BOOST_AUTO_TEST_SUITE(experiment_outcomes)

BOOST_AUTO_TEST_CASE(only_the_window_counts_and_what_was_before_adjusts) {
  World world;
  for (std::int64_t v = 1; v <= 4; ++v) world.visitor(v);
  const std::int64_t exposed = kNow - 5 * kDay;
  world.exposure(1, "a", exposed);
  world.exposure(2, "b", exposed);
  world.exposure(3, "b", exposed);
  world.exposure(4, "nowhere", exposed);
  world.goal(1, "order", 10, exposed);                  // at once
  world.goal(1, "order", 5, exposed + 2 * kDay - 1);    // the last moment
  world.goal(1, "order", 100, exposed + 2 * kDay);      // too late
  world.goal(1, "order", 7, exposed - 7 * kDay);        // before, at the latest
  world.goal(1, "order", 900, exposed - 7 * kDay - 1);  // too long before
  world.goal(2, "other", 50, exposed + 1);
  world.goal(3, "order", 20, exposed + 1);
  const Outcomes out = world.collect(test_of(document(Json::array({kOrders}))));
  BOOST_TEST(out.data.units == (std::vector<double>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(out.unknown == 1);
  const MetricData& metric = out.data.metrics[0];
  BOOST_TEST(metric.metric.before);
  BOOST_TEST(metric.variants[0].sum[kValue] == 15);
  BOOST_TEST(metric.variants[0].sum[kValueBefore] == 7);
  BOOST_TEST(metric.variants[1].sum[kValue] == 20);
  BOOST_TEST(metric.variants[1].product[kValue][kValue] == 400);
  // What is not known yet is not counted, and the last day says what all of it says.
  BOOST_TEST(
      world.collect(test_of(document(Json::array({kOrders}))), exposed + 1).data.metrics[0].variants[0].sum[kValue] ==
      10);
  BOOST_TEST(out.days.back().variants[0].sum[kValue] == 15);
  BOOST_TEST(out.days.front().units[1] == 2);
}

BOOST_AUTO_TEST_CASE(filters_caps_and_ratios) {
  World world;
  std::int64_t item = 0;
  world.store().for_each_content([&](const origin::ContentRow& row) {
    if (row.foreign_id == "a") item = row.item_id;
  });
  for (std::int64_t v = 1; v <= 20; ++v) {
    world.visitor(v);
    world.exposure(v, v % 2 == 0 ? "a" : "b", kNow - kDay);
    world.goal(v, "order", v == 20 ? 1000 : 1, kNow - kDay + 5);
  }
  world.click(1, item, kNow - kDay + 1);
  world.click(1, item, kNow - kDay + 2, 1, "hero");
  world.click(1, item, kNow - kDay + 3, 0);
  world.click(1, item, kNow - kDay + 4, 4);  // an exposure to a card is no event of the visitor's
  Json capped = kOrders;
  capped["capPercentile"] = 0.9;
  Json fixed = kOrders;
  fixed["name"] = "capped at 3";
  fixed["cap"] = 3;
  const Json clicks = {{"name", "clicks"}, {"kind", "mean"}, {"events", {{"action", "click"}, {"slot", "projects"}}}};
  const Json of_item = {{"name", "item"}, {"kind", "proportion"}, {"events", {{"action", "click"}, {"content", "a"}}}};
  const Json seconds = {
      {"name", "seconds"}, {"kind", "mean"}, {"events", {{"action", "click"}, {"measure", "seconds"}}}};
  const Json ratio = {
      {"name", "ratio"}, {"kind", "ratio"}, {"events", {{"action", "click"}}}, {"per", {{"action", "view"}}}};
  const Outcomes out = world.collect(test_of(document({capped, fixed, clicks, of_item, seconds, ratio})));
  const auto sum = [&](std::size_t metric, std::size_t variant, Part part = kValue) {
    return out.data.metrics[metric].variants[variant].sum[part];
  };
  BOOST_TEST(sum(0, 0) == 10);  // the one of 1000 counts as everybody
  BOOST_TEST(sum(1, 0) == 12);
  BOOST_TEST(sum(2, 1) == 1);
  BOOST_TEST(sum(3, 1) == 1);
  BOOST_TEST(sum(4, 1) == 8);
  BOOST_TEST(sum(5, 1) == 2);
  BOOST_TEST(sum(5, 1, kBase) == 1);
}

BOOST_AUTO_TEST_CASE(who_saw_two_variants_is_left_out_but_of_a_rollout_counts_for_the_first_until_then) {
  World world;
  world.visitor(1);
  world.visitor(2);
  world.exposure(1, "a", kNow - 2 * kDay);
  world.exposure(1, "b", kNow - kDay);
  world.exposure(2, "b", kNow - 2 * kDay);
  world.goal(1, "order", 3, kNow - 2 * kDay + 1);
  world.goal(1, "order", 5, kNow - kDay + 1);
  const Outcomes out = world.collect(test_of(document(Json::array({kOrders}))));
  BOOST_TEST(out.data.multiple_exposed == 1);
  BOOST_TEST(out.data.units[0] == 0);
  Json rollout = document(Json::array({kOrders}));
  rollout["kind"] = "rollout";
  rollout["schedule"] = {{{"from", "2026-01-01T00:00:00Z"}, {"share", 0.5}}};
  const Outcomes gradual = world.collect(test_of(rollout));
  BOOST_TEST(gradual.data.multiple_exposed == 0);
  BOOST_TEST(!gradual.data.fixed_shares);
  BOOST_TEST(gradual.data.metrics[0].variants[0].sum[kValue] == 3);
  BOOST_TEST(gradual.data.units[1] == 1);
}

BOOST_AUTO_TEST_CASE(programs_are_left_out_and_segments_told_apart) {
  World world;
  world.visitor(1, 7);
  world.visitor(2, 8);
  world.visitor(3, 8);
  for (std::int64_t v = 1; v <= 3; ++v) world.exposure(v, v == 1 ? "a" : "b", kNow - kDay);
  for (int i = 0; i <= kMostEventsAnHour; ++i) world.click(3, 1, kNow - kDay + i);
  world.goal(2, "order", 4, kNow - kDay + 1);
  const Outcomes out = world.collect(test_of(document(Json::array({kOrders}))));
  BOOST_TEST(out.bots == 1);
  BOOST_TEST(out.data.units[1] == 1);
  BOOST_REQUIRE(out.segments.size() == 2U);
  BOOST_TEST(out.segments[1].segment == 8U);
  BOOST_TEST(out.segments[1].data.metrics[0].variants[1].sum[kValue] == 4);
  BOOST_TEST(out.segments[0].data.metrics[0].variants[1].sum[kValue] == 0);
}

BOOST_AUTO_TEST_CASE(a_guardrail_with_no_event_in_the_control_can_break) {
  ExperimentData data;
  data.name = "x";
  data.variants = {"a", "b"};
  data.weights = {1, 1};
  data.units = {500, 500};
  const auto sums = [](double n, double did) {
    Sums out;
    out.n = n;
    out.sum[kValue] = out.product[kValue][kValue] = did;
    return out;
  };
  data.metrics.push_back({"orders", {.kind = MetricKind::kProportion}, false, false, {sums(500, 50), sums(500, 52)}});
  data.metrics.push_back({"errors", {.kind = MetricKind::kProportion}, true, true, {sums(500, 0), sums(500, 60)}});
  const AnalysisResult result = analyze_results(data, {});
  BOOST_TEST(result.metrics[1].comparisons[0].direction == -1);
  BOOST_TEST(!result.metrics[1].comparisons[0].relative);
  BOOST_CHECK_CLOSE(result.metrics[1].comparisons[0].test->value, 61.0 / 502 - 1.0 / 502, 1e-9);
  data.metrics[1].variants[1] = sums(500, 1);
  BOOST_TEST(analyze_results(data, {}).metrics[1].comparisons[0].direction == 0);
  data.metrics[1].variants[1] = sums(500, 0);
  BOOST_TEST(!analyze_results(data, {}).metrics[1].comparisons[0].test.has_value());
}

BOOST_AUTO_TEST_CASE(an_experiment_ends_by_its_date_and_needs_a_publish_for_it) {
  World world;
  Json json = document(Json::array({kOrders}));
  json["endDate"] = origin::format_time(origin::now_ms() + 60'000);
  create_test(world.store(), test_of(json), "someone");
  BOOST_TEST(!needs_publish(world.store(), origin::now_ms()));
  start_test(world.store(), "t", "someone");
  BOOST_TEST(needs_publish(world.store(), origin::now_ms()));
  mark_published(world.store(), experiments_digest(world.store(), origin::now_ms()));
  BOOST_TEST(!needs_publish(world.store(), origin::now_ms()));
  const auto names = [](std::uint32_t) { return std::string("x"); };
  BOOST_TEST(watch_tests(world.store(), names, "test", origin::now_ms())[0].what == "running");
  const auto later = watch_tests(world.store(), names, "test", origin::now_ms() + 120'000);
  BOOST_REQUIRE(later.size() == 1U);
  BOOST_TEST(later[0].what == "ended");
  BOOST_TEST(needs_publish(world.store(), origin::now_ms()));
  BOOST_CHECK_THROW(start_test(world.store(), "nothing", "x"), CannotChange);
  BOOST_CHECK_THROW(replace_test(world.store(), test_of(json), "x"), CannotChange);
}

BOOST_AUTO_TEST_CASE(the_audit_log_finds_what_was_changed_taken_out_or_moved) {
  for (const char* tampering :
       {"UPDATE audit_log SET detail = 'x' WHERE seq = 2", "DELETE FROM audit_log WHERE seq = 2",
        "UPDATE audit_log SET at = at + 1 WHERE seq = 1",
        "UPDATE audit_log SET seq = -seq; UPDATE audit_log SET seq = CASE seq WHEN -1 THEN 1 ELSE 5 + seq END",
        "UPDATE audit_log SET chain = zeroblob(32) WHERE seq = 3"}) {
    small_site::SmallSite site(false);
    site.store()
        .writer()
        .submit([&](Database& db) {
          for (const char* subject : {"one", "two", "three"}) append_audit(db, "me", "do", subject, "{}");
          const auto check = verify_audit(db, site.store().vault());
          BOOST_TEST(!check.broken_at.has_value());
          BOOST_TEST(check.rows == 3);
        })
        .get();
    SQLite::Database raw(site.store().path(), SQLite::OPEN_READWRITE);
    raw.exec(tampering);
    auto db = site.store().reader();
    BOOST_TEST(origin::verify_audit(*db, site.store().vault()).broken_at.has_value(), tampering);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
