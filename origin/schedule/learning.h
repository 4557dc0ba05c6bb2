// What is done in off-peak hours, and each of it on request: train, publish, precompute.
//
// Nothing here publishes by force. A refusal (the publish gate, or something that stands in the way) is the outcome of
// the night's work and no failure of it: it is reported, logged and counted, and what is live stays.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "origin/learn/trainer.h"
#include "origin/publish/live.h"
#include "origin/publish/precompute.h"
#include "origin/publish/publisher.h"
#include "origin/schedule/jobs.h"
#include "origin/schedule/off_peak.h"
#include "origin/store/store.h"

namespace footlight::schedule {

struct LearningOptions {
  learn::TrainOptions train;
  publish::PublishOptions publish;
  publish::PrecomputeOptions precompute;
};

class Learning {
 public:
  // `published` runs after each publish, before what is precomputed (the live snapshot is taken up). `options` is
  // copied.
  Learning(origin::Store& store, publish::Live& live, LearningOptions options, std::function<void()> published = {})
      : store_(store), live_(live), options_(std::move(options)), published_(std::move(published)) {}

  [[nodiscard]] Work train();
  [[nodiscard]] Work publish(std::string note, bool force);
  [[nodiscard]] Work precompute(publish::PrecomputeOptions options, std::function<std::int64_t()> now);
  // All three, one after the other: {"train": {…}, "publish": {…} or {"refused": "why"}, "precompute": {…}}.
  [[nodiscard]] Work nightly(std::function<std::int64_t()> now);

  [[nodiscard]] const LearningOptions& options() const { return options_; }
  [[nodiscard]] std::uint64_t trained() const { return trained_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t published() const { return publishes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t precomputed() const { return precomputed_.load(std::memory_order_relaxed); }

 private:
  Json run_train(const Progress& progress, const std::atomic<bool>& cancel);
  Json run_publish(const std::string& note, bool force, const Progress& progress, const std::atomic<bool>& cancel);
  Json run_precompute(const publish::PrecomputeOptions& options, std::int64_t now_ms, const Progress& progress,
                      const std::atomic<bool>& cancel);

  origin::Store& store_;
  publish::Live& live_;
  const LearningOptions options_;
  const std::function<void()> published_;
  std::atomic<std::uint64_t> trained_{0};
  std::atomic<std::uint64_t> publishes_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> precomputed_{0};
};

// Reports as the API gives them.
[[nodiscard]] Json train_report(const learn::TrainReport& report);
[[nodiscard]] Json publish_report(const publish::PublishReport& report);
[[nodiscard]] Json precompute_report(const publish::PrecomputeReport& report);

// Begins `work` once in each window: on the first tick inside it, of the first origin that asks (lease.h). A window
// that was slept through is not made up for. Thread rule: one thread at a time.
class Nightly {
 public:
  Nightly(origin::Store& store, Jobs& jobs, OffPeak hours, Work work)
      : jobs_(jobs), hours_(hours), work_(std::move(work)), lease_(store) {}

  // True when it has begun the work of this window.
  bool tick(std::int64_t now_ms);

 private:
  Jobs& jobs_;
  const OffPeak hours_;
  const Work work_;
  Lease lease_;
  std::int64_t asked_ = 0;  // the window that was asked for last
};

}  // namespace footlight::schedule
