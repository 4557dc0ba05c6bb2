// What a candidate snapshot would have earned on the store's own log, beside the live one on the same rounds.
//
//     const Replay replay = replay_log(store, live.view(), candidate.view(), {}, progress, cancel);
//     const OffPolicy gain = estimate_difference(replay.candidate, replay.live);
//
// One round is one card of a logged slate (logged_slates.h). Its propensity is the one that was logged when it was
// drawn; pi is the chance that each snapshot gives the same item in that position under the same cards above
// (conditional_propensities() of core), exploring as it would when live. A card below a gap in the slate, or in a slot
// or under items that a snapshot does not have, has no pi: its round counts as of unknown propensity, for both.
//
// The reward model is the live snapshot's calibrated probability; where it is not calibrated, the cross-fitted rate of
// the item in that position (cell_rates.h). The same one for both, so that their difference does not come from it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "core/snapshot/reader.h"
#include "origin/learn/off_policy.h"
#include "origin/store/store.h"

namespace footlight::learn {

struct Replay {
  std::vector<Round> candidate;
  std::vector<Round> live;  // the same rounds
  std::uint64_t slates = 0;
  std::uint64_t other_slots = 0;  // cards of slots that one of the snapshots does not have; no rounds
  bool calibrated = false;        // the reward model is the live snapshot's own
};

struct ReplayOptions {
  std::int64_t from_ms = 0;  // exposures before are left out
};

using ReplayProgress = std::function<void(std::string_view stage, double share)>;

// Throws Cancelled, or what the store throws. Cost: two scorings of all items a slate.
[[nodiscard]] Replay replay_log(origin::Store& store, const snapshot::SnapshotView& live,
                                const snapshot::SnapshotView& candidate, const ReplayOptions& options,
                                const ReplayProgress& progress, const std::atomic<bool>& cancel);

}  // namespace footlight::learn
