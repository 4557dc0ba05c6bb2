// footlight privacy: what a person may ask for, answered on their behalf, and what is kept how long.
#include <fstream>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "origin/cli/actor.h"
#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/ingest/questionnaire.h"
#include "origin/privacy/erasure.h"
#include "origin/privacy/export.h"
#include "origin/privacy/private_counts.h"
#include "origin/privacy/retention.h"
#include "origin/privacy/vault.h"
#include "origin/publish/file_write.h"
#include "origin/store/audit.h"
#include "origin/store/profiles.h"

namespace footlight::cli {
namespace {

constexpr const char* kWho = "Profile id, e-mail address, or the id of a visitor without a profile";

struct Person {
  std::optional<origin::Uuid> profile;
  origin::Hash visitor{};  // of whoever has none
};

Person find_person(origin::Store& store, const std::string& who) {
  auto db = store.reader();
  if (const auto id = origin::parse_uuid(who)) {
    if (origin::find_by_id(*db, *id)) return {.profile = *id};
  } else if (const std::string email = origin::normal_email(who); !email.empty()) {
    const auto found = origin::find_by_email(*db, store.vault().hash(origin::HashOf::kEmail, email));
    if (found) return {.profile = found->second};
  } else {
    const origin::Hash hash = store.vault().hash(origin::HashOf::kVisitor, who);
    if (const auto visitor = origin::find_visitor(*db, hash)) {
      const auto found = origin::profile_of_visitor(*db, *visitor);
      if (found) return {.profile = found->second};
      return {.profile = {}, .visitor = hash};
    }
  }
  throw std::runtime_error("there is no profile with this id or address, and no visitor with this id");
}

void add_export(CLI::App& command, const Globals& globals) {
  auto* sub = command.add_subcommand("export", "Everything about a person, as JSON (origin/privacy/EXPORT.md)");
  auto who = std::make_shared<std::string>();
  sub->add_option("WHO", *who, kWho)->required();
  sub->callback([&globals, who] {
    const auto store = open_existing_store(globals);
    const Person person = find_person(*store, *who);
    const auto document = person.profile ? origin::export_profile(*store, *person.profile)
                                         : origin::export_visitor(*store, person.visitor);
    if (!document) throw std::runtime_error("the person was erased");
    store->writer()
        .submit([&](origin::Database& db) {
          if (!person.profile) {
            origin::append_audit(db, actor(), "privacy.export", origin::kWithoutProfile, "");
          } else if (const auto profile = origin::find_by_id(db, *person.profile)) {
            origin::append_personal_audit(db, store->vault(), profile->first, *person.profile, actor(),
                                          "privacy.export", "");
          }
        })
        .get();
    fmt::print("{}\n", document->dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  });
}

void add_erase(CLI::App& command, const Globals& globals) {
  auto* sub = command.add_subcommand("erase", "Erase a person for good, and print the signed receipt");
  auto who = std::make_shared<std::string>();
  auto is_sure = std::make_shared<bool>(false);
  sub->add_option("WHO", *who, kWho)->required();
  sub->add_flag("--yes", *is_sure, "Do it: there is no way back, from backups neither");
  sub->callback([&globals, who, is_sure] {
    if (!*is_sure) throw std::runtime_error("an erasure cannot be taken back: add --yes");
    const auto store = open_existing_store(globals);
    const Person person = find_person(*store, *who);
    constexpr auto kReason = origin::ErasureReason::kAdmin;
    const auto erased = person.profile ? origin::erase_profile(*store, *person.profile, kReason, actor())
                                       : origin::erase_visitor(*store, person.visitor, kReason, actor());
    if (!erased) throw std::runtime_error("the person was erased already");
    fmt::print("{}\n", erased->receipt);
    fmt::print(stderr, "{} rows and the key are gone. A running footlight serve forgets within a second.\n",
               erased->rows);
  });
}

void add_verify(CLI::App& command, const Globals& globals) {
  auto* sub = command.add_subcommand("verify-receipt", "Check a receipt of an erasure and show what it says");
  auto file = std::make_shared<std::filesystem::path>();
  sub->add_option("FILE", *file, "As the erasure answered it")->required();
  sub->callback([&globals, file] {
    const auto store = open_existing_store(globals);
    const auto receipt = origin::verify_receipt(store->vault(), publish::read_file(*file));
    if (!receipt) {
      fmt::print(stderr, "This is no receipt of this installation.\n");
      throw CLI::RuntimeError(kExitRefused);
    }
    fmt::print("{}\n", receipt->dump(2));
  });
}

void add_key(CLI::App& command, const Globals& globals) {
  auto* sub = command.add_subcommand("key", "The public key that receipts and audit checkpoints are signed with");
  sub->callback([&globals] {
    const auto store = open_existing_store(globals);
    fmt::print("{}\n", publish::to_base64(store->vault().attestation_key()));
  });
}

void add_erasures(CLI::App& command, const Globals& globals) {
  auto* sub = command.add_subcommand("erasures", "The list of erasures, a line each: keep a copy for restore");
  sub->callback([&globals] {
    const auto store = open_existing_store(globals);
    origin::for_each_erasure(
        *store, 0, [](const origin::Erasure& erasure) { fmt::print("{}\n", origin::erasure_json(erasure).dump()); });
  });
}

void add_retention(CLI::App& command, const Globals& globals) {
  auto* sub = command.add_subcommand("retention", "Remove what is older than site.json lets it become");
  sub->footer("footlight serve does this once a day by itself.");
  auto is_dry = std::make_shared<bool>(false);
  sub->add_flag("--dry-run", *is_dry, "Only count");
  sub->callback([&globals, is_dry] {
    const auto store = open_existing_store(globals);
    const auto site = store->site();
    const auto report =
        origin::apply_retention(*store, site ? site->site.retention : origin::SiteRetention{}, origin::now_ms(),
                                {.dry_run = *is_dry, .actor = actor()}, interrupted());
    fmt::print("{}\n", origin::retention_json(report).dump(2));
    if (!report.is_complete) throw CLI::RuntimeError(kExitInterrupted);
  });
}

void add_reports(CLI::App& command, const Globals& globals) {
  auto* sub = command.add_subcommand("reports", "What locally private reports say, with standard errors");
  auto days = std::make_shared<std::int64_t>(30);
  sub->add_option("--days", *days, "Back from today")->check(CLI::Range(1, 3650))->capture_default_str();
  sub->callback([&globals, days] {
    const auto store = open_existing_store(globals);
    fmt::print("{:<36}  {:<8} {:>9} {:>9} {:>9}\n", "content", "action", "reports", "share", "+-");
    origin::for_each_private_estimate(*store, origin::now_ms() / 86'400'000 - *days + 1,
                                      [](const origin::PrivateEstimate& one) {
                                        fmt::print("{:<36}  {:<8} {:>9} {:>9.4f} {:>9.4f}\n", one.content_id,
                                                   one.action, one.reports, one.share, one.standard_error);
                                      });
  });
}

}  // namespace

void add_privacy(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("privacy", "Export and erase people, retention, private reports");
  command->require_subcommand(1);
  command->footer(R"(Each of these is in the audit log. origin/privacy/PRIVACY.md says what is kept, why, and how long.

Examples:
  footlight privacy export ada@example.com > ada.json
  footlight privacy erase ada@example.com --yes > receipt.json
  footlight privacy retention --dry-run
  footlight privacy erasures > erasures.jsonl)");
  add_export(*command, globals);
  add_erase(*command, globals);
  add_verify(*command, globals);
  add_key(*command, globals);
  add_erasures(*command, globals);
  add_retention(*command, globals);
  add_reports(*command, globals);
}

}  // namespace footlight::cli
