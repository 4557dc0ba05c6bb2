#include "origin/learn/engagement_design.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "core/numeric/random.h"

namespace footlight::learn {
namespace {

[[noreturn]] void refuse(const char* name, const char* what, std::size_t at, const std::string& why) {
  throw std::invalid_argument(std::string(name) + " " + what + " " + std::to_string(at) + ": " + why);
}

std::uint32_t count_bins(const EngagementData& data) {
  std::uint32_t bins = 0;
  for (const auto& field : data.fields) bins += field.bins;
  return bins;
}

std::size_t count_sides(const EngagementData& data) {
  return data.fields.empty() ? 0 : data.masks.size() / data.fields.size();
}

// [V of data]: the number of the distinct side, numbered as they first come; `originals` is one of each.
std::vector<std::uint32_t> put_together(const EngagementData& data, std::vector<std::uint32_t>& originals) {
  const std::size_t width = data.fields.size();
  const std::size_t sides = count_sides(data);
  std::vector<std::uint32_t> number(sides);
  std::unordered_multimap<std::uint64_t, std::uint32_t> seen;
  seen.reserve(sides);
  for (std::size_t v = 0; v < sides; ++v) {
    const std::uint64_t* masks = data.masks.data() + v * width;
    std::uint64_t hash = 0;
    for (std::size_t f = 0; f < width; ++f) hash = seed_with(hash, masks[f]);
    const auto [from, to] = seen.equal_range(hash);
    const auto same = std::find_if(from, to, [&](const auto& entry) {
      return std::memcmp(masks, data.masks.data() + originals[entry.second] * width, width * sizeof(masks[0])) == 0;
    });
    if (same != to) {
      number[v] = same->second;
      continue;
    }
    number[v] = static_cast<std::uint32_t>(originals.size());
    seen.emplace(hash, number[v]);
    originals.push_back(static_cast<std::uint32_t>(v));
  }
  return number;
}

DesignField make_field(const EngagementData& data, std::size_t f, std::uint32_t first_bin,
                       const std::vector<std::uint32_t>& originals) {
  const std::size_t width = data.fields.size();
  DesignField field;
  field.bins = data.fields[f].bins;
  field.first_bin = first_bin;
  field.ordered = !data.fields[f].thresholds.empty();
  field.single = std::all_of(originals.begin(), originals.end(),
                             [&](std::uint32_t v) { return std::has_single_bit(data.masks[v * width + f]); });
  if (field.single) {
    field.bin.reserve(originals.size());
    for (const std::uint32_t v : originals) {
      field.bin.push_back(static_cast<std::uint8_t>(std::countr_zero(data.masks[v * width + f])));
    }
    return field;
  }
  field.masks.reserve(originals.size());
  for (const std::uint32_t v : originals) field.masks.push_back(data.masks[v * width + f]);
  field.starts.assign(field.bins + 1, 0);
  for (const std::uint64_t mask : field.masks) {
    for (std::uint64_t rest = mask; rest != 0; rest &= rest - 1) ++field.starts[std::countr_zero(rest) + 1];
  }
  std::partial_sum(field.starts.begin(), field.starts.end(), field.starts.begin());
  field.sides.resize(field.starts.back());
  std::vector<std::uint32_t> at(field.starts.begin(), field.starts.end() - 1);
  for (std::uint32_t v = 0; v < field.masks.size(); ++v) {
    for (std::uint64_t rest = field.masks[v]; rest != 0; rest &= rest - 1) {
      field.sides[at[std::countr_zero(rest)]++] = v;
    }
  }
  return field;
}

void place_rows(const EngagementData& data, const std::vector<std::uint32_t>& number, Design& design) {
  design.rows = data.rows.size();
  design.first.assign(design.sides + 1, 0);
  for (const Impression& row : data.rows) ++design.first[number[row.side] + 1];
  std::partial_sum(design.first.begin(), design.first.end(), design.first.begin());
  std::vector<std::size_t> at(design.first.begin(), design.first.end() - 1);
  design.item.resize(design.rows);
  design.labels.resize(design.rows);
  design.position.resize(design.rows);
  design.weight.resize(design.rows);
  design.offset.resize(design.rows);
  design.age.resize(design.rows);
  for (const Impression& row : data.rows) {
    const std::size_t n = at[number[row.side]]++;
    design.item[n] = row.item;
    design.labels[n] = row.labels;
    design.position[n] = row.position == kPositionUnknown ? static_cast<std::uint8_t>(kPositions)
                                                          : std::min<std::uint8_t>(row.position, kPositions - 1);
    design.weight[n] = row.weight;
    design.offset[n] = row.offset;
    design.age[n] = row.age;
  }
}

void place_items(const EngagementData& data, const KnownFeatures& known, Design& design) {
  design.item_first = {0};
  design.feature_first.assign(known.features.size() + 1, 0);
  for (const EngagementItem& item : data.items) {
    for (const ItemFeature feature : item.features) {
      const auto found = std::lower_bound(known.features.begin(), known.features.end(), feature);
      if (found == known.features.end() || *found != feature) continue;
      const auto k = static_cast<std::uint32_t>(found - known.features.begin());
      design.item_features.push_back(k);
      ++design.feature_first[k + 1];
    }
    design.item_first.push_back(static_cast<std::uint32_t>(design.item_features.size()));
  }
  std::partial_sum(design.feature_first.begin(), design.feature_first.end(), design.feature_first.begin());
  design.feature_items.resize(design.item_features.size());
  std::vector<std::uint32_t> at(design.feature_first.begin(), design.feature_first.end() - 1);
  for (std::uint32_t i = 0; i < data.items.size(); ++i) {
    for (std::uint32_t j = design.item_first[i]; j < design.item_first[i + 1]; ++j) {
      design.feature_items[at[design.item_features[j]]++] = i;
    }
  }
}

}  // namespace

void check_data(const EngagementData& data, const char* name) {
  const std::size_t width = data.fields.size();
  if (width == 0 || width > snapshot::kMaxFields) {
    throw std::invalid_argument(std::string(name) + ": 1 to " + std::to_string(snapshot::kMaxFields) +
                                " fields are needed");
  }
  for (std::size_t f = 0; f < width; ++f) {
    if (data.fields[f].bins < 1 || data.fields[f].bins > snapshot::kMaxBins) {
      refuse(name, "field", f, "1 to " + std::to_string(snapshot::kMaxBins) + " bins are needed");
    }
  }
  if (data.masks.size() % width != 0) throw std::invalid_argument(std::string(name) + ": a side is cut short");
  for (std::size_t at = 0; at < data.masks.size(); ++at) {
    const std::uint32_t bins = data.fields[at % width].bins;
    if (data.masks[at] == 0 || (bins < 64 && data.masks[at] >> bins != 0)) {
      refuse(name, "side", at / width, "field " + std::to_string(at % width) + " has no bin or one that is not there");
    }
  }
  for (std::size_t i = 0; i < data.items.size(); ++i) {
    const auto& features = data.items[i].features;
    if (std::adjacent_find(features.begin(), features.end(), std::greater_equal<>()) != features.end()) {
      refuse(name, "item", i, "features must ascend");
    }
  }
  for (std::size_t n = 0; n < data.rows.size(); ++n) {
    const Impression& row = data.rows[n];
    if (row.side >= count_sides(data)) refuse(name, "row", n, "has a side that is not there");
    if (row.item >= data.items.size()) refuse(name, "row", n, "has an item that is not there");
    if (!(row.weight > 0) || !std::isfinite(row.weight)) refuse(name, "row", n, "the weight must be above 0");
    if (!std::isfinite(row.offset)) refuse(name, "row", n, "the offset must be finite");
    if (!(row.age >= 0) || !std::isfinite(row.age)) refuse(name, "row", n, "the age must be at least 0");
    if ((row.labels & (row.labels + 1)) != 0 || row.labels > 7) {
      refuse(name, "row", n, "who converts has engaged, and who engages has clicked");
    }
  }
}

KnownFeatures known_features(const EngagementData& data, std::uint32_t min_rows) {
  std::vector<std::uint32_t> rows_of(data.items.size(), 0);
  for (const Impression& row : data.rows) ++rows_of[row.item];
  std::unordered_map<ItemFeature, std::uint32_t> counts;
  for (std::size_t i = 0; i < data.items.size(); ++i) {
    for (const ItemFeature feature : data.items[i].features) counts[feature] += rows_of[i];
  }
  std::vector<std::pair<ItemFeature, std::uint32_t>> kept;
  for (const auto& entry : counts) {
    if (entry.second > 0 && entry.second >= min_rows) kept.emplace_back(entry);
  }
  std::sort(kept.begin(), kept.end());
  KnownFeatures known;
  for (const auto& [feature, count] : kept) {
    known.features.push_back(feature);
    known.counts.push_back(count);
  }
  return known;
}

std::vector<bool> live_bins(const EngagementData& data, std::uint32_t min_rows) {
  std::vector<std::uint32_t> counts(count_bins(data), 0);
  const std::size_t width = data.fields.size();
  for (const Impression& row : data.rows) {
    std::uint32_t first = 0;
    for (std::size_t f = 0; f < width; ++f) {
      for (std::uint64_t rest = data.masks[row.side * width + f]; rest != 0; rest &= rest - 1) {
        ++counts[first + static_cast<std::uint32_t>(std::countr_zero(rest))];
      }
      first += data.fields[f].bins;
    }
  }
  std::vector<bool> live(counts.size());
  for (std::size_t b = 0; b < counts.size(); ++b) live[b] = counts[b] > 0 && counts[b] >= min_rows;
  return live;
}

Design make_design(const EngagementData& data, const KnownFeatures& known, const std::vector<bool>& live) {
  Design design;
  std::vector<std::uint32_t> originals;
  const std::vector<std::uint32_t> number = put_together(data, originals);
  design.sides = originals.size();
  for (std::size_t f = 0; f < data.fields.size(); ++f) {
    design.fields.push_back(make_field(data, f, design.bins, originals));
    design.bins += data.fields[f].bins;
  }
  design.bin_live = live;
  place_rows(data, number, design);
  place_items(data, known, design);
  return design;
}

EngagementData joined(const EngagementData& a, const EngagementData& b) {
  EngagementData both = a;
  const auto sides = static_cast<std::uint32_t>(count_sides(a));
  const auto items = static_cast<std::uint32_t>(a.items.size());
  both.masks.insert(both.masks.end(), b.masks.begin(), b.masks.end());
  both.items.insert(both.items.end(), b.items.begin(), b.items.end());
  both.rows.reserve(a.rows.size() + b.rows.size());
  for (Impression row : b.rows) {
    row.side += sides;
    row.item += items;
    both.rows.push_back(row);
  }
  return both;
}

}  // namespace footlight::learn
