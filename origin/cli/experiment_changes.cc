// footlight experiment create, start, stop, …: the site's own experiments, from first to last.
#include <fstream>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "origin/cli/actor.h"
#include "origin/cli/commands.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/json_file.h"
#include "origin/cli/open_store.h"
#include "origin/cli/print_analysis.h"
#include "origin/cli/publish_options.h"
#include "origin/experiment/results.h"
#include "origin/experiment/test_store.h"
#include "origin/experiment/watch.h"
#include "origin/publish/segment_names.h"
#include "origin/report/experiment.h"
#include "origin/store/document.h"

namespace footlight::cli {
namespace {

using experiment::ABTest;
using experiment::Json;
using experiment::StoredTest;

experiment::SegmentNames segment_names(const Globals& globals) {
  try {
    return publish::segment_names(find_snapshot(globals, "live"));
  } catch (const std::exception&) {  // nothing published yet: numbers
    return publish::segment_names(nullptr);
  }
}

ABTest read_test(const std::string& file, const Json& document) {
  std::vector<origin::Fault> faults;
  ABTest test = experiment::read_ab_test(document, faults);
  refuse_faults(file, faults);
  return test;
}

// What visitors see changes with the next publish; most want it now.
void make_live(const Globals& globals, origin::Store& store, bool wanted) {
  if (!wanted) {
    fmt::print("Visitors see it after footlight publish (--flags-only leaves content and model alone).\n");
    return;
  }
  const auto options = publish_options(globals);
  print_published(publish::publish_flags(store, options), options);
}

struct Change {
  std::string id;
  std::string file;
  std::string note;
  std::string winner;
  std::string ready;
  bool publish = false;
  bool json = false;
  std::string report;
};

void list(const Globals& globals, const Change& wanted) {
  const auto store = open_existing_store(globals);
  const auto all = experiment::tests(*store);
  if (wanted.json) {
    Json out = Json::array();
    for (const StoredTest& stored : all) out.push_back(test_document(stored));
    fmt::print("{}\n", out.dump(2));
    return;
  }
  if (all.empty()) fmt::print("There are no experiments: footlight experiment create --help\n");
  for (const StoredTest& stored : all) {
    fmt::print("{:<10} {:<10} {:<24} {}{}\n", status_name(stored.status), kind_name(stored.test.kind), stored.test.id,
               stored.test.name, stored.winner.empty() ? "" : fmt::format("  (winner: {})", stored.winner));
  }
}

void create(const Globals& globals, const Change& wanted) {
  if (wanted.file.empty() == wanted.ready.empty()) {
    throw std::runtime_error("give a FILE, or --personalised-vs-default ID");
  }
  const Json document =
      wanted.ready.empty() ? read_json(wanted.file) : experiment::personalised_versus_default(wanted.ready);
  const ABTest test = read_test(wanted.file.empty() ? "personalised-vs-default" : wanted.file, document);
  const auto store = open_store(globals);
  create_test(*store, test, actor());
  fmt::print("Created {} as a draft: footlight experiment start {}\n", test.id, test.id);
}

void results(const Globals& globals, const Change& wanted) {
  const auto store = open_existing_store(globals);
  const auto found = experiment::analyze_test(*store, wanted.id, segment_names(globals), origin::now_ms());
  if (!wanted.report.empty()) {
    std::ofstream out(wanted.report, std::ios::binary);
    out << report::experiment_page(found);
    out.close();
    if (!out) throw std::runtime_error("cannot write " + wanted.report);
    fmt::print(stderr, "The report is in {}\n", wanted.report);
  }
  if (wanted.json) {
    fmt::print("{}\n", results_document(found).dump(2));
    return;
  }
  fmt::print("{} ({}, {})\n", found.stored.test.id, kind_name(found.stored.test.kind),
             status_name(found.stored.status));
  print_analysis(found.outcomes.data, found.analysis);
  if (found.outcomes.bots > 0) {
    fmt::print("\n  {:.0f} units that behave like programs were left out.\n", found.outcomes.bots);
  }
  if (found.detectable) {
    fmt::print("\n  With these units an effect of {:+.1f} % is found at 80 % power.\n", 100 * *found.detectable);
  }
  for (const auto& segment : found.segments) {
    fmt::print("\nSegment {}\n", segment.name);
    print_analysis(segment.data, segment.analysis);
  }
  if (!found.segments_warning.empty()) fmt::print("\n{}\n", found.segments_warning);
}

void watch(const Globals& globals, const Change& wanted) {
  const auto store = open_existing_store(globals);
  const auto watched = experiment::watch_tests(*store, segment_names(globals), "watch", origin::now_ms());
  for (const auto& one : watched) fmt::print("{:<24} {:<12} {}\n", one.id, one.what, one.detail);
  if (watched.empty()) fmt::print("No experiment is running.\n");
  if (!experiment::needs_publish(*store, origin::now_ms())) return;
  make_live(globals, *store, wanted.publish);
}

CLI::App* add(CLI::App& command, const char* name, const char* description, const std::shared_ptr<Change>& change) {
  auto* sub = command.add_subcommand(name, description);
  sub->add_option("ID", change->id, "The experiment's id")->required();
  return sub;
}

}  // namespace

void add_experiment_changes(CLI::App& experiment, const Globals& globals) {
  auto change = std::make_shared<Change>();
  const auto publishes = [change](CLI::App* sub) {
    sub->add_flag("--publish", change->publish, "Make it live at once; content and model stay as they are");
  };

  auto* listing = experiment.add_subcommand("list", "The site's experiments");
  listing->add_flag("--json", change->json, "As JSON");
  listing->callback([&globals, change] { list(globals, *change); });

  auto* creating = experiment.add_subcommand("create", "Take in an experiment as a draft (origin/IMPORT.md)");
  creating->add_option("FILE", change->file, "One JSON document");
  creating->add_option("--personalised-vs-default", change->ready, "The ready-made one, under this id");
  creating->footer(R"(Examples:
  footlight experiment create spring.json
  footlight experiment create --personalised-vs-default first
  footlight experiment start first --publish)");
  creating->callback([&globals, change] { create(globals, *change); });

  auto* replacing = experiment.add_subcommand("replace", "Change a draft");
  replacing->add_option("FILE", change->file, "One JSON document")->required();
  replacing->callback([&globals, change] {
    const ABTest test = read_test(change->file, read_json(change->file));
    experiment::replace_test(*open_existing_store(globals), test, actor());
    fmt::print("Changed {}.\n", test.id);
  });

  auto* showing = add(experiment, "show", "One experiment as JSON", change);
  showing->callback([&globals, change] {
    const auto found = experiment::find_test(*open_existing_store(globals), change->id);
    if (!found) throw std::runtime_error(fmt::format("there is no experiment '{}'", change->id));
    fmt::print("{}\n", experiment::test_document(*found).dump(2));
  });

  auto* deleting = add(experiment, "delete", "Delete a draft", change);
  deleting->callback([&globals, change] {
    experiment::delete_test(*open_existing_store(globals), change->id, actor());
    fmt::print("Deleted {}.\n", change->id);
  });

  auto* starting = add(experiment, "start", "Start a draft, or go on with what was stopped", change);
  publishes(starting);
  starting->callback([&globals, change] {
    const auto store = open_existing_store(globals);
    experiment::start_test(*store, change->id, actor());
    fmt::print("Started {}.\n", change->id);
    make_live(globals, *store, change->publish);
  });

  auto* stopping = add(experiment, "stop", "Stop: everybody gets the flag's default again", change);
  stopping->add_option("--note", change->note, "Why");
  publishes(stopping);
  stopping->callback([&globals, change] {
    const auto store = open_existing_store(globals);
    experiment::stop_test(*store, change->id, actor(), change->note);
    fmt::print("Stopped {}.\n", change->id);
    make_live(globals, *store, change->publish);
  });

  auto* concluding = add(experiment, "conclude", "Say how it ended", change);
  concluding->add_option("--winner", change->winner, "Key of the variant that won; none if nobody did");
  concluding->add_option("--note", change->note, "Why");
  publishes(concluding);
  concluding->callback([&globals, change] {
    const auto store = open_existing_store(globals);
    experiment::conclude_test(*store, change->id, change->winner, actor(), change->note);
    fmt::print("Concluded {}{}.\n", change->id, change->winner.empty() ? "" : ": " + change->winner + " won");
    make_live(globals, *store, change->publish);
  });

  auto* promoting = add(experiment, "promote", "Make the winner's value the flag's default, for everybody", change);
  publishes(promoting);
  promoting->callback([&globals, change] {
    const auto store = open_existing_store(globals);
    experiment::promote_test(*store, change->id, actor());
    fmt::print("Promoted {}.\n", change->id);
    const auto promoted = experiment::find_test(*store, change->id);
    if (promoted->test.kind != experiment::TestKind::kCanary || promoted->winner != experiment::kCanaryVariant) {
      make_live(globals, *store, change->publish);
      return;
    }
    const auto options = publish_options(globals);
    print_published(publish::promote_canary(*store, change->id, options), options);
  });

  auto* resulting = add(experiment, "results", "What the recorded exposures and conversions say", change);
  resulting->add_flag("--json", change->json, "As JSON");
  resulting->add_option("--report", change->report, "Write a self-contained HTML page with plots to this file");
  resulting->callback([&globals, change] { results(globals, *change); });

  auto* watching =
      experiment.add_subcommand("watch", "Once: end what is over, roll back what breaks a guardrail, move bandits");
  publishes(watching);
  watching->footer("A running `footlight serve` does this by itself every few minutes.");
  watching->callback([&globals, change] { watch(globals, *change); });
}

}  // namespace footlight::cli
