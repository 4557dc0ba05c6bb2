// Training data as the fit walks over it: impressions in order of side, equal sides put together, bins in columns, item
// features by number.
//
// Letters as in engagement.h; here V counts distinct sides. Everything that depends on the visitor's side alone is then
// done V times and not N times, everything about an item I times.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "origin/learn/engagement.h"

namespace footlight::learn {

inline constexpr std::uint32_t kPositions = 64;                 // from here on one more, for "not known"
inline constexpr std::uint32_t kPositionRows = kPositions + 1;  // position 0 is the reference

struct DesignField {
  std::uint32_t bins = 0;
  std::uint32_t first_bin = 0;  // of B
  bool ordered = false;
  bool single = true;                 // every side has exactly one bin
  std::vector<std::uint8_t> bin;      // [V] when single
  std::vector<std::uint64_t> masks;   // [V] when not
  std::vector<std::uint32_t> starts;  // [bins + 1] when not single: sides_of bin b is sides[starts[b]] on
  std::vector<std::uint32_t> sides;
};

struct Design {
  std::size_t rows = 0;             // N
  std::size_t sides = 0;            // V
  std::uint32_t bins = 0;           // B
  std::vector<std::size_t> first;   // [V + 1]: side v has rows first[v] to first[v + 1] - 1
  std::vector<std::uint32_t> item;  // [N]
  std::vector<std::uint8_t> labels;
  std::vector<std::uint8_t> position;  // 0 to kPositions
  std::vector<float> weight;
  std::vector<float> offset;
  std::vector<float> age;
  std::vector<DesignField> fields;
  std::vector<bool> bin_live;                // [B]: has a weight and a vector
  std::vector<std::uint32_t> item_first;     // [I + 1]: item i has features item_features[item_first[i]] on
  std::vector<std::uint32_t> item_features;  // indexes into the list of features
  std::vector<std::uint32_t> feature_first;  // [K + 1]: and the other way round
  std::vector<std::uint32_t> feature_items;
};

// The features that have a part of their own: on at least `min_rows` rows of `data`. Ascending; `counts` beside it.
struct KnownFeatures {
  std::vector<ItemFeature> features;
  std::vector<std::uint32_t> counts;
};
[[nodiscard]] KnownFeatures known_features(const EngagementData& data, std::uint32_t min_rows);

// [B]: bins on at least `min_rows` rows.
[[nodiscard]] std::vector<bool> live_bins(const EngagementData& data, std::uint32_t min_rows);

// Throws std::invalid_argument that says which row, side or item of `data` is not as engagement.h asks.
void check_data(const EngagementData& data, const char* name);

[[nodiscard]] Design make_design(const EngagementData& data, const KnownFeatures& known, const std::vector<bool>& live);

// One after the other; their fields are the same.
[[nodiscard]] EngagementData joined(const EngagementData& a, const EngagementData& b);

}  // namespace footlight::learn
