// footlight train: fits the models to the interactions in the store.
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/learn/trainer.h"

namespace footlight::cli {
namespace {

constexpr const char* kPartNames[] = {"match", "engagement", "item_item", "prior"};

void print_stack(const learn::TrainReport& report) {
  if (!report.stack) {
    fmt::print("Weights: the defaults stand, with too few impressions to hold any out and learn from.\n");
    return;
  }
  const learn::StackFit& stack = *report.stack;
  fmt::print("Weights, learned on {} held-out impressions (default beside):\n", stack.fitted_on);
  for (std::size_t j = 0; j < learn::kStackParts; ++j) {
    fmt::print("  {:<11} {:7.3f}  ({:.3f})\n", kPartNames[j], stack.weights[j], report.default_weights[j]);
  }
  fmt::print(
      "Checked on {} others: AUC {:.4f}, log loss {:.4f} (of the mean rate {:.4f}), calibration error {:.4f}{}\n",
      stack.checked_on, stack.auc, stack.log_loss, stack.base_log_loss, stack.ece,
      stack.calibrated ? "." : ": too large, or too few to tell, so no probability is told.");
}

// As a machine reads it; `seconds` and `peakMb` of the parts, in their order.
nlohmann::ordered_json json_of(const learn::TrainReport& report) {
  nlohmann::ordered_json json = {{"visitors", report.visitors},
                                 {"learnedFrom", report.learned_from},
                                 {"choices", report.choices},
                                 {"impressions", report.impressions},
                                 {"heldOut", report.held_out},
                                 {"itemsLearned", report.items_learned},
                                 {"itemItemMethod", report.item_item_method},
                                 {"rates", report.rates},
                                 {"segmentsLearned", report.learned_segments.size()},
                                 {"engagementRows", report.engagement_rows},
                                 {"engagementTrees", report.engagement_trees},
                                 {"modelBytes", report.model_bytes},
                                 {"seconds", report.seconds}};
  if (report.engagement) json["engagementLogLoss"] = report.engagement_log_loss;
  if (report.stack) {
    for (std::size_t j = 0; j < learn::kStackParts; ++j) json["weights"][kPartNames[j]] = report.stack->weights[j];
    json["auc"] = report.stack->auc;
    json["logLoss"] = report.stack->log_loss;
    json["ece"] = report.stack->ece;
    json["calibrated"] = report.stack->calibrated;
  }
  for (const learn::QuestionReport& question : report.question_weights) {
    json["questionWeights"][question.name] = question.weight;
  }
  for (const learn::TemperatureReport& slot : report.temperatures) {
    json["temperatures"][slot.slot] = slot.temperature;
  }
  json["stages"] = nlohmann::ordered_json::array();
  for (const auto& stage : report.stages) {
    json["stages"].push_back({{"name", stage.name}, {"seconds", stage.seconds}, {"peakMb", stage.peak_mb}});
  }
  return json;
}

void run(const Globals& globals, const learn::TrainOptions& options, bool as_json) {
  const auto store = open_existing_store(globals);
  learn::TrainReport report;
  {
    Progress progress("train");
    report = learn::train(*store, options, std::ref(progress), interrupted());
  }
  if (as_json) {
    fmt::print("{}\n", json_of(report).dump(2));
    return;
  }
  fmt::print("Learned from {} of {} visitors, {} choices and {} impressions ({} of them held out) in {:.1f} s.\n",
             report.learned_from, report.visitors, report.choices, report.impressions, report.held_out, report.seconds);
  fmt::print("Item-item: {} items have a row", report.items_learned);
  if (!report.item_item_method.empty()) fmt::print(" ({})", report.item_item_method);
  if (report.items_too_few > 0) {
    fmt::print("; {} were chosen by fewer than {} visitors", report.items_too_few, options.min_visitors);
  }
  if (report.items_too_many > 0) fmt::print("; {} are beyond --max-items", report.items_too_many);
  fmt::print(".\nRates: {} items have an engagement rate, {} segments have priors of their own.\n", report.rates,
             report.segments);
  fmt::print("Segments: {} learned from answers and choices.\n", report.learned_segments.size());
  for (const learn::SegmentReport& segment : report.learned_segments) {
    fmt::print("  {:>5}  {:>8} visitors  {}\n", segment.id, segment.visitors, segment.name);
  }
  if (!report.question_weights.empty()) {
    fmt::print("Questions, what a matching answer weighs (the site's own weight beside):\n");
    for (const learn::QuestionReport& question : report.question_weights) {
      fmt::print("  {:<20} {:6.3f}  ({:.3f})\n", question.name, question.weight, question.guess);
    }
  }
  if (report.engagement) {
    fmt::print(
        "Engagement model: {} impressions, {} trees; held-out log loss click {:.4f}, engage {:.4f}, convert "
        "{:.4f}.\n",
        report.engagement_rows, report.engagement_trees, report.engagement_log_loss[0], report.engagement_log_loss[1],
        report.engagement_log_loss[2]);
  } else {
    fmt::print("Engagement model: none yet, with too few impressions to hold any out.\n");
  }
  print_stack(report);
  fmt::print("Exploration (temperature in log-odds; the site's own setting is the most):\n");
  for (const learn::TemperatureReport& slot : report.temperatures) {
    fmt::print("  {:<20} {:.3f} of {:.3f}\n", slot.slot, slot.temperature, slot.cap);
  }
  fmt::print("Seconds:");
  for (const auto& stage : report.stages) fmt::print(" {} {:.1f}", stage.name, stage.seconds);
  fmt::print("\nMB at most:");
  for (const auto& stage : report.stages) fmt::print(" {} {:.0f}", stage.name, stage.peak_mb);
  fmt::print("\nThe model ({:.1f} kB) is stored: footlight publish takes it live.\n",
             static_cast<double>(report.model_bytes) / 1000);
}

}  // namespace

void add_train(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("train", "Learn from the interactions in the database");
  command->footer(R"(Reads every visitor's past once and fits, each part on what came before:
  segments      which answers tell visitors apart by what they choose, as few groups as are worth having
  item-item     what the choice of one item says about the others (click, engage, convert or positive
                feedback; a view is no choice)
  rates         how likely a visitor who sees an item is to choose it, and what is special about each segment
  match         what a matching answer to each question is worth, from the site's own weights on
  engagement    how likely a visitor is to click, stay and convert, from answers, history, device and time
  stack         how much each of these counts, and what probability the sum stands for
  temperature   how far each slot explores: as far as the model is unsure, and never beyond the site's setting
The latest tenth of the impressions is held out to choose and to check on; with fewer than 2,000 impressions
there is no engagement model and the weights keep their defaults. Numbers that fewer than --min-visitors
visitors stand behind are left out. Training can be stopped at any time: nothing is written before its end, the
model that was there stays, and a new run starts afresh.

Examples:
  footlight train
  footlight train --max-segments 0          only the segments of site.json
  footlight train --item-item ease --lambda 50 --neighbours 16     smoother, and a smaller snapshot)");
  auto options = std::make_shared<learn::TrainOptions>();
  auto method = std::make_shared<std::string>("automatic");
  command->add_option("--item-item", *method, "automatic, softmax, ease or sparse: how the item-item model is fitted")
      ->check(CLI::IsMember({"automatic", "softmax", "ease", "sparse"}))
      ->capture_default_str();
  command->add_option("--lambda", options->lambda, "Regularisation of ease and sparse: higher trusts rare items less")
      ->check(CLI::Range(1e-3, 1e9))
      ->capture_default_str();
  command->add_option("--neighbours", options->neighbours, "Strongest neighbours kept for each item")
      ->check(CLI::Range(1, 128))
      ->capture_default_str();
  command->add_option("--min-visitors", options->min_visitors, "Visitors that must stand behind a learned number")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_option("--max-items", options->max_items, "Items in the item-item model, the most chosen first")
      ->check(CLI::Range(1, 1048576))
      ->capture_default_str();
  command->add_option("--max-segments", options->max_segments, "Segments that may be learned beside the site's own")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads (default: one for each core)");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print what was learned as JSON, with seconds and peak memory of every part");
  command->callback([&globals, options, method, as_json] {
    for (const auto wanted : {learn::ItemItemMethod::kAutomatic, learn::ItemItemMethod::kSoftmax,
                              learn::ItemItemMethod::kEase, learn::ItemItemMethod::kSparse}) {
      if (learn::item_item_method_name(wanted) == *method) options->method = wanted;
    }
    run(globals, *options, *as_json);
  });
}

}  // namespace footlight::cli
