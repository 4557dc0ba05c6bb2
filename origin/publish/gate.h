// The publish gate: a new model goes live only when it is not worse than the live one by more than chance.
//
// Two questions, both asked of what neither model was fitted to (`judged_from_ms`), both answered by the shipped bytes
// as the core scores them:
//
//   held-out     each visitor's latest choice since then: at what place does the snapshot rank it, knowing what
//                the visitor had done before? 1 / place, among the items of its type that both snapshots have and the
//                visitor had not chosen. (With a new item no model can be worse: what only one of them has is not
//                ranked.)
//   off-policy   what the snapshot's slates would have earned on the logged exposures since then (learn/replay.h), by
//                switch-DR with its own tau
//
// Of each the difference candidate - live on the same cases, paired, with visitors as clusters. The candidate is
// **worse** when a difference so low would come by chance less than once in 40 times from a candidate that is not
// (one-sided p < kGateLevel of Student's distribution). With two questions, one good model in 20 at most is refused.
//
// It cannot judge, and passes: nothing is live; there is no model; it is the live one (content, texts and settings
// alone changed); fewer than kMinCases visitors with a held-out choice, and a log that off_policy.h warns about for
// want of exploration, rewards, support or size. It says so in `why`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/snapshot/reader.h"
#include "origin/learn/model.h"
#include "origin/learn/off_policy.h"
#include "origin/store/store.h"

namespace footlight::publish {

inline constexpr double kGateLevel = 0.025;
inline constexpr std::uint64_t kMinCases = 30;

enum class Verdict : std::uint8_t { kPasses, kCannotJudge, kWorse };
[[nodiscard]] std::string_view verdict_name(Verdict verdict) noexcept;  // "passes", "cannot_judge", "worse"

struct GateFinding {
  Verdict verdict = Verdict::kCannotJudge;
  std::uint64_t cases = 0;  // visitors, or rounds
  double live = 0;
  double candidate = 0;
  learn::Interval difference;  // candidate - live, 95 %
  double p = 1;                // of a difference as low as this from a candidate that is not worse
  std::string why;             // a sentence with both numbers, or what it could not judge by
};

struct GateReport {
  Verdict verdict = Verdict::kCannotJudge;  // worse when either is; passes when one does and none is worse
  bool forced = false;                      // published all the same
  std::string why;
  std::uint64_t live_version = 0;    // 0: nothing was live
  std::int64_t judged_from_ms = 0;   // what happened from then on was used; 0: nothing was
  std::int64_t fitted_until_ms = 0;  // the candidate's model knows nothing later
  std::string model_sha256;          // of the stored model; empty: none
  std::optional<GateFinding> held_out;
  std::optional<GateFinding> off_policy;
};

using GateProgress = std::function<void(std::string_view stage, double share)>;

// When the model's own data ends.
[[nodiscard]] std::int64_t fitted_until_ms(const learn::Model& model);

// Both parts; `from_ms` is when what was held out begins. Throws learn::Cancelled, or what the store throws.
[[nodiscard]] GateReport judge(origin::Store& store, const snapshot::SnapshotView& live,
                               const snapshot::SnapshotView& candidate, std::int64_t from_ms,
                               const GateProgress& progress, const std::atomic<bool>& cancel);

// The whole gate: looks up the live version's row and file, says when there is nothing to judge, else judge().
// `model` are the stored bytes that the candidate was built with; empty: none.
[[nodiscard]] GateReport pass_gate(origin::Store& store, const std::string& directory,
                                   const snapshot::SnapshotView& candidate, std::span<const std::byte> model,
                                   const GateProgress& progress, const std::atomic<bool>& cancel);

// {"verdict", "forced", "why", "liveVersion", "judgedFrom", "fittedUntil", "model", "heldOut": {"verdict", "cases",
// "live",
//  "candidate", "difference", "low", "high", "p", "why"}, "offPolicy": {…}}; kept with the snapshot's row.
[[nodiscard]] nlohmann::ordered_json gate_json(const GateReport& report);

}  // namespace footlight::publish
