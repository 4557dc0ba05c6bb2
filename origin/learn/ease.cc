#include "origin/learn/ease.h"

#include <cmath>
#include <stdexcept>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "origin/learn/parallel.h"

namespace footlight::learn {
namespace {

using Matrix = Eigen::MatrixXd;
using Index = Eigen::Index;

// Columns of the inverse that one thread solves at a time: enough for Eigen's blocked kernels, few enough that a
// cancelled fit stops within a second.
constexpr std::size_t kBlock = 64;

// X'X with the column of ones, lower triangle only, plus lambda on the diagonal.
Matrix gram(const VisitorItems& visitors, double lambda, const Progress& progress, const std::atomic<bool>& cancel) {
  const Index n = visitors.item_count;
  Matrix g = Matrix::Zero(n + 1, n + 1);
  const std::size_t count = visitors.visitor_count();
  for (std::size_t v = 0; v < count; ++v) {
    if (v % 1024 == 0) {
      stop_if(cancel);
      progress(0.2 * static_cast<double>(v) / static_cast<double>(count));
    }
    const auto set = visitors.of(v);
    for (const std::uint32_t a : set) {
      if (a >= visitors.item_count) throw std::invalid_argument("item index out of range");
      g(n, a) += 1;
      for (const std::uint32_t b : set) {
        if (b <= a) g(a, b) += 1;
      }
    }
  }
  g(n, n) = static_cast<double>(count);
  g.diagonal().array() += lambda;
  return g;
}

}  // namespace

EaseModel fit_ease(const VisitorItems& visitors, const EaseOptions& options, const Progress& progress,
                   const std::atomic<bool>& cancel) {
  if (!(options.lambda > 0) || !std::isfinite(options.lambda)) {
    throw std::invalid_argument("lambda must be above 0");
  }
  const Index n = visitors.item_count;
  const unsigned threads = thread_count(options.threads);

  Matrix g = gram(visitors, options.lambda, progress, cancel);
  // In place: g becomes L. Positive definite because lambda > 0.
  const Eigen::LLT<Eigen::Ref<Matrix>> cholesky(g);
  if (cholesky.info() != Eigen::Success) throw std::runtime_error("the Gram matrix is not positive definite");
  stop_if(cancel);
  progress(0.4);

  // P, a block of columns at a time: L Y = E has zeros above the block's first row, which halves the first solve.
  Matrix p(n + 1, n + 1);
  for_blocks(
      visitors.item_count + std::size_t{1}, kBlock, threads, cancel, [&](double share) { progress(0.4 + 0.4 * share); },
      [&](std::size_t from, std::size_t to, unsigned) {
        const auto begin = static_cast<Index>(from);
        const auto end = static_cast<Index>(to);
        const Index width = end - begin;
        const Index height = n + 1 - begin;
        auto columns = p.middleCols(begin, width);
        columns.setZero();
        columns.block(begin, 0, width, width).setIdentity();
        auto lower = columns.bottomRows(height);
        g.bottomRightCorner(height, height).triangularView<Eigen::Lower>().solveInPlace(lower);
        g.triangularView<Eigen::Lower>().adjoint().solveInPlace(columns);
      });

  EaseModel model;
  model.bias.resize(static_cast<std::size_t>(n));
  model.neighbours.resize(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    model.bias[static_cast<std::size_t>(i)] = static_cast<float>(-p(n, i) / p(i, i));
  }
  // Row j of B is column j of P (P is symmetric) over the diagonal.
  for_blocks(
      visitors.item_count, kBlock, threads, cancel, [&](double share) { progress(0.8 + 0.2 * share); },
      [&](std::size_t begin, std::size_t end, unsigned) {
        std::vector<ItemNeighbour> row;
        for (auto j = static_cast<Index>(begin); j < static_cast<Index>(end); ++j) {
          row.clear();
          for (Index i = 0; i < n; ++i) {
            if (i == j) continue;
            const auto weight = static_cast<float>(-p(i, j) / p(i, i));
            if (weight != 0) row.push_back({static_cast<std::uint32_t>(i), weight});
          }
          model.neighbours[static_cast<std::size_t>(j)] = strongest_of(row, options.neighbours_kept);
        }
      });
  progress(1);
  return model;
}

}  // namespace footlight::learn
