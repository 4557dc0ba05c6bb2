// The item-item model trained for what it is used for: to put what a visitor chooses next above everything else.
//
// Letters: n items; a visitor with items H, |H| = s >= 2, gives s cases (t, R = H - {t}); e the history exponent.
//
//     x_i  = b_i + |R|^-e * sum over j in R of W[j, i]
//     loss = - mean over cases of log( exp x_t / sum over i not in R of exp x_i )  +  ridge / (2 * cases) * |W|^2
//
// the full softmax over all n items, not a sample: R itself is left out because what the visitor has is not asked for.
// In this form EASE^R's least squares become a likelihood: a case weighs the same whether its items are popular or not,
// and x are log-odds, which is what the score of a decision adds up. Every figure is better for it (YARDSTICKS: msweb
// MRR .4901 for EASE^R, .496 here). The ridge is a Gaussian prior worth `ridge` cases: it fades as data comes.
//
// Fit: Adam (Kingma, Ba: "Adam", ICLR 2015) on batches of visitors from W = 0 and b = log popularity, the learning rate
// falling to nothing along a cosine. W has entries only at a *pattern*: all pairs while n <= dense_items, else each
// row's `candidates` items that its visitors choose most above chance (pair_counts.h). The sum over all n stays exact
// with a sparse W, because what no entry touches adds exp b_i, and that sum is known: a case costs s * candidates, not
// n.
//
// Pruning keeps n * neighbours_kept entries, those that the likelihood would miss most: by w^2 * E[g^2], the curvature
// that Adam has estimated anyway (LeCun, Denker, Solla: "Optimal Brain Damage", NIPS 1989). Rows of popular items keep
// up to 128, others at least 8 (if they have them). What is left is fitted again for some epochs and takes over what
// the others said. With 32 to a row on average that loses nothing on msweb (validation MRR .5115 before and after,
// int8), where keeping the 32 of largest |w| in every row loses .010.
//
// Gradient of one visitor, all its cases at once: with p_c the distribution of case c, t_c its item and
// g_c = p_c - onehot(t_c), row j of W gets |R|^-e * (sum over c of g_c - g_(case of j)).
//
// Cost: epochs * sum of s^2 * candidates exponentials, and n * candidates * 12 bytes. Two cores: msweb (294 items,
// 85,000 cases) 4 to 8 s.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {

struct SoftmaxOptions {
  double history_exponent = 0.3;   // 0 to 1
  double ridge = 1.5;              // cases that the prior is worth; at least 0
  double learning_rate = 0.03;     // above 0; in log-odds a step
  std::uint32_t epochs = 6;        // 1 to 1000
  std::uint32_t refit_epochs = 3;  // after pruning; 0 to 1000
  std::uint32_t batch_cases = 512;
  std::uint32_t max_steps = 200;  // an epoch's: larger data has larger batches
  std::uint32_t neighbours_kept = 32;
  std::uint32_t dense_items = 640;
  std::uint32_t candidates = 96;
  unsigned threads = 0;
};

struct SoftmaxModel {
  std::vector<float> bias;   // [n], mean 0
  NeighbourRows neighbours;  // [n]
  std::uint64_t cases = 0;
  std::vector<double> losses;  // of each epoch without the ridge, while its steps were taken
};

// Only the first kMaxHistory (64) items of a visitor count: that is what a visitor record holds. Without any case the
// bias is the log popularity and all rows are empty. Throws Cancelled, std::bad_alloc, or std::invalid_argument.
[[nodiscard]] SoftmaxModel fit_softmax(const VisitorItems& visitors, const SoftmaxOptions& options,
                                       const Progress& progress, const std::atomic<bool>& cancel);

// Loss and gradient at a given W and b, for one batch of visitors and a pattern: what fit_softmax steps along. Tests
// check it against finite differences.
struct Pattern {
  std::uint32_t item_count = 0;
  bool complete = false;               // every row has every column, itself too (its weight stays 0)
  std::vector<std::uint64_t> offsets;  // [n + 1]
  std::vector<std::uint32_t> columns;  // ascending in a row, without the row's own item; empty when complete
  [[nodiscard]] std::uint64_t begin(std::uint32_t row) const noexcept { return offsets[row]; }
  [[nodiscard]] std::uint64_t size(std::uint32_t row) const noexcept { return offsets[row + 1] - offsets[row]; }
};
struct SoftmaxGradient {
  double loss = 0;  // sum over the cases, without the ridge
  std::uint64_t cases = 0;
  std::vector<float> weights;  // [pattern]: sum over the cases
  std::vector<double> bias;    // [n]
};
[[nodiscard]] SoftmaxGradient softmax_gradient(const VisitorItems& visitors, const Pattern& pattern,
                                               const std::vector<float>& weights, const std::vector<double>& bias,
                                               double history_exponent, unsigned threads);

}  // namespace footlight::learn
