#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include <boost/test/unit_test.hpp>

#include "core/numeric/random.h"
#include "origin/learn/ease.h"

namespace {

using namespace footlight;
using namespace footlight::learn;

const std::atomic<bool> kGoOn{false};
const Progress kQuiet = [](double) {};

VisitorItems random_visitors(std::uint32_t items, std::uint32_t visitors, std::uint64_t seed) {
  Random random(seed);
  VisitorItems out;
  out.item_count = items;
  for (std::uint32_t v = 0; v < visitors; ++v) {
    std::vector<std::uint32_t> set;
    for (std::uint32_t i = 0; i < items; ++i) {
      if (random.uniform() < 1.5 / (2 + i)) set.push_back(i);
    }
    out.add(set);
  }
  return out;
}

// Counts of pairs with the column of ones at index n, without lambda.
std::vector<std::vector<double>> pair_counts(const VisitorItems& visitors) {
  const std::uint32_t n = visitors.item_count;
  std::vector<std::vector<double>> counts(n + 1, std::vector<double>(n + 1, 0));
  for (std::size_t v = 0; v < visitors.visitor_count(); ++v) {
    std::vector<std::uint32_t> set(visitors.of(v).begin(), visitors.of(v).end());
    set.push_back(n);
    for (const auto a : set) {
      for (const auto b : set) counts[a][b] += 1;
    }
  }
  return counts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_ease)

// Column i of B is the ridge regression of item i on all others and the intercept: its normal equations must hold. This
// does not go through the inverse that the closed form uses.
BOOST_AUTO_TEST_CASE(every_column_solves_its_ridge_regression) {
  const auto visitors = random_visitors(40, 500, 1);
  const double lambda = 3;
  const auto model = fit_ease(visitors, {lambda, 40, 2}, kQuiet, kGoOn);
  const auto counts = pair_counts(visitors);
  const std::uint32_t n = visitors.item_count;
  double worst = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::vector<double> b(n + 1, 0);
    b[n] = static_cast<double>(model.bias[i]);
    for (std::uint32_t j = 0; j < n; ++j) {
      for (const auto& neighbour : model.neighbours[j]) {
        BOOST_REQUIRE(neighbour.item != j);
        if (neighbour.item == i) b[j] = static_cast<double>(neighbour.weight);
      }
    }
    for (std::uint32_t j = 0; j <= n; ++j) {
      if (j == i) continue;
      double gradient = lambda * b[j] - counts[j][i];
      for (std::uint32_t k = 0; k <= n; ++k) gradient += counts[j][k] * b[k];
      worst = std::max(worst, std::abs(gradient));
    }
  }
  BOOST_TEST(worst < 5e-3);  // sums of 41 products of counts up to 500 with floats
}

BOOST_AUTO_TEST_CASE(what_is_chosen_together_is_found) {
  VisitorItems visitors;
  visitors.item_count = 6;
  for (int round = 0; round < 50; ++round) {
    visitors.add(std::vector<std::uint32_t>{0, 1});
    visitors.add(std::vector<std::uint32_t>{2, 3});
    visitors.add(std::vector<std::uint32_t>{4});
  }
  const auto model = fit_ease(visitors, {1, 1, 1}, kQuiet, kGoOn);
  BOOST_TEST(model.neighbours[0].at(0).item == 1U);
  BOOST_TEST(model.neighbours[1].at(0).item == 0U);
  BOOST_TEST(model.neighbours[3].at(0).item == 2U);
  BOOST_TEST(model.neighbours[0].at(0).weight > 0.5F);
  BOOST_TEST(model.bias[4] > model.bias[5]);  // nobody chose the last one
}

BOOST_AUTO_TEST_CASE(a_row_keeps_its_strongest) {
  const auto visitors = random_visitors(30, 300, 2);
  const auto all = fit_ease(visitors, {5, 30, 1}, kQuiet, kGoOn);
  const auto some = fit_ease(visitors, {5, 4, 1}, kQuiet, kGoOn);
  for (std::size_t j = 0; j < 30; ++j) {
    BOOST_REQUIRE(some.neighbours[j].size() == 4U);
    for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(some.neighbours[j][k].item == all.neighbours[j][k].item);
    const float weakest = std::fabs(some.neighbours[j].back().weight);
    for (std::size_t k = 4; k < all.neighbours[j].size(); ++k) {
      BOOST_TEST(std::fabs(all.neighbours[j][k].weight) <= weakest);
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_change_no_bit, *boost::unit_test::label("threads")) {
  const auto visitors = random_visitors(150, 400, 3);  // three blocks of columns
  const auto one = fit_ease(visitors, {20, 16, 1}, kQuiet, kGoOn);
  const auto four = fit_ease(visitors, {20, 16, 4}, kQuiet, kGoOn);
  BOOST_TEST(one.bias == four.bias);
  for (std::size_t j = 0; j < 150; ++j) {
    BOOST_REQUIRE(one.neighbours[j].size() == four.neighbours[j].size());
    for (std::size_t k = 0; k < one.neighbours[j].size(); ++k) {
      BOOST_REQUIRE(one.neighbours[j][k].item == four.neighbours[j][k].item);
      BOOST_REQUIRE(one.neighbours[j][k].weight == four.neighbours[j][k].weight);
    }
  }
}

BOOST_AUTO_TEST_CASE(progress_only_goes_forward_and_ends_at_one) {
  double last = 0;
  const auto watch = [&](double share) {
    BOOST_TEST(share >= last);
    last = share;
  };
  (void)fit_ease(random_visitors(100, 3000, 4), {20, 8, 1}, watch, kGoOn);
  BOOST_TEST(last == 1.0);
}

BOOST_AUTO_TEST_CASE(no_visitor_no_opinion) {
  VisitorItems nobody;
  nobody.item_count = 3;
  const auto model = fit_ease(nobody, {20, 8, 1}, kQuiet, kGoOn);
  for (const float bias : model.bias) BOOST_TEST(bias == 0.0F);
  for (const auto& row : model.neighbours) BOOST_TEST(row.empty());
  BOOST_TEST(fit_ease({}, {20, 8, 1}, kQuiet, kGoOn).bias.empty());
}

BOOST_AUTO_TEST_CASE(refusals) {
  auto visitors = random_visitors(5, 10, 5);
  BOOST_CHECK_THROW((void)fit_ease(visitors, {0, 8, 1}, kQuiet, kGoOn), std::invalid_argument);
  BOOST_CHECK_THROW((void)fit_ease(visitors, {-1, 8, 1}, kQuiet, kGoOn), std::invalid_argument);
  BOOST_CHECK_THROW((void)fit_ease(visitors, {NAN, 8, 1}, kQuiet, kGoOn), std::invalid_argument);
  visitors.add(std::vector<std::uint32_t>{5});
  BOOST_CHECK_THROW((void)fit_ease(visitors, {20, 8, 1}, kQuiet, kGoOn), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(cancelling_stops_it_at_every_stage) {
  const auto visitors = random_visitors(100, 3000, 6);
  for (const double when : {0.0, 0.1, 0.4, 0.5, 0.85}) {
    std::atomic<bool> cancel{false};
    const auto stop = [&](double share) {
      if (share >= when) cancel = true;
    };
    BOOST_CHECK_THROW((void)fit_ease(visitors, {20, 8, 1}, stop, cancel), Cancelled);
  }
}

BOOST_AUTO_TEST_SUITE_END()
