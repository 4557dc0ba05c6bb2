// Whether an experiment's numbers may be believed at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace footlight::experiment {

// Chi-squared test of the units in each variant against the shares they were to get (any scale). Variants without a
// share are left out. 1 where fewer than two remain or nobody is in.
[[nodiscard]] double sample_ratio_p(const std::vector<double>& units, const std::vector<double>& weights);

inline constexpr double kSampleRatioAlpha = 0.001;      // below: the split is broken
inline constexpr double kMultipleExposureShare = 0.01;  // above: too many units saw more than one variant
inline constexpr double kMinimumUnits = 100;            // a variant, before a winner is named

}  // namespace footlight::experiment
