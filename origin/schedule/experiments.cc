#include "origin/schedule/experiments.h"

#include <algorithm>
#include <utility>

#include "origin/experiment/test_store.h"
#include "origin/experiment/watch.h"
#include "origin/publish/segment_names.h"
#include "origin/schedule/learning.h"

namespace footlight::schedule {

Json Experiments::run(const std::function<publish::PublishReport()>& publish) {
  try {
    const auto report = publish();
    if (published_) published_();
    return publish_report(report);
  } catch (const publish::CannotPublish& refused) {
    return {{"refused", refused.what()}};
  }
}

Work Experiments::publish() {
  return [this](const Progress&, const std::atomic<bool>&) {
    return run([this] { return publish::publish_flags(store_, options_); });
  };
}

Work Experiments::promote_canary(std::string id) {
  return [this, id = std::move(id)](const Progress&, const std::atomic<bool>&) {
    return run([&] { return publish::promote_canary(store_, id, options_); });
  };
}

Json Experiments::watch() {
  Json report = {{"experiments", Json::array()}};
  const auto watched =
      experiment::watch_tests(store_, publish::segment_names(live_.get()), "schedule", origin::now_ms());
  for (const auto& one : watched) {
    report["experiments"].push_back({{"id", one.id}, {"what", one.what}, {"detail", one.detail}});
    if (one.what == "rolled_back") rolled_back_.fetch_add(1, std::memory_order_relaxed);
  }
  if (live_.get() && experiment::needs_publish(store_, origin::now_ms())) {
    report["publish"] = run([this] { return publish::publish_flags(store_, options_); });
  }
  return report;
}

void Experiments::tick(Jobs& jobs, std::int64_t now_ms) {
  if (now_ms < next_ms_) return;
  next_ms_ = now_ms + kEveryMs;
  const auto tests = experiment::tests(store_);
  const bool any = std::any_of(tests.begin(), tests.end(), [](const experiment::StoredTest& stored) {
    return stored.status == experiment::TestStatus::kRunning;
  });
  if (!any && !(live_.get() && !tests.empty() && experiment::needs_publish(store_, now_ms))) return;
  try {
    jobs.submit({.kind = "experiments", .work = [this](const Progress&, const std::atomic<bool>&) { return watch(); }});
  } catch (const Jobs::Busy&) {  // the last one waits for a training, say
  }
}

}  // namespace footlight::schedule
