// One section of a snapshot as bytes, for what lies in it and is read by somebody else (core/experiment).
#pragma once

#include <cstddef>
#include <span>

#include "core/snapshot/layout.h"

namespace footlight::snapshot {

// `snapshot` is one that SnapshotView::open() has taken. Empty when there is no such section. Aligned to kAlignment.
[[nodiscard]] std::span<const std::byte> section_bytes(std::span<const std::byte> snapshot, Section section) noexcept;

}  // namespace footlight::snapshot
