// The engine's own ranking as a list over several content types: GET /api/personalization/recommendations and
// `footlight recommend`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/visitor/visitor.h"
#include "origin/learn/recommend.h"
#include "origin/publish/live.h"

namespace footlight::origin {

// The best of each type's slot, without exploration, by confidence, as flags have it. Throws Problem kBadParameter for
// an unknown type.
[[nodiscard]] std::vector<learn::Recommended> engine_list(const publish::LiveSnapshot& live, const Visitor& visitor,
                                                          const std::vector<std::string>& types, std::uint32_t limit);

}  // namespace footlight::origin
