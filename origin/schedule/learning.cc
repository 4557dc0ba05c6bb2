#include "origin/schedule/learning.h"

#include <stdexcept>
#include <utility>

#include "origin/publish/gate.h"
#include "origin/store/document.h"

namespace footlight::schedule {

Json train_report(const learn::TrainReport& report) {
  return {{"visitors", report.visitors},
          {"learnedFrom", report.learned_from},
          {"itemsLearned", report.items_learned},
          {"itemsTooFew", report.items_too_few},
          {"impressions", report.impressions},
          {"heldOut", report.held_out},
          {"learnedSegments", report.learned_segments.size()},
          {"engagementModel", report.engagement},
          {"calibrated", report.stack && report.stack->calibrated},
          {"modelBytes", report.model_bytes},
          {"seconds", report.seconds}};
}

Json publish_report(const publish::PublishReport& report) {
  const publish::Manifest& manifest = report.manifest;
  return {{"version", manifest.version},
          {"sha256", manifest.snapshot.sha256},
          {"bytes", manifest.snapshot.bytes},
          {"packs", manifest.packs.size()},
          {"items", report.items},
          {"drafts", report.drafts},
          {"learnedItems", report.learned_items},
          {"expiresAt", origin::format_time(manifest.expires_at_s * 1000)},
          {"gate", publish::gate_json(report.gate)},
          {"warnings", report.warnings}};
}

Json precompute_report(const publish::PrecomputeReport& report) {
  return {{"snapshotVersion", report.snapshot_version},
          {"active", report.active},
          {"computed", report.computed},
          {"leftOut", report.left_out},
          {"seconds", report.seconds}};
}

Json Learning::run_train(const Progress& progress, const std::atomic<bool>& cancel) {
  const learn::TrainReport report = learn::train(store_, options_.train, progress, cancel);
  trained_.fetch_add(1, std::memory_order_relaxed);
  return train_report(report);
}

Json Learning::run_publish(const std::string& note, bool force, const Progress& progress,
                           const std::atomic<bool>& cancel) {
  publish::PublishOptions options = options_.publish;
  options.note = note;
  options.force = force;
  try {
    const publish::PublishReport report = publish::publish(store_, options, progress, cancel);
    publishes_.fetch_add(1, std::memory_order_relaxed);
    if (published_) published_();
    return publish_report(report);
  } catch (const publish::CannotPublish& refused) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return {{"refused", refused.what()}};
  }
}

Json Learning::run_precompute(const publish::PrecomputeOptions& options, std::int64_t now_ms, const Progress& progress,
                              const std::atomic<bool>& cancel) {
  const auto snapshot = live_.get();
  if (!snapshot) throw std::runtime_error("nothing has been published yet");
  const auto report = publish::precompute_for_active(store_, snapshot, options, now_ms, progress, cancel);
  precomputed_.fetch_add(report.computed, std::memory_order_relaxed);
  return precompute_report(report);
}

Work Learning::train() {
  return [this](const Progress& progress, const std::atomic<bool>& cancel) { return run_train(progress, cancel); };
}

Work Learning::publish(std::string note, bool force) {
  return [this, note = std::move(note), force](const Progress& progress, const std::atomic<bool>& cancel) {
    return run_publish(note, force, progress, cancel);
  };
}

Work Learning::precompute(publish::PrecomputeOptions options, std::function<std::int64_t()> now) {
  return [this, options, now = std::move(now)](const Progress& progress, const std::atomic<bool>& cancel) {
    return run_precompute(options, now(), progress, cancel);
  };
}

Work Learning::nightly(std::function<std::int64_t()> now) {
  return [this, now = std::move(now)](const Progress& progress, const std::atomic<bool>& cancel) -> Json {
    Json report = Json::object();
    report["train"] = run_train(progress, cancel);
    report["publish"] = run_publish("off-peak", false, progress, cancel);
    if (live_.get()) report["precompute"] = run_precompute(options_.precompute, now(), progress, cancel);
    return report;
  };
}

bool Nightly::tick(std::int64_t now_ms) {
  const auto opened = window_at(hours_, now_ms);
  if (!opened || *opened == asked_) return false;
  const bool is_ours = lease_.begin_window(*opened);
  asked_ = *opened;
  if (!is_ours) return false;
  std::int64_t until = *opened;
  while (window_at(hours_, until) == opened) until += 60'000;
  try {
    jobs_.submit({.kind = "nightly", .work = work_, .until_ms = until});
  } catch (const Jobs::Busy&) {  // the night before has not ended yet
    return false;
  }
  return true;
}

}  // namespace footlight::schedule
