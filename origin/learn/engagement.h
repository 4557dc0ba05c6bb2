// The engagement model's training: from impressions to the floats of core/model/engagement.h.
//
//     EngagementData train = …, valid = …;               // the same fields; valid is later in time
//     const EngagementModel model = fit_engagement(train, valid, {}, progress, cancel);
//     snapshot_input.engagement = engagement_input(model, {{item_id, features}, …});
//
// Letters: N impressions, V visitor sides, F fields, B bins of all fields, I items, K item features, H heads, D
// dimensions, T trees of depth L. What is fitted, with i's features k and the side's bins x:
//
//     logit_h = offset + base_h + position_h[position] + sum over trees of leaf_h(x) + sum over x of weight_h[bin]
//             + sum over k of bias_h[k] + gain_h * <sum over x of vector[bin], sum over k of vector[k]>
//
// by maximum a posteriori: log loss of every head over all impressions, with L2 on everything but the base, so that a
// bin, feature or head with little behind it stays near 0 (a rare conversion borrows the vectors that clicks shape;
// only gain_h is its own). Three parts, in turn:
//   additive   biases and positions, and without trees the weights: Newton steps by backfitting (engagement_factors)
//   trees      gradient boosting (Friedman, "Greedy function approximation", Annals of Statistics 2001) of oblivious
//              trees (Prokhorenkova et al., "CatBoost", NeurIPS 2018) on the visitor's side, with the item's side as
//              offset, so that trees are not asked for what the item explains (engagement_trees). Learned leaves in an
//              additive model: He et al., "Practical lessons from predicting clicks on ads at Facebook", ADKDD 2014.
//              Weights beside leaves were rejected: they made the validation loss worse on both tables
//   factors    a field-aware second-order model (Juan et al., RecSys 2016) between the two sides, a dimension at a time
//              by Newton coordinate descent, neighbouring bins of numbers held together (engagement_factors)
//   recent     what an item is worth now: one more Newton step for every item's own bias on impressions that count half
//              as much for each half-life they are older. Half-life and L2 are those that serve the validation rows,
//              the newest, best; where nothing changes with time that is no step at all (engagement_factors)
// Each part stops where the validation loss does. The position is an additive log-odds (a cascade's examination would
// need a log of what was looked at) and is left out when serving: the model answers for position 0.
//
// Deterministic: equal input, options and seed give equal floats, whatever the number of threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/snapshot/builder.h"
#include "origin/learn/ease.h"

namespace footlight::learn {

inline constexpr std::uint32_t kHeads = snapshot::kHeads;

// An item's feature by a name that outlives the training: an item published later has those of its features that the
// model knows. Kinds are permanent.
enum class ItemFeatureKind : std::uint32_t {
  kItem = 0,         // the item itself: its stable id
  kOption = 1,       // an option of a question the item is filed under: option id
  kContentType = 2,  // snapshot::ContentType
  kColumn = 16,      // and above: column (kind - 16) of foreign data, value's number
};
using ItemFeature = std::uint64_t;  // kind << 32 | id
[[nodiscard]] constexpr ItemFeature item_feature(ItemFeatureKind kind, std::uint32_t id) noexcept {
  return static_cast<std::uint64_t>(kind) << 32U | id;
}

inline constexpr std::uint8_t kClicked = 1;    // chosen at all
inline constexpr std::uint8_t kEngaged = 2;    // nested: an engaged row has clicked too
inline constexpr std::uint8_t kConverted = 4;  // nested: a converted row has engaged too
inline constexpr std::uint8_t kPositionUnknown = 255;

struct Impression {
  std::uint32_t side = 0;  // of EngagementData::masks
  std::uint32_t item = 0;  // of EngagementData::items
  std::uint8_t labels = 0;
  std::uint8_t position = kPositionUnknown;  // from 0; beyond 63 counts as 63
  float weight = 1;                          // above 0
  float offset = 0;  // of every head's log-odds: what another part of the score already says of it
  float age = 0;     // days before the newest impression, at least 0: for what changes with time
};

struct EngagementItem {
  std::vector<ItemFeature> features;  // ascending, unique; kItem among them
};

// Sides may repeat: they are put together before fitting. A field in which no side has more than one bin splits by any
// set of bins, one with several (answers, likes) by one bin at a time.
struct EngagementData {
  std::vector<snapshot::FieldInput> fields;  // at most kMaxFields; ordered when there are thresholds
  std::vector<std::uint64_t> masks;          // [V, F]: bit b for bin b, at least one bit, none at or beyond `bins`
  std::vector<EngagementItem> items;
  std::vector<Impression> rows;
};

// The defaults were chosen on the validation rows of two public tables (tests/bench/adult.mjs, shoppers.mjs) together.
struct EngagementOptions {
  std::uint32_t dimensions = 16;        // D; 0: no interaction
  std::uint32_t trees = 700;            // at most; early stopping takes fewer
  std::uint32_t depth = 6;              // L
  double tree_rate = 0.06;              // shrinkage of a tree
  double tree_l2 = 4;                   // of a leaf, in units of the Hessian (a row has p (1 - p))
  double tree_rows = 0.8;               // chance of a side to take part in choosing a tree's tests
  std::uint32_t tree_sides = 100'000;   // and about so many at most; leaves are always fitted on all
  double tree_fields = 0.7;             // chance of a field to be looked at for a tree's level
  double item_l2 = 50;                  // of item biases and positions
  double bin_l2 = 8;                    // of weights, which are fitted without trees alone
  double factor_l2 = 20;                // of vectors; 5 and 25 times as much are tried too where rows are held out
  std::uint32_t additive_sweeps = 8;    // at most
  std::uint32_t factor_sweeps = 12;     // at most, at each strength of factor_l2
  std::uint32_t patience = 30;          // trees without a better validation loss, then it stops
  std::uint32_t min_feature_rows = 20;  // an item feature on fewer training rows has no part of its own
  std::uint32_t min_bin_rows = 10;      // a bin of an unordered field on fewer training rows neither
  bool refit = true;  // once more on train and valid together, with the lengths that early stopping chose
  std::uint64_t seed = 1;
  unsigned threads = 0;  // 0: as many as there are cores
};

// The defaults, and for more than 100,000 impressions fewer trees with longer steps: a tree costs O(N), and so much
// data does not need small steps. 1,000,000 impressions: 120 trees.
[[nodiscard]] EngagementOptions engagement_options_for(std::size_t rows) noexcept;

struct EngagementFeature {
  ItemFeature feature = 0;
  std::uint32_t rows = 0;  // training impressions behind it
  std::array<float, kHeads> bias{};
  std::vector<float> vector;  // D

  bool operator==(const EngagementFeature&) const = default;
};

// What a training leaves behind: fields' names and bins as trained on, and every number by stable name.
struct EngagementModel {
  std::uint32_t dimensions = 0;
  std::uint32_t depth = 0;
  std::array<float, kHeads> base{};
  std::array<float, kHeads> gain{1, 1, 1};
  std::array<float, kHeads> blend{1, 0, 0};  // as the caller wants it; not fitted
  std::vector<snapshot::FieldInput> fields;
  std::vector<float> bin_weights;                // [B, H]
  std::vector<float> bin_vectors;                // [B, D]
  std::vector<snapshot::TreeSplitInput> splits;  // [T, L]
  std::vector<float> leaf_values;                // [T, 2^L, H]; the bit of level l is 2^l
  std::vector<EngagementFeature> features;       // ascending by feature
  std::vector<float> positions;                  // [64, H]: log-odds against position 0; for people, not for serving
  // Told by the fit, for reports.
  std::uint64_t rows = 0;
  std::uint32_t trees = 0;
  std::uint32_t sweeps = 0;                          // of the factors
  std::array<double, kHeads> validation_log_loss{};  // of the fit that early stopping chose; 0 without validation rows
};

// (what is being done, share of the whole, 0 to 1)
using EngagementProgress = std::function<void(std::string_view stage, double share)>;

// `valid` may be without rows: then nothing stops early and `refit` has no meaning. Its fields must equal those of
// `train`. Throws Cancelled, std::bad_alloc, or std::invalid_argument that names the row, side or item at fault.
[[nodiscard]] EngagementModel fit_engagement(const EngagementData& train, const EngagementData& valid,
                                             const EngagementOptions& options, const EngagementProgress& progress,
                                             const std::atomic<bool>& cancel);

// One item's part: the sum over those of its features that the model knows.
[[nodiscard]] snapshot::EngagementItemInput engagement_item(const EngagementModel& model, std::uint32_t item_id,
                                                            std::span<const ItemFeature> features);

// The builder's input, for items (stable id, features) in any order.
[[nodiscard]] snapshot::EngagementInput engagement_input(
    const EngagementModel& model, std::span<const std::pair<std::uint32_t, std::vector<ItemFeature>>> items);

// The float model's log-odds of every head at position 0 and without offset, [N, H]; sides and items as in `data`.
[[nodiscard]] std::vector<double> engagement_logits(const EngagementModel& model, const EngagementData& data);

// To and from JSON (CBOR keeps it small). decode throws std::runtime_error or a nlohmann exception for what it cannot
// read: train again.
[[nodiscard]] nlohmann::json encode_engagement(const EngagementModel& model);
[[nodiscard]] EngagementModel decode_engagement(const nlohmann::json& json);

}  // namespace footlight::learn
