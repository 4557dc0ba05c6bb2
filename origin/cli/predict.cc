// footlight predict and footlight features: what the engagement model makes of a visitor and an item.
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/find_item.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/learn/prediction.h"
#include "origin/publish/describe.h"

namespace footlight::cli {
namespace {

struct Wanted {
  std::string profile;
  std::string content;
  std::string snapshot;
  bool json = false;
};

Context now() { return {.now_s = static_cast<std::uint32_t>(origin::now_ms() / 1000), .explore = false}; }

constexpr const char* kNoModel =
    "Version {} has no engagement model: footlight train, when there are interactions, and footlight publish.\n";

void predict(const Globals& globals, const Wanted& wanted) {
  const auto live = find_snapshot(globals, wanted.snapshot);
  const auto store = open_existing_store(globals);
  const snapshot::SnapshotView& view = live->view();
  const auto known = find_profile(*store, wanted.profile);
  const std::uint32_t item = find_item(*store, view, wanted.content);
  const learn::Foreseen foreseen = learn::foresee(view, known.visitor, now(), item);
  if (wanted.json) {
    nlohmann::ordered_json document = {{"profileId", origin::to_string(known.id)},
                                       {"contentId", publish::uuid_text(view.items()[item].uuid)}};
    document.update(learn::prediction_document(view, foreseen));
    fmt::print("{}\n", document.dump(2));
    return;
  }
  fmt::print("{} shown first to {}:\n", view.item_name(item, 0), origin::to_string(known.id));
  if (foreseen.has_model) {
    fmt::print("  click    {:6.2f} %\n  engage   {:6.2f} %\n  convert  {:6.2f} %\n", 100 * foreseen.click,
               100 * foreseen.engage, 100 * foreseen.convert);
  } else {
    fmt::print(kNoModel, view.version());
  }
  if (foreseen.chosen) fmt::print("  chosen   {:6.2f} %  (by the whole score, calibrated)\n", 100 * *foreseen.chosen);
}

void features(const Globals& globals, const Wanted& wanted) {
  const auto live = find_snapshot(globals, wanted.snapshot);
  const auto store = open_existing_store(globals);
  const snapshot::SnapshotView& view = live->view();
  const auto known = find_profile(*store, wanted.profile);
  std::optional<std::uint32_t> item;
  if (!wanted.content.empty()) item = find_item(*store, view, wanted.content);
  const auto list = learn::named_features(view, known.visitor, now(), item);
  if (wanted.json) {
    fmt::print("{}\n", learn::features_document(view, list).dump(2));
    return;
  }
  if (view.engagement() == nullptr) fmt::print(kNoModel, view.version());
  for (const learn::NamedFeature& feature : list) {
    fmt::print("{} = {}", feature.field, fmt::join(feature.bins, " + "));
    if (feature.log_odds) fmt::print("   {:+.3f}", *feature.log_odds);
    fmt::print("\n");
  }
}

void add_common(CLI::App& command, Wanted& wanted) {
  command.add_option("--snapshot", wanted.snapshot, "File or version (default: the live one)");
  command.add_flag("--json", wanted.json, "As JSON");
}

}  // namespace

void add_predict(CLI::App& program, const Globals& globals) {
  auto wanted = std::make_shared<Wanted>();
  auto* command = program.add_subcommand("predict", "How likely a visitor is to click, engage and convert");
  command->footer(
      R"(The probabilities are those of an item that is shown first, now, to a visitor of whom no device is known. "chosen"
comes from the whole score and is there once a training has calibrated it.

Examples:
  footlight predict 6f1c2d7b-0000-4000-8000-000000000017 the-salt-road
  footlight predict customer-17 the-salt-road --json)");
  command->add_option("profile", wanted->profile, "UUID, or your own id of it")->required();
  command->add_option("item", wanted->content, "UUID, your own id or the number of an item")->required();
  add_common(*command, *wanted);
  command->callback([&globals, wanted] { predict(globals, *wanted); });
}

void add_features(CLI::App& program, const Globals& globals) {
  auto wanted = std::make_shared<Wanted>();
  auto* command = program.add_subcommand("features", "The feature vector of a visitor, by name");
  command->footer(
      R"(One line a field of the engagement model: its name and the bins the visitor is in. With an item, what the field adds
to the log-odds of that item.

Examples:
  footlight features 6f1c2d7b-0000-4000-8000-000000000017
  footlight features customer-17 the-salt-road)");
  command->add_option("profile", wanted->profile, "UUID, or your own id of it")->required();
  command->add_option("item", wanted->content, "UUID, your own id or the number of an item");
  add_common(*command, *wanted);
  command->callback([&globals, wanted] { features(globals, *wanted); });
}

}  // namespace footlight::cli
