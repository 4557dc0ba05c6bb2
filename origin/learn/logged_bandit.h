// A log of (item, position, reward, propensity) and a target of item probabilities per position become rounds of
// off_policy.h: for logs of other systems, and of ours where nothing but these four is known.
//
// The reward model is cell_rates.h, a cell being an item in a position. What the target would have earned by that model
// in a position is the sum over the target's items; all of it cross-fitted.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "origin/learn/off_policy.h"

namespace footlight::learn {

struct LoggedRow {
  std::uint32_t item = 0;  // numbers of the caller's choice
  std::uint32_t position = 0;
  std::uint64_t cluster = 0;
  double reward = 0;
  double propensity = 0;  // as Round::propensity
};

struct TargetItem {
  std::uint32_t item = 0;
  double probability = 0;
};
// By position. In the order given; what is summed is summed in that order.
using PositionTarget = std::unordered_map<std::uint32_t, std::vector<TargetItem>>;

// Each item's share of the rows of a position, items in order of first appearance.
[[nodiscard]] PositionTarget frequencies(const std::vector<LoggedRow>& log);

struct LoggedBandit {
  std::vector<Round> rounds;  // one a row whose position the target knows
  std::vector<TargetMass> mass;
  double unsupported = 0;             // share of the target's mass on cells without a row of known propensity
  std::uint64_t other_positions = 0;  // rows of positions that the target does not know
};

// The propensity of an item that was not logged in a round, which `mass` needs, is taken to be the mean of its own in
// that position.
[[nodiscard]] LoggedBandit to_rounds(const std::vector<LoggedRow>& log, const PositionTarget& target);

}  // namespace footlight::learn
