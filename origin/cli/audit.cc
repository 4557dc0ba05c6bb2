// footlight audit: who changed what.
#include "origin/store/audit.h"

#include <memory>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/privacy/vault.h"
#include "origin/publish/file_write.h"
#include "origin/store/document.h"

namespace footlight::cli {
namespace {

std::optional<origin::AuditCheckpoint> read_checkpoint(const std::filesystem::path& file) {
  const auto document = nlohmann::ordered_json::parse(publish::read_file(file), nullptr, false);
  std::vector<origin::Fault> faults;
  origin::Fields fields(document, "", faults);
  origin::AuditCheckpoint checkpoint;
  checkpoint.seq = static_cast<std::int64_t>(fields.number("seq", 1, 9e15));
  checkpoint.at_ms = static_cast<std::int64_t>(fields.number("at", 0, 9e15));
  checkpoint.chain = fields.text("chain", 64);
  checkpoint.signature = fields.text("signature", 100);
  if (!faults.empty()) {
    throw std::runtime_error(file.string() + " is no checkpoint: " + faults.front().pointer + " " +
                             faults.front().detail);
  }
  return checkpoint;
}

}  // namespace

void add_audit(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("audit", "Show who changed what, and check that nothing was taken out");
  command->require_subcommand(1);
  auto* list = command->add_subcommand("list", "The latest changes, newest first");
  auto limit = std::make_shared<std::int64_t>(50);
  list->add_option("--limit", *limit, "How many")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  list->callback([&globals, limit] {
    const auto store = open_existing_store(globals);
    auto db = store->reader();
    origin::for_each_audit(*db, store->vault(), 0, *limit, [](const origin::AuditRow& row) {
      fmt::print("{}  {}  {:<20}  {:<22}  {}  {}\n", row.seq, origin::format_time(row.at_ms), row.actor, row.action,
                 row.person.empty() ? row.subject : row.person, row.detail);
    });
  });
  auto* checkpoint =
      command->add_subcommand("checkpoint", "Sign the head of the log now, and print it to be kept elsewhere");
  checkpoint->callback([&globals] {
    const auto store = open_existing_store(globals);
    store->writer().submit([&](origin::Database& db) { origin::checkpoint_audit(db, store->vault()); }).get();
    auto db = store->reader();
    const auto latest = origin::latest_checkpoint(*db);
    if (!latest) throw std::runtime_error("the audit log is empty");
    fmt::print("{}\n", nlohmann::ordered_json{{"seq", latest->seq},
                                              {"at", latest->at_ms},
                                              {"chain", latest->chain},
                                              {"signature", latest->signature},
                                              {"publicKey", publish::to_base64(store->vault().attestation_key())}}
                           .dump());
  });
  auto* verify = command->add_subcommand("verify", "Find any change, removal or reordering");
  auto kept = std::make_shared<std::filesystem::path>();
  verify->add_option("--checkpoint", *kept, "One that footlight audit checkpoint printed before");
  verify->callback([&globals, kept] {
    const auto store = open_existing_store(globals);
    auto db = store->reader();
    const origin::AuditCheck check =
        origin::verify_audit(*db, store->vault(), kept->empty() ? std::nullopt : read_checkpoint(*kept));
    if (check.broken_at) {
      fmt::print(stderr, "The log is broken at row {}: {}.\n", *check.broken_at, check.fault);
      throw CLI::RuntimeError(kExitRefused);
    }
    fmt::print("{} rows, each follows from the one before; {} signed checkpoints fit.\n", check.rows,
               check.checkpoints);
  });
}

}  // namespace footlight::cli
