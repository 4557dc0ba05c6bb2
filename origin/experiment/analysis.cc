#include "origin/experiment/analysis.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "origin/experiment/health.h"
#include "origin/experiment/power.h"

namespace footlight::experiment {
namespace {

void check(const ExperimentData& data) {
  const std::size_t variants = data.variants.size();
  if (variants < 2) throw std::invalid_argument("an experiment needs a control and at least one treatment");
  if (data.weights.size() != variants) throw std::invalid_argument("every variant needs a weight");
  if (data.units.size() != variants) throw std::invalid_argument("every variant needs its units");
  bool decides = false;
  for (const MetricData& metric : data.metrics) {
    if (metric.variants.size() != variants) {
      throw std::invalid_argument(fmt::format("metric '{}' needs numbers of every variant", metric.name));
    }
    decides = decides || !metric.guardrail;
  }
  if (!decides) throw std::invalid_argument("at least one metric must be no guardrail");
}

std::string percent(double share) { return fmt::format("{:+.1f} %", 100 * share); }

class Analyst {
 public:
  Analyst(const ExperimentData& data, const AnalysisOptions& options) : data_(data), options_(options) {}

  AnalysisResult run() {
    for (const MetricData& metric : data_.metrics) out_.metrics.push_back(compare(metric));
    adjust();
    for (MetricResult& metric : out_.metrics) {
      for (Comparison& one : metric.comparisons) one.direction = direction_of(metric, one);
    }
    check_health();
    decide();
    return std::move(out_);
  }

 private:
  [[nodiscard]] Effect effect(const MetricData& metric, std::size_t variant, Comparison& one) const {
    const double theta = cuped_theta(metric.metric, metric.variants[0], metric.variants[variant]);
    const Estimate control = estimate(metric.metric, metric.variants[0], theta);
    const Estimate treatment = estimate(metric.metric, metric.variants[variant], theta);
    one.control_mean = control.unadjusted_mean;
    one.treatment_mean = treatment.unadjusted_mean;
    // Whether anything is worse at all is known sooner of a difference than of a share of a small base.
    one.relative = options_.relative && !metric.guardrail;
    const bool degenerate = metric.metric.kind == MetricKind::kProportion && control.n >= 2 && treatment.n >= 2 &&
                            (control.variance <= 0) != (treatment.variance <= 0);
    if (!degenerate) return effect_of(control, treatment, one.relative);
    one.relative = false;
    return effect_of(estimate({}, one_more(metric.variants[0]), 0), estimate({}, one_more(metric.variants[variant]), 0),
                     false);
  }

  // With one more unit that did and one that did not.
  static Sums one_more(const Sums& sums) {
    Sums out;
    out.n = sums.n + 2;
    out.sum[kValue] = sums.sum[kValue] + 1;
    out.product[kValue][kValue] = sums.sum[kValue] + 1;
    return out;
  }

  MetricResult compare(const MetricData& metric) const {
    MetricResult out{metric.name, metric.guardrail, metric.less_is_better, {}};
    for (std::size_t v = 1; v < data_.variants.size(); ++v) {
      Comparison one;
      one.variant = v;
      const Effect found = effect(metric, v, one);
      one.test = options_.statistics == Statistics::kSequential
                     ? sequential_test(found, options_.alpha, options_.tuning)
                     : welch_test(found, options_.alpha);
      const Prior prior = one.relative ? options_.prior : options_.prior.absolute(one.control_mean);
      one.bayes = bayes_test(found, prior, options_.alpha, metric.less_is_better);
      if (one.test) one.adjusted_p = one.test->p;
      out.comparisons.push_back(one);
    }
    return out;
  }

  void adjust() {
    std::vector<double> p;
    std::vector<Comparison*> of;
    for (MetricResult& metric : out_.metrics) {
      for (Comparison& one : metric.comparisons) {
        if (metric.guardrail || !one.test) continue;
        p.push_back(one.test->p);
        of.push_back(&one);
      }
    }
    if (options_.correction == Correction::kUncorrected) return;
    const auto adjusted = options_.correction == Correction::kHolm ? holm(p) : benjamini_hochberg(p);
    for (std::size_t i = 0; i < of.size(); ++i) of[i]->adjusted_p = adjusted[i];
  }

  [[nodiscard]] int direction_of(const MetricResult& metric, const Comparison& one) const {
    if (!one.test || one.test->value == 0) return 0;
    const int sign = (one.test->value > 0) == metric.less_is_better ? -1 : 1;
    if (options_.statistics != Statistics::kBayesian) return one.adjusted_p <= options_.alpha ? sign : 0;
    if (one.bayes->chance_to_win >= 1 - options_.alpha / 2) return 1;
    return one.bayes->chance_to_win <= options_.alpha / 2 ? -1 : 0;
  }

  void health(const char* code, bool passed, std::string detail) {
    out_.health.push_back({code, passed, std::move(detail)});
  }

  void check_health() {
    const double p = data_.fixed_shares ? sample_ratio_p(data_.units, data_.weights) : 1;
    health("sample_ratio", p >= kSampleRatioAlpha,
           !data_.fixed_shares ? "the shares changed while it ran: how units split is not checked"
           : p >= kSampleRatioAlpha
               ? fmt::format("units split as they were to (p = {:.3f})", p)
               : fmt::format("units do not split as they were to (p = {:.1e}): assignment, redirects or "
                             "the counting of one variant is broken",
                             p));
    double units = data_.multiple_exposed;
    for (const double n : data_.units) units += n;
    const double share = units > 0 ? data_.multiple_exposed / units : 0;
    health("multiple_exposure", share <= kMultipleExposureShare,
           fmt::format("{:.2f} % of the units have seen more than one variant; they are left out", 100 * share));
    const double least = *std::min_element(data_.units.begin(), data_.units.end());
    health("minimum_units", least >= kMinimumUnits,
           fmt::format("the smallest variant has {:.0f} units; at least {:.0f} are wanted", least, kMinimumUnits));
  }

  [[nodiscard]] const MetricResult& deciding() const {
    return *std::find_if(out_.metrics.begin(), out_.metrics.end(), [](const MetricResult& m) { return !m.guardrail; });
  }

  // The broken guardrails of a treatment, by name.
  [[nodiscard]] std::vector<std::string> broken(std::size_t variant) const {
    std::vector<std::string> names;
    for (const MetricResult& metric : out_.metrics) {
      if (metric.guardrail && metric.comparisons[variant - 1].direction < 0) names.push_back(metric.name);
    }
    return names;
  }

  [[nodiscard]] std::string effect_words(const MetricResult& metric, const Comparison& one) const {
    const Interval interval = options_.statistics == Statistics::kBayesian ? one.bayes->interval : one.test->interval;
    const double value = options_.statistics == Statistics::kBayesian ? one.bayes->value : one.test->value;
    if (one.relative) {
      return fmt::format("{} {} ({} to {})", metric.name, percent(value), percent(interval.low),
                         percent(interval.high));
    }
    return fmt::format("{} {:+.4g} ({:+.4g} to {:+.4g})", metric.name, value, interval.low, interval.high);
  }

  void decide() {
    const MetricResult& metric = deciding();
    const Comparison* best = nullptr;
    bool all_worse = true;
    for (const Comparison& one : metric.comparisons) {
      all_worse = all_worse && one.direction < 0;
      if (one.direction <= 0) continue;
      const double gain = std::abs(one.test->value);
      if (best == nullptr || gain > std::abs(best->test->value)) best = &one;
    }
    for (const MetricResult& guardrail : out_.metrics) {
      if (!guardrail.guardrail) continue;
      for (const Comparison& one : guardrail.comparisons) {
        health("guardrail", one.direction >= 0,
               fmt::format(
                   "{} in '{}' {}", guardrail.name, data_.variants[one.variant],
                   one.direction < 0 ? "is surely worse: " + effect_words(guardrail, one) : "is not surely worse"));
      }
    }
    for (const HealthCheck& one : out_.health) {
      if (one.passed || one.code == "guardrail") continue;
      out_.advice =
          one.code == "minimum_units"
              ? fmt::format("Go on: {}.", one.detail)
              : fmt::format("Decide nothing by these numbers: {}. Find the fault, and start again with a new key.",
                            one.detail);
      return;
    }
    if (best != nullptr) return name_winner(metric, *best);
    if (all_worse) {
      out_.winner = 0;
      out_.advice = fmt::format("Keep '{}': every treatment is surely worse ({}). Stop the experiment.",
                                data_.variants[0], effect_words(metric, metric.comparisons.front()));
      return;
    }
    out_.advice = go_on(metric);
  }

  void name_winner(const MetricResult& metric, const Comparison& best) {
    const auto guardrails = broken(best.variant);
    const std::string& name = data_.variants[best.variant];
    if (!guardrails.empty()) {
      out_.advice = fmt::format("Do not roll '{}' out: it is better ({}), and it surely harms {}.", name,
                                effect_words(metric, best), fmt::join(guardrails, ", "));
      return;
    }
    out_.winner = best.variant;
    out_.advice = fmt::format("Roll '{}' out: {}, and it breaks no guardrail.", name, effect_words(metric, best));
  }

  // How many units more it would take to be sure of what is seen now, or of 5 %.
  [[nodiscard]] std::string go_on(const MetricResult& metric) const {
    const auto widest = std::max_element(metric.comparisons.begin(), metric.comparisons.end(),
                                         [](const Comparison& a, const Comparison& b) {
                                           return (a.test ? a.test->error : 0) < (b.test ? b.test->error : 0);
                                         });
    if (!widest->test) return "Go on: nothing can be said yet, all units did the same.";
    if (options_.statistics == Statistics::kFixed) {
      return fmt::format(
          "No variant is surely better ({}). Wait for the planned sample; looking earlier deceives this test.",
          effect_words(metric, *widest));
    }
    Effect now;
    now.variance = widest->test->error * widest->test->error;
    now.units = data_.units[0] + data_.units[widest->variant];
    Analysis analysis{.alpha = options_.alpha, .tuning = options_.tuning, .prior = options_.prior};
    if (options_.statistics == Statistics::kBayesian) analysis.tuning = 0;
    constexpr double kWorthSeeing = 0.05;
    const double wanted = options_.relative ? kWorthSeeing : kWorthSeeing * std::abs(widest->control_mean);
    const auto more = wanted > 0 ? scaling_factor(now, wanted, 0.8, analysis) : std::nullopt;
    if (!more || *more > 1000) {
      return fmt::format("Go on: no variant is surely better ({}).", effect_words(metric, *widest));
    }
    if (*more <= 0) {
      return fmt::format(
          "No variant is surely better ({}), and an effect of 5 % would have been seen by now: choose by "
          "other reasons, or stop.",
          effect_words(metric, *widest));
    }
    return fmt::format(
        "Go on: no variant is surely better ({}). To see an effect of 5 %, about {:.0f} more units are needed.",
        effect_words(metric, *widest), *more * now.units);
  }

  const ExperimentData& data_;
  const AnalysisOptions& options_;
  AnalysisResult out_;
};

}  // namespace

AnalysisResult analyze_results(const ExperimentData& data, const AnalysisOptions& options) {
  check(data);
  return Analyst(data, options).run();
}

}  // namespace footlight::experiment
