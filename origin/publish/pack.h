// Segment packs: a snapshot cut down to what a browser needs for the visitors of one segment.
//
// Kept are
//   candidates   for each slot the items that the segment's typical visitor would have in the pool of decide(): the
//   best
//                max(16, 4 * limit) by score, and what rules and flags name. The pack for everyone also holds the best
//                `limit` for every single answer of the questionnaire (at most 12 * limit a slot): its visitors have
//                answered something, only not what decides a segment
//   ghosts       of the others those that still say something about a candidate (they have it as a neighbour) or about
//                taste (an attribute that is inferred from history). They are never shown, so they travel without body,
//                but with the name that "Because you looked at …" needs. At most kMaxGhosts, the most popular first
//   all          questions, segments, slots, reasons, weights: the visitor may answer differently in the browser
// Neighbour rows are cut to candidates, and quantised anew: a pack may score a history by a hair differently from the
// edge snapshot. Questionnaire, bias and priors score exactly the same.
#pragma once

#include <cstdint>

#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"

namespace footlight::publish {

inline constexpr std::size_t kMaxGhosts = 512;

// `full` is what `edge` was built from. `segment` is an index into edge.segments(). Cost: one scoring of all items, for
// everyone one per option.
[[nodiscard]] snapshot::SnapshotInput cut_pack(const snapshot::SnapshotInput& full, const snapshot::SnapshotView& edge,
                                               std::uint32_t segment);

}  // namespace footlight::publish
