// footlight snapshots: what has been published.
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/publish/manifest.h"

namespace footlight::cli {
namespace {

void run(const Globals& globals, bool as_json) {
  const auto store = open_existing_store(globals);
  const auto rows = store->snapshots();
  if (as_json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& row : rows) {
      const publish::Manifest manifest = publish::read_manifest(row.manifest);
      list.push_back({{"version", row.version},
                      {"state", row.state},
                      {"createdAt", row.created_at_s},
                      {"expiresAt", manifest.expires_at_s},
                      {"sha256", row.sha256},
                      {"bytes", manifest.snapshot.bytes},
                      {"packs", manifest.packs.size()},
                      {"onDisk", std::filesystem::exists(row.path)},
                      {"note", row.note}});
    }
    fmt::print("{}\n", list.dump(2));
    return;
  }
  if (rows.empty()) fmt::print("Nothing has been published yet: footlight publish\n");
  for (const auto& row : rows) {
    const publish::Manifest manifest = publish::read_manifest(row.manifest);
    const char* files = std::filesystem::exists(row.path) ? "" : "  (files pruned)";
    fmt::print("{:>6}  {:<10}  {:%Y-%m-%d %H:%M}  {:>10} bytes  {}{}{}\n", row.version, row.state,
               fmt::gmtime(static_cast<std::time_t>(row.created_at_s)), manifest.snapshot.bytes,
               row.sha256.substr(0, 12), files, row.note.empty() ? "" : "  " + row.note);
  }
}

}  // namespace

void add_snapshots(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("snapshots", "List what has been published, newest first");
  command->footer(R"(Columns: version, state, time of publishing (UTC), size, SHA-256, note.

Examples:
  footlight snapshots
  footlight snapshots --json | jq '.[0].version')");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "As JSON");
  command->callback([&globals, as_json] { run(globals, *as_json); });
}

}  // namespace footlight::cli
