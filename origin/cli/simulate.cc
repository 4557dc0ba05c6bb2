// footlight simulate: how much better do pages get, and how soon, in a world where everything is known?
#include "origin/simulate/simulate.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/report/simulation.h"

namespace footlight::cli {
namespace {

using simulate::Estimate;
using simulate::Rates;
using simulate::Stage;

struct Wanted {
  simulate::SimulateOptions options;
  std::string pages = "footlight";
  std::string keep;
  std::string json;
  std::string html;
};

// A folder of its own, gone afterwards unless it is to be kept.
class Place {
 public:
  explicit Place(const std::string& keep) {
    if (!keep.empty()) {
      folder_ = keep;
      std::filesystem::create_directories(folder_);
      if (std::filesystem::exists(folder_ / "footlight.db")) {
        throw std::runtime_error(folder_.string() + " holds a database already; a simulation starts from nothing");
      }
      return;
    }
    std::string name = (std::filesystem::temp_directory_path() / "footlight-simulate-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + name);
    folder_ = name;
    is_temporary_ = true;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    std::error_code ignored;
    if (is_temporary_) std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  bool is_temporary_ = false;
};

nlohmann::ordered_json json_of(const Rates& rates) {
  const auto pair = [](const Estimate& estimate) {
    return nlohmann::ordered_json{{"mean", estimate.mean}, {"error", estimate.error}};
  };
  return {{"visitors", rates.visitors},         {"default", pair(rates.fixed)}, {"popularity", pair(rates.popularity)},
          {"footlight", pair(rates.footlight)}, {"oracle", pair(rates.oracle)}, {"allKnowing", pair(rates.all_knowing)},
          {"regret", pair(rates.regret)},       {"lift", pair(rates.lift)},     {"gainShare", pair(rates.gain_share)}};
}

nlohmann::ordered_json json_of(const Stage& stage) {
  return {{"interactions", stage.interactions},
          {"pageViews", stage.page_views},
          {"exposures", stage.exposures},
          {"clicks", stage.clicks},
          {"visitors", stage.visitors},
          {"day", stage.day},
          {"simulateSeconds", stage.simulate_seconds},
          {"trainSeconds", stage.train_seconds},
          {"snapshotBytes", stage.snapshot_bytes},
          {"all", json_of(stage.rates.all)},
          {"firstVisit", json_of(stage.rates.first_visit)},
          {"returning", json_of(stage.rates.returning)},
          {"anonymous", json_of(stage.rates.anonymous)}};
}

nlohmann::ordered_json json_of(const Wanted& wanted, const std::vector<Stage>& stages) {
  const auto& o = wanted.options;
  nlohmann::ordered_json json = {
      {"seed", o.world.seed},       {"items", o.world.items}, {"drift", o.world.drift},
      {"noise", o.world.noise},     {"visitors", o.visitors}, {"anonymous", o.world.anonymous},
      {"pagesADay", o.pages_a_day}, {"panel", o.panel},       {"pages", wanted.pages}};
  json["stages"] = nlohmann::ordered_json::array();
  for (const Stage& stage : stages) json["stages"].push_back(json_of(stage));
  return json;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

void print_stage(const Stage& stage) {
  const Rates& rates = stage.rates.all;
  fmt::print("{:>12}  {:>8.3f}  {:>10.3f}  {:>9.3f}  {:>7.3f}  {:>11.3f}  {:>6.3f} ±{:.3f}  {:>6.1f} ±{:.1f} %\n",
             stage.interactions, 100 * rates.fixed.mean, 100 * rates.popularity.mean, 100 * rates.footlight.mean,
             100 * rates.oracle.mean, 100 * rates.all_knowing.mean, 100 * rates.regret.mean, 100 * rates.regret.error,
             100 * rates.gain_share.mean, 100 * rates.gain_share.error);
  std::fflush(stdout);
}

void run(const Wanted& wanted) {
  const Place place(wanted.keep);
  Globals globals;
  globals.data = place.folder();
  globals.db = globals.data / "footlight.db";
  const auto store = open_store(globals);
  const bool measures = wanted.options.filler == simulate::Filler::kFootlight;
  if (measures) {
    fmt::print("Expected clicks on 100 cards, on {} visitors that nothing was learned from:\n", wanted.options.panel);
    fmt::print("{:>12}  {:>8}  {:>10}  {:>9}  {:>7}  {:>11}  {:>13}  {:>14}\n", "interactions", "default", "popularity",
               "footlight", "oracle", "all-knowing", "regret", "share of gain");
  }
  std::vector<Stage> stages;
  bool is_whole = true;
  try {
    Progress progress("simulate");
    static_cast<void>(simulate::simulate(
        *store, wanted.options,
        [&](const Stage& stage) {
          stages.push_back(stage);
          if (measures) print_stage(stage);
        },
        std::ref(progress), interrupted()));
  } catch (const learn::Cancelled&) {
    is_whole = false;  // the stages that were reached stand
  }
  if (!wanted.json.empty()) write_file(wanted.json, json_of(wanted, stages).dump(2) + "\n");
  if (!wanted.html.empty() && measures) write_file(wanted.html, report::simulation_page(wanted.options, stages));
  if (!wanted.keep.empty()) fmt::print("Kept in {}: --data {} looks at it.\n", wanted.keep, wanted.keep);
  if (!is_whole) {
    fmt::print(stderr, "footlight: interrupted; the stages above were reached\n");
    throw CLI::RuntimeError(kExitInterrupted);
  }
}

}  // namespace

void add_simulate(CLI::App& program) {
  auto* command = program.add_subcommand("simulate", "Show what learning gains in a made-up world where all is known");
  command->footer(
      R"(Visitors with known preferences come to a made-up site, see pages that Footlight fills and explores on, and click
or do not; all of it is recorded, trained on and published by the product's own code, in a database of its own.
At each stage the pages of fresh visitors are compared by the true probability of a click:
  default     one page for everybody, a good editor's choice
  popularity  one page for everybody, of what was clicked most often
  footlight   the trained snapshot, decided by the core
  oracle      the best policy that sees of a visitor what a site sees: it knows the world, and the answers given
  all-knowing a policy that reads every visitor's mind: nothing can be better, and no site can be as good
Regret is what the oracle gets beyond footlight; the share of gain is footlight's lead over default, of the oracle's.
An interaction is a view, click, stay or conversion; exposures do not count. Stages are cumulative.

Examples:
  footlight simulate
  footlight simulate --interactions 0,1000,10000,100000,1000000 --html curves.html
  footlight simulate --keep sim && footlight --data sim train      look at what it recorded
  footlight simulate --pages random --interactions 1000000 --items 5000 --keep past)");
  auto wanted = std::make_shared<Wanted>();
  auto& options = wanted->options;
  command->add_option("--interactions", options.interactions, "Stages, in interactions from the beginning")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--seed", options.world.seed, "Another number, another world")->capture_default_str();
  command->add_option("--visitors", options.visitors, "Visitors of the population; a few come often, most seldom")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->add_option("--items", options.world.items, "Pieces of content")
      ->check(CLI::Range(simulate::kMinItems, simulate::kMaxItems))
      ->capture_default_str();
  command->add_option("--drift", options.world.drift, "How far an item's quality wanders, in log-odds")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str();
  command->add_option("--noise", options.world.noise, "Share of answers that are wrong")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--anonymous", options.world.anonymous, "Share of visitors who answer nothing")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--pages-a-day", options.pages_a_day, "Page views a day")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->add_option("--panel", options.panel, "Fresh visitors that policies are compared on")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  command->add_option("--trains-between", options.trains_between, "Retrainings between two stages")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command->add_option("--pages", wanted->pages, "Who fills the pages; random neither trains nor measures")
      ->check(CLI::IsMember({"footlight", "random"}))
      ->capture_default_str();
  command->add_option("--json", wanted->json, "Write the figures into this file");
  command->add_option("--html", wanted->html, "Write the curves into this file, a page of its own");
  command->add_option("--keep", wanted->keep, "Keep database and keys in this folder");
  command->callback([wanted] {
    std::sort(wanted->options.interactions.begin(), wanted->options.interactions.end());
    if (wanted->pages == "random") wanted->options.filler = simulate::Filler::kRandom;
    run(*wanted);
  });
}

}  // namespace footlight::cli
