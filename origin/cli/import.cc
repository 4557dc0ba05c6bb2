// footlight import: a site's document, content, profiles and past (origin/IMPORT.md).
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/experiment/flag_store.h"
#include "origin/experiment/import_growthbook.h"
#include "origin/ingest/load.h"
#include "origin/publish/live.h"
#include "origin/store/document.h"

namespace footlight::cli {
namespace {

using origin::Fault;

std::ifstream open_file(const std::string& path) {
  if (std::filesystem::is_directory(path)) throw std::runtime_error(path + " is a folder, not a file");
  std::ifstream input(path, std::ios::binary);
  if (!input) throw std::runtime_error("cannot read " + path);
  return input;
}

origin::RowFormat format_of(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".csv") return origin::RowFormat::kCsv;
  if (extension == ".jsonl" || extension == ".ndjson") return origin::RowFormat::kJsonLines;
  throw std::runtime_error(path + ": the name must end in .jsonl, .ndjson or .csv");
}

void print_fault(const std::string& path, std::size_t line, const Fault& fault) {
  fmt::print(stderr, "{}:{}: {}: {} ({})\n", path, line, fault.code, fault.detail,
             fault.pointer.empty() ? "/" : fault.pointer);
}

origin::Site site_of(origin::Store& store) {
  auto document = store.site();
  if (!document) throw std::runtime_error("import the site first: footlight import site site.json");
  return std::move(document->site);
}

// Scores are computed under the published snapshot; without one they come with the first
// interaction.
std::shared_ptr<const publish::LiveSnapshot> live_snapshot(origin::Store& store, const Globals& globals) {
  const auto row = store.live_snapshot();
  if (!row) return nullptr;
  std::filesystem::path file = row->path;
  if (!std::filesystem::exists(file)) file = globals.publish_dir() / row->sha256;
  if (!std::filesystem::exists(file)) return nullptr;
  return publish::load_snapshot_file(file);
}

nlohmann::ordered_json read_document(const std::string& path) {
  auto input = open_file(path);
  const std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  if (origin::too_deep(text)) {
    print_fault(path, 1, {"syntax", "is nested too deeply", ""});
    throw CLI::RuntimeError(kExitRefused);
  }
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    print_fault(path, 1, {"syntax", fmt::format("is not valid JSON (byte {})", error.byte), ""});
    throw CLI::RuntimeError(kExitRefused);
  } catch (const nlohmann::json::out_of_range&) {
    print_fault(path, 1, {"range", "has a number that is too large", ""});
    throw CLI::RuntimeError(kExitRefused);
  }
}

void import_flags(const Globals& globals, const std::string& path, const nlohmann::ordered_json& document) {
  // Another kind of document would take all flags away without a word.
  if (document.is_object() && !document.contains("features") && !document.contains("experiments")) {
    print_fault(path, 1,
                {"required", R"(has neither features nor experiments; {"features": {}} is a site without)", ""});
    throw CLI::RuntimeError(kExitRefused);
  }
  const experiment::Compiled compiled = experiment::compile(document);
  for (const Fault& warning : compiled.findings.warnings) {
    fmt::print(stderr, "{}: warning: {} {}\n", path, warning.pointer, warning.detail);
  }
  for (const Fault& fault : compiled.findings.faults) print_fault(path, 1, fault);
  if (!compiled.findings.faults.empty()) throw CLI::RuntimeError(kExitRefused);
  const auto program = experiment::open_program(compiled.bytes());
  if (!program) throw std::runtime_error("the compiled flags are refused: a fault of this program");
  experiment::put_flags(*open_store(globals), document);
  fmt::print("Flags: {} features, {} rules, {} experiments; {} bytes in the next snapshot (footlight publish).\n",
             program->features.size(), program->rules.size(), program->experiments.size(), compiled.bytes().size());
}

void import_site(const Globals& globals, const std::string& path) {
  const nlohmann::ordered_json document = read_document(path);
  std::vector<Fault> faults;
  const origin::Site site = origin::parse_site(document, faults);
  for (const Fault& fault : faults) print_fault(path, 1, fault);
  if (!faults.empty()) throw CLI::RuntimeError(kExitRefused);
  const auto store = open_store(globals);
  const std::uint64_t version = store->put_site(document.dump());
  fmt::print("Site {}: version {}, {} questions, {} slots, {} segments.\n", site.name, version, site.questions.size(),
             site.slots.size(), site.segments.size());
}

using Loader = std::function<origin::LoadReport(origin::Store&, const origin::Load&)>;

void import_rows(const Globals& globals, const std::string& path, const char* what, const char* again,
                 const Loader& loader) {
  auto input = open_file(path);
  const auto format = format_of(path);
  const auto store = open_store(globals);
  origin::LoadReport report;
  {
    Progress progress("import");
    report = loader(*store, {.input = input,
                             .format = format,
                             .refused = [&](std::size_t line, const Fault& fault) { print_fault(path, line, fault); },
                             .progress = [&](std::uint64_t rows) { progress(fmt::format("{} rows", rows), -1); },
                             .cancel = interrupted()});
  }
  fmt::print("{} {}: {} rows, {} new, {} {}, {} refused.\n", report.interrupted ? "Interrupted" : "Imported", what,
             report.rows, report.created, report.updated, again, report.refused);
  if (report.interrupted) {
    fmt::print(stderr, "Repeat the command to load the rest: what is in already is not counted twice.\n");
    throw CLI::RuntimeError(kExitInterrupted);
  }
  if (report.refused > 0) throw CLI::RuntimeError(kExitRefused);
}

}  // namespace

void add_import(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("import", "Load a site's document, content, profiles or past interactions");
  command->require_subcommand(1);
  command->footer(
      R"(FILE is JSON Lines (.jsonl, .ndjson) or CSV (.csv); the site is one JSON document. origin/IMPORT.md describes the
fields. Safe to repeat: rows are keyed. A refused row is reported as FILE:LINE: code: what (pointer), the others are
kept, and the exit status is 1.

Examples:
  footlight import site site.json
  footlight import flags flags.json
  footlight import growthbook features.json
  footlight import content content.jsonl
  footlight import profiles crm.csv
  footlight import interactions last-year.jsonl)");

  const auto add = [&](const char* name, const char* description, std::function<void(const std::string&)> run) {
    auto* sub = command->add_subcommand(name, description);
    auto path = std::make_shared<std::string>();
    sub->add_option("FILE", *path, "File to read")->required();
    sub->callback([path, run = std::move(run)] { run(*path); });
  };
  add("site", "The questionnaire, slots, segments and weights",
      [&globals](const std::string& path) { import_site(globals, path); });
  add("flags", "Feature flags and experiments",
      [&globals](const std::string& path) { import_flags(globals, path, read_document(path)); });
  auto* growthbook = command->add_subcommand("growthbook", "Flags and experiments of GrowthBook: its SDK payload");
  auto payload = std::make_shared<std::string>();
  auto key = std::make_shared<std::string>();
  growthbook->add_option("FILE", *payload, "File to read")->required();
  growthbook->add_option("--key", *key, "Decryption key of an encrypted payload, base64")
      ->envname("FOOTLIGHT_GROWTHBOOK_KEY");
  growthbook->callback([&globals, payload, key] {
    import_flags(globals, *payload, experiment::import_growthbook(read_document(*payload), *key));
  });
  add("content", "Items to show", [&globals](const std::string& path) {
    import_rows(globals, path, "content", "updated", [](origin::Store& store, const origin::Load& load) {
      return origin::load_content(store, site_of(store), load);
    });
  });
  add("profiles", "People who answered the questionnaire elsewhere", [&globals](const std::string& path) {
    import_rows(globals, path, "profiles", "updated", [&globals](origin::Store& store, const origin::Load& load) {
      const auto live = live_snapshot(store, globals);
      return origin::load_profiles(store, site_of(store), load, live.get());
    });
  });
  add("interactions", "What visitors did before", [&globals](const std::string& path) {
    import_rows(globals, path, "interactions", "already counted",
                [&globals](origin::Store& store, const origin::Load& load) {
                  const auto live = live_snapshot(store, globals);
                  return origin::load_interactions(store, load, live.get());
                });
  });
}

}  // namespace footlight::cli
