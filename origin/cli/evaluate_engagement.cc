// footlight evaluate engagement: fits the engagement model on a table and says how good its probabilities are, in
// floats and as the core scores them from a snapshot.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/model/engagement.h"
#include "core/numeric/elementary.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"
#include "origin/cli/commands.h"
#include "origin/cli/progress.h"
#include "origin/learn/encoding.h"
#include "origin/learn/metrics.h"

namespace footlight::cli {
namespace {

constexpr const char* kDefinitions =
    "AUC: chance that a positive row scores above a negative one, ties half. Log loss: mean -ln of what happened. "
    "Error: "
    "share on the wrong side of 0.5. Calibration error: 15 bins of equal mass by probability, mean of |mean "
    "probability - "
    "rate| weighted by rows.";

struct Wanted {
  std::string train, valid, test;
  std::string format = "automatic";
  learn::ColumnRoles roles;
  std::vector<std::string> numeric;
  std::string json;
  std::string probabilities;
  learn::EngagementOptions options;
  bool no_refit = false;
};

struct Figures {
  double auc = 0;
  double log_loss = 0;
  double error = 0;
  double calibration_error = 0;
};

Figures figures_of(std::span<const double> probabilities, std::span<const std::uint8_t> outcomes) {
  return {learn::auc(probabilities, outcomes), learn::log_loss(probabilities, outcomes),
          learn::error_rate(probabilities, outcomes), learn::calibration_error(probabilities, outcomes)};
}

nlohmann::ordered_json json_of(const Figures& figures) {
  return {{"auc", figures.auc},
          {"logloss", figures.log_loss},
          {"error", figures.error},
          {"ece", figures.calibration_error}};
}

learn::Table read(const std::string& file, const Wanted& wanted, Progress& progress) {
  const auto format = wanted.format == "csv"     ? learn::TableFormat::kCsv
                      : wanted.format == "libfm" ? learn::TableFormat::kLibfm
                                                 : learn::table_format_of(file);
  return learn::read_table(
      file, format, [&](std::size_t rows) { progress(fmt::format("reading {}: row {}", file, rows), -1); },
      interrupted());
}

// A snapshot of the test's items (a site's would hold its own), every item by its number from 1.
std::vector<std::byte> snapshot_of(const learn::EngagementModel& model, const learn::EngagementData& data) {
  snapshot::SnapshotInput input;
  std::vector<std::pair<std::uint32_t, std::vector<learn::ItemFeature>>> items;
  for (std::uint32_t i = 0; i < data.items.size(); ++i) {
    snapshot::ItemInput item;
    item.id = i + 1;
    for (std::uint32_t byte = 0; byte < 4; ++byte) {
      item.uuid[12 + byte] = static_cast<std::uint8_t>(item.id >> (24 - 8 * byte));
    }
    item.type = snapshot::ContentType::kResource;
    input.items.push_back(std::move(item));
    items.emplace_back(i + 1, data.items[i].features);
  }
  input.engagement = learn::engagement_input(model, items);
  auto built = snapshot::build(input);
  if (!built) throw std::runtime_error("cannot build the snapshot: " + built.error().what);
  return *std::move(built);
}

// The click head of every row as the core gives it, from the bytes alone.
std::vector<double> score_by_core(std::span<const std::byte> bytes, const learn::EngagementData& data) {
  const auto view = snapshot::SnapshotView::open(bytes);
  if (!view) throw std::runtime_error("the snapshot that was built does not open");
  const std::size_t width = data.fields.size();
  std::vector<FoldedEngagement> folded;
  for (std::size_t v = 0; v * width < data.masks.size(); ++v) {
    FeatureVector features;
    for (std::size_t f = 0; f < width; ++f) features.masks[f] = data.masks[v * width + f];
    folded.push_back(fold_engagement(features, *view));
  }
  std::vector<std::uint32_t> items;
  for (std::uint32_t i = 0; i < data.items.size(); ++i) items.push_back(view->find_item(i + 1));
  std::vector<double> probabilities;
  for (const learn::Impression& row : data.rows) {
    probabilities.push_back(predict_engagement(folded[row.side], *view, items[row.item]).heads[0]);
  }
  return probabilities;
}

void write(const std::string& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

void show(const char* name, const Figures& figures) {
  fmt::print("  {:<9} AUC {:.4f}   log loss {:.4f}   error {:.4f}   calibration error {:.4f}\n", name, figures.auc,
             figures.log_loss, figures.error, figures.calibration_error);
}

// Nothing can be learned from, or judged on, rows that all came out alike.
void refuse_one_outcome(const std::string& file, const learn::EngagementData& data, const std::string& label) {
  const auto positive = std::count_if(data.rows.begin(), data.rows.end(),
                                      [](const auto& row) { return (row.labels & learn::kClicked) != 0; });
  if (positive != 0 && positive != static_cast<std::ptrdiff_t>(data.rows.size())) return;
  throw std::runtime_error(
      fmt::format("{}: {} of its {} rows counts as positive by the column {}; --positive says which outcome does", file,
                  positive == 0 ? "none" : "every one", data.rows.size(), label));
}

void run(const Wanted& wanted) {
  learn::ColumnRoles roles = wanted.roles;
  if (!wanted.numeric.empty()) roles.numeric = wanted.numeric;
  learn::EngagementOptions options = wanted.options;
  options.refit = !wanted.no_refit;
  if (roles.item.empty()) options.dimensions = 0;  // one item: nothing to interact with

  learn::EngagementData train, valid, test;
  learn::EngagementModel model;
  double seconds = 0;
  {
    Progress progress("evaluate");
    const learn::Table table = read(wanted.train, wanted, progress);
    const learn::Encoding encoding(table, roles);
    train = encoding.encode(table);
    valid = encoding.encode(read(wanted.valid, wanted, progress));
    test = encoding.encode(read(wanted.test, wanted, progress));
    refuse_one_outcome(wanted.train, train, roles.label);
    refuse_one_outcome(wanted.test, test, roles.label);
    const auto start = std::chrono::steady_clock::now();
    model = learn::fit_engagement(
        train, valid, options, [&](std::string_view stage, double share) { progress(stage, share); }, interrupted());
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  const std::vector<std::byte> bytes = snapshot_of(model, test);
  const std::vector<double> quantised = score_by_core(bytes, test);
  std::vector<double> in_floats;
  std::vector<std::uint8_t> outcomes;
  const auto logits = learn::engagement_logits(model, test);
  for (std::size_t n = 0; n < test.rows.size(); ++n) {
    in_floats.push_back(sigmoid(logits[n * learn::kHeads]));
    outcomes.push_back(test.rows[n].labels & learn::kClicked);
  }
  const Figures of_floats = figures_of(in_floats, outcomes);
  const Figures of_snapshot = figures_of(quantised, outcomes);

  fmt::print("{} training, {} validation, {} test rows; {} fields, {} items in the test\n", train.rows.size(),
             valid.rows.size(), test.rows.size(), test.fields.size(), test.items.size());
  fmt::print("fitted in {:.2f} s: {} trees of depth {}, {} rounds of {} factors; snapshot {} bytes\n", seconds,
             model.trees, model.depth, model.sweeps, model.dimensions, bytes.size());
  show("float", of_floats);
  show("snapshot", of_snapshot);
  fmt::print("  lost by quantisation: AUC {:+.5f}, log loss {:+.5f}\n{}\n", of_floats.auc - of_snapshot.auc,
             of_snapshot.log_loss - of_floats.log_loss, kDefinitions);
  if (!wanted.probabilities.empty()) {
    std::string text = "outcome,probability,float\n";
    for (std::size_t n = 0; n < quantised.size(); ++n) {
      text += fmt::format("{},{},{}\n", outcomes[n], quantised[n], in_floats[n]);
    }
    write(wanted.probabilities, text);
  }
  if (wanted.json.empty()) return;
  const nlohmann::ordered_json json = {{"train", train.rows.size()},
                                       {"valid", valid.rows.size()},
                                       {"test", test.rows.size()},
                                       {"fields", test.fields.size()},
                                       {"items", test.items.size()},
                                       {"trees", model.trees},
                                       {"depth", model.depth},
                                       {"dimensions", model.dimensions},
                                       {"sweeps", model.sweeps},
                                       {"seconds", seconds},
                                       {"bytes", bytes.size()},
                                       {"float", json_of(of_floats)},
                                       {"snapshot", json_of(of_snapshot)},
                                       {"auc_lost", of_floats.auc - of_snapshot.auc},
                                       {"definitions", kDefinitions}};
  write(wanted.json, json.dump(2) + "\n");
}

}  // namespace

void add_evaluate_engagement(CLI::App& evaluate) {
  auto* command = evaluate.add_subcommand("engagement",
                                          "Fit the engagement model on a table and judge its probabilities on another");
  command->footer(fmt::format(
      R"(Files are CSV with a header (quoting as RFC 4180), or libFM / libFFM (.libfm, .svm, .libffm, .ffm, or --format libfm),
where the label column is called `label` and the others by number. An empty cell and ? are missing. Numbers are cut at
quantiles of the training file into at most 62 bins, other columns keep their 62 most frequent values. The item columns'
values together are the item; an item that training did not see has the parts of it that training did. Everything else
is the visitor's: trees and weights on its side cost an item nothing, and the two sides meet in one dot product.

--valid stops the fit early, and is then learned from as well (--no-refit: it is not). --test is only scored: in floats,
and as the core does it from the bytes of a snapshot, which is what a site would ship.

{}

Examples:
  footlight evaluate engagement --train a.csv --valid b.csv --test c.csv --label clicked --item genre,length
  footlight evaluate engagement --train a.csv --valid b.csv --test c.csv --label clicked --trees 0 --dimensions 0
                                  plain logistic regression on the same bins, to compare with)",
      kDefinitions));
  auto wanted = std::make_shared<Wanted>();
  const auto columns = [&](const char* name, std::vector<std::string>& to, const char* help) {
    command->add_option(name, to, help)->delimiter(',');
  };
  command->add_option("--train", wanted->train, "Rows to learn from")->required()->check(CLI::ExistingFile);
  command->add_option("--valid", wanted->valid, "Later rows, to stop by")->required()->check(CLI::ExistingFile);
  command->add_option("--test", wanted->test, "Rows to judge on")->required()->check(CLI::ExistingFile);
  wanted->roles.label = "label";  // what libFM's first column is called
  command->add_option("--label", wanted->roles.label, "Column of the outcome")->capture_default_str();
  command->add_option("--positive", wanted->roles.positive, "The outcome that counts (default: 1, true or yes)");
  columns("--visitor", wanted->roles.visitor, "Columns of the visitor (default: all that are left)");
  columns("--item", wanted->roles.item, "Columns of the item");
  columns("--context", wanted->roles.context, "Columns of the page view");
  columns("--numeric", wanted->numeric, "Columns to read as numbers (default: those with nothing else in them)");
  command->add_option("--format", wanted->format, "Of the files")
      ->check(CLI::IsMember({"automatic", "csv", "libfm"}))
      ->capture_default_str();
  command->add_option("--dimensions", wanted->options.dimensions, "Length of a vector; 0: no interaction")
      ->check(CLI::Range(0U, snapshot::kMaxDimensions))
      ->capture_default_str();
  command->add_option("--trees", wanted->options.trees, "At most so many; 0: none")
      ->check(CLI::Range(0U, snapshot::kMaxTrees))
      ->capture_default_str();
  command->add_option("--depth", wanted->options.depth, "Of a tree")
      ->check(CLI::Range(1U, snapshot::kMaxTreeDepth))
      ->capture_default_str();
  command->add_option("--tree-rate", wanted->options.tree_rate, "Share of a tree's step that is taken")
      ->check(CLI::Range(1e-3, 1.0))
      ->capture_default_str();
  command->add_option("--seed", wanted->options.seed, "Of what is drawn at random")->capture_default_str();
  command->add_option("--threads", wanted->options.threads, "0: one a core; changes no figure")->capture_default_str();
  command->add_flag("--no-refit", wanted->no_refit, "Do not learn from the validation rows");
  command->add_option("--probabilities", wanted->probabilities,
                      "Write each test row's outcome and probabilities (CSV)");
  command->add_option("--json", wanted->json, "Write the figures to this file");
  command->callback([wanted] { run(*wanted); });
}

}  // namespace footlight::cli
