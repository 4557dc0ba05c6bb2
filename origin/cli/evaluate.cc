// footlight evaluate: how well a snapshot foresees what visitors choose.
#include <fstream>
#include <memory>
#include <string>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/learn/chosen.h"
#include "origin/learn/ease.h"
#include "origin/learn/leave_one_out.h"
#include "origin/publish/describe.h"

namespace footlight::cli {
namespace {

struct Wanted {
  std::string snapshot;
  std::string file;
  bool json = false;
};

void stop_if_interrupted() {
  if (interrupted()) throw learn::Cancelled{};
}

std::vector<std::uint32_t> chosen_of(const origin::VisitorHistory& history) {
  std::vector<std::uint32_t> chosen;
  for (const HistoryEntry& entry : learn::fold_events(history.events)) {
    if (learn::is_chosen(entry)) chosen.push_back(entry.item_id);
  }
  return chosen;
}

std::vector<std::uint32_t> popularity_of(origin::Store& store, const snapshot::SnapshotView& view) {
  std::vector<std::uint32_t> popularity(view.items().size(), 0);
  store.for_each_visitor_history([&](const origin::VisitorHistory& history) {
    stop_if_interrupted();
    for (const std::uint32_t id : chosen_of(history)) {
      const std::uint32_t item = view.find_item(id);
      if (item != snapshot::kNone) ++popularity[item];
    }
  });
  return popularity;
}

// Item ids as the file may write them: the owner's own id, the UUID, or the stable number.
class ItemNames {
 public:
  ItemNames(origin::Store& store, const snapshot::SnapshotView& view) {
    for (const auto& row : view.items()) {
      ids_.emplace(publish::uuid_text(row.uuid), row.id);
      ids_.emplace(std::to_string(row.id), row.id);
    }
    store.for_each_content([&](const origin::ContentRow& row) { ids_[row.foreign_id] = row.item_id; });
  }
  [[nodiscard]] const std::uint32_t* find(const std::string& name) const {
    const auto found = ids_.find(name);
    return found == ids_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> ids_;
};

void replay_file(const std::string& file, const ItemNames& names, learn::LeaveOneOut& replay) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::string line;
  Progress progress("evaluate");
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    stop_if_interrupted();
    if (line.empty()) continue;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("items") || !json["items"].is_array()) {
      throw std::runtime_error(fmt::format(R"({}:{}: expected {{"items": ["id", …]}})", file, number));
    }
    std::vector<std::uint32_t> chosen;
    for (const auto& item : json["items"]) {
      const std::string name = item.is_string() ? item.get<std::string>() : item.dump();
      if (const auto* id = names.find(name)) chosen.push_back(*id);
    }
    replay.add(chosen);
    progress(fmt::format("line {}", number), -1);
  }
}

void run(const Globals& globals, const Wanted& wanted) {
  const auto snapshot = find_snapshot(globals, wanted.snapshot);
  const auto store = open_existing_store(globals);
  learn::LeaveOneOut replay(snapshot->view(), popularity_of(*store, snapshot->view()));
  if (wanted.file.empty()) {
    Progress progress("evaluate");
    std::size_t visitors = 0;
    store->for_each_visitor_history([&](const origin::VisitorHistory& history) {
      stop_if_interrupted();
      replay.add(chosen_of(history));
      progress(fmt::format("visitor {}", ++visitors), -1);
    });
  } else {
    replay_file(wanted.file, ItemNames(*store, snapshot->view()), replay);
  }
  const learn::Figures figures = replay.figures();
  if (wanted.json) {
    const nlohmann::ordered_json json = {{"version", snapshot->version()},
                                         {"visitors", figures.visitors},
                                         {"cases", figures.cases},
                                         {"hr3", figures.hr3},
                                         {"mrr", figures.mrr},
                                         {"halflife", figures.halflife},
                                         {"popularity_mrr", figures.popularity_mrr},
                                         {"engine", "native"}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("version {}: {} visitors with two choices or more, {} cases\n", snapshot->version(), figures.visitors,
             figures.cases);
  if (figures.cases == 0) return;
  fmt::print("  HR@3      {:.4f}\n  MRR       {:.4f}   (by popularity alone {:.4f})\n  half-life {:.4f}\n", figures.hr3,
             figures.mrr, figures.popularity_mrr, figures.halflife);
  if (wanted.file.empty()) {
    fmt::print("These visitors may have been trained on, which flatters; --file takes others.\n");
  }
}

}  // namespace

void add_evaluate(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("evaluate", "Measure how well a snapshot foresees what visitors choose");
  command->footer(
      R"(Holds out each choice of each visitor in turn, ranks all items of its type by the shipped snapshot with the rest
as history, and reports where the held-out one lands: in the first three (HR@3), the mean of 1/rank (MRR), and
the mean of 2^(-rank/4) (half-life). A file has one visitor a line: {"items": ["the-salt-road", …]}, oldest first.

Examples:
  footlight evaluate                        the live snapshot, on the visitors in the database
  footlight evaluate 12                     an older version
  footlight evaluate --file visits.jsonl    on others, which nothing was trained on)");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("snapshot", wanted->snapshot, "File or version (default: the live one)");
  command->add_option("--file", wanted->file, "Histories as JSON Lines instead of the database")
      ->check(CLI::ExistingFile);
  command->add_flag("--json", wanted->json, "As JSON");
  add_evaluate_apprentice(*command, globals);
  add_evaluate_engagement(*command);
  add_evaluate_policy(*command, globals);
  add_evaluate_ranking(*command);
  command->callback([&globals, wanted, command] {
    if (command->get_subcommands().empty()) run(globals, *wanted);
  });
}

}  // namespace footlight::cli
