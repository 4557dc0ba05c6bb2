// What a command names on its command line: a profile, or an item of the snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/snapshot/reader.h"
#include "origin/learn/tastes.h"
#include "origin/store/store.h"

namespace footlight::cli {

// By UUID or by the owner's own id. Throws std::runtime_error when there is none, or when the person has refused
// personalization.
[[nodiscard]] learn::KnownProfile find_profile(origin::Store& store, const std::string& id);
// Index of an item of the snapshot, by UUID, the owner's own id or the stable number. Throws std::runtime_error.
[[nodiscard]] std::uint32_t find_item(origin::Store& store, const snapshot::SnapshotView& snapshot,
                                      const std::string& id);
// "project" and the others, for CLI::IsMember.
[[nodiscard]] const std::vector<std::string>& type_names();

}  // namespace footlight::cli
