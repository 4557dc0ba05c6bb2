#include "origin/experiment/results.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "origin/experiment/analysis_json.h"
#include "origin/experiment/power.h"
#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

// Segments with fewer units than this in some variant are not shown: their numbers are noise, and people.
constexpr double kSegmentUnits = 50;

std::vector<DayResults> by_day(const Outcomes& outcomes, const AnalysisOptions& options) {
  std::vector<DayResults> days;
  const MetricData& deciding = outcomes.data.metrics[outcomes.deciding];
  for (const DayOutcomes& day : outcomes.days) {
    DayResults result{day.until_ms, day.units, {}};
    for (std::size_t v = 1; v < day.variants.size(); ++v) {
      const double theta = cuped_theta(deciding.metric, day.variants[0], day.variants[v]);
      const Effect effect = effect_of(estimate(deciding.metric, day.variants[0], theta),
                                      estimate(deciding.metric, day.variants[v], theta), options.relative);
      result.tests.push_back(options.statistics == Statistics::kSequential
                                 ? sequential_test(effect, options.alpha, options.tuning)
                                 : welch_test(effect, options.alpha));
    }
    days.push_back(std::move(result));
  }
  return days;
}

std::optional<double> detectable_effect(const Outcomes& outcomes, const AnalysisOptions& options) {
  const MetricData& metric = outcomes.data.metrics[outcomes.deciding];
  const double theta =
      metric.variants.size() > 1 ? cuped_theta(metric.metric, metric.variants[0], metric.variants[1]) : 0;
  const Estimate control = estimate(metric.metric, metric.variants[0], theta);
  if (control.variance <= 0 || control.unadjusted_mean == 0) return std::nullopt;
  const double units = *std::min_element(outcomes.data.units.begin(), outcomes.data.units.end());
  if (units < 2) return std::nullopt;
  Analysis analysis{.alpha = options.alpha / static_cast<double>(metric.variants.size() - 1)};
  if (options.statistics == Statistics::kSequential) analysis.tuning = options.tuning;
  return minimum_detectable_effect({control.unadjusted_mean, control.variance}, units, 0.8, analysis);
}

bool is_large_enough(const ExperimentData& data) {
  return std::all_of(data.units.begin(), data.units.end(), [](double units) { return units >= kSegmentUnits; });
}

}  // namespace

Results analyze_test(origin::Store& store, std::string_view id, const SegmentNames& names, std::int64_t now_ms) {
  Results results;
  auto stored = find_test(store, id);
  if (!stored) throw CannotChange(fmt::format("there is no experiment '{}'", id));
  if (stored->started_at_ms == 0) {
    throw CannotChange(fmt::format("experiment '{}' was never started: there is nothing to analyse", id));
  }
  results.stored = std::move(*stored);
  results.as_of_ms = now_ms;
  const ABTest& test = results.stored.test;
  {
    auto db = store.reader();
    results.outcomes = collect_outcomes(*db, store.vault(), test, now_ms);
  }
  results.analysis = analyze_results(results.outcomes.data, test.analysis);
  results.days = by_day(results.outcomes, test.analysis);
  results.detectable = detectable_effect(results.outcomes, test.analysis);
  for (const SegmentOutcomes& segment : results.outcomes.segments) {
    if (!is_large_enough(segment.data)) continue;
    results.segments.push_back({names(segment.segment), segment.data, analyze_results(segment.data, test.analysis)});
  }
  if (!results.segments.empty()) {
    const double looks = static_cast<double>(results.segments.size());
    results.segments_warning = fmt::format(
        "{} segments were looked at: by chance alone, one of them would look surely different in {:.0f} of 100 such "
        "tables. Segments are those visitors are in now, which what they saw may have changed. Take a difference here "
        "for a question to the next experiment, not for an answer of this one.",
        results.segments.size(), 100 * (1 - std::pow(1 - test.analysis.alpha, looks)));
  }
  return results;
}

Json results_document(const Results& results) {
  const Outcomes& outcomes = results.outcomes;
  Json out = {{"experiment", test_document(results.stored)}, {"asOf", origin::format_time(results.as_of_ms)}};
  out["results"] = analysis_document(outcomes.data, results.analysis);
  Json units = Json::object();
  for (std::size_t v = 0; v < outcomes.data.variants.size(); ++v) {
    units[outcomes.data.variants[v]] = outcomes.data.units[v];
  }
  out["units"] = std::move(units);
  out["leftOut"] = {{"multipleExposed", outcomes.data.multiple_exposed},
                    {"programs", outcomes.bots},
                    {"unknownVariant", outcomes.unknown}};
  if (outcomes.first_ms != 0) {
    out["firstExposure"] = origin::format_time(outcomes.first_ms);
    out["lastExposure"] = origin::format_time(outcomes.last_ms);
  }
  out["detectableEffect"] = results.detectable ? Json(*results.detectable) : Json();
  Json days = Json::array();
  for (const DayResults& day : results.days) {
    Json row = {{"until", origin::format_time(day.until_ms)}, {"units", day.units}, {"effects", Json::array()}};
    for (const auto& test : day.tests) {
      row["effects"].push_back(
          !test
              ? Json()
              : Json{{"value", test->value}, {"interval", {test->interval.low, test->interval.high}}, {"p", test->p}});
    }
    days.push_back(std::move(row));
  }
  out["days"] = std::move(days);
  if (!results.segments.empty()) {
    out["segmentsWarning"] = results.segments_warning;
    Json segments = Json::array();
    for (const SegmentResults& segment : results.segments) {
      Json row = analysis_document(segment.data, segment.analysis);
      row["segment"] = segment.name;
      row["units"] = segment.data.units;
      // What is surely better in one of many segments is no reason to act.
      row.erase("winner");
      row.erase("advice");
      segments.push_back(std::move(row));
    }
    out["segments"] = std::move(segments);
  }
  return out;
}

}  // namespace footlight::experiment
