#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <boost/test/unit_test.hpp>

#include "core/numeric/random.h"
#include "core/snapshot/layout.h"
#include "origin/learn/ease.h"
#include "origin/learn/item_cosine.h"
#include "origin/learn/item_item.h"
#include "origin/learn/item_item_softmax.h"
#include "origin/learn/item_item_sparse.h"
#include "origin/learn/pair_counts.h"

namespace {

using namespace footlight;
using namespace footlight::learn;

const std::atomic<bool> kGoOn{false};
const std::atomic<bool> kStop{true};
const Progress kQuiet = [](double) {};

// Items 2p and 2p + 1 belong together: who chooses one mostly chooses the other, beside one or two of anything.
VisitorItems in_pairs(std::uint32_t items, std::uint32_t visitors, std::uint64_t seed) {
  Random random(seed);
  VisitorItems out;
  out.item_count = items;
  for (std::uint32_t v = 0; v < visitors; ++v) {
    std::vector<std::uint32_t> set;
    const auto add = [&](std::uint32_t item) {
      if (std::find(set.begin(), set.end(), item) == set.end()) set.push_back(item);
    };
    const auto first = static_cast<std::uint32_t>(random.next() % items);
    add(first);
    if (random.uniform() < 0.8) add(first ^ 1U);
    add(static_cast<std::uint32_t>(random.next() % items));
    if (random.uniform() < 0.5) add(static_cast<std::uint32_t>(random.next() % items));
    out.add(set);
  }
  return out;
}

Pattern pattern_of(std::uint32_t items, bool complete, std::uint64_t seed) {
  Random random(seed);
  Pattern pattern;
  pattern.item_count = items;
  pattern.complete = complete;
  pattern.offsets = {0};
  for (std::uint32_t j = 0; j < items; ++j) {
    for (std::uint32_t i = 0; !complete && i < items; ++i) {
      if (i != j && random.uniform() < 0.3) pattern.columns.push_back(i);
    }
    pattern.offsets.push_back(complete ? (j + 1) * std::uint64_t{items} : pattern.columns.size());
  }
  return pattern;
}

bool equal(const NeighbourRows& a, const NeighbourRows& b) { return a == b; }

SoftmaxOptions small_steps() {
  SoftmaxOptions options;
  options.batch_cases = 64;
  options.threads = 2;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_item_item)

// Central differences of the loss itself, in every weight and bias: the complete pattern, and one with a third of the
// pairs, where what no entry touches enters through its known sum.
BOOST_AUTO_TEST_CASE(the_softmax_gradient_is_the_slope_of_its_loss) {
  const VisitorItems visitors = in_pairs(8, 12, 1);
  for (const bool complete : {true, false}) {
    const Pattern pattern = pattern_of(8, complete, 2);
    Random random(3);
    std::vector<float> weights(pattern.offsets.back());
    for (float& w : weights) w = static_cast<float>(random.uniform() - 0.4);
    std::vector<double> bias(8);
    for (double& b : bias) b = -2 * random.uniform();
    if (complete) {
      for (std::uint32_t j = 0; j < 8; ++j) weights[j * 8 + j] = 0;
    }
    const auto loss = [&] { return softmax_gradient(visitors, pattern, weights, bias, 0.3, 1).loss; };
    const SoftmaxGradient gradient = softmax_gradient(visitors, pattern, weights, bias, 0.3, 2);
    BOOST_TEST(gradient.cases > 20U);
    double worst = 0;
    double largest = 0;
    for (std::size_t e = 0; e < weights.size(); ++e) {
      if (complete && e / 8 == e % 8) {
        BOOST_TEST(gradient.weights[e] == 0.0F);
        continue;
      }
      const float at = weights[e];
      weights[e] = at + 0.01F;
      const double above = loss();
      weights[e] = at - 0.01F;
      const double below = loss();
      weights[e] = at;
      worst = std::max(worst, std::abs((above - below) / 0.02 - static_cast<double>(gradient.weights[e])));
      largest = std::max(largest, std::abs(static_cast<double>(gradient.weights[e])));
    }
    for (std::size_t i = 0; i < bias.size(); ++i) {
      const double at = bias[i];
      bias[i] = at + 0.01;
      const double above = loss();
      bias[i] = at - 0.01;
      const double below = loss();
      bias[i] = at;
      worst = std::max(worst, std::abs((above - below) / 0.02 - gradient.bias[i]));
    }
    BOOST_TEST(largest > 0.5);
    BOOST_TEST(worst < 2e-3);  // logits are floats
  }
}

BOOST_AUTO_TEST_CASE(softmax_finds_what_belongs_together) {
  for (const std::uint32_t dense : {640U, 1U}) {  // all pairs, and candidates
    SoftmaxOptions options = small_steps();
    options.dense_items = dense;
    options.neighbours_kept = 3;
    const SoftmaxModel model = fit_softmax(in_pairs(20, 600, 4), options, kQuiet, kGoOn);
    BOOST_TEST(model.losses.size() == options.epochs + options.refit_epochs);
    BOOST_TEST(model.losses[options.epochs - 1] < model.losses.front());
    double sum = 0;
    for (std::uint32_t j = 0; j < 20; ++j) {
      BOOST_REQUIRE(!model.neighbours[j].empty());
      BOOST_TEST(model.neighbours[j].size() <= 3U);
      BOOST_TEST(model.neighbours[j].front().item == (j ^ 1U));
      BOOST_TEST(model.neighbours[j].front().weight > 1.0F);
      sum += static_cast<double>(model.bias[j]);
    }
    BOOST_TEST(std::abs(sum) < 1e-4);
  }
}

// Over all rows no more than n * neighbours_kept; none beyond what the format holds, none below the least.
BOOST_AUTO_TEST_CASE(softmax_prunes_over_all_rows) {
  SoftmaxOptions options = small_steps();
  options.epochs = 6;
  options.refit_epochs = 0;
  options.neighbours_kept = 12;
  const SoftmaxModel model = fit_softmax(in_pairs(40, 200, 5), options, kQuiet, kGoOn);
  std::size_t kept = 0;
  for (std::uint32_t j = 0; j < 40; ++j) {
    const auto& row = model.neighbours[j];
    kept += row.size();
    BOOST_TEST(row.size() >= 8U);
    BOOST_TEST(row.size() <= std::size_t{snapshot::kMaxNeighbours});
    for (std::size_t k = 0; k < row.size(); ++k) {
      BOOST_TEST(row[k].item != j);
      if (k > 0) BOOST_TEST(std::fabs(row[k].weight) <= std::fabs(row[k - 1].weight));
    }
    // The partner is what the likelihood would miss most: pruning must not take it.
    BOOST_TEST(std::any_of(row.begin(), row.end(), [&](const auto& n) { return n.item == (j ^ 1U); }));
  }
  BOOST_TEST(kept == 40U * 12U);
}

BOOST_AUTO_TEST_CASE(sparse_with_all_companions_is_ease) {
  const VisitorItems visitors = in_pairs(30, 300, 6);
  const EaseModel dense = fit_ease(visitors, {5, 30, 1}, kQuiet, kGoOn);
  const EaseModel sparse =
      fit_sparse(visitors, {.lambda = 5, .companions = 29, .neighbours_kept = 30, .threads = 2}, kQuiet, kGoOn);
  double worst = 0;
  for (std::uint32_t j = 0; j < 30; ++j) {
    worst = std::max(worst, std::abs(static_cast<double>(dense.bias[j]) - static_cast<double>(sparse.bias[j])));
    std::vector<double> row(30, 0);
    for (const auto& n : dense.neighbours[j]) row[n.item] += static_cast<double>(n.weight);
    for (const auto& n : sparse.neighbours[j]) row[n.item] -= static_cast<double>(n.weight);
    for (const double difference : row) worst = std::max(worst, std::abs(difference));
  }
  BOOST_TEST(worst < 1e-6);
}

BOOST_AUTO_TEST_CASE(sparse_with_few_companions_finds_the_pairs) {
  const EaseModel model = fit_sparse(in_pairs(60, 800, 7), {.companions = 6, .neighbours_kept = 4}, kQuiet, kGoOn);
  for (std::uint32_t j = 0; j < 60; ++j) {
    BOOST_REQUIRE(!model.neighbours[j].empty());
    BOOST_TEST(model.neighbours[j].size() <= 4U);
    BOOST_TEST(model.neighbours[j].front().item == (j ^ 1U));
  }
}

BOOST_AUTO_TEST_CASE(pairs_are_counted_and_bounded) {
  VisitorItems visitors;
  visitors.item_count = 4;
  visitors.add(std::vector<std::uint32_t>{0, 1, 2});
  visitors.add(std::vector<std::uint32_t>{1, 0});
  visitors.add(std::vector<std::uint32_t>{2});
  const auto row = [](const PairCounts& counts, std::size_t j) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> out;
    for (const PairCount& pair : counts.rows[j]) out.emplace_back(pair.item, pair.visitors);
    return out;
  };
  using Row = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  const PairCounts all = count_pairs(visitors, 1000, 1, kQuiet, kGoOn);
  BOOST_TEST(all.choosers == (std::vector<std::uint32_t>{2, 2, 2, 0}));
  BOOST_CHECK(row(all, 0) == (Row{{1, 2}, {2, 1}}));
  BOOST_CHECK(row(all, 2) == (Row{{0, 1}, {1, 1}}));
  BOOST_TEST(all.rows[3].empty());
  const PairCounts one = count_pairs(visitors, 4, 1, kQuiet, kGoOn);  // one a row
  BOOST_CHECK(row(one, 0) == (Row{{1, 2}}));
  BOOST_CHECK(row(one, 2) == (Row{{0, 1}}));
}

BOOST_AUTO_TEST_CASE(cosine_by_hand) {
  VisitorItems visitors;
  visitors.item_count = 2;
  visitors.add(std::vector<std::uint32_t>{0, 1});
  for (int v = 0; v < 3; ++v) visitors.add(std::vector<std::uint32_t>{0});
  const EaseModel model = fit_cosine(visitors, 2, 1, kQuiet, kGoOn);
  BOOST_TEST(model.neighbours[0].at(0).weight == 0.5F);  // 1 / sqrt(4 * 1)
}

BOOST_AUTO_TEST_CASE(threads_change_no_bit, *boost::unit_test::label("threads")) {
  const VisitorItems visitors = in_pairs(150, 250, 8);
  for (const ItemItemMethod method : {ItemItemMethod::kSoftmax, ItemItemMethod::kSparse}) {
    const auto one = fit_item_item(visitors, {.method = method, .threads = 1}, kQuiet, kGoOn);
    const auto three = fit_item_item(visitors, {.method = method, .threads = 3}, kQuiet, kGoOn);
    BOOST_TEST(one.bias == three.bias);
    BOOST_TEST(equal(one.neighbours, three.neighbours));
    BOOST_CHECK(one.method == method);
  }
}

BOOST_AUTO_TEST_CASE(the_method_goes_by_size) {
  const auto taken = [](std::uint32_t items, std::uint32_t visitors) {
    VisitorItems in;
    in.item_count = items;
    for (std::uint32_t v = 0; v < visitors; ++v) in.add(std::vector<std::uint32_t>{0, 1});
    return item_item_method_name(automatic_item_item_method(in));
  };
  BOOST_TEST(taken(300, 1000) == "softmax");
  BOOST_TEST(taken(300, 20) == "ease");
  BOOST_TEST(taken(1000, 1000) == "ease");
  BOOST_TEST(taken(40'000, 1000) == "sparse");
}

BOOST_AUTO_TEST_CASE(progress_only_goes_forward_and_ends_at_one) {
  for (const ItemItemMethod method : {ItemItemMethod::kSoftmax, ItemItemMethod::kSparse}) {
    double last = 0;
    const auto watch = [&](double share) {
      BOOST_TEST(share >= last);
      last = share;
    };
    (void)fit_item_item(in_pairs(30, 100, 9), {.method = method, .threads = 1}, watch, kGoOn);
    BOOST_TEST(last == 1.0);
  }
}

BOOST_AUTO_TEST_CASE(nobody_and_nothing) {
  VisitorItems nobody;
  nobody.item_count = 3;
  for (const ItemItemMethod method : {ItemItemMethod::kSoftmax, ItemItemMethod::kSparse, ItemItemMethod::kEase}) {
    const auto model = fit_item_item(nobody, {.method = method}, kQuiet, kGoOn);
    BOOST_TEST(model.bias == (std::vector<float>{0, 0, 0}));
    for (const auto& row : model.neighbours) BOOST_TEST(row.empty());
    BOOST_TEST(fit_item_item({}, {.method = method}, kQuiet, kGoOn).bias.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_cancelled_fit_stops) {
  for (const ItemItemMethod method : {ItemItemMethod::kSoftmax, ItemItemMethod::kSparse, ItemItemMethod::kEase}) {
    BOOST_CHECK_THROW((void)fit_item_item(in_pairs(20, 50, 1), {.method = method}, kQuiet, kStop), Cancelled);
  }
}

BOOST_AUTO_TEST_CASE(refusals) {
  const VisitorItems good = in_pairs(6, 20, 1);
  const auto refused = [&](ItemItemOptions options) {
    BOOST_CHECK_THROW((void)fit_item_item(good, options, kQuiet, kGoOn), std::invalid_argument);
  };
  refused({.neighbours_kept = 0});
  refused({.neighbours_kept = 129});
  refused({.lambda = 0});
  refused({.lambda = NAN});
  const auto refused_softmax = [&](auto change) {
    SoftmaxOptions options;
    change(options);
    BOOST_CHECK_THROW((void)fit_softmax(good, options, kQuiet, kGoOn), std::invalid_argument);
  };
  refused_softmax([](auto& o) { o.history_exponent = 1.5; });
  refused_softmax([](auto& o) { o.ridge = -1; });
  refused_softmax([](auto& o) { o.learning_rate = 0; });
  refused_softmax([](auto& o) { o.epochs = 0; });
  BOOST_CHECK_THROW((void)fit_sparse(good, {.companions = 0}, kQuiet, kGoOn), std::invalid_argument);
  VisitorItems bad = good;
  bad.add(std::vector<std::uint32_t>{6, 0});
  for (const ItemItemMethod method : {ItemItemMethod::kSoftmax, ItemItemMethod::kSparse, ItemItemMethod::kEase}) {
    BOOST_CHECK_THROW((void)fit_item_item(bad, {.method = method}, kQuiet, kGoOn), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_SUITE_END()
