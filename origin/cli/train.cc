// footlight train: fits the models to the interactions in the store.
#include <memory>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/learn/trainer.h"

namespace footlight::cli {
namespace {

void run(const Globals& globals, const learn::TrainOptions& options) {
  const auto store = open_existing_store(globals);
  learn::TrainReport report;
  {
    Progress progress("train");
    report = learn::train(*store, options, std::ref(progress), interrupted());
  }
  fmt::print("Learned from {} of {} visitors and {} choices in {:.1f} s.\n", report.learned_from, report.visitors,
             report.choices, report.seconds);
  fmt::print("{} items have a model row", report.items_learned);
  if (report.items_too_few > 0) {
    fmt::print("; {} were chosen by fewer than {} visitors", report.items_too_few, options.min_visitors);
  }
  if (report.items_too_many > 0) fmt::print("; {} are beyond --max-items", report.items_too_many);
  fmt::print(".\n{} items have an engagement rate, {} segments have priors of their own.\n", report.rates,
             report.segments);
  fmt::print("The model ({:.1f} kB) is stored: footlight publish takes it live.\n",
             static_cast<double>(report.model_bytes) / 1000);
}

}  // namespace

void add_train(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("train", "Learn from the interactions in the database");
  command->footer(R"(Fits, and stores for the next publish:
  - which items go together: EASE^R with an intercept (Steck 2019), from what each visitor chose
    (click, engage, convert or positive feedback; a view is no choice)
  - how likely a visitor who sees an item is to choose it, and what is special about each segment
Numbers that fewer than --min-visitors visitors stand behind are left out.
Training can be stopped at any time; the model that was there stays.

Examples:
  footlight train
  footlight train --lambda 50 --neighbours 16     smoother, and a smaller snapshot)");
  auto options = std::make_shared<learn::TrainOptions>();
  command->add_option("--lambda", options->lambda, "Regularisation: higher trusts rare items less")
      ->check(CLI::Range(1e-3, 1e9))
      ->capture_default_str();
  command->add_option("--neighbours", options->neighbours, "Strongest neighbours kept for each item")
      ->check(CLI::Range(1, 128))
      ->capture_default_str();
  command->add_option("--min-visitors", options->min_visitors, "Visitors that must stand behind a learned number")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_option("--max-items", options->max_items, "Items in the item-item model, the most chosen first")
      ->check(CLI::Range(1, 16384))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads (default: one for each core)");
  command->callback([&globals, options] { run(globals, *options); });
}

}  // namespace footlight::cli
