// Everything about a person, for that person (GDPR articles 15 and 20): origin/privacy/EXPORT.md describes the
// document.
//
// It is read in one transaction, so the parts belong together, and decrypted with the profile's key. Memory and cost:
// that person's rows. Thread rule: any thread.
#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "origin/privacy/vault.h"
#include "origin/store/store.h"
#include "origin/store/uuid.h"

namespace footlight::origin {

inline constexpr int kExportVersion = 1;

// nullopt: there is no such profile.
[[nodiscard]] std::optional<nlohmann::ordered_json> export_profile(Store& store, const Uuid& profile);

// Whoever is known by the hash of their unit id alone: the same document, its `profile` null. nullopt: nothing is kept
// under it, or a profile is: that is for export_profile() only.
[[nodiscard]] std::optional<nlohmann::ordered_json> export_visitor(Store& store, const Hash& visitor);

}  // namespace footlight::origin
