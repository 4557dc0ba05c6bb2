// Content similarity of two items: the cosine of their feature rows, in [0, 1]; 0 when either has no feature.
#pragma once

#include <cstdint>

#include "core/snapshot/reader.h"

namespace footlight {

[[nodiscard]] double content_similarity(const snapshot::SnapshotView& snapshot, std::uint32_t a,
                                        std::uint32_t b) noexcept;

}  // namespace footlight
