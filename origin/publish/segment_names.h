// The names of a snapshot's segments by their stable ids.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "origin/publish/live.h"

namespace footlight::publish {

// In the site's first locale, as flags name them; "segment 12" for one that the snapshot (or nullptr) does not know.
[[nodiscard]] std::function<std::string(std::uint32_t)> segment_names(std::shared_ptr<const LiveSnapshot> snapshot);

}  // namespace footlight::publish
