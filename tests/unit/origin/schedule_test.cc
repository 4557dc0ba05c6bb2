#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "origin/learn/ease.h"
#include "origin/publish/live.h"
#include "origin/schedule/jobs.h"
#include "origin/schedule/learning.h"
#include "origin/schedule/lease.h"
#include "origin/schedule/off_peak.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using namespace footlight::schedule;
using small_site::SmallSite;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

const std::vector<std::string> kNotHours = {"",
                                            "2-5",
                                            "02:00",
                                            "02:00-02:00",
                                            "24:00-05:00",
                                            "02:60-05:00",
                                            "02:00–05:00",
                                            "02:00-05:0x",
                                            "02.00-05.00",
                                            "02:00-05:00 "};

// A clock that only the test moves, and jobs on it.
struct Service {
  explicit Service(SmallSite& site)
      : jobs(
            site.store(), long_work, [this] { return now.load(); },
            [this](const JobStatus& job) {
              const std::lock_guard lock(mutex);
              logged.push_back(job.kind);
            }) {}
  std::atomic<std::int64_t> now{1000 * kDay};
  std::mutex mutex;
  std::vector<std::string> logged;
  std::mutex long_work;
  Jobs jobs;
};

Work says(const char* text) {
  return [text](const Progress&, const std::atomic<bool>&) -> Json { return {{"text", text}}; };
}

// Work that waits for its test.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_in = false;
  bool is_open = false;
  Work work() {
    return [this](const Progress& progress, const std::atomic<bool>& cancel) -> Json {
      progress("waiting", 0.5);
      std::unique_lock lock(mutex);
      is_in = true;
      changed.notify_all();
      while (!is_open && !cancel.load()) changed.wait_for(lock, std::chrono::milliseconds(5));
      if (cancel.load()) throw learn::Cancelled{};
      return {{"text", "through"}};
    };
  }
  void await() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return is_in; });
  }
  void open() {
    const std::lock_guard lock(mutex);
    is_open = true;
    changed.notify_all();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule_suite)

BOOST_DATA_TEST_CASE(hours_that_are_none_are_refused, kNotHours, text) {
  BOOST_TEST(!parse_off_peak(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_window_is_known_by_when_it_opened) {
  const OffPeak night = parse_off_peak("02:00-05:00").value();
  BOOST_TEST(!window_at(night, kDay + 2 * kHour - 1).has_value());
  BOOST_TEST(window_at(night, kDay + 2 * kHour).value() == kDay + 2 * kHour);
  BOOST_TEST(window_at(night, kDay + 5 * kHour - 1).value() == kDay + 2 * kHour);
  BOOST_TEST(!window_at(night, kDay + 5 * kHour).has_value());
  BOOST_TEST(window_from(night, kDay + 3 * kHour) == kDay + 2 * kHour);
  BOOST_TEST(window_from(night, kDay + 6 * kHour) == 2 * kDay + 2 * kHour);
  BOOST_TEST(window_from(night, kDay) == kDay + 2 * kHour);
  const OffPeak over = parse_off_peak("23:30-01:00").value();
  BOOST_TEST(window_at(over, kDay + 30 * kMinute).value() == 23 * kHour + 30 * kMinute);
  BOOST_TEST(window_at(over, kDay + 23 * kHour + 45 * kMinute).value() == kDay + 23 * kHour + 30 * kMinute);
  BOOST_TEST(!window_at(over, kDay + kHour).has_value());
}

BOOST_AUTO_TEST_CASE(a_lease_has_one_owner_until_it_runs_out) {
  SmallSite site;
  Lease a(site.store());
  Lease b(site.store());
  BOOST_TEST(a.take(0));
  BOOST_TEST(!b.take(kLeaseMs - 1));
  BOOST_TEST(a.take(kLeaseMs - 1));  // renewed
  BOOST_TEST(!b.take(kLeaseMs));
  b.release();  // is not b's to give back
  BOOST_TEST(!b.take(kLeaseMs));
  BOOST_TEST(b.take(2 * kLeaseMs - 1));  // a has died
  BOOST_TEST(!a.take(2 * kLeaseMs));
  b.release();
  BOOST_TEST(a.take(2 * kLeaseMs));
}

BOOST_AUTO_TEST_CASE(a_window_begins_once_over_all_origins_and_restarts) {
  SmallSite site;
  Lease a(site.store());
  Lease b(site.store());
  BOOST_TEST(a.begin_window(kDay));
  BOOST_TEST(!a.begin_window(kDay));
  BOOST_TEST(!b.begin_window(kDay));
  BOOST_TEST(b.begin_window(2 * kDay));
  BOOST_TEST(!a.begin_window(kDay));
}

BOOST_AUTO_TEST_CASE(a_job_is_queued_runs_and_reports, *boost::unit_test::label("threads")) {
  SmallSite site;
  Service service(site);
  Gate gate;
  const JobStatus first = service.jobs.submit({.kind = "train", .work = gate.work()});
  BOOST_TEST((first.state == JobState::kQueued));
  gate.await();
  const JobStatus running = service.jobs.find(first.id).value();
  BOOST_TEST((running.state == JobState::kRunning));
  BOOST_TEST(running.stage == "waiting");
  BOOST_TEST(running.share == 0.5);
  BOOST_CHECK_THROW(service.jobs.submit({.kind = "train", .work = says("")}), Jobs::Busy);
  const JobStatus second = service.jobs.submit({.kind = "precompute", .work = says("second")});
  BOOST_TEST((service.jobs.find(second.id)->state == JobState::kQueued));  // one at a time
  BOOST_TEST(!service.long_work.try_lock());
  gate.open();
  const JobStatus done = service.jobs.wait(first.id).value();
  BOOST_TEST((done.state == JobState::kDone));
  BOOST_TEST(done.report["text"] == "through");
  BOOST_TEST(service.jobs.wait(second.id)->report["text"] == "second");
  BOOST_TEST(service.jobs.list().front().id == second.id);
  BOOST_TEST(!service.jobs.find("x").has_value());
}

BOOST_AUTO_TEST_CASE(what_fails_says_why_and_the_next_one_runs, *boost::unit_test::label("threads")) {
  SmallSite site;
  Service service(site);
  const auto failing =
      service.jobs.submit({.kind = "train", .work = [](const Progress&, const std::atomic<bool>&) -> Json {
                             throw std::runtime_error("no disk");
                           }});
  const JobStatus failed = service.jobs.wait(failing.id).value();
  BOOST_TEST((failed.state == JobState::kFailed));
  BOOST_TEST(failed.error == "no disk");
  const auto next = service.jobs.submit({.kind = "train", .work = says("next")});
  BOOST_TEST((service.jobs.wait(next.id)->state == JobState::kDone));
}

BOOST_AUTO_TEST_CASE(stopping_interrupts_what_runs_and_drops_what_waits, *boost::unit_test::label("threads")) {
  SmallSite site;
  Service service(site);
  Gate gate;
  const auto runs = service.jobs.submit({.kind = "train", .work = gate.work()});
  const auto waits = service.jobs.submit({.kind = "publish", .work = says("")});
  gate.await();
  service.jobs.stop();
  BOOST_TEST((service.jobs.find(runs.id)->state == JobState::kFailed));
  BOOST_TEST((service.jobs.find(waits.id)->state == JobState::kFailed));
  Lease other(site.store());
  BOOST_TEST(other.take(service.now));  // given back
}

BOOST_AUTO_TEST_CASE(a_job_waits_until_it_is_due_and_until_nobody_else_works, *boost::unit_test::label("threads")) {
  SmallSite site;
  Service service(site);
  Lease other(site.store());
  BOOST_TEST(other.take(service.now));
  const std::int64_t start = service.now;
  const auto job = service.jobs.submit({.kind = "train", .work = says("late"), .due_at_ms = start + kHour});
  service.jobs.tick();
  BOOST_TEST((service.jobs.find(job.id)->state == JobState::kQueued));
  service.now = start + kHour;
  BOOST_TEST(other.take(service.now));
  service.jobs.tick();
  BOOST_TEST((service.jobs.find(job.id)->state == JobState::kQueued));
  other.release();
  service.jobs.tick();
  const JobStatus done = service.jobs.wait(job.id).value();
  BOOST_TEST((done.state == JobState::kDone));
  BOOST_TEST(done.started_at_ms >= start + kHour);
}

BOOST_AUTO_TEST_CASE(a_night_trains_publishes_and_precomputes_once, *boost::unit_test::label("threads")) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 8; ++v) {
    site.interact(v, "a");
    site.interact(v, "b");
  }
  Service service(site);
  publish::Live live({.directory = site.options().directory,
                      .public_keys = [&] { return publish::trusted_keys(site.options().signing_key); }});
  Learning learning(site.store(), live, {.publish = site.options()}, [&] { live.reload(origin::now_ms() / 1000); });
  const OffPeak hours = parse_off_peak("02:00-05:00").value();
  Nightly nightly(site.store(), service.jobs, hours, learning.nightly([&] { return service.now.load(); }));
  const std::int64_t day = service.now;
  BOOST_TEST(!nightly.tick(day + kHour));
  BOOST_TEST(nightly.tick(day + 2 * kHour));
  BOOST_TEST(!nightly.tick(day + 2 * kHour + kMinute));
  BOOST_REQUIRE(service.jobs.list().size() == 1U);
  const JobStatus done = service.jobs.wait(service.jobs.list().front().id).value();
  BOOST_REQUIRE_MESSAGE(done.state == JobState::kDone, done.error);
  BOOST_TEST(done.report["train"]["learnedFrom"] == 8);
  BOOST_TEST(done.report["publish"]["version"] == 1);
  BOOST_TEST(done.report["precompute"]["snapshotVersion"] == 1);
  BOOST_TEST(live.get()->version() == 1U);
  BOOST_TEST(learning.trained() == 1U);
  BOOST_TEST(learning.published() == 1U);
  // After a restart, and in another origin, this night is over.
  Nightly again(site.store(), service.jobs, hours, says("again"));
  BOOST_TEST(!again.tick(day + 3 * kHour));
  BOOST_TEST(again.tick(day + kDay + 2 * kHour));
}

BOOST_AUTO_TEST_CASE(a_refused_publish_is_reported_and_counted) {
  SmallSite site(false);  // no site document: there is nothing to publish
  publish::Live live({.directory = site.options().directory});
  Learning learning(site.store(), live, {.publish = site.options()});
  const std::atomic<bool> never{false};
  const Json report = learning.publish("", false)([](std::string_view, double) {}, never);
  BOOST_TEST(report["refused"].get<std::string>().find("no site") != std::string::npos);
  BOOST_TEST(learning.refused() == 1U);
  BOOST_TEST(learning.published() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
