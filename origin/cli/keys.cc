// footlight keys: the scoped keys of the admin API; the master key; the key that manifests are signed with.
#include <memory>

#include <fmt/format.h>

#include "origin/cli/actor.h"
#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/privacy/rotate.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"

namespace footlight::cli {

void add_keys(CLI::App& program, const Globals& globals) {
  auto* command =
      program.add_subcommand("keys", "Keys of the admin API; rotation of the master key and of the signing key");
  command->require_subcommand(1);
  command->footer(R"(Without a key the admin API is closed. A key is shown once and kept as a hash, and expires.

Examples:
  footlight keys create --scope content --label "content editor"
  footlight keys list
  footlight keys revoke ID
  footlight keys rotate                      a new master key, while everything runs
  footlight keys rotate-signing              first step: prints the next public key
  footlight keys rotate-signing --activate   second step, once edge and browser know it)");

  auto* create = command->add_subcommand("create", "Make a key and print it, once");
  auto scopes = std::make_shared<std::vector<std::string>>();
  auto label = std::make_shared<std::string>("unnamed");
  create
      ->add_option("--scope", *scopes,
                   "What it may do: admin (everything), read, content, publish, experiments, privacy; may be repeated")
      ->required()
      ->check(CLI::IsMember({"admin", "read", "content", "publish", "experiments", "privacy"}));
  create->add_option("--label", *label, "What or whom it is for")->capture_default_str();
  auto days = std::make_shared<double>(365);
  create->add_option("--days", *days, "Days until it expires; 0: never")
      ->check(CLI::Range(0.0, 36500.0))
      ->capture_default_str();
  create->callback([&globals, scopes, label, days] {
    const auto store = open_store(globals);
    // Alone on stdout, so that a script can take it; the advice goes to stderr.
    const std::string key = store->create_api_key(
        *label, *scopes, *days > 0 ? origin::now_ms() + static_cast<std::int64_t>(*days * 86'400'000) : 0, actor());
    fmt::print("{}\n", key);
    fmt::print(stderr, "Keep it: it cannot be shown again.\n");
  });

  auto* list = command->add_subcommand("list", "Show which keys there are: id, made, expires, scopes, label");
  list->callback([&globals] {
    const auto store = open_existing_store(globals);
    for (const auto& key : store->api_keys()) {
      fmt::print("{}  {}  {}  {}  {}\n", key.id, origin::format_time(key.created_at_ms),
                 key.expires_at_ms == 0 ? "never" : origin::format_time(key.expires_at_ms), fmt::join(key.scopes, ","),
                 key.label);
    }
  });

  auto* revoke = command->add_subcommand("revoke", "Make a key invalid at once");
  auto id = std::make_shared<std::string>();
  revoke->add_option("ID", *id, "As footlight keys list shows it")->required();
  revoke->callback([&globals, id] {
    const auto store = open_existing_store(globals);
    if (!store->revoke_api_key(*id, actor())) throw std::runtime_error("there is no key with this id");
    fmt::print("Revoked.\n");
  });

  auto* rotate =
      command->add_subcommand("rotate", "Wrap every profile's key with a new master key, while everything runs");
  rotate->footer(
      "Interrupted, it goes on where it was when it is run again. Backups made before need the old key to be read.");
  auto rotation = std::make_shared<origin::RotateOptions>();
  rotate->add_flag("--keep-old", rotation->keep_old, "Leave the old key in the key file, for backups made before");
  rotate->callback([&globals, rotation] {
    const auto store = open_existing_store(globals);
    origin::RotateReport report;
    {
      Progress progress("keys rotate");
      report = origin::rotate_master_key(
          *store, *rotation, [&](std::uint64_t done, std::uint64_t all) { progress.count("wrapped", done, all); },
          [] { return interrupted().load(); });
    }
    store->writer()
        .submit([&](origin::Database& db) {
          origin::append_audit(db, actor(), "key.rotate", std::to_string(report.version), "");
        })
        .get();
    fmt::print("Master key version {} is in use{}; {} keys wrapped anew.\n", report.version,
               report.resumed ? " (an earlier rotation was finished)" : "", report.rewrapped);
  });

  auto* signing = command->add_subcommand("rotate-signing", "A new key for manifests, in two steps");
  signing->footer(
      R"(1. footlight keys rotate-signing               prints the next public key: add it, after a comma, to PUBLIC_KEY of the
                                               worker and to data-public-key of pages, beside the old one
2. footlight keys rotate-signing --activate    then: the next publish is signed with it
3. take the old key out again.)");
  auto is_activate = std::make_shared<bool>(false);
  signing->add_flag("--activate", *is_activate, "Use the next key from now on");
  signing->callback([&globals, is_activate] {
    const auto store = open_existing_store(globals);
    if (!*is_activate) {
      fmt::print("{}\n", publish::to_base64(publish::prepare_next_key(globals.signing_key())));
      fmt::print(stderr,
                 "Give it to edge and browser beside the old one, then: footlight keys rotate-signing --activate\n");
      return;
    }
    const auto key = publish::activate_next_key(globals.signing_key());
    store->writer()
        .submit([&](origin::Database& db) {
          origin::append_audit(db, actor(), "key.rotate_signing", publish::key_id(key), "");
        })
        .get();
    fmt::print("{}\n", publish::to_base64(key));
    fmt::print(stderr, "In use: footlight publish signs with it.\n");
  });
}

}  // namespace footlight::cli
