// The engine's own ranking as a list over several content types: GET /api/personalization/recommendations and
// `footlight recommend`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"
#include "origin/learn/recommend.h"

namespace footlight::origin {

// The best of each type's slot, without exploration, by confidence. Throws Problem kBadParameter for an unknown type.
[[nodiscard]] std::vector<learn::Recommended> engine_list(const snapshot::SnapshotView& snapshot,
                                                          const Visitor& visitor, const std::vector<std::string>& types,
                                                          std::uint32_t limit);

}  // namespace footlight::origin
