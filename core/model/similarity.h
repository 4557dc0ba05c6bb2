// Content similarity of two items: the cosine of their feature rows, in [0, 1]; 0 when either has no feature.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/snapshot/reader.h"

namespace footlight {

[[nodiscard]] double content_similarity(const snapshot::SnapshotView& snapshot, std::uint32_t a,
                                        std::uint32_t b) noexcept;

struct SimilarItem {
  std::uint32_t item = 0;  // index
  double similarity = 0;   // (0, 1]
};

// Whether an item may be shown to anybody at all: no history-only row, in its active window, and no rule excludes it
// from every slot for everyone.
[[nodiscard]] bool is_active(const snapshot::SnapshotView& snapshot, std::uint32_t item, std::uint32_t now_s) noexcept;

// SPEC.md's recommendSimilarContent: the most similar active items whose content type's bit is in `type_mask`, never
// the item itself and none with similarity 0; ties end at the lower id. Fills `out` from its front and returns how
// many. Cost: one dot product an item.
[[nodiscard]] std::size_t recommend_similar_content(const snapshot::SnapshotView& snapshot, std::uint32_t item,
                                                    std::uint32_t type_mask, std::uint32_t now_s,
                                                    std::span<SimilarItem> out) noexcept;

}  // namespace footlight
