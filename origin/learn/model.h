// What training leaves behind in the store, and publishing puts into snapshots.
//
// Everything is named by stable id, because content comes and goes between a training and a publish. Stored as CBOR
// (RFC 8949) under kModelName; `format` says which, and a reader refuses what it does not know: train again.
//
//     {"format": 4, "trainedAt": s, "heldOutFrom": ms, "visitors": n, "minVisitors": n,
//      "itemItem": {"method": "softmax", "weight": w, "historyExponent": e},
//      "items":    [[item id, visitors who chose it, bias, engagement rate or -1, popularity log-odds,
//                  visitors who saw it], …],
//      "rows":     [[item id, neighbour id, weight, neighbour id, weight, …], …],
//      "segments": [[id, visitors, gain, [[question id, option id, …], …]], …], "nextSegment": id,
//      "priors":   [[segment id, item id, log-odds, item id, log-odds, …], …],
//      "stack":    {…} or null, "temperatures": [[slot id, temperature], …],
//      "engagement": {…} (engagement.h) or null}
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "origin/learn/engagement.h"
#include "origin/learn/segments.h"
#include "origin/learn/stack.h"

namespace footlight::learn {

inline constexpr std::string_view kModelName = "model";

struct LearnedItem {
  std::uint32_t item_id = 0;
  std::uint32_t visitors = 0;  // who chose it
  float bias = 0;              // cf of an empty history (item_item.h)
  float engagement_rate = -1;  // 0 to 1; negative: not known
  float popularity = 0;        // log-odds of the rate against the site's mean; 0: not known
  std::uint32_t seen = 0;      // visitors who saw it; 0 where the rate is not known
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
  std::int64_t held_out_from_ms = 0;  // what happened from then on was not fitted to; 0: nothing was held out
  std::uint64_t visitors = 0;         // with at least one chosen item
  std::uint32_t min_visitors = 0;
  std::string item_item_method;
  double item_item_weight = 4;  // natural weight: log-odds for a cf of 1 (item_item.h)
  double history_exponent = 0;
  // By question id, in site.json's units (a match of 1 counts weights.match); empty: the site's own stand.
  std::vector<std::pair<std::uint32_t, double>> question_weights;
  std::vector<LearnedItem> items;                              // by item id
  std::vector<LearnedSegment> learned_segments;                // in the order of a snapshot, after the owner's own
  std::uint32_t next_segment_id = kFirstLearnedSegment;        // given to no segment yet
  std::vector<SegmentPriors> segments;                         // priors, of the owner's segments and the learned
  std::optional<StackFit> stack;                               // nothing: too little was held out to learn weights
  std::vector<std::pair<std::uint32_t, double>> temperatures;  // slot id -> log-odds
  std::optional<EngagementModel> engagement;
};

[[nodiscard]] std::vector<std::byte> encode_model(const Model& model);

// Throws std::runtime_error("the stored model …: run `footlight train`").
[[nodiscard]] Model decode_model(std::span<const std::byte> bytes);

}  // namespace footlight::learn
