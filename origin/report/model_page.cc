#include "origin/report/model_page.h"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "origin/report/page.h"
#include "origin/report/svg.h"

namespace footlight::report {
namespace {

std::string percent(double value, int digits = 1) { return fmt::format("{:.{}f} %", 100 * value, digits); }

std::string with_interval(const Interval& i) {
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", i.value, i.low, i.high);
}

void add_calibration(const Findings& f, Page& page) {
  page.section("Calibration",
               f.calibrated
                   ? "Of cards that were said to be clicked with probability p, how many were? On the diagonal the "
                     "model says the truth. Held-out impressions of visitors that chose no weight."
                   : "This snapshot tells no probability: too little was learned to vouch for one. The curve shows how "
                     "far off its scores would be if they were read as one.");
  Line curve{.name = "observed"};
  Line diagonal{.name = "perfect", .points = {{0, 0}}, .dashed = true, .marks = false};
  BarChart counts{
      .label = "Impressions by predicted probability", .x_label = "mean predicted", .y_label = "impressions"};
  double most = 0;
  for (const learn::CalibrationBin& bin : f.calibration) {
    const auto n = static_cast<double>(bin.rows);
    const Interval rate = wilson(bin.rate * n, n);
    curve.points.push_back({bin.mean_probability, bin.rate, rate.low, rate.high});
    counts.bars.push_back({fmt::format("{:.3g} %", 100 * bin.mean_probability), n});
    most = std::max({most, bin.mean_probability, bin.rate});
  }
  diagonal.points.push_back({most, most});
  const LineChart chart{.label = "Reliability: predicted against observed click rate",
                        .x_label = "predicted",
                        .y_label = "observed",
                        .x_unit = Unit::kPercent,
                        .y_unit = Unit::kPercent,
                        .lines = {curve, diagonal}};
  page.numbers({{"expected calibration error", fmt::format("{:.4f}", f.ece)},
                {"AUC", fmt::format("{:.4f}", f.auc)},
                {"log loss", fmt::format("{:.4f}", f.log_loss)},
                {"log loss of the mean rate", fmt::format("{:.4f}", f.base_log_loss)}});
  page.figure(line_chart(chart), "Reliability, with 95 % intervals.", legend(chart.lines));
  page.figure(bar_chart(counts), "How many impressions stand behind each point.");
}

void add_gain(const Findings& f, Page& page) {
  page.section("Gain and lift", "Held-out impressions in the order of their score, in ten equal parts, best first.");
  Line gain{.name = "by score", .points = {{0, 0}}};
  const Line chance{.name = "by chance", .points = {{0, 0}, {1, 1}}, .dashed = true, .marks = false};
  BarChart lift{.label = "Lift by decile", .x_label = "decile, best first", .y_label = "lift", .reference = 1};
  std::vector<std::vector<std::string>> rows;
  for (std::size_t d = 0; d < f.deciles.size(); ++d) {
    const Decile& decile = f.deciles[d];
    gain.points.push_back({static_cast<double>(d + 1) / static_cast<double>(f.deciles.size()), decile.gain});
    lift.bars.push_back({std::to_string(d + 1), decile.lift});
    rows.push_back({std::to_string(d + 1), std::to_string(decile.impressions), percent(decile.rate, 2),
                    fmt::format("{:.2f}", decile.lift), percent(decile.gain)});
  }
  const LineChart chart{.label = "Cumulative gain",
                        .x_label = "share of impressions",
                        .y_label = "share of clicks",
                        .x_unit = Unit::kPercent,
                        .y_unit = Unit::kPercent,
                        .lines = {gain, chance}};
  page.figure(line_chart(chart), "Cumulative gain: clicks found among the best-scored.", legend(chart.lines));
  page.figure(bar_chart(lift), "Lift: click rate of each tenth over the mean (dashed: 1).");
  page.table({"decile", "impressions", "click rate", "lift", "clicks so far"}, rows);
}

void add_coverage(const Findings& f, Page& page) {
  const Coverage& c = *f.coverage;
  page.section("Coverage and diversity",
               fmt::format("The pages of {} visitors as they are now, decided without exploration.", c.visitors));
  page.numbers({{fmt::format("of {} items shown to somebody", c.items),
                 percent(static_cast<double>(c.shown) / static_cast<double>(c.items))},
                {"cards of the ten shown most", percent(c.top10_share)},
                {"Gini (0 even, 1 one item)", fmt::format("{:.3f}", c.gini)},
                {"similarity of two cards of a slot", fmt::format("{:.3f}", c.similarity)}});
  Line shares{.name = "items", .marks = false};
  for (std::size_t i = 0; i < c.lorenz.size(); ++i) {
    shares.points.push_back({static_cast<double>(i) / static_cast<double>(c.lorenz.size() - 1), c.lorenz[i]});
  }
  const Line even{.name = "all alike", .points = {{0, 0}, {1, 1}}, .dashed = true, .marks = false};
  const LineChart chart{.label = "Lorenz curve of cards over items",
                        .x_label = "share of items, least shown first",
                        .y_label = "share of cards",
                        .x_unit = Unit::kPercent,
                        .y_unit = Unit::kPercent,
                        .lines = {shares, even}};
  page.figure(line_chart(chart), "How the cards are spread over the catalogue.", legend(chart.lines));
}

void add_segments(const Findings& f, Page& page) {
  page.section(
      "Segments",
      "Click rate of held-out impressions, and lift: the rate of the fifth that scores highest within the "
      "segment over that of the others. Intervals: 95 %; impressions of one visitor hang together, so they are "
      "somewhat narrow.");
  BarChart rates{
      .label = "Click rate by segment", .x_label = "segment", .y_label = "click rate", .y_unit = Unit::kPercent};
  std::vector<std::vector<std::string>> rows;
  for (std::size_t s = 0; s < f.segments.size(); ++s) {
    const SegmentFindings& segment = f.segments[s];
    rates.bars.push_back({std::to_string(s + 1), segment.rate.value, segment.rate.low, segment.rate.high});
    rows.push_back({fmt::format("{}. {}", s + 1, segment.name), std::to_string(segment.visitors),
                    std::to_string(segment.impressions),
                    fmt::format("{:.2f} % ({:.2f} to {:.2f})", 100 * segment.rate.value, 100 * segment.rate.low,
                                100 * segment.rate.high),
                    with_interval(segment.lift)});
  }
  page.figure(bar_chart(rates), "Click rate by segment, numbered as in the table.");
  page.table({"segment", "visitors", "impressions", "click rate", "lift"}, rows);
}

void add_weights(const Findings& f, Page& page) {
  page.section(
      "Weights and exploration",
      "How much each part of the score counts, in log-odds, learned against the day-0 default; what a "
      "matching answer to each question weighs; and the temperature of each slot's exploration, at most the site's.");
  std::vector<std::vector<std::string>> rows;
  for (const WeightFinding& weight : f.weights) {
    rows.push_back({weight.name, fmt::format("{:.3f}", weight.standard), fmt::format("{:.3f}", weight.learned)});
  }
  page.table({"part", "default", "this snapshot"}, rows);
  rows.clear();
  for (const WeightFinding& question : f.questions) {
    rows.push_back({question.name, fmt::format("{:.3f}", question.standard), fmt::format("{:.3f}", question.learned)});
  }
  if (!rows.empty()) page.table({"question", "site", "this snapshot"}, rows);
  rows.clear();
  for (const SlotFinding& slot : f.slots) {
    rows.push_back({slot.name, fmt::format("{:.3f}", slot.cap), fmt::format("{:.3f}", slot.temperature)});
  }
  page.table({"slot", "at most", "this snapshot"}, rows);
}

void add_changes(const Findings& f, Page& page) {
  const Changes& c = *f.changes;
  page.section("Against the live model", fmt::format("{} of {} visitors would see another page than with version {}.",
                                                     c.changed, c.visitors, c.live_version));
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, kept] : c.slots) rows.push_back({name, percent(kept)});
  if (!rows.empty()) page.table({"slot", "cards that stay"}, rows);
  rows.clear();
  for (const Moved& item : c.items) {
    rows.push_back({item.name, fmt::format("+{}", item.gained), fmt::format("-{}", item.lost)});
  }
  if (!rows.empty()) page.table({"items that move most", "visitors gained", "lost"}, rows);
}

}  // namespace

std::string model_page(const Findings& f) {
  std::string subtitle = f.site.empty() ? "no site yet" : f.site;
  if (f.version != 0) subtitle += fmt::format(", version {}", f.version);
  if (f.trained_at_s != 0) {
    subtitle += fmt::format(", trained {:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(f.trained_at_s)));
  }
  Page page("Footlight report", subtitle);
  page.text(
      "What the snapshot does, measured on the snapshot itself: quantised, and scored by the engine that every "
      "visitor's page is decided with.");
  page.numbers({{"items", std::to_string(f.items)},
                {"visitors", std::to_string(f.visitors)},
                {"impressions", std::to_string(f.impressions)},
                {"held out and judged", std::to_string(f.held_out)}});
  if (!f.missing.empty()) page.section("What is missing", "The report fills as the site does.");
  for (const std::string& sentence : f.missing) page.note(sentence);
  if (!f.calibration.empty()) add_calibration(f, page);
  if (!f.deciles.empty()) add_gain(f, page);
  if (f.coverage) add_coverage(f, page);
  if (!f.segments.empty()) add_segments(f, page);
  if (!f.weights.empty()) add_weights(f, page);
  if (f.changes) add_changes(f, page);
  return page.finish();
}

}  // namespace footlight::report
