// footlight backup, restore.
#include "origin/store/backup.h"

#include <memory>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/learn/ease.h"
#include "origin/store/restore.h"

namespace footlight::cli {

void add_backup(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("backup", "Copy the databases while they are in use, and check the copy");
  command->footer(
      R"(The folder gets main.db (the data, sealed) and keys.db (the wrapped keys). Keep the two apart, keys.db for a short
time only: whoever is erased stays readable in a backup for as long as its keys.db is kept. The master key
(footlight.db-master.key, or FOOTLIGHT_MASTER_KEY) is not in it: without it a backup is of no use, to anybody. Nor is the
signing key (keys/): keep both where secrets are kept. Published files are made anew by footlight publish.

Examples:
  footlight backup /backups/$(date +%F)
  footlight backup --check /backups/2026-11-27)");
  auto directory = std::make_shared<std::filesystem::path>();
  auto is_check = std::make_shared<bool>(false);
  command->add_option("DIR", *directory, "A new folder; with --check, one with a backup")->required();
  command->add_flag("--check", *is_check, "Only look whether the backup can be used");
  command->callback([&globals, directory, is_check] {
    if (*is_check) {
      const std::string wrong = origin::check_backup(*directory, globals.db.string() + "-master.key");
      if (!wrong.empty()) {
        fmt::print(stderr, "{}: {}\n", directory->string(), wrong);
        throw CLI::RuntimeError(kExitRefused);
      }
      fmt::print("{}: sound, and its keys fit.\n", directory->string());
      return;
    }
    const auto store = open_existing_store(globals);
    origin::BackupReport report;
    {
      Progress progress("backup");
      report = origin::backup(*store, *directory, [&](double share) {
        if (interrupted()) throw learn::Cancelled();  // what was copied so far is removed again
        progress("copying", share);
      });
    }
    fmt::print("{}: {} profiles, {} interactions, {} bytes; checked.\n", directory->string(), report.profiles,
               report.interactions, report.bytes);
  });
}

void add_restore(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("restore", "Put a backup in place, without whoever has been erased since");
  command->footer(
      R"(The list of erasures is replayed: of the database that is replaced, of the backup, and of --erasures FILE (lines of
footlight privacy erasures). The keys in place stay if there are any: they know of every erasure. Stop footlight serve
first. What was there is put aside, not removed.

Examples:
  footlight restore /backups/2026-11-27
  footlight restore /backups/2026-11-27 --force --erasures erasures.jsonl)");
  auto directory = std::make_shared<std::filesystem::path>();
  auto options = std::make_shared<origin::RestoreOptions>();
  command->add_option("DIR", *directory, "What footlight backup has made")->required();
  command->add_flag("--force", options->force, "Take the place of the database that is there");
  command->add_option("--erasures", options->erasures, "A list of erasures that was kept elsewhere");
  command->callback([&globals, directory, options] {
    if (globals.db.has_parent_path()) std::filesystem::create_directories(globals.db.parent_path());
    const mode_t mask = ::umask(077);
    origin::RestoreReport report;
    {
      Progress progress("restore");
      report = origin::restore(*directory, globals.db.string(), *options, [&](double share) {
        if (interrupted()) throw learn::Cancelled();  // nothing has happened yet
        progress("copying", share);
      });
    }
    ::umask(mask);
    fmt::print("{}: {} profiles; {} erasures replayed, {} taken out again; keys {}.\n", globals.db.string(),
               report.profiles, report.erasures, report.erased, report.kept_keys ? "as they were" : "of the backup");
    if (!report.replaced.empty()) fmt::print("What was there lies in {}.\n", report.replaced.string());
  });
}

}  // namespace footlight::cli
