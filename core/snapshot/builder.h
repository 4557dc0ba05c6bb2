// Turns plain descriptions into the bytes of a snapshot. Native only: publishing allocates, deciding does not.
//
// The builder is the one place where names become indexes and numbers are quantised:
//  - items are sorted by (type, id); neighbours, rules and slates follow;
//  - an item's affinity to an option is 0 to 1 and becomes 0 to 127; for a range question it is the overlap coefficient
//    |option ∩ item| / min(|option|, |item|), so that one range inside the other is a full match;
//  - a row of item-item weights keeps its strongest `neighbours_kept` and is scaled so that the largest becomes 127;
//  - precomputed slates are what decide() gives each segment on one page with every slot, greedily.
// The result is deterministic: equal input gives equal bytes. Thread-safe: no shared state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/snapshot/layout.h"
#include "core/status.h"

namespace footlight::snapshot {

inline constexpr WeightsRow kDefaultWeights{.match = 3,
                                            .engagement = 1,
                                            .item_item = 4,
                                            .prior = 1,
                                            .confidence_slope = 3,
                                            .half_life_days = 30,
                                            .history_match = 0.5F,
                                            .history_exponent = 0,
                                            .calibrate_scale = 1,
                                            .calibrate_shift = 0,
                                            .calibrated = 0,
                                            .flags = 0};

using Localized = std::vector<std::string>;  // one per locale; may be shorter: the rest falls back to the first

struct Interval {  // [min, max]; budgets in whole currency units
  double min = 0;
  double max = 1e12;
};

struct OptionInput {
  std::uint32_t id = 0;
  std::string key;
  std::string label;
  Localized noun;
  std::optional<Interval> range;
};

struct QuestionInput {
  std::uint32_t id = 0;
  std::string name;
  std::string factor;
  QuestionKind kind = QuestionKind::kSingle;
  bool per_answer = false;
  bool from_history = false;
  float weight = 0;
  float completeness = 0;
  Localized reason;
  std::vector<OptionInput> options;
};

struct AffinityInput {
  std::uint32_t option_id = 0;
  float value = 1;  // 0 to 1
};

struct NeighbourInput {
  std::uint32_t item_id = 0;
  float weight = 0;
};

struct ItemInput {
  std::uint32_t id = 0;
  std::array<std::uint8_t, 16> uuid{};
  ContentType type = ContentType::kProject;
  bool history_only = false;
  std::vector<AffinityInput> affinities;
  std::vector<std::pair<std::uint32_t, Interval>> ranges;  // question id -> the item's range
  std::uint32_t active_from_s = 0;
  std::uint32_t active_until_s = kNone;
  float bias = 0;
  float preferred = 0;
  float engagement_rate = -1;
  Localized body;  // JSON objects
  Localized name;
  std::vector<NeighbourInput> neighbours;
};

struct SegmentInput {
  std::uint32_t id = 0;
  Localized name;
  std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> when;  // question id -> option ids
  std::vector<std::pair<std::uint32_t, float>> priors;                     // item id -> log-odds, clamped to +-3.9
};

struct SlotInput {
  std::uint32_t id = 0;
  std::string name;
  std::vector<ContentType> types;
  std::uint16_t limit = 1;
  std::uint16_t max_limit = 0;  // 0: as limit
  bool hide_seen = false;
  float temperature = 0;
  float diversity = 0;
};

struct RuleInput {
  std::uint32_t id = 0;
  RuleKind kind = RuleKind::kPin;
  std::optional<std::uint32_t> slot_id;
  std::optional<std::uint32_t> segment_id;
  std::uint32_t item_id = 0;
  std::uint32_t position = 0;
};

// The engagement model in floats (core/model/engagement.h). An item that is not in `items` has bias 0 and no vector.
struct FieldInput {
  std::string name;
  FieldSource source = FieldSource::kExternal;
  std::uint32_t question_id = 0;       // of kAnswers and kLiked
  std::vector<std::uint32_t> bin_ids;  // of kAnswers and kLiked: the option id of bins 1, 2, …; kSegment: segment id
  std::vector<std::string> bin_names;  // of every bin from 0 on, for sources without ids; else empty
  std::vector<float> thresholds;       // numeric: ascending
  std::uint32_t bins = 1;              // with bin 0
};

struct TreeSplitInput {
  std::uint32_t field = 0;  // index into `fields`
  std::uint64_t mask = 0;   // of that field's bins as they are numbered here
};

struct EngagementItemInput {
  std::uint32_t item_id = 0;
  std::array<float, kHeads> bias{};
  std::vector<float> vector;  // D
};

struct EngagementInput {
  std::uint32_t dimensions = 0;  // D; rounded up to a multiple of 16 in the file
  std::uint32_t depth = 0;       // L
  std::array<float, kHeads> base{};
  std::array<float, kHeads> blend{1, 0, 0};
  std::array<float, kHeads> gain{1, 1, 1};
  std::vector<FieldInput> fields;
  std::vector<float> bin_weights;      // [B, H]: fields' bins one after the other
  std::vector<float> bin_vectors;      // [B, D]
  std::vector<TreeSplitInput> splits;  // [T, L]
  std::vector<float> leaf_values;      // [T, 2^L, H]; the bit of level l is 2^l
  std::vector<EngagementItemInput> items;
};

struct SnapshotInput {
  std::uint64_t version = 1;
  std::uint32_t created_at_s = 0;
  std::optional<std::uint32_t> pack_segment_id;  // set when this is a segment pack
  std::vector<std::string> locales = {"en"};
  std::vector<QuestionInput> questions;
  std::vector<ItemInput> items;
  std::vector<SegmentInput> segments;  // without "everyone", which the builder adds as row 0
  std::vector<std::pair<std::uint32_t, float>> everyone_priors;
  std::vector<SlotInput> slots;
  std::vector<RuleInput> rules;
  std::array<Localized, kReasonKinds> reasons;
  WeightsRow weights = kDefaultWeights;
  std::optional<EngagementInput> engagement;
  std::vector<std::byte> program;  // of flags and experiments; empty: none
  std::uint32_t neighbours_kept = 32;
};

struct BuildError {
  Status status = Status::kBadValue;
  std::string what;  // names the thing at fault: "item 17: option 4711 is not known"
};

[[nodiscard]] tl::expected<std::vector<std::byte>, BuildError> build(const SnapshotInput& input);

}  // namespace footlight::snapshot
