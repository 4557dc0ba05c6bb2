#include "origin/learn/item_item_sparse.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "origin/learn/pair_counts.h"
#include "origin/learn/parallel.h"

namespace footlight::learn {
namespace {

using Index = Eigen::Index;

// The m items that explain item i best, ascending. All others, when there are no more than m.
std::vector<std::uint32_t> companions_of(const PairCounts& counts, std::uint32_t i, const SparseOptions& options) {
  const auto n = static_cast<std::uint32_t>(counts.rows.size());
  std::vector<std::uint32_t> out;
  if (n - 1 <= options.companions) {
    for (std::uint32_t j = 0; j < n; ++j) {
      if (j != i) out.push_back(j);
    }
    return out;
  }
  std::vector<ItemNeighbour> gains;
  const double share = counts.choosers[i] / static_cast<double>(counts.visitors);
  for (const PairCount& pair : counts.rows[i]) {
    const double more = pair.visitors - share * counts.choosers[pair.item];
    gains.push_back({pair.item, static_cast<float>(more * more / (counts.choosers[pair.item] + options.lambda))});
  }
  for (const ItemNeighbour& gain : strongest_of(gains, options.companions)) out.push_back(gain.item);
  std::sort(out.begin(), out.end());
  return out;
}

// One thread's system of equations: companions 0 to m - 1, then the intercept.
struct System {
  std::vector<std::int32_t> place;  // [n], -1
  Eigen::MatrixXd gram;
  Eigen::VectorXd right;
};

// The weights of `companions` and of the intercept for item i, into system.right.
void solve(const PairCounts& counts, std::uint32_t i, const std::vector<std::uint32_t>& companions, double lambda,
           System& system) {
  const auto m = static_cast<Index>(companions.size());
  system.place.resize(counts.rows.size(), -1);
  system.gram.setZero(m + 1, m + 1);
  system.right.setZero(m + 1);
  for (Index a = 0; a < m; ++a) system.place[companions[static_cast<std::size_t>(a)]] = static_cast<std::int32_t>(a);
  // Lower triangle. A pair may be in one row of the two only (pair_counts.h).
  for (Index a = 0; a < m; ++a) {
    const std::uint32_t item = companions[static_cast<std::size_t>(a)];
    for (const PairCount& pair : counts.rows[item]) {
      const Index b = system.place[pair.item];
      if (b >= 0) system.gram(std::max(a, b), std::min(a, b)) = pair.visitors;
      if (pair.item == i) system.right[a] = pair.visitors;
    }
    system.gram(a, a) = counts.choosers[item] + lambda;
    system.gram(m, a) = counts.choosers[item];
  }
  for (const PairCount& pair : counts.rows[i]) {
    const Index a = system.place[pair.item];
    if (a >= 0) system.right[a] = pair.visitors;
  }
  system.gram(m, m) = static_cast<double>(counts.visitors) + lambda;
  system.right[m] = counts.choosers[i];
  for (const std::uint32_t item : companions) system.place[item] = -1;
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> cholesky(system.gram);
  if (cholesky.info() != Eigen::Success) throw std::runtime_error("an item's Gram matrix is not positive definite");
  cholesky.solveInPlace(system.right);
}

}  // namespace

EaseModel fit_sparse(const VisitorItems& visitors, const SparseOptions& options, const Progress& progress,
                     const std::atomic<bool>& cancel) {
  if (!(options.lambda > 0) || !std::isfinite(options.lambda)) throw std::invalid_argument("lambda must be above 0");
  if (options.companions == 0) throw std::invalid_argument("companions must be at least 1");
  const std::uint32_t n = visitors.item_count;
  const unsigned threads = thread_count(options.threads);
  const PairCounts counts = count_pairs(
      visitors, options.max_pairs, threads, [&](double share) { progress(0.2 * share); }, cancel);

  EaseModel model;
  model.bias.resize(n, 0);
  model.neighbours.resize(n);
  NeighbourRows columns(n);
  std::vector<System> systems(threads);
  for_blocks(
      n, 64, threads, cancel, [&](double share) { progress(0.2 + 0.75 * share); },
      [&](std::size_t begin, std::size_t end, unsigned self) {
        for (auto i = static_cast<std::uint32_t>(begin); i < end; ++i) {
          const std::vector<std::uint32_t> companions = companions_of(counts, i, options);
          solve(counts, i, companions, options.lambda, systems[self]);
          const Eigen::VectorXd& b = systems[self].right;
          for (std::size_t a = 0; a < companions.size(); ++a) {
            const auto weight = static_cast<float>(b[static_cast<Index>(a)]);
            if (weight != 0) columns[i].push_back({companions[a], weight});
          }
          model.bias[i] = static_cast<float>(b[static_cast<Index>(companions.size())]);
        }
      });
  // Columns to rows.
  for (std::uint32_t i = 0; i < n; ++i) {
    for (const ItemNeighbour& from : columns[i]) model.neighbours[from.item].push_back({i, from.weight});
    columns[i] = {};
  }
  for (auto& row : model.neighbours) row = strongest_of(row, options.neighbours_kept);
  progress(1);
  return model;
}

}  // namespace footlight::learn
