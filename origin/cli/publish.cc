// footlight publish: content, site and model become a signed snapshot.
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/cli/publish_options.h"
#include "origin/publish/publisher.h"

namespace footlight::cli {

publish::PublishOptions publish_options(const Globals& globals) {
  publish::PublishOptions options;
  options.directory = globals.publish_dir();
  options.signing_key = globals.signing_key();
  options.public_key = globals.public_key();
  return options;
}

void print_published(const publish::PublishReport& report, const publish::PublishOptions& options) {
  const publish::Manifest& manifest = report.manifest;
  for (const std::string& warning : report.warnings) fmt::print(stderr, "warning: {}\n", warning);
  fmt::print("Published version {} of {}: {} items", manifest.version, manifest.site, report.items);
  if (report.drafts > 0) fmt::print(" ({} drafts left out)", report.drafts);
  if (report.learned_items > 0) fmt::print(", {} with learned weights", report.learned_items);
  fmt::print(".\n  snapshot  {}  {} bytes\n", manifest.snapshot.sha256, manifest.snapshot.bytes);
  std::uint64_t pack_bytes = 0;
  for (const publish::Pack& pack : manifest.packs) pack_bytes += pack.file.bytes;
  fmt::print("  packs     {} for the browser, {} bytes together\n", manifest.packs.size(), pack_bytes);
  fmt::print("  in        {}\n", std::filesystem::absolute(options.out.value_or(options.directory)).string());
  fmt::print("  expires   {:%Y-%m-%d %H:%M} UTC\n", fmt::gmtime(static_cast<std::time_t>(manifest.expires_at_s)));
  fmt::print("  key       {}\n", report.public_key);
  if (report.key_created) {
    fmt::print("A signing key was made ({}): keep it safe, and give the public key above to edge and browser.\n",
               options.signing_key.string());
  }
  if (!report.gate.why.empty()) {
    fmt::print("  gate      {}{}: {}\n", report.gate.forced ? "overridden, " : "",
               publish::verdict_name(report.gate.verdict), report.gate.why);
  }
  if (report.pruned > 0) fmt::print("Removed {} files of older versions.\n", report.pruned);
}

void add_publish(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("publish", "Publish a signed snapshot of content and model");
  command->footer(
      R"(Writes immutable files named by their SHA-256 and, last of all, manifest.json, which names, hashes and signs
them. A running `footlight serve` takes the new version within a second; edge and browser fetch it.
Without a trained model the questionnaire alone decides. Interrupted anywhere, what was live stays live.

A new model goes live only if it is not worse than the live one by more than chance, on what visitors chose and were
shown since both were fitted: otherwise nothing is written, both numbers are printed, and the exit status is 1. --force
publishes all the same, and the version's note says what it overrode. Content and settings are never held up.

Examples:
  footlight publish
  footlight publish --out site/_fl          also into a folder that any static host can serve
  footlight publish --flags-only            an experiment was started or stopped: nothing else changes
  footlight publish --canary 0.1            a tenth of the visitors first, compared as an experiment
  footlight publish --force                 although the new model was found worse
  footlight publish --expires-days 7        consumers refuse it after a week: publish more often)");
  auto options = std::make_shared<publish::PublishOptions>();
  auto days = std::make_shared<double>(30);
  auto out = std::make_shared<std::string>();
  command->add_option("--out", *out, "Copy what is published into this folder");
  command->add_option("--expires-days", *days, "Days until consumers refuse this version")
      ->check(CLI::Range(0.01, 3650.0))
      ->capture_default_str();
  command->add_option("--keep", options->keep, "Versions whose files are kept for rollback (0: all)")
      ->capture_default_str();
  command->add_option("--note", options->note, "Shown by footlight snapshots");
  auto flags_only = std::make_shared<bool>(false);
  command->add_flag("--flags-only", *flags_only,
                    "Content and model stay as they are live; flags and experiments change");
  auto* canary =
      command
          ->add_option("--canary", options->canary_share,
                       "What is live stays so; this share of the visitors gets the new snapshot, as an experiment")
          ->check(CLI::Range(0.001, 0.5));
  canary->excludes("--flags-only");
  command->add_flag("--new-signing-key", options->new_signing_key,
                    "Where the signing key is lost: make another, whose public half edge and browser must be given");
  command->add_flag("--force", options->force, "Publish a model that was found worse than the live one");
  command->callback([&globals, options, days, out, flags_only] {
    publish::PublishOptions wanted = publish_options(globals);
    wanted.keep = options->keep;
    wanted.note = options->note;
    wanted.force = options->force;
    wanted.new_signing_key = options->new_signing_key;
    wanted.canary_share = options->canary_share;
    wanted.expires_after_s = static_cast<std::int64_t>(*days * 86400);
    if (!out->empty()) wanted.out = *out;
    const auto store = open_existing_store(globals);
    publish::PublishReport report;
    if (*flags_only) {
      print_published(publish::publish_flags(*store, wanted), wanted);
      return;
    }
    try {
      Progress progress("publish");
      report = publish::publish(*store, wanted, std::ref(progress), interrupted());
    } catch (const publish::PublishRefused& refused) {
      fmt::print(stderr, "Not published: the new model is worse than version {}, which stays live.\n  {}\n",
                 refused.report().live_version, refused.what());
      fmt::print(stderr, "footlight publish --force publishes it all the same.\n");
      throw CLI::RuntimeError(kExitRefused);
    }
    print_published(report, wanted);
    if (report.canary.empty()) return;
    fmt::print("The canary runs as the experiment {0}: footlight experiment results {0}\n", report.canary);
  });
}

}  // namespace footlight::cli
