#include "origin/learn/item_item.h"

#include <cmath>
#include <stdexcept>

#include "core/snapshot/layout.h"
#include "origin/learn/ease.h"
#include "origin/learn/item_item_softmax.h"
#include "origin/learn/item_item_sparse.h"

namespace footlight::learn {
namespace {

constexpr double kEaseWeight = 4;  // log-odds for a regression's 1, as the default of snapshot::WeightsRow

// Visitors with two items at least, below which there is too little to fit a likelihood to and the ridge regression's
// caution is worth more.
constexpr std::uint64_t kFewVisitors = 200;

// All pairs can be fitted, and on a site's traffic every item has the choices that takes. On a planted catalogue of
// 4,000 items with 96 choices each the likelihood overfits where the regressions do not: NDCG@20 .180 against .218.
constexpr std::uint32_t kMaxSoftmaxItems = 640;

// Dense EASE^R to here, in seconds; beyond, the sparse regression costs less and lost nothing (NDCG@20 1.02 of dense at
// 4,000 items).
constexpr std::uint32_t kMaxSmallItems = 1024;

ItemItemModel of(EaseModel fitted, ItemItemMethod method) {
  return {.method = method,
          .weight = kEaseWeight,
          .history_exponent = 0,
          .bias = std::move(fitted.bias),
          .neighbours = std::move(fitted.neighbours)};
}

}  // namespace

std::string_view item_item_method_name(ItemItemMethod method) noexcept {
  switch (method) {
    case ItemItemMethod::kSoftmax:
      return "softmax";
    case ItemItemMethod::kEase:
      return "ease";
    case ItemItemMethod::kSparse:
      return "sparse";
    case ItemItemMethod::kAutomatic:
      break;
  }
  return "automatic";
}

ItemItemMethod automatic_item_item_method(const VisitorItems& visitors) noexcept {
  std::uint64_t several = 0;
  for (std::size_t v = 0; v < visitors.visitor_count(); ++v) several += visitors.of(v).size() >= 2 ? 1 : 0;
  if (visitors.item_count <= kMaxSoftmaxItems && several >= kFewVisitors) return ItemItemMethod::kSoftmax;
  return visitors.item_count <= kMaxSmallItems ? ItemItemMethod::kEase : ItemItemMethod::kSparse;
}

ItemItemModel fit_item_item(const VisitorItems& visitors, const ItemItemOptions& options, const Progress& progress,
                            const std::atomic<bool>& cancel) {
  if (options.neighbours_kept < 1 || options.neighbours_kept > snapshot::kMaxNeighbours) {
    throw std::invalid_argument("neighbours_kept must be 1 to 128");
  }
  if (!(options.lambda > 0) || !std::isfinite(options.lambda)) throw std::invalid_argument("lambda must be above 0");
  const ItemItemMethod method =
      options.method == ItemItemMethod::kAutomatic ? automatic_item_item_method(visitors) : options.method;
  if (method == ItemItemMethod::kEase) {
    return of(fit_ease(visitors, {options.lambda, options.neighbours_kept, options.threads}, progress, cancel), method);
  }
  if (method == ItemItemMethod::kSparse) {
    SparseOptions sparse;
    sparse.lambda = options.lambda;
    sparse.neighbours_kept = options.neighbours_kept;
    sparse.threads = options.threads;
    return of(fit_sparse(visitors, sparse, progress, cancel), method);
  }
  SoftmaxOptions softmax;
  softmax.neighbours_kept = options.neighbours_kept;
  softmax.threads = options.threads;
  SoftmaxModel fitted = fit_softmax(visitors, softmax, progress, cancel);
  return {.method = ItemItemMethod::kSoftmax,
          .weight = 1,
          .history_exponent = softmax.history_exponent,
          .bias = std::move(fitted.bias),
          .neighbours = std::move(fitted.neighbours)};
}

}  // namespace footlight::learn
