#include <cmath>
#include <numeric>

#include <boost/test/unit_test.hpp>

#include "core/numeric/random.h"
#include "origin/experiment/bandit.h"

namespace {

using namespace footlight;
using namespace footlight::experiment;

const SegmentNames kNames = [](std::uint32_t segment) { return "segment " + std::to_string(segment); };

ExperimentData nobody(std::size_t variants) {
  ExperimentData data;
  for (std::size_t v = 0; v < variants; ++v) data.variants.push_back(std::to_string(v));
  data.weights.assign(variants, 1);
  data.units.assign(variants, 0);
  data.metrics.push_back({"clicks", {.kind = MetricKind::kProportion}, false, false, std::vector<Sums>(variants)});
  return data;
}

void add(ExperimentData& data, std::size_t variant, bool clicked) {
  const double value = clicked ? 1 : 0;
  data.units[variant] += 1;
  data.metrics[0].variants[variant].add(std::span(&value, 1));
}

BOOST_AUTO_TEST_SUITE(experiment_bandit)

BOOST_AUTO_TEST_CASE(chances_to_be_best_are_those_of_normal_beliefs) {
  const std::vector<Belief> equal{{1, 0.5}, {1, 0.5}, {1, 0.5}};
  for (const double chance : chances_to_be_best(equal, false)) BOOST_CHECK_CLOSE(chance, 1.0 / 3, 0.01);
  // P(X1 > X2) = Phi(1 / sqrt(2)) = .760250 for means one standard deviation apart.
  const std::vector<Belief> apart{{1, 1}, {0, 1}};
  BOOST_CHECK_CLOSE(chances_to_be_best(apart, false)[0], 0.760250, 0.01);
  BOOST_CHECK_CLOSE(chances_to_be_best(apart, true)[1], 0.760250, 0.01);
}

BOOST_AUTO_TEST_CASE(shares_are_equal_until_enough_is_known_and_never_nothing) {
  Outcomes outcomes;
  outcomes.data = nobody(3);
  for (int i = 0; i < 50; ++i) add(outcomes.data, 1, true);
  for (const double share : allocate(outcomes, kNames, 1).weights) BOOST_CHECK_CLOSE(share, 1.0 / 3, 0.01);
  for (std::size_t v = 0; v < 3; ++v) {
    for (int i = 0; i < 1000; ++i) add(outcomes.data, v, i % 10 < static_cast<int>(v) * 4);
  }
  const auto weights = allocate(outcomes, kNames, 2).weights;
  BOOST_CHECK_CLOSE(std::accumulate(weights.begin(), weights.end(), 0.0), 1.0, 1e-9);
  BOOST_CHECK_CLOSE(weights[0], kLeastShare, 1e-6);
  BOOST_CHECK_CLOSE(weights[2], 1 - 2 * kLeastShare, 1e-6);
}

// Two segments that like opposite variants: over all nobody is better, within each the shares find the better one, and
// more is clicked than by equal shares.
BOOST_AUTO_TEST_CASE(a_contextual_bandit_finds_each_segments_own_best) {
  const double rates[2][2] = {{0.10, 0.16}, {0.16, 0.10}};
  Random random(7);
  Outcomes outcomes;
  outcomes.data = nobody(2);
  outcomes.segments = {{1, nobody(2)}, {2, nobody(2)}};
  Allocation allocation;
  allocation.weights = {0.5, 0.5};
  double clicks = 0;
  constexpr int kVisitors = 40'000;
  for (int visitor = 0; visitor < kVisitors; ++visitor) {
    const std::size_t segment = random.uniform() < 0.5 ? 0 : 1;
    const auto& weights = allocation.leaves.empty() ? allocation.weights : allocation.leaves[segment].weights;
    const std::size_t variant = random.uniform() < weights[0] ? 0 : 1;
    const bool clicked = random.uniform() < rates[segment][variant];
    clicks += clicked ? 1 : 0;
    add(outcomes.data, variant, clicked);
    add(outcomes.segments[segment].data, variant, clicked);
    if (visitor % 1000 == 999) allocation = allocate(outcomes, kNames, visitor);
  }
  BOOST_REQUIRE(allocation.leaves.size() == 2U);
  BOOST_TEST(allocation.leaves[0].segment == "segment 1");
  BOOST_TEST(allocation.leaves[0].weights[1] > 0.9);
  BOOST_TEST(allocation.leaves[1].weights[0] > 0.9);
  // Equal shares click .13; always the better one .16.
  BOOST_TEST(clicks / kVisitors > 0.148);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
