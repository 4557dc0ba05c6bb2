// Version numbers in conditions ($veq, $vgt, …), in GrowthBook's order: semantic versioning's, loosely.
//
// A leading "v" and what follows a "+" do not count; parts end at "." and "-"; a version of exactly three parts comes
// after its prereleases; parts of digits are padded with spaces to five places; then code units are compared.
#pragma once

#include <compare>
#include <string_view>

#include "core/experiment/value.h"

namespace footlight::experiment {

// Anything but a string that says something, or a number, counts as "0". O(length).
[[nodiscard]] std::strong_ordering compare_versions(Value a, Value b) noexcept;

}  // namespace footlight::experiment
