// What training leaves behind in the store, and publishing puts into snapshots.
//
// Everything is named by stable id, because content comes and goes between a training and a publish. Stored as CBOR
// (RFC 8949) under kModelName; `format` says which, and a reader refuses what it does not know: train again.
//
//     {"format": 1, "trainedAt": s, "visitors": n, "lambda": x, "minVisitors": n,
//      "items":  [[item id, visitors who chose it, bias, engagement rate or -1, popularity log-odds], …],
//      "rows":   [[item id, neighbour id, weight, neighbour id, weight, …], …],
//      "priors": [[segment id, item id, log-odds, item id, log-odds, …], …]}
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace footlight::learn {

inline constexpr std::string_view kModelName = "model";

struct LearnedItem {
  std::uint32_t item_id = 0;
  std::uint32_t visitors = 0;  // who chose it
  float bias = 0;              // cf of an empty history (ease.h)
  float engagement_rate = -1;  // 0 to 1; negative: not known
  float popularity = 0;        // log-odds of the rate against the site's mean; 0: not known
  std::vector<std::pair<std::uint32_t, float>> neighbours;  // item id, weight; strongest first

  bool operator==(const LearnedItem&) const = default;
};

struct SegmentPriors {
  std::uint32_t segment_id = 0;
  std::vector<std::pair<std::uint32_t, float>> log_odds;  // by item id

  bool operator==(const SegmentPriors&) const = default;
};

struct Model {
  std::int64_t trained_at_s = 0;
  std::uint64_t visitors = 0;  // with at least one chosen item
  double lambda = 0;
  std::uint32_t min_visitors = 0;
  std::vector<LearnedItem> items;  // by item id
  std::vector<SegmentPriors> segments;

  bool operator==(const Model&) const = default;
};

[[nodiscard]] std::vector<std::byte> encode_model(const Model& model);

// Throws std::runtime_error("the stored model …: run `footlight train`").
[[nodiscard]] Model decode_model(std::span<const std::byte> bytes);

}  // namespace footlight::learn
