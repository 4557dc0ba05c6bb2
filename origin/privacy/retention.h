// What is about people goes by itself when its time is over.
//
//     const RetentionReport report = apply_retention(store, site.retention, now_ms(), {.dry_run = true});
//
// Once a day of a running origin (`footlight privacy retention` at any time). Interactions, exposures, conversions,
// recommendations and would-show rows go `interaction_days` after they happened; visitors without a profile go with the
// last of theirs; profiles are erased (erasure.h) `profile_days` after the person last did something; expired tokens
// and stored pages go at once. Keys without a profile stay: they are those of a newer database than the one in place
// (backup.h), or of nobody. Each run is in the audit log with its counts. Removes in
// batches, so that nobody waits long for the writer. Thread rule: any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "origin/store/site.h"
#include "origin/store/store.h"

namespace footlight::origin {

struct RetentionReport {
  std::uint64_t interactions = 0;
  std::uint64_t recommendations = 0;
  std::uint64_t would_show = 0;
  std::uint64_t exposures = 0;
  std::uint64_t conversions = 0;
  std::uint64_t visitors = 0;  // without a profile and with nothing left
  std::uint64_t profiles = 0;
  std::uint64_t tokens = 0;
  std::uint64_t contents = 0;
  bool is_complete = true;  // false: cancelled; what was removed stays removed
};
[[nodiscard]] nlohmann::ordered_json retention_json(const RetentionReport& report);

struct RetentionRun {
  bool dry_run = false;  // only count
  std::string actor = "schedule";
};

RetentionReport apply_retention(Store& store, const SiteRetention& retention, std::int64_t now_ms,
                                const RetentionRun& run, const std::atomic<bool>& cancel);

// True once a day over all processes on the database: for the first that asks.
[[nodiscard]] bool begin_retention_day(Store& store, std::int64_t now_ms);

}  // namespace footlight::origin
