// The engagement model's tables: from floats and stable ids to the bytes of layout.h. Part of the builder.
//
// What a bin stands for may have moved since training: answers and segments are found again by their ids, in weights
// and in the trees' masks; an option that is new has no weight, one that is gone takes its weights along, and a field
// whose question is gone stays "not known". Quantised are
//  - the bins' vectors to int16 in one unit, so chosen that a visitor with one bin in each field (four in fields that
//    may have several) never leaves int16;
//  - the leaves to int16, a head at a time; the items' vectors to int8, an item at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/snapshot/builder.h"
#include "core/snapshot/layout.h"

namespace footlight::snapshot {

struct EngagementTables {
  EngagementRow row{};
  std::vector<FieldRow> fields;  // without names
  std::vector<std::string> field_names;
  std::vector<float> thresholds;
  std::vector<std::string> bin_names;
  std::vector<float> bin_weights;
  std::vector<std::int16_t> bin_vectors;
  std::vector<TreeSplitRow> splits;
  std::vector<std::int16_t> leaf_values;
  std::vector<float> item_biases, item_scales;
  std::vector<std::int8_t> item_vectors;
};

// `items` are the stable ids in the snapshot's order. Errors name the field or table at fault.
[[nodiscard]] tl::expected<EngagementTables, BuildError> engagement_tables(const EngagementInput& input,
                                                                           std::span<const QuestionInput> questions,
                                                                           std::span<const SegmentInput> segments,
                                                                           std::span<const std::uint32_t> items);

}  // namespace footlight::snapshot
