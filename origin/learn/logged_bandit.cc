#include "origin/learn/logged_bandit.h"

#include <limits>
#include <map>

#include "origin/learn/cell_rates.h"

namespace footlight::learn {
namespace {

std::uint64_t cell_of(std::uint32_t item, std::uint32_t position) {
  return (static_cast<std::uint64_t>(position) << 32U) | item;
}

bool is_known(double propensity) { return propensity > 0 && propensity <= 1; }

}  // namespace

PositionTarget frequencies(const std::vector<LoggedRow>& log) {
  PositionTarget target;
  std::unordered_map<std::uint64_t, std::size_t> at;
  std::unordered_map<std::uint32_t, double> rows;
  for (const LoggedRow& row : log) {
    auto& items = target[row.position];
    const auto [found, fresh] = at.try_emplace(cell_of(row.item, row.position), items.size());
    if (fresh) items.push_back({row.item, 0});
    items[found->second].probability += 1;
    rows[row.position] += 1;
  }
  for (auto& [position, items] : target) {
    for (TargetItem& item : items) item.probability /= rows[position];
  }
  return target;
}

LoggedBandit to_rounds(const std::vector<LoggedRow>& log, const PositionTarget& target) {
  LoggedBandit made;
  std::vector<const LoggedRow*> rows;
  std::vector<CellReward> rewards;
  for (const LoggedRow& row : log) {
    if (!target.contains(row.position)) {
      ++made.other_positions;
      continue;
    }
    rows.push_back(&row);
    rewards.push_back({cell_of(row.item, row.position), row.cluster, row.reward});
  }
  const CellRates model(rewards);

  std::unordered_map<std::uint64_t, double> probability;
  std::map<std::pair<std::uint32_t, std::size_t>, double> expected;  // (position, fold) -> m
  for (const auto& [position, items] : target) {
    for (const TargetItem& item : items) probability[cell_of(item.item, position)] = item.probability;
    for (std::size_t fold = 0; fold < CellRates::kFolds; ++fold) {
      double sum = 0;
      for (const TargetItem& item : items) sum += item.probability * model.of(cell_of(item.item, position), fold);
      expected[{position, fold}] = sum;
    }
  }

  struct Propensities {
    double rows = 0;
    double sum = 0;
  };
  std::unordered_map<std::uint64_t, Propensities> propensities;
  std::map<std::uint32_t, double> rows_at;  // by position, those of known propensity
  double known = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LoggedRow& row = *rows[i];
    const std::uint64_t cell = cell_of(row.item, row.position);
    const std::size_t fold = model.fold_of(i);
    const auto found = probability.find(cell);
    made.rounds.push_back({.cluster = row.cluster,
                           .reward = row.reward,
                           .propensity = row.propensity,
                           .target = found == probability.end() ? 0.0 : found->second,
                           .model = model.of(cell, fold),
                           .model_under_target = expected.at({row.position, fold})});
    if (!is_known(row.propensity)) continue;
    propensities[cell].rows += 1;
    propensities[cell].sum += row.propensity;
    rows_at[row.position] += 1;
    known += 1;
  }
  for (const auto& [position, count] : rows_at) {
    for (const TargetItem& item : target.at(position)) {
      if (item.probability <= 0) continue;
      const double mass = count / known * item.probability;
      const auto found = propensities.find(cell_of(item.item, position));
      const bool drawn = found != propensities.end();
      if (!drawn) made.unsupported += mass;
      made.mass.push_back({drawn ? item.probability / (found->second.sum / found->second.rows)
                                 : std::numeric_limits<double>::infinity(),
                           mass});
    }
  }
  return made;
}

}  // namespace footlight::learn
