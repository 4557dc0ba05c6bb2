#include "origin/cli/print_analysis.h"

#include <fmt/format.h>

namespace footlight::cli {

void print_analysis(const experiment::ExperimentData& data, const experiment::AnalysisResult& result) {
  fmt::print("{}\n\n  {}\n\n", data.name, result.advice);
  for (const auto& check : result.health)
    fmt::print("  {} {:<18} {}\n", check.passed ? "ok" : "!!", check.code, check.detail);
  for (const auto& metric : result.metrics) {
    fmt::print("\n  {}{}\n", metric.name, metric.guardrail ? " (guardrail)" : "");
    for (const auto& one : metric.comparisons) {
      fmt::print("    {:<20} {:.5g} against {:.5g}", data.variants[one.variant], one.treatment_mean, one.control_mean);
      if (one.test) {
        const double scale = one.relative ? 100 : 1;
        fmt::print("  {:+.3g}{} ({:+.3g} to {:+.3g}), p {:.3g}, adjusted {:.3g}, chance to win {:.1f} %",
                   scale * one.test->value, one.relative ? " %" : "", scale * one.test->interval.low,
                   scale * one.test->interval.high, one.test->p, one.adjusted_p, 100 * one.bayes->chance_to_win);
      }
      fmt::print("\n");
    }
  }
}

}  // namespace footlight::cli
