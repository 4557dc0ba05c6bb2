#include "origin/learn/cell_rates.h"

#include <algorithm>

namespace footlight::learn {
namespace {

struct Sums {
  double rounds = 0;
  double reward = 0;
};

}  // namespace

CellRates::CellRates(std::span<const CellReward> rounds) {
  std::unordered_map<std::uint64_t, std::size_t> clusters;
  std::unordered_map<std::uint64_t, std::size_t> cells;  // index in order of first appearance
  std::vector<std::uint64_t> names;
  std::vector<std::size_t> cell_of;
  for (const CellReward& round : rounds) {
    folds_.push_back(
        static_cast<std::uint8_t>(clusters.try_emplace(round.cluster, clusters.size()).first->second % kFolds));
    const auto [found, fresh] = cells.try_emplace(round.cell, cells.size());
    if (fresh) names.push_back(round.cell);
    cell_of.push_back(found->second);
  }
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<Sums> sums(names.size());
    Sums all;
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      if (folds_[i] == fold) continue;
      sums[cell_of[i]].rounds += 1;
      sums[cell_of[i]].reward += rounds[i].reward;
      all.rounds += 1;
      all.reward += rounds[i].reward;
    }
    Fitted& fitted = without_[fold];
    if (all.rounds == 0) continue;
    fitted.mean = all.reward / all.rounds;
    double seen = 0;  // cells
    double squares = 0;
    double spread = 0;
    for (const Sums& cell : sums) {
      if (cell.rounds == 0) continue;
      seen += 1;
      squares += cell.rounds * cell.rounds;
      const double difference = cell.reward / cell.rounds - fitted.mean;
      spread += cell.rounds * difference * difference;
    }
    if (seen < 2 || all.rounds <= seen) continue;
    double within = 0;
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      if (folds_[i] == fold) continue;
      const Sums& cell = sums[cell_of[i]];
      const double difference = rounds[i].reward - cell.reward / cell.rounds;
      within += difference * difference;
    }
    within /= all.rounds - seen;
    const double size = (all.rounds - squares / all.rounds) / (seen - 1);
    const double between = (spread / (seen - 1) - within) / size;
    if (!(between > 0)) continue;
    const double strength = within / between;
    for (std::size_t c = 0; c < sums.size(); ++c) {
      if (sums[c].rounds == 0) continue;
      fitted.rates.emplace(names[c], (sums[c].reward + strength * fitted.mean) / (sums[c].rounds + strength));
    }
  }
}

double CellRates::of(std::uint64_t cell, std::size_t fold) const {
  const Fitted& fitted = without_[fold];
  const auto found = fitted.rates.find(cell);
  return found == fitted.rates.end() ? fitted.mean : found->second;
}

}  // namespace footlight::learn
