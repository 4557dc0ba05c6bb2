// Everything about a person, for that person (GDPR articles 15 and 20): origin/privacy/EXPORT.md describes the
// document.
//
// It is read in one transaction, so the parts belong together, and decrypted with the profile's key. Memory and cost:
// that person's rows. Thread rule: any thread.
#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "origin/store/store.h"
#include "origin/store/uuid.h"

namespace footlight::origin {

inline constexpr int kExportVersion = 1;

// nullopt: there is no such profile.
[[nodiscard]] std::optional<nlohmann::ordered_json> export_profile(Store& store, const Uuid& profile);

}  // namespace footlight::origin
