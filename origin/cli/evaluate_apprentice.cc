// footlight evaluate apprentice: what a site in apprentice mode would have gained.
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/off_policy_report.h"
#include "origin/cli/open_store.h"
#include "origin/learn/apprentice.h"

namespace footlight::cli {
namespace {

void print_share(const char* name, const learn::Interval& share) {
  fmt::print("  {:<28} {:>7.2f} %   ({:.2f} to {:.2f})\n", name, 100 * share.value, 100 * share.low, 100 * share.high);
}

void run(const Globals& globals, const std::string& file) {
  const auto store = open_existing_store(globals);
  const learn::ApprenticeReport report = learn::evaluate_apprentice(*store, interrupted());
  if (!file.empty()) {
    nlohmann::ordered_json json = {{"slates", report.slates}, {"cases", report.cases}, {"visitors", report.visitors}};
    put_interval(json, "would_show", report.would_show);
    put_interval(json, "popular", report.popular);
    put_interval(json, "gain", report.gain);
    write_json(file, json);
    if (file == "-") return;
  }
  fmt::print("{} slates would have been shown; {} choices of {} visitors beside one\n", report.slates, report.cases,
             report.visitors);
  if (report.cases == 0) {
    fmt::print("Nothing to judge by: \"apprentice\": true in site.json, publish, and let visitors come.\n");
    return;
  }
  fmt::print("How often the slate held what the visitor then chose, 95 % intervals:\n");
  print_share("what would have been shown", report.would_show);
  print_share("what is popular", report.popular);
  print_share("difference", report.gain);
  if (report.visitors < learn::kFewClusters) {
    fmt::print("  warning: only {} visitors; fewer than {} make no honest interval\n", report.visitors,
               learn::kFewClusters);
  }
}

}  // namespace

void add_evaluate_apprentice(CLI::App& evaluate, const Globals& globals) {
  auto* command = evaluate.add_subcommand("apprentice", "What a site in apprentice mode would have gained");
  command->footer(
      R"(With "apprentice": true in site.json the engine decides and logs what it would have shown, while the page keeps its
own content. This compares these slates with slates of the same size of what is popular, by what the visitors then
chose on the same day. Neither was shown, so both shares are lower bounds.

Examples:
  footlight evaluate apprentice
  footlight evaluate apprentice --json gain.json)");
  auto file = std::make_shared<std::string>();
  command->add_option("--json", *file, "Write the figures to this file; - for standard output");
  command->callback([&globals, file] { run(globals, *file); });
}

}  // namespace footlight::cli
