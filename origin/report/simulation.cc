#include "origin/report/simulation.h"

#include <fmt/format.h>

#include "origin/report/page.h"
#include "origin/report/svg.h"

namespace footlight::report {
namespace {

using simulate::Estimate;
using simulate::Rates;
using simulate::Stage;

constexpr double kInterval = 1.96;  // standard errors to either side: 95 %

std::string short_number(std::uint64_t n) {
  if (n >= 999'500) return fmt::format("{:.3g} M", static_cast<double>(n) / 1e6);
  if (n >= 1000) return fmt::format("{:.3g} k", static_cast<double>(n) / 1e3);
  return std::to_string(n);
}

template <typename Get>
Line line_of(std::string name, std::span<const Stage> stages, Get get, bool dashed = false) {
  Line line{.name = std::move(name), .points = {}, .dashed = dashed};
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const Estimate estimate = get(stages[s]);
    line.points.push_back({static_cast<double>(s), estimate.mean, estimate.mean - kInterval * estimate.error,
                           estimate.mean + kInterval * estimate.error});
  }
  return line;
}

std::string percent(double value, int digits = 2) { return fmt::format("{:.{}f} %", 100 * value, digits); }

}  // namespace

std::string simulation_page(const simulate::SimulateOptions& options, std::span<const Stage> stages) {
  Page page("Footlight in a simulated world",
            fmt::format("Seed {}, {} items, {} visitors, drift {:g}, noise {:g}", options.world.seed,
                        options.world.items, options.visitors, options.world.drift, options.world.noise));
  page.text(fmt::format(
      "Visitors with known preferences; pages filled, recorded and learned from by the product itself. Compared is the "
      "true probability of a click, averaged over the {} cards of a page and {} fresh visitors: no chance in it but "
      "the choice of visitors (intervals: 95 %). The oracle knows the world and sees of a visitor what a site sees, "
      "answers, device and time; the all-knowing policy reads every visitor's mind, which no site can.",
      simulate::kPageCards, options.panel));
  if (stages.empty()) {
    page.note("No stage was reached.");
    return page.finish();
  }
  const Rates& last = stages.back().rates.all;
  page.numbers({{"interactions", short_number(stages.back().interactions)},
                {"click rate, default page", percent(last.fixed.mean)},
                {"click rate, Footlight", percent(last.footlight.mean)},
                {"lift", percent(last.lift.mean, 0)},
                {"of the oracle's gain", percent(last.gain_share.mean, 1)}});

  std::vector<std::string> names;
  for (const Stage& stage : stages) names.push_back(short_number(stage.interactions));
  const auto chart = [&](std::string label, std::string y, std::vector<Line> lines) {
    return LineChart{.label = std::move(label),
                     .x_label = "interactions",
                     .y_label = std::move(y),
                     .y_unit = Unit::kPercent,
                     .x_names = names,
                     .lines = std::move(lines)};
  };
  const auto add = [&](const LineChart& drawn, std::string_view caption) {
    page.figure(line_chart(drawn), caption, legend(drawn.lines));
  };
  page.section("Curves", "From a site that knows nothing but its questionnaire to one that has learned.");
  add(chart("Click rates of the policies by interactions", "click rate",
            {line_of("Footlight", stages, [](const Stage& s) { return s.rates.all.footlight; }),
             line_of("default page", stages, [](const Stage& s) { return s.rates.all.fixed; }),
             line_of("popularity", stages, [](const Stage& s) { return s.rates.all.popularity; }),
             line_of(
                 "oracle", stages, [](const Stage& s) { return s.rates.all.oracle; }, true),
             line_of(
                 "all-knowing", stages, [](const Stage& s) { return s.rates.all.all_knowing; }, true)}),
      "Cold start: expected clicks on a card.");
  add(chart("Regret against the oracle by interactions", "regret",
            {line_of("Footlight", stages, [](const Stage& s) { return s.rates.all.regret; })}),
      "Regret: what the oracle gets beyond Footlight.");
  add(chart("Lift over the default page by interactions", "lift",
            {line_of("all", stages, [](const Stage& s) { return s.rates.all.lift; }),
             line_of("first visit", stages, [](const Stage& s) { return s.rates.first_visit.lift; }),
             line_of("returning", stages, [](const Stage& s) { return s.rates.returning.lift; }),
             line_of("without answers", stages, [](const Stage& s) { return s.rates.anonymous.lift; })}),
      "Lift over the default page, by what is known of the visitor.");
  add(chart("Share of the oracle's gain by interactions", "share of the gain",
            {line_of("all", stages, [](const Stage& s) { return s.rates.all.gain_share; }),
             line_of("first visit", stages, [](const Stage& s) { return s.rates.first_visit.gain_share; }),
             line_of("returning", stages, [](const Stage& s) { return s.rates.returning.gain_share; })}),
      "Share of the oracle's gain over the default page.");

  std::vector<std::vector<std::string>> rows;
  for (const Stage& stage : stages) {
    const Rates& r = stage.rates.all;
    rows.push_back({fmt::format("{}", stage.interactions), fmt::format("{}", stage.page_views),
                    fmt::format("{}", stage.clicks), percent(r.fixed.mean), percent(r.popularity.mean),
                    percent(r.footlight.mean), percent(r.oracle.mean), percent(r.all_knowing.mean),
                    percent(r.regret.mean),
                    fmt::format("{:.1f} ± {:.1f} %", 100 * r.gain_share.mean, 100 * kInterval * r.gain_share.error),
                    fmt::format("{:.1f}", stage.train_seconds)});
  }
  page.section("Figures", "Each stage after a training on all that was recorded until then.");
  page.table({"interactions", "page views", "clicks", "default", "popularity", "Footlight", "oracle", "all-knowing",
              "regret", "share of gain", "training, s"},
             rows);
  return page.finish();
}

}  // namespace footlight::report
