// footlight audit: who changed what.
#include "origin/store/audit.h"

#include <memory>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/store/document.h"

namespace footlight::cli {

void add_audit(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("audit", "Show who changed what, and check that nothing was taken out");
  command->require_subcommand(1);
  auto* list = command->add_subcommand("list", "The latest changes, newest first");
  auto limit = std::make_shared<std::int64_t>(50);
  list->add_option("--limit", *limit, "How many")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  list->callback([&globals, limit] {
    const auto store = open_existing_store(globals);
    auto db = store->reader();
    origin::for_each_audit(*db, 0, *limit, [](const origin::AuditRow& row) {
      fmt::print("{}  {}  {:<20}  {:<22}  {}  {}\n", row.seq, origin::format_time(row.at_ms), row.actor, row.action,
                 row.subject, row.detail);
    });
  });
  auto* verify = command->add_subcommand("verify", "Find any change, removal or reordering");
  verify->callback([&globals] {
    const auto store = open_existing_store(globals);
    auto db = store->reader();
    const origin::AuditCheck check = origin::verify_audit(*db);
    if (check.broken_at) {
      fmt::print(stderr, "The log is broken at row {}: it, or what is before it, was changed.\n", *check.broken_at);
      throw CLI::RuntimeError(kExitRefused);
    }
    fmt::print("{} rows, each follows from the one before.\n", check.rows);
  });
}

}  // namespace footlight::cli
