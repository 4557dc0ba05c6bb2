#include "origin/report/experiment.h"

#include <cmath>

#include <fmt/format.h>

#include "origin/report/page.h"
#include "origin/report/svg.h"
#include "origin/store/document.h"

namespace footlight::report {
namespace {

using experiment::AnalysisResult;
using experiment::Comparison;
using experiment::DayResults;
using experiment::ExperimentData;
using experiment::MetricKind;
using experiment::MetricResult;
using experiment::Results;
using experiment::Statistics;
using experiment::TestVariant;

constexpr std::size_t kMostLines = 6;  // of a chart

class Writer {
 public:
  explicit Writer(const Results& results)
      : results_(results),
        test_(results.stored.test),
        data_(results.outcomes.data),
        relative_(results.stored.test.analysis.relative),
        page_(results.stored.test.name, subtitle(results)) {}

  std::string write() {
    page_.text(results_.analysis.advice);
    numbers();
    if (!test_.hypothesis.empty()) page_.text("Hypothesis: " + test_.hypothesis);
    health();
    effects();
    over_time();
    metrics("Metrics", data_, results_.analysis);
    segments();
    about();
    return page_.finish();
  }

 private:
  static std::string subtitle(const Results& results) {
    const auto& stored = results.stored;
    std::string text =
        fmt::format("{}, {}", experiment::kind_name(stored.test.kind), experiment::status_name(stored.status));
    if (stored.started_at_ms != 0) {
      text += fmt::format(", started {}", origin::format_time(stored.started_at_ms).substr(0, 10));
    }
    return text + fmt::format(", as of {}", origin::format_time(results.as_of_ms).substr(0, 16) + " UTC");
  }

  [[nodiscard]] std::string name_of(std::size_t variant) const {
    const TestVariant& one = test_.variants[variant];
    return one.name.empty() ? one.key : one.name;
  }

  [[nodiscard]] static std::string effect_text(bool relative, double value) {
    return relative ? fmt::format("{:+.2f} %", 100 * value) : fmt::format("{:+.4g}", value);
  }

  [[nodiscard]] static std::string mean_text(MetricKind kind, double mean) {
    return kind == MetricKind::kProportion ? fmt::format("{:.2f} %", 100 * mean) : fmt::format("{:.4g}", mean);
  }

  void numbers() {
    double units = 0;
    for (const double n : data_.units) units += n;
    std::vector<std::pair<std::string, std::string>> values = {
        {"units", fmt::format("{:.0f}", units)},
        {"winner", results_.analysis.winner ? name_of(*results_.analysis.winner) : "none yet"}};
    if (results_.detectable) {
      values.emplace_back("smallest effect seen at 80 % power", fmt::format("{:.1f} %", 100 * *results_.detectable));
    }
    page_.numbers(values);
  }

  void health() {
    page_.section("Health", "Numbers that fail a check are not to be believed, whatever they say.");
    std::vector<std::vector<std::string>> rows;
    for (const auto& check : results_.analysis.health) {
      rows.push_back({check.detail, check.code, check.passed ? "passed" : "failed"});
    }
    page_.table({"what was found", "check", ""}, rows);
  }

  [[nodiscard]] const MetricResult& deciding() const { return results_.analysis.metrics[results_.outcomes.deciding]; }

  // Of every metric at once, each treatment's effect with its interval.
  void effects() {
    page_.section("Effects", relative_ ? "Against the control, in shares of its mean."
                                       : "Against the control, as differences of means.");
    for (std::size_t v = 1; v < test_.variants.size(); ++v) {
      BarChart chart;
      chart.label = "Effects of " + name_of(v);
      chart.y_label = "effect";
      chart.y_unit = relative_ ? Unit::kPercent : Unit::kNumber;
      chart.reference = 0;
      for (const MetricResult& metric : results_.analysis.metrics) {
        const Comparison& one = metric.comparisons[v - 1];
        if (!one.test || one.relative != relative_) continue;
        const auto& interval =
            test_.analysis.statistics == Statistics::kBayesian ? one.bayes->interval : one.test->interval;
        chart.bars.push_back({metric.name, one.test->value, interval.low, interval.high});
      }
      if (chart.bars.empty()) continue;
      page_.figure(bar_chart(chart),
                   fmt::format("{}: effects, intervals {:.0f} %.", name_of(v), 100 * (1 - test_.analysis.alpha)));
    }
  }

  void over_time() {
    if (results_.days.size() < 2) return;
    page_.section("Day by day",
                  test_.analysis.statistics == Statistics::kSequential
                      ? "The interval holds at every look: whoever stops when it leaves 0 is wrong no more often than "
                        "was agreed."
                      : "These intervals hold at one look only, the planned one: do not stop because one leaves 0.");
    LineChart effects;
    effects.label = "Effect over time";
    effects.x_label = "days since the first exposure";
    effects.y_label = "effect";
    effects.y_unit = relative_ ? Unit::kPercent : Unit::kNumber;
    effects.from_zero = false;
    LineChart units;
    units.label = "Units over time";
    units.x_label = effects.x_label;
    units.y_label = "units";
    const auto day_of = [&](const DayResults& day) {
      return static_cast<double>(day.until_ms - results_.outcomes.first_ms) / 86'400'000.0;
    };
    for (std::size_t v = 0; v < std::min(test_.variants.size(), kMostLines); ++v) {
      Line line{.name = name_of(v), .points = {}, .dashed = false, .marks = false};
      for (const DayResults& day : results_.days) line.points.push_back({day_of(day), day.units[v]});
      units.lines.push_back(std::move(line));
    }
    for (std::size_t v = 1; v < std::min(test_.variants.size(), kMostLines); ++v) {
      Line line{.name = name_of(v), .points = {}, .dashed = false, .marks = true};
      for (const DayResults& day : results_.days) {
        const auto& test = day.tests[v - 1];
        // Too wide to be worth drawing: the first days of a confidence sequence would hide all others.
        if (!test || test->interval.high - test->interval.low > kWidest) continue;
        line.points.push_back({day_of(day), test->value, test->interval.low, test->interval.high});
      }
      if (!line.points.empty()) effects.lines.push_back(std::move(line));
    }
    if (!effects.lines.empty()) {
      page_.figure(line_chart(effects), deciding().name + ": the effect as it became known.", legend(effects.lines));
    }
    page_.figure(line_chart(units), "Units in each variant.", legend(units.lines));
  }

  void metrics(std::string_view heading, const ExperimentData& data, const AnalysisResult& analysis) {
    if (!heading.empty()) page_.section(heading, "");
    std::vector<std::vector<std::string>> rows;
    for (std::size_t m = 0; m < analysis.metrics.size(); ++m) {
      const MetricResult& metric = analysis.metrics[m];
      const MetricKind kind = data.metrics[m].metric.kind;
      for (const Comparison& one : metric.comparisons) {
        std::vector<std::string> row = {metric.name + (metric.guardrail ? " (guardrail)" : ""), name_of(one.variant),
                                        mean_text(kind, one.control_mean), mean_text(kind, one.treatment_mean)};
        if (one.test) {
          row.push_back(effect_text(one.relative, one.test->value));
          row.push_back(fmt::format("{} to {}", effect_text(one.relative, one.test->interval.low),
                                    effect_text(one.relative, one.test->interval.high)));
          row.push_back(fmt::format("{:.3g}", one.adjusted_p));
          row.push_back(fmt::format("{:.1f} %", 100 * one.bayes->chance_to_win));
          row.push_back(one.relative ? fmt::format("{:.2f} %", 100 * one.bayes->risk_of_treatment)
                                     : fmt::format("{:.3g}", one.bayes->risk_of_treatment));
        } else {
          row.insert(row.end(), {"–", "–", "–", "–", "–"});
        }
        rows.push_back(std::move(row));
      }
    }
    page_.table({"metric", "variant", "control", "variant's", "effect", "interval", "adjusted p", "chance to win",
                 "expected loss"},
                rows);
  }

  void segments() {
    if (results_.segments.empty()) return;
    page_.section("Segments", results_.segments_warning);
    for (const auto& segment : results_.segments) {
      double units = 0;
      for (const double n : segment.data.units) units += n;
      page_.text(fmt::format("{} ({:.0f} units)", segment.name, units));
      metrics("", segment.data, segment.analysis);
    }
  }

  void about() {
    page_.section(
        "How these numbers came about",
        fmt::format("A unit is a visitor with an exposure. Its events count for {:g} hours from the first one "
                    "on; what it did in the {:g} days before takes noise out (CUPED). Left out: {:.0f} units "
                    "that saw more than one variant, {:.0f} that behave like programs. Statistics: {}, "
                    "alpha {:g}, correction for several metrics and variants: {}.",
                    test_.attribution_hours, test_.before_days, data_.multiple_exposed, results_.outcomes.bots,
                    statistics_name(), test_.analysis.alpha, correction_name()));
  }

  [[nodiscard]] const char* statistics_name() const {
    switch (test_.analysis.statistics) {
      case Statistics::kSequential:
        return "always-valid sequential";
      case Statistics::kFixed:
        return "fixed horizon";
      case Statistics::kBayesian:
        return "Bayesian";
    }
    return "";
  }

  [[nodiscard]] const char* correction_name() const {
    switch (test_.analysis.correction) {
      case experiment::Correction::kUncorrected:
        return "none";
      case experiment::Correction::kHolm:
        return "Holm";
      case experiment::Correction::kBenjaminiHochberg:
        return "Benjamini-Hochberg";
    }
    return "";
  }

  static constexpr double kWidest = 2;

  const Results& results_;
  const experiment::ABTest& test_;
  const ExperimentData& data_;
  const bool relative_;
  Page page_;
};

}  // namespace

std::string experiment_page(const Results& results) { return Writer(results).write(); }

}  // namespace footlight::report
