// Content matching: SPEC.md's ContentMatcher, as one exact integer dot product per item.
//
// Every option of every question is a column. An item's affinity to a column is 0 to 127 (quantised 0 to 1); the
// visitor folds once per request into an int16 row. For question q with weight w and n given answers, each given option
// weighs w / n, so
//
//     match(v, i) = sum over questions of weight * (share of the answers that the item has)
//
// which is bounded by the sum of weights and, for given answers, rises with each further option an item has. An answer
// that is missing on either side adds 0. A further answer makes each weigh less: who names two materials is half
// matched by an item that has one of them. Only where each answer counts (multiple and kPerAnswer: genres) does each
// weigh w whole, and a further answer never takes anything away; the bound is then w times the number of answers.
//
// A question left open is filled from what the visitor's segment implies (imply_answers(); each option named weighs
// w / n, since one of them is meant), else, when it is marked kFromHistory, from the items they liked: their columns,
// averaged, carry `history_match` of the weight. An item with several options of a question splits its voice among
// them, unless each counts.
#pragma once

#include <cstdint>
#include <span>

#include "core/model/item_item.h"
#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"

namespace footlight {

// A match of 1.0 is 127 * kFoldUnit in the integer domain.
inline constexpr double kFoldUnit = 8192.0;

// All that a request needs of the visitor, folded once. About 2 kB; lives on the caller's stack.
struct FoldedVisitor {
  alignas(16) std::int16_t weights[snapshot::kMaxColumns] = {};
  std::uint16_t columns[snapshot::kMaxColumns] = {};  // the few that weigh anything, ascending
  std::uint32_t column_count = 0;
  std::uint64_t masks[snapshot::kMaxQuestions] = {};  // answers given, by question
  std::uint32_t segment = 0;                          // index
  RecentItems recent;
};

[[nodiscard]] FoldedVisitor fold(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                                 std::uint16_t today) noexcept;

// match(v, i), at least 0. Cost: stride() multiply-adds.
[[nodiscard]] double match(const FoldedVisitor& folded, const snapshot::SnapshotView& snapshot,
                           std::uint32_t item) noexcept;

// One part of a match, or of a whole score (explain() in core/rank/decide.h); `type` of SPEC.md's MatchFactor is the
// question's factor name, or "history", "segment", "popular", "visit".
struct MatchFactor {
  snapshot::ReasonKind kind = snapshot::ReasonKind::kDefault;
  std::uint16_t question = 0;  // index, for kQuestion
  std::uint32_t argument = 0;  // option index (kQuestion), item index (kHistory)
  double score = 0;            // in match units (SPEC.md: format .3, …), above 0
};
inline constexpr std::size_t kMaxFactors = snapshot::kMaxQuestions + 4;

// The match split by question, largest first (ties: by question index). Returns how many were written.
[[nodiscard]] std::size_t match_factors(const FoldedVisitor& folded, const snapshot::SnapshotView& snapshot,
                                        std::uint32_t item, std::span<MatchFactor, kMaxFactors> factors) noexcept;

// calculateConfidence: 1 - exp(-slope * sum of scores), in [0, 1), monotone in every factor; 0 for no factor.
[[nodiscard]] double calculate_confidence(std::span<const MatchFactor> factors, double slope) noexcept;

}  // namespace footlight
