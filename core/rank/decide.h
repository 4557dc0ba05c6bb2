// decide(): the one pure function. (snapshot, visitor, context) -> what each slot of a page shows, and why.
//
// For each slot: filter (history-only, window, exclusion, disliked, seen, shown in an earlier slot of this page),
// score (z, core/rank/score.h), keep the best P = max(16, 4 * limit) (ties end at the lower id), then fill position
// after position: a pinned item in its place; else from what is left of the P, with z'_i = z_i - diversity * max
// similarity to the cards above, either the largest z' (temperature 0) or a draw from softmax(z' / temperature). The
// probability of that draw among what was left is the entry's propensity: exact, conditional on the positions above.
// Items outside the P have propensity 0, and a pin or a greedy choice has 1. The draw is seeded from (unit id, snapshot
// version, slot id, day): stable over a day, reproducible for ever. A visitor without a unit id is never explored on.
//
// A pinned item stands in its place however high it ranks by itself, and in no other slot of the page, an earlier one
// included; of two slots that pin it the first requested has it. Only when candidates run out do later pins move up.
//
// Cost: one dot product an item plus history times neighbours; no allocation: the caller brings the scratch.
// Thread-safe for different scratch. Cannot fail after the request was checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/match/match.h"
#include "core/rank/score.h"
#include "core/snapshot/reader.h"
#include "core/status.h"
#include "core/visitor/visitor.h"

namespace footlight {

inline constexpr std::uint32_t kMaxSlotRequests = 16;
inline constexpr std::uint32_t kMaxEntries = 256;  // of one decision

struct SlotRequest {
  std::uint32_t slot = 0;   // index
  std::uint32_t limit = 0;  // 0: the slot's own; more than max_limit is cut to it
};

struct Entry {
  std::uint32_t item = 0;             // index
  std::uint32_t item_id = 0;          // stable
  double score = 0;                   // z before diversity
  float propensity = 0;               // conditional, (0, 1]
  std::uint16_t confidence = 0;       // 0 to 9999, in 1/10000
  std::uint16_t engagement_rate = 0;  // 0 to 10000 in 1/10000; 65535: not known
  snapshot::ReasonKind reason = snapshot::ReasonKind::kDefault;
  std::uint16_t reason_question = 0;  // index, for kQuestion
  std::uint32_t reason_argument = 0;  // as MatchFactor::argument
};
inline constexpr std::uint16_t kRateUnknown = 65535;

struct SlotDecision {
  std::uint32_t slot = 0;  // index
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

struct Decision {
  std::uint64_t snapshot_version = 0;
  std::uint32_t segment = 0;  // index
  std::uint32_t engagement_level = 1;
  std::uint32_t personalization_score = 0;
  std::uint32_t flags = 0;  // of the snapshot's weights: kApprentice
  std::uint32_t slot_count = 0;
  SlotDecision slots[kMaxSlotRequests] = {};
  std::uint32_t entry_count = 0;
  Entry entries[kMaxEntries] = {};

  [[nodiscard]] std::span<const Entry> entries_of(const SlotDecision& slot) const noexcept {
    return {entries + slot.first, slot.count};
  }
};

// Bytes of scratch decide() needs for this snapshot; 16-byte aligned.
[[nodiscard]] std::size_t decide_scratch_bytes(const snapshot::SnapshotView& snapshot) noexcept;

// kUnknownSlot: a request names a slot index that is not there; kTooLarge: more than kMaxSlotRequests, more than
// kMaxEntries in all, or scratch too small. Otherwise kOk and `decision` is filled.
[[nodiscard]] Status decide(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
                            std::span<const SlotRequest> requests, std::span<std::byte> scratch,
                            Decision& decision) noexcept;

// What a slot's pool holds at most, and so the chances of one position.
inline constexpr std::uint32_t kMaxChances = 4 * snapshot::kMaxSlotLimit;

struct Chance {
  std::uint32_t item = 0;  // index
  float propensity = 0;    // conditional, as Entry::propensity
};

// With what probability decide() would have put every item into each position of one slot, given that the items above
// are `shown` (indexes, by position), drawn by it or not: the propensities of a *target* policy, for off-policy
// estimates of a log that another snapshot wrote. Where decide() itself drew `shown`, the chance of shown[p] in
// position p is the entry's propensity to the bit. A pin has its whole place, a greedy choice too.
//
// Position p's chances are counts[p] entries from chances[p * kMaxChances] on; what is not among them has no chance.
// `counts` has one element for each position asked for, `chances` kMaxChances times as many. Positions below a shown
// item that is kNone (not known, or not in this snapshot), and those for which candidates run out, have none. The slot
// stands alone: what other slots of the page took or pin is not left out. The scores z of the slot's types of items lie
// at the start of `scratch` afterwards, by index.
//
// kUnknownSlot: no such slot; kTooLarge: more positions than the slot has at most or than `shown` or `chances` hold, or
// scratch too small.
[[nodiscard]] Status conditional_propensities(const snapshot::SnapshotView& snapshot, const Visitor& visitor,
                                              const Context& context, const SlotRequest& request,
                                              std::span<const std::uint32_t> shown, std::span<std::byte> scratch,
                                              std::span<Chance> chances, std::span<std::uint32_t> counts) noexcept;

// z of every item, without filters, as doubles at the start of `scratch` (decide_scratch_bytes() of it). For
// evaluation.
void score_items(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
                 std::span<std::byte> scratch) noexcept;

// Log-odds that make one unit of an explained factor: the default weight of a match, so that with default weights a
// question's factor is SPEC.md's (format .3, …) as match_factors() gives it.
inline constexpr double kLogOddsPerUnit = 3.0;

// The parts of one item's score that speak for it, largest first: each question (its match and what the engagement
// model makes of the answer), "history", "segment" (prior and model), "popular" (bias, the prior of everyone, what the
// model says of the item for anybody), "visit" (what the model makes of all else: device, time, activity). Each is its
// own share of z in log-odds / kLogOddsPerUnit, above 0; what is weighted with 0 is not there. Confidence and the
// reason are computed from these. Returns how many were written.
[[nodiscard]] std::size_t explain(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                                  std::uint32_t item, std::span<MatchFactor, kMaxFactors> factors) noexcept;

// Writes the reason in a locale, "Matches your interest in feature films". Returns the bytes it needs; writes at most
// out.size() of them.
[[nodiscard]] std::size_t write_reason(const snapshot::SnapshotView& snapshot, const Entry& entry, std::uint32_t locale,
                                       std::span<char> out) noexcept;

}  // namespace footlight
