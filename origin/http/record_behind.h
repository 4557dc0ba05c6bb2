// Decisions, written behind the answer: content_recommendations (one row an item) and
// personalized_content.
//
// A visitor who reloads sees the same page, and that is one recommendation: what was written last
// for a profile is remembered by fingerprint. Beyond `per_s` new decisions a second, and when the
// writer is behind, a decision is not written but counted: at twenty thousand homepages a second
// the rows would cost more than the answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/rank/decide.h"
#include "origin/publish/live.h"
#include "origin/store/profiles.h"

namespace footlight::origin {

class RecordBehind {
 public:
  RecordBehind(Store& store, double per_s);

  // Called after the answer was made; about 100 ns when there is nothing new. `was_shown`: the decision went out to
  // somebody; otherwise it is only precomputed, and no recommendation.
  void decided(std::int64_t profile, const Uuid& id, const std::shared_ptr<const publish::LiveSnapshot>& snapshot,
               const Decision& decision, std::uint32_t locale, bool was_shown = true);

  [[nodiscard]] std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_.load(std::memory_order_relaxed); }

 private:
  bool take();

  Store& store_;
  const double per_s_;
  std::mutex mutex_;
  double tokens_;
  std::int64_t at_ms_;
  std::vector<std::atomic<std::uint64_t>> seen_;  // by profile, modulo its size
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> skipped_{0};
};

// The homepage of an earlier decision, for when there is no snapshot to decide with; empty when
// none is kept or it has expired. This is SPEC.md's database cache for historical personalization.
[[nodiscard]] std::string stored_homepage(Store& store, const Session& session);

}  // namespace footlight::origin
