// footlight keys: the scoped keys of the admin API.
#include <memory>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/store/document.h"

namespace footlight::cli {

void add_keys(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("keys", "Create, list and revoke keys of the admin API");
  command->require_subcommand(1);
  command->footer(R"(Without a key the admin API is closed. A key is shown once and kept as a hash.

Examples:
  footlight keys create --scope content --label "content editor"
  footlight keys list
  footlight keys revoke ID)");

  auto* create = command->add_subcommand("create", "Make a key and print it, once");
  auto scopes = std::make_shared<std::vector<std::string>>();
  auto label = std::make_shared<std::string>("unnamed");
  create
      ->add_option("--scope", *scopes,
                   "What it may do: admin (everything), content, experiments, read; may be repeated")
      ->required()
      ->check(CLI::IsMember({"admin", "content", "experiments", "read"}));
  create->add_option("--label", *label, "What or whom it is for")->capture_default_str();
  create->callback([&globals, scopes, label] {
    const auto store = open_store(globals);
    // Alone on stdout, so that a script can take it; the advice goes to stderr.
    const std::string key = store->create_api_key(*label, *scopes);
    fmt::print("{}\n", key);
    fmt::print(stderr, "Keep it: it cannot be shown again.\n");
  });

  auto* list = command->add_subcommand("list", "Show which keys there are");
  list->callback([&globals] {
    const auto store = open_existing_store(globals);
    for (const auto& key : store->api_keys()) {
      fmt::print("{}  {}  {}  {}\n", key.id, origin::format_time(key.created_at_ms), fmt::join(key.scopes, ","),
                 key.label);
    }
  });

  auto* revoke = command->add_subcommand("revoke", "Make a key invalid at once");
  auto id = std::make_shared<std::string>();
  revoke->add_option("ID", *id, "As footlight keys list shows it")->required();
  revoke->callback([&globals, id] {
    const auto store = open_existing_store(globals);
    if (!store->revoke_api_key(*id)) throw std::runtime_error("there is no key with this id");
    fmt::print("Revoked.\n");
  });
}

}  // namespace footlight::cli
