#include "origin/experiment/analysis_json.h"

#include <cmath>

#include "core/experiment/program.h"
#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

using origin::Fields;
using origin::pointer_to;

constexpr double kMost = 1e15;

void put(Sums& sums, Part a, Part b, double value) { sums.product[a][b] = sums.product[b][a] = value; }

// {"sum", "sumSquares", "product"} of another part of the metric.
void read_part(const Fields& parent, const char* name, const std::string& pointer, Part part, Sums& sums,
               std::vector<origin::Fault>& faults) {
  const Json* json = parent.find(name);
  if (json == nullptr) return;
  Fields fields(*json, pointer_to(pointer, name), faults);
  fields.only({"sum", "sumSquares", "product"});
  sums.sum[part] = fields.number("sum", -kMost, kMost);
  put(sums, part, part, fields.number("sumSquares", 0, kMost));
  put(sums, kValue, part, fields.number("product", -kMost, kMost));
}

Sums read_sums(const Json& json, const std::string& pointer, MetricKind kind, std::vector<origin::Fault>& faults) {
  Fields fields(json, pointer, faults);
  fields.only({"n", "sum", "sumSquares", "base", "before"});
  Sums sums;
  sums.n = fields.number("n", 0, kMost);
  sums.sum[kValue] = fields.number("sum", -kMost, kMost);
  if (kind == MetricKind::kProportion) {
    put(sums, kValue, kValue, sums.sum[kValue]);
    if (sums.sum[kValue] < 0 || sums.sum[kValue] > sums.n) fields.fault("range", "must be from 0 to n", "sum");
  } else {
    put(sums, kValue, kValue, fields.number("sumSquares", 0, kMost));
    if (sums.n > 0 && sums.product[kValue][kValue] * sums.n < sums.sum[kValue] * sums.sum[kValue] * (1 - 1e-9)) {
      fields.fault("range", "is less than the sum allows", "sumSquares");
    }
  }
  if (kind == MetricKind::kRatio) {
    if (fields.find("base") == nullptr) fields.fault("required", "is required for a ratio", "base");
    read_part(fields, "base", pointer, kBase, sums, faults);
  }
  read_part(fields, "before", pointer, kValueBefore, sums, faults);
  return sums;
}

MetricData read_metric(const Json& json, const std::string& pointer, std::vector<origin::Fault>& faults) {
  Fields fields(json, pointer, faults);
  fields.only({"name", "kind", "lessIsBetter", "guardrail", "variants"});
  MetricData metric;
  metric.name = fields.text("name", 255);
  const std::string kind = fields.text("kind", 20);
  if (kind == "proportion") {
    metric.metric.kind = MetricKind::kProportion;
  } else if (kind == "ratio") {
    metric.metric.kind = MetricKind::kRatio;
  } else if (kind != "mean") {
    fields.fault("unknown", "must be proportion, mean or ratio", "kind");
  }
  metric.less_is_better = fields.flag_or("lessIsBetter", false);
  metric.guardrail = fields.flag_or("guardrail", false);
  const Json& variants = fields.list("variants", kMaxVariants, true);
  std::size_t before = 0;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    metric.variants.push_back(
        read_sums(variants[v], pointer_to(pointer_to(pointer, "variants"), v), metric.metric.kind, faults));
    before += variants[v].is_object() && variants[v].contains("before") ? 1 : 0;
  }
  metric.metric.before = before > 0;
  if (before > 0 && before < variants.size()) fields.fault("required", "needs `before` in all or in none", "variants");
  if (before > 0 && metric.metric.kind == MetricKind::kRatio) {
    fields.fault("unknown", "a ratio takes no `before` in a file", "variants");
  }
  return metric;
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }
Json interval_of(const Interval& interval) { return {number(interval.low), number(interval.high)}; }

}  // namespace

ExperimentData read_experiment_data(const Json& document, std::vector<origin::Fault>& faults) {
  Fields fields(document, "", faults);
  fields.only({"name", "variants", "multipleExposed", "metrics"});
  ExperimentData data;
  data.name = fields.text("name", 255);
  data.multiple_exposed = fields.number_or("multipleExposed", 0, kMost, 0);
  const Json& variants = fields.list("variants", kMaxVariants, true);
  for (std::size_t v = 0; v < variants.size(); ++v) {
    Fields variant(variants[v], pointer_to("/variants", v), faults);
    variant.only({"key", "weight", "units"});
    data.variants.push_back(variant.text("key", 255));
    data.weights.push_back(variant.number_or("weight", 0, kMost, 1));
    data.units.push_back(variant.number("units", 0, kMost));
  }
  const Json& metrics = fields.list("metrics", 100, true);
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    data.metrics.push_back(read_metric(metrics[m], pointer_to("/metrics", m), faults));
  }
  return data;
}

Json analysis_document(const ExperimentData& data, const AnalysisResult& result) {
  Json out = {{"name", data.name},
              {"winner", result.winner ? Json(data.variants[*result.winner]) : Json()},
              {"advice", result.advice},
              {"health", Json::array()},
              {"metrics", Json::array()}};
  for (const HealthCheck& check : result.health) {
    out["health"].push_back({{"check", check.code}, {"passed", check.passed}, {"detail", check.detail}});
  }
  for (const MetricResult& metric : result.metrics) {
    Json comparisons = Json::array();
    for (const Comparison& one : metric.comparisons) {
      Json row = {{"variant", data.variants[one.variant]},
                  {"controlMean", number(one.control_mean)},
                  {"treatmentMean", number(one.treatment_mean)},
                  {"direction", one.direction > 0   ? "better"
                                : one.direction < 0 ? "worse"
                                                    : "open"}};
      if (one.test) {
        row["effect"] = number(one.test->value);
        row["standardError"] = number(one.test->error);
        row["interval"] = interval_of(one.test->interval);
        row["p"] = number(one.test->p);
        row["adjustedP"] = number(one.adjusted_p);
      }
      if (one.bayes) {
        row["chanceToWin"] = number(one.bayes->chance_to_win);
        row["expectedLoss"] = {{"control", number(one.bayes->risk_of_control)},
                               {"treatment", number(one.bayes->risk_of_treatment)}};
        row["credibleInterval"] = interval_of(one.bayes->interval);
      }
      comparisons.push_back(std::move(row));
    }
    out["metrics"].push_back({{"name", metric.name},
                              {"guardrail", metric.guardrail},
                              {"lessIsBetter", metric.less_is_better},
                              {"comparisons", std::move(comparisons)}});
  }
  return out;
}

}  // namespace footlight::experiment
