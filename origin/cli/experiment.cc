// footlight experiment: how large one must be, and what its numbers say.
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/json_file.h"
#include "origin/cli/print_analysis.h"
#include "origin/experiment/analysis_json.h"
#include "origin/experiment/power.h"

namespace footlight::cli {
namespace {

using experiment::Analysis;
using experiment::AnalysisOptions;
using experiment::AnalysisResult;
using experiment::Json;
using experiment::PowerMetric;

struct Plan {
  double rate = -1;
  double mean = 0;
  double deviation = 0;
  double effect = 0.05;
  double power = 0.8;
  double alpha = 0.05;
  double units_a_day = 0;
  unsigned variants = 2;
  bool sequential = false;
  bool json = false;
};

PowerMetric metric_of(const Plan& plan) {
  if (plan.rate >= 0) {
    if (plan.rate * (1 + plan.effect) >= 1) throw std::runtime_error("--effect would take the rate beyond 1");
    return {plan.rate, plan.rate * (1 - plan.rate)};
  }
  if (plan.mean == 0 || plan.deviation <= 0) {
    throw std::runtime_error("give --rate of a conversion, or --mean and --deviation of a value");
  }
  return {plan.mean, plan.deviation * plan.deviation};
}

void plan(const Plan& wanted) {
  const PowerMetric metric = metric_of(wanted);
  Analysis analysis{.alpha = wanted.alpha / (wanted.variants - 1)};  // Bonferroni: every treatment by itself
  if (wanted.sequential) analysis.tuning = experiment::kTuning;
  const auto units = experiment::sample_size(metric, wanted.effect, wanted.power, analysis);
  if (!units) throw std::runtime_error("no experiment is large enough for this effect: check --effect");
  const double each = std::ceil(*units);
  const double all = each * wanted.variants;
  if (wanted.json) {
    Json out = {{"unitsEach", each}, {"units", all}};
    if (wanted.units_a_day > 0) out["days"] = std::ceil(all / wanted.units_a_day);
    fmt::print("{}\n", out.dump(2));
    return;
  }
  fmt::print("To find an effect of {:+.3g} % with a power of {:.3g} (alpha {:.3g}, {}):\n", 100 * wanted.effect,
             wanted.power, wanted.alpha, wanted.sequential ? "looked at whenever you like" : "looked at once");
  fmt::print("  {:.0f} units in each of {} variants, {:.0f} in all\n", each, wanted.variants, all);
  if (wanted.units_a_day <= 0) return;
  fmt::print("  {:.0f} days at {:g} units a day\n\n  after    smallest effect found\n",
             std::ceil(all / wanted.units_a_day), wanted.units_a_day);
  for (const int weeks : {1, 2, 4, 8, 12}) {
    const double by_then = wanted.units_a_day * 7 * weeks / wanted.variants;
    const auto smallest = experiment::minimum_detectable_effect(metric, by_then, wanted.power, analysis);
    fmt::print("  {:>2} {:<6} {}\n", weeks, weeks == 1 ? "week" : "weeks",
               smallest ? fmt::format("{:+.2f} %", 100 * *smallest) : "none");
  }
}

struct Analyze {
  std::string file;
  std::string statistics = "sequential";
  std::string correction = "holm";
  AnalysisOptions options;
  bool absolute = false;
  bool json = false;
};

void analyze(const Analyze& wanted) {
  std::vector<origin::Fault> faults;
  const auto data = experiment::read_experiment_data(read_json(wanted.file), faults);
  refuse_faults(wanted.file, faults);
  AnalysisOptions options = wanted.options;
  options.relative = !wanted.absolute;
  options.statistics = wanted.statistics == "fixed"      ? experiment::Statistics::kFixed
                       : wanted.statistics == "bayesian" ? experiment::Statistics::kBayesian
                                                         : experiment::Statistics::kSequential;
  options.correction = wanted.correction == "none" ? experiment::Correction::kUncorrected
                       : wanted.correction == "bh" ? experiment::Correction::kBenjaminiHochberg
                                                   : experiment::Correction::kHolm;
  const AnalysisResult result = analyze_results(data, options);
  if (wanted.json) {
    fmt::print("{}\n", analysis_document(data, result).dump(2));
  } else {
    print_analysis(data, result);
  }
}

}  // namespace

void add_experiment(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("experiment", "Plan, run and analyse experiments");
  command->require_subcommand(1);
  add_experiment_changes(*command, globals);

  auto planned = std::make_shared<Plan>();
  auto* planning = command->add_subcommand("plan", "How many units it takes, and how long");
  planning->add_option("--rate", planned->rate, "Rate of the conversion today, 0 to 1")
      ->check(CLI::Range(1e-6, 1 - 1e-6));
  planning->add_option("--mean", planned->mean, "Mean of the value today, a unit");
  planning->add_option("--deviation", planned->deviation, "Its standard deviation");
  planning->add_option("--effect", planned->effect, "Relative effect to be found (default .05)")
      ->check(CLI::Range(1e-5, 10.0));
  planning->add_option("--power", planned->power, "Probability to find it (default .8)")
      ->check(CLI::Range(0.05, 0.999));
  planning->add_option("--alpha", planned->alpha, "Probability of a false alarm (default .05)")
      ->check(CLI::Range(1e-6, 0.4));
  planning->add_option("--variants", planned->variants, "With the control (default 2)")->check(CLI::Range(2U, 64U));
  planning->add_option("--units-a-day", planned->units_a_day, "Visitors that enter the experiment a day")
      ->check(CLI::PositiveNumber);
  planning->add_flag("--sequential", planned->sequential, "It will be looked at all the time");
  planning->add_flag("--json", planned->json, "As JSON");
  planning->footer(R"(Examples:
  footlight experiment plan --rate 0.04 --effect 0.1 --units-a-day 2000
  footlight experiment plan --mean 31 --deviation 55 --effect 0.05 --sequential)");
  planning->callback([planned] { plan(*planned); });

  auto analyzed = std::make_shared<Analyze>();
  auto* analyzing = command->add_subcommand("analyze", "Winner, health and advice, from the sums of an experiment");
  analyzing->add_option("FILE", analyzed->file, "The numbers, one JSON document (origin/experiment/analysis_json.h)")
      ->required();
  analyzing
      ->add_option("--statistics", analyzed->statistics,
                   "sequential (default): look whenever you like; fixed; bayesian")
      ->check(CLI::IsMember({"sequential", "fixed", "bayesian"}));
  analyzing
      ->add_option("--correction", analyzed->correction, "For several treatments and metrics: holm (default), bh, none")
      ->check(CLI::IsMember({"holm", "bh", "none"}));
  analyzing->add_option("--alpha", analyzed->options.alpha, "Default .05")->check(CLI::Range(1e-6, 0.4));
  analyzing
      ->add_option("--tuning", analyzed->options.tuning,
                   "Units at which the sequential test is sharpest (default 5000)")
      ->check(CLI::PositiveNumber);
  analyzing->add_flag("--absolute", analyzed->absolute, "Differences instead of shares of the control's mean");
  analyzing->add_flag("--json", analyzed->json, "As JSON");
  analyzing->footer(R"(Example:
  {"name": "checkout", "variants": [{"key": "control", "units": 4000}, {"key": "new", "units": 4010}],
   "metrics": [{"name": "orders", "kind": "proportion",
                "variants": [{"n": 4000, "sum": 320}, {"n": 4010, "sum": 401}]}]})");
  analyzing->callback([analyzed] { analyze(*analyzed); });
}

}  // namespace footlight::cli
