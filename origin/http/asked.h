// What a request for items asks for: types, how many, which method, which item. Each throws Problem kBadParameter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "origin/http/app.h"
#include "origin/learn/recommend.h"
#include "origin/learn/tastes.h"

namespace footlight::origin {

// `limit`: 1 or more; more than 24 are cut to that. 6 when it is not given.
[[nodiscard]] std::uint32_t limit_of(const Exchange& exchange);
// `type`, several with commas or repeated; project, service, testimonial and resource when it is not given.
[[nodiscard]] std::vector<std::string> types_of(const Exchange& exchange);
// The slot that chooses among each type, each once.
[[nodiscard]] std::vector<std::string_view> slots_of(const std::vector<std::string>& types);
[[nodiscard]] std::uint32_t type_mask_of(const std::vector<std::string>& types);
// `method`: engine when it is not given.
[[nodiscard]] learn::Method method_of(const Exchange& exchange);

// An item of the snapshot by UUID, or by the owner's own id. Throws kNotFound.
[[nodiscard]] std::uint32_t item_named(App& app, const snapshot::SnapshotView& snapshot, const std::string& id);
// `contentId`.
[[nodiscard]] std::uint32_t item_asked(App& app, const Exchange& exchange, const snapshot::SnapshotView& snapshot);

// The profile an administrator names in the path. Its owner's refusal of personalization holds against administrators
// too. Throws kNotFound, kConflict.
[[nodiscard]] learn::KnownProfile profile_asked(App& app, const Exchange& exchange);

}  // namespace footlight::origin
