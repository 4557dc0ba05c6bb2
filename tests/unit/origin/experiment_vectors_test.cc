// Statistical routines against the published expectations of other people's test suites, each to its stated tolerance.
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "origin/experiment/bayesian.h"
#include "origin/experiment/frequentist.h"
#include "origin/experiment/health.h"
#include "origin/experiment/metric.h"
#include "origin/experiment/power.h"
#include "origin/experiment/sequential.h"

namespace {

using namespace footlight::experiment;
using Json = nlohmann::json;

struct Arm {
  Metric metric;
  Sums sums;
  Estimate quantile;
  bool is_quantile = false;
};

void put(Sums& sums, Part a, Part b, double value) { sums.product[a][b] = sums.product[b][a] = value; }

Arm arm_of(const Json& json) {
  Arm arm;
  const std::string type = json["type"];
  arm.sums.n = json["n"];
  const auto part = [&](Part p, const char* name) {
    arm.sums.sum[p] = json[name][0];
    put(arm.sums, p, p, json[name].size() > 1 ? json[name][1].get<double>() : json[name][0].get<double>());
  };
  arm.metric.before = type.ends_with("_cuped");
  if (type.starts_with("proportion")) arm.metric.kind = MetricKind::kProportion;
  if (type.starts_with("ratio")) arm.metric.kind = MetricKind::kRatio;
  if (type == "mean" || type == "proportion") {
    arm.sums.sum[kValue] = json["sum"];
    put(arm.sums, kValue, kValue, json.value("sum_squares", json["sum"].get<double>()));
  } else if (type == "ratio") {
    part(kValue, "m");
    part(kBase, "d");
    put(arm.sums, kValue, kBase, json["m_d"]);
  } else if (type == "mean_cuped" || type == "proportion_cuped") {
    part(kValue, "post");
    part(kValueBefore, "pre");
    put(arm.sums, kValue, kValueBefore, json["post_pre"]);
  } else if (type == "ratio_cuped") {
    part(kValue, "m_post");
    part(kBase, "d_post");
    part(kValueBefore, "m_pre");
    part(kBaseBefore, "d_pre");
    put(arm.sums, kValue, kBase, json["m_post_d_post"]);
    put(arm.sums, kValue, kValueBefore, json["m_post_m_pre"]);
    put(arm.sums, kValue, kBaseBefore, json["m_post_d_pre"]);
    put(arm.sums, kBase, kValueBefore, json["m_pre_d_post"]);
    put(arm.sums, kBase, kBaseBefore, json["d_post_d_pre"]);
    put(arm.sums, kValueBefore, kBaseBefore, json["m_pre_d_pre"]);
  } else {  // a quantile: its interval at 95 % says what its variance is
    const double width = json["quantile_upper"].get<double>() - json["quantile_lower"].get<double>();
    const double error = width / (2 * boost::math::quantile(boost::math::normal(), 0.975));
    arm.is_quantile = true;
    arm.quantile.n = arm.sums.n;
    arm.quantile.mean = arm.quantile.unadjusted_mean = json["quantile_hat"];
    arm.quantile.variance = arm.quantile.variance_after = error * error * (arm.sums.n - 1);
  }
  return arm;
}

struct Arms {
  Estimate control;
  Estimate treatment;
  Effect effect;
};

Arms arms_of(const Json& input) {
  const Arm control = arm_of(input["control"]);
  const Arm treatment = arm_of(input["treatment"]);
  Arms out;
  const double theta = cuped_theta(control.metric, control.sums, treatment.sums);
  out.control = control.is_quantile ? control.quantile : estimate(control.metric, control.sums, theta);
  out.treatment = treatment.is_quantile ? treatment.quantile : estimate(treatment.metric, treatment.sums, theta);
  out.effect = effect_of(out.control, out.treatment, input["difference"] == "relative");
  return out;
}

Json interval_of(const Interval& interval) {
  const auto one = [](double x) { return std::isinf(x) ? Json(x > 0 ? "inf" : "-inf") : Json(x); };
  return {one(interval.low), one(interval.high)};
}

Json result_of(const TestResult& result) {
  return {{"expected", result.value}, {"stddev", result.error}, {"ci", interval_of(result.interval)}, {"p", result.p}};
}

// --- what each category is calculated by ----------------------------------------------------------

Json frequentist(const Json& v, Sides sides) {
  const Arms arms = arms_of(v["input"]);
  const auto result = welch_test(arms.effect, v["input"]["alpha"], sides);
  if (!result) return {{"error", "ZERO_NEGATIVE_VARIANCE"}, {"expected", 0}, {"ci", {0, 0}}, {"p", 1}};
  Json out = result_of(*result);
  out["control_mean_unadjusted"] = arms.control.unadjusted_mean;
  out["treatment_mean_unadjusted"] = arms.treatment.unadjusted_mean;
  out["control_mean"] = arms.control.mean;
  out["treatment_mean"] = arms.treatment.mean;
  return out;
}

Json sequential(const Json& v, Sides sides) {
  return result_of(*sequential_test(arms_of(v["input"]).effect, v["input"]["alpha"], v["input"]["tuning"], sides));
}

Prior prior_of(const Json& json) { return {json["proper"], json["mean"], json["variance"]}; }

Json bayesian(const Json& v) {
  const Json& input = v["input"];
  const Arms arms = arms_of(input);
  Prior prior = prior_of(input["prior"]);
  if (input["difference"] == "absolute") prior = prior.absolute(arms.control.unadjusted_mean);
  const auto result = bayes_test(arms.effect, prior, input["alpha"], input.value("inverse", false));
  return {{"expected", result->value},
          {"stddev", result->error},
          {"ci", interval_of(result->interval)},
          {"chance_to_win", result->chance_to_win},
          {"risk", {result->risk_of_control, result->risk_of_treatment}},
          {"risk_treatment", result->risk_of_treatment}};
}

Json cuped(const Json& v) {
  const Json& input = v["input"];
  if (!input.contains("arms")) return frequentist(v, Sides::kTwo);
  std::vector<Arm> arms;
  for (const Json& one : input["arms"]) arms.push_back(arm_of(one));
  Json errors = Json::array();
  for (std::size_t a = 0; a < arms.size(); ++a) {
    const std::size_t other = a == 0 ? 2 : a;
    const double theta = cuped_theta(arms[a].metric, arms[0].sums, arms[other].sums);
    errors.push_back(std::sqrt(estimate(arms[a].metric, arms[a].sums, theta).variance));
  }
  return {{"stddev", errors}};
}

Json theta(const Json& v) {
  Sums sums;
  const auto post = v["input"]["a"]["post"].get<std::vector<double>>();
  const auto pre = v["input"]["a"]["pre"].get<std::vector<double>>();
  for (std::size_t i = 0; i < post.size(); ++i) {
    const double unit[] = {post[i], 0, pre[i], 0};
    sums.add(unit);
  }
  return {{"theta", cuped_theta({MetricKind::kMean, true}, sums, sums)}};
}

Analysis analysis_of(const Json& input) {
  Analysis out{.alpha = input["alpha"], .tuning = input.value("sequential", 0.0)};
  if (input.contains("prior")) out.prior = prior_of(input["prior"]);
  return out;
}

PowerMetric metric_of(const Json& json) { return {json["mean"], json["variance"]}; }

Json power(const Json& v) {
  const Json& in = v["input"];
  const double units = in["n"].get<double>() / in["variations"].get<double>();
  const PowerMetric metric = metric_of(in["metric"]);
  Json out = {{"power", power_of(metric, in["metric"]["effect"], units, analysis_of(in))}};
  if (in.contains("power")) out["mde"] = *minimum_detectable_effect(metric, units, in["power"], analysis_of(in));
  return out;
}

Json power_series(const Json& v) {
  const Json& in = v["input"];
  Json out = {{"power", Json::array()}, {"mde", Json::array()}, {"weeks_to_power", {nullptr, nullptr}}};
  for (int week = 1; week <= in["weeks"]; ++week) {
    const double units = in["usersPerWeek"].get<double>() * week / in["variations"].get<double>();
    std::size_t m = 0;
    for (const auto& [name, json] : in["metrics"].items()) {
      const PowerMetric metric = metric_of(json);
      out["power"].push_back(power_of(metric, json["effect"], units, analysis_of(in)));
      out["mde"].push_back(minimum_detectable_effect(metric, units, in["target_power"], analysis_of(in)).value_or(0));
      const bool enough = out["power"].back().get<double>() >= in["target_power"].get<double>();
      if (enough && out["weeks_to_power"][m].is_null()) out["weeks_to_power"][m] = week;
      ++m;
    }
  }
  return out;
}

Json mid_power(const Json& v) {
  const Json& in = v["input"];
  return {
      {"scaling_factor", *scaling_factor(arms_of(in).effect, in["target_mde"], in["target_power"], analysis_of(in))}};
}

Json confidence_sequence(const Json& v) {
  const std::string function = v["input"]["function"];
  const Json& args = v["input"]["args"];
  const auto mixture = NormalMixture::tuned_for(args["v_opt"], args["alpha_opt"], args.value("one_sided", false));
  if (function == "normal_log_mixture") return {{"value", mixture.log_value(args["s"], args["v"])}};
  if (function == "normal_mixture_bound") return {{"value", mixture.bound(args["v"], args["alpha"])}};
  return {{"value", mixture.rho}};
}

Json sample_size_of(const Json& v) {
  const Json& in = v["input"];
  const double p = in.value("p", 0.0);
  const double variance = in.contains("variance") ? in["variance"].get<double>() : p * (1 - p);
  return {{"n_total", 2 * simple_sample_size(variance, in["absolute_mde"], in["alpha"], in["power"])}};
}

Json delta(const Json& v) {
  const Json& in = v["input"];
  Estimate a{.n = in["nA"], .mean = in["meanA"], .unadjusted_mean = in["meanA"], .variance = in["varA"]};
  Estimate b{.n = in["nB"], .mean = in["meanB"], .unadjusted_mean = in["meanB"], .variance = in["varB"]};
  a.variance_after = a.variance;
  b.variance_after = b.variance;
  return {{"variance", effect_of(a, b, in["relative"]).variance}};
}

Json calculate(const Json& v) {
  const std::string category = v["category"];
  const Json& in = v["input"];
  if (category == "one_sided_ttest_greater") return frequentist(v, Sides::kGreater);
  if (category == "one_sided_ttest_lesser") return frequentist(v, Sides::kLess);
  if (category.starts_with("two_sided") || category == "cuped_ratio") return frequentist(v, Sides::kTwo);
  if (category == "sequential_one_sided_greater") return sequential(v, Sides::kGreater);
  if (category == "sequential_one_sided_lesser") return sequential(v, Sides::kLess);
  if (category.starts_with("sequential")) return sequential(v, Sides::kTwo);
  if (category == "bayesian") return bayesian(v);
  if (category == "bayesian_risk") {
    return {{"risk", {expected_gain(in["mu"], in["sigma"]), expected_gain(-in["mu"].get<double>(), in["sigma"])}}};
  }
  if (category == "cuped") return cuped(v);
  if (category == "cuped_theta") return theta(v);
  if (category == "srm_chi2") return {{"p", sample_ratio_p(in["users"], in["weights"])}};
  if (category == "multiple_comparison_holm") return {{"adjusted_in_input_order", holm(in["p"])}};
  if (category == "multiple_comparison_bh") return {{"adjusted_in_input_order", benjamini_hochberg(in["p"])}};
  if (category == "adjusted_ci") return {{"ci", interval_of(adjusted_interval(in["lift"], in["p"], in["alpha"]))}};
  if (category == "delta_method") return delta(v);
  if (category == "power" || category == "mde") return power(v);
  if (category.starts_with("power_series")) return power_series(v);
  if (category == "mid_experiment_power") return mid_power(v);
  if (category == "confidence_sequence") return confidence_sequence(v);
  if (category == "sample_size") return sample_size_of(v);
  return {};
}

// --- comparing ------------------------------------------------------------------------------------

// "round to 5 decimals (numpy half-even)", "round 8 decimals", "4 decimals", "1e-12", "relative 0.005 (…)", "exact"
bool close(double got, double wanted, const std::string& tolerance) {
  if (tolerance == "exact") return got == wanted;
  if (tolerance.starts_with("1e")) return std::abs(got - wanted) <= std::stod(tolerance);
  if (tolerance.starts_with("relative")) return std::abs(got - wanted) <= std::stod(tolerance.substr(9)) * wanted;
  const double scale = std::pow(10, std::stod(tolerance.substr(tolerance.find_first_of("0123456789"))));
  return std::abs(std::nearbyint(got * scale) - std::nearbyint(wanted * scale)) < 0.5;
}

bool agrees(const Json& got, const Json& wanted, const std::string& tolerance) {
  if (wanted.is_number()) return got.is_number() && close(got, wanted, tolerance);
  if (!wanted.is_array()) return got == wanted;
  if (!got.is_array() || got.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!agrees(got[i], wanted[i], tolerance)) return false;
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(experiment_vectors)

BOOST_AUTO_TEST_CASE(every_vector_to_its_tolerance) {
  std::ifstream file(std::string(FOOTLIGHT_SOURCE_DIR) + "/tests/conformance/stats-vectors.json");
  const Json suite = Json::parse(file);
  std::size_t passed = 0;
  for (const Json& v : suite["vectors"]) {
    const Json got = calculate(v);
    bool good = true;
    for (const auto& [key, wanted] : v["expected"].items()) {
      const bool holds = got.contains(key) && agrees(got[key], wanted, v["tolerance"]);
      BOOST_CHECK_MESSAGE(holds, v["id"] << " " << key << ": " << (got.contains(key) ? got[key] : Json()) << ", wanted "
                                         << wanted << ", " << v["tolerance"]);
      good = good && holds;
    }
    passed += good ? 1 : 0;
  }
  BOOST_TEST(suite["vectors"].size() == 63U);
  BOOST_TEST_MESSAGE("stats_passed " << passed << " stats_total " << suite["vectors"].size());
}

BOOST_AUTO_TEST_SUITE_END()
