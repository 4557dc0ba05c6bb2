// A GrowthBook payload, as its API or its proxy hands it out -> our document of flags, with the same assignments.
#pragma once

#include <string>
#include <string_view>

#include "origin/experiment/compile.h"

namespace footlight::experiment {

// Takes {"features", "experiments", "savedGroups", "contextualBandits"}, each plain or as "encryptedFeatures" and so
// on, which `key` (base64) opens; a bare object of features is taken, too. Throws std::runtime_error that says what is
// wrong.
[[nodiscard]] Json import_growthbook(const Json& payload, std::string_view key);

}  // namespace footlight::experiment
