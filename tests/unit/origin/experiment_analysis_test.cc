// A winner is named when there is one and the numbers may be believed, and never otherwise.
#include <boost/test/unit_test.hpp>

#include "origin/experiment/analysis.h"

namespace {

using namespace footlight::experiment;

Sums proportion(double n, double converted) {
  Sums sums;
  sums.n = n;
  sums.sum[kValue] = converted;
  sums.product[kValue][kValue] = converted;
  return sums;
}

MetricData metric(std::string name, std::vector<Sums> variants) {
  return {.name = std::move(name), .metric = {MetricKind::kProportion, false}, .variants = std::move(variants)};
}

// 20,000 units each; the treatment converts 12 % against 10 %.
ExperimentData clear_win() {
  ExperimentData data{.name = "e",
                      .variants = {"control", "new"},
                      .weights = {1, 1},
                      .units = {20000, 20000},
                      .metrics = {metric("orders", {proportion(20000, 2000), proportion(20000, 2400)})}};
  return data;
}

bool failed(const AnalysisResult& result, const std::string& code) {
  for (const HealthCheck& check : result.health) {
    if (check.code == code) return !check.passed;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(experiment_analysis)

BOOST_AUTO_TEST_CASE(a_clear_win_is_named_under_every_statistics) {
  for (const Statistics statistics : {Statistics::kSequential, Statistics::kFixed, Statistics::kBayesian}) {
    const AnalysisResult result = analyze_results(clear_win(), {.statistics = statistics});
    BOOST_REQUIRE(result.winner.has_value());
    BOOST_TEST(*result.winner == 1U);
    BOOST_TEST(result.advice.starts_with("Roll 'new' out: orders +20.0 %"));
  }
}

BOOST_AUTO_TEST_CASE(a_clear_loss_keeps_the_control) {
  ExperimentData data = clear_win();
  data.metrics[0].variants = {proportion(20000, 2400), proportion(20000, 2000)};
  const AnalysisResult result = analyze_results(data, {});
  BOOST_TEST(result.winner.value_or(9) == 0U);
  data.metrics[0].less_is_better = true;  // and of complaints, say, it is the win
  BOOST_TEST(analyze_results(data, {}).winner.value_or(9) == 1U);
}

BOOST_AUTO_TEST_CASE(a_broken_split_names_nobody) {
  ExperimentData data = clear_win();
  data.units = {20000, 19000};
  const AnalysisResult result = analyze_results(data, {});
  BOOST_TEST(failed(result, "sample_ratio"));
  BOOST_TEST(!result.winner.has_value());
  BOOST_TEST(result.advice.starts_with("Decide nothing by these numbers"));
  data.weights = {20, 19};  // that was the plan
  BOOST_TEST(analyze_results(data, {}).winner.has_value());
}

BOOST_AUTO_TEST_CASE(units_that_saw_both_name_nobody) {
  ExperimentData data = clear_win();
  data.multiple_exposed = 500;
  const AnalysisResult result = analyze_results(data, {});
  BOOST_TEST(failed(result, "multiple_exposure"));
  BOOST_TEST(!result.winner.has_value());
}

BOOST_AUTO_TEST_CASE(too_few_units_name_nobody) {
  ExperimentData data = clear_win();
  data.units = {90, 90};
  data.metrics[0].variants = {proportion(90, 5), proportion(90, 60)};
  const AnalysisResult result = analyze_results(data, {.statistics = Statistics::kFixed});
  BOOST_TEST(failed(result, "minimum_units"));
  BOOST_TEST(!result.winner.has_value());
  BOOST_TEST(result.advice.starts_with("Go on: the smallest variant has 90 units"));
}

// A share of a small base is known far less well than the difference: .63 % against 2.3 % of 3000 is no chance.
BOOST_AUTO_TEST_CASE(a_guardrail_is_judged_by_the_difference) {
  ExperimentData data = clear_win();
  data.metrics.push_back(metric("complaints", {proportion(3000, 19), proportion(3000, 69)}));
  data.metrics[1].guardrail = true;
  data.metrics[1].less_is_better = true;
  const AnalysisResult result = analyze_results(data, {});
  BOOST_TEST(failed(result, "guardrail"));
  BOOST_TEST(!result.metrics[1].comparisons[0].relative);
  BOOST_TEST(result.metrics[0].comparisons[0].relative);
  BOOST_CHECK_CLOSE(result.metrics[1].comparisons[0].test->value, 50.0 / 3000, 1e-9);
}

BOOST_AUTO_TEST_CASE(a_broken_guardrail_stops_the_winner) {
  ExperimentData data = clear_win();
  data.metrics.push_back(metric("refunds", {proportion(20000, 400), proportion(20000, 700)}));
  data.metrics[1].guardrail = true;
  data.metrics[1].less_is_better = true;
  const AnalysisResult result = analyze_results(data, {});
  BOOST_TEST(failed(result, "guardrail"));
  BOOST_TEST(!result.winner.has_value());
  BOOST_TEST(result.advice.starts_with("Do not roll 'new' out"));
}

BOOST_AUTO_TEST_CASE(no_difference_says_how_long_it_would_take) {
  ExperimentData data = clear_win();
  data.metrics[0].variants = {proportion(20000, 2000), proportion(20000, 2010)};
  const AnalysisResult result = analyze_results(data, {});
  BOOST_TEST(!result.winner.has_value());
  BOOST_TEST(result.advice.find("more units are needed") != std::string::npos);
  data.metrics[0].variants = {proportion(20000, 0), proportion(20000, 0)};
  BOOST_TEST(analyze_results(data, {}).advice.starts_with("Go on: nothing can be said yet"));
}

// One treatment of five that is better by chance alone: by itself significant, among five not.
BOOST_AUTO_TEST_CASE(many_treatments_are_held_to_a_higher_bar) {
  ExperimentData data{.name = "many", .variants = {"control"}, .weights = {1}, .units = {10000}};
  data.metrics = {metric("orders", {proportion(10000, 1000)})};
  for (int v = 0; v < 5; ++v) {
    data.variants.push_back("t" + std::to_string(v));
    data.weights.push_back(1);
    data.units.push_back(10000);
    data.metrics[0].variants.push_back(proportion(10000, v == 2 ? 1090 : 1000));
  }
  const AnalysisOptions plain{.statistics = Statistics::kFixed, .correction = Correction::kUncorrected};
  BOOST_TEST(analyze_results(data, plain).winner.value_or(9) == 3U);
  BOOST_TEST(!analyze_results(data, {.statistics = Statistics::kFixed}).winner.has_value());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_together_is_refused) {
  ExperimentData data = clear_win();
  data.metrics[0].guardrail = true;
  BOOST_CHECK_THROW((void)analyze_results(data, {}), std::invalid_argument);
  data = clear_win();
  data.metrics[0].variants.pop_back();
  BOOST_CHECK_THROW((void)analyze_results(data, {}), std::invalid_argument);
  data = clear_win();
  data.variants.pop_back();
  BOOST_CHECK_THROW((void)analyze_results(data, {}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
