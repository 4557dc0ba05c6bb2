// What running experiments need of a running origin: looked after every few minutes (experiment/watch.h), and published
// whenever what they make of the flags is not what is live.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "origin/publish/live.h"
#include "origin/publish/publisher.h"
#include "origin/schedule/jobs.h"
#include "origin/store/store.h"

namespace footlight::schedule {

class Experiments {
 public:
  // `published` runs after each publish (the live snapshot is taken up). `options` is copied.
  Experiments(origin::Store& store, publish::Live& live, publish::PublishOptions options,
              std::function<void()> published = {})
      : store_(store), live_(live), options_(std::move(options)), published_(std::move(published)) {}

  // The flags and experiments of now, on what is live: the report of a publish, or {"refused": "why"}.
  [[nodiscard]] Work publish();
  // The snapshot of a canary that has won becomes the live one.
  [[nodiscard]] Work promote_canary(std::string id);
  // Once a second, of one thread: every kEveryMs a job of the kind "experiments".
  void tick(Jobs& jobs, std::int64_t now_ms);

  static constexpr std::int64_t kEveryMs = 120'000;

  [[nodiscard]] std::uint64_t rolled_back() const { return rolled_back_.load(std::memory_order_relaxed); }

 private:
  Json run(const std::function<publish::PublishReport()>& publish);
  Json watch();

  origin::Store& store_;
  publish::Live& live_;
  const publish::PublishOptions options_;
  const std::function<void()> published_;
  std::int64_t next_ms_ = 0;
  std::atomic<std::uint64_t> rolled_back_{0};
};

}  // namespace footlight::schedule
