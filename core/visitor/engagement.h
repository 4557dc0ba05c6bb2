// engagementLevel and personalizationScore of SPEC.md, defined here and nowhere else.
#pragma once

#include <cstdint>

#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"

namespace footlight {

// Points one interaction is worth, 0 to 32: view 1, click 4, engage 6, convert 20; +1 for each full 10 s of duration up
// to 6; positive feedback +6; neutral feedback nothing; negative feedback 0 in all (it says what to avoid, not that the
// visitor left). `before` is what the history holds of the item, or null at its first sight: a view of a known item is
// worth its duration alone, and a liked item is not liked again, so that reloading a page earns nothing.
[[nodiscard]] std::uint32_t engagement_points(const Interaction& interaction, const HistoryEntry* before) noexcept;

// 1 to 5 from the visitor's points: 2 from 4, 3 from 24, 4 from 64, 5 from 160. Monotone in points.
[[nodiscard]] std::uint32_t engagement_level(const Visitor& visitor) noexcept;

// 0 to 100: how much the visitor has given to personalise with. 85 * (share of the questionnaire answered, weighted by
// QuestionRow::completeness) + 15 * (1 - 2^(-points / 24)), rounded to the nearest. Monotone in answers and points;
// what a segment implies or history suggests is not counted, so an answer never takes anything away.
[[nodiscard]] std::uint32_t personalization_score(const Visitor& visitor,
                                                  const snapshot::SnapshotView& snapshot) noexcept;
// The same, from masks that answer_masks() has filled.
[[nodiscard]] std::uint32_t personalization_score(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                                                  std::span<const std::uint64_t> masks) noexcept;

}  // namespace footlight
