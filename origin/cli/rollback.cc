// footlight rollback VERSION: older content as a new version.
#include <memory>
#include <string>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/publish_options.h"

namespace footlight::cli {

void add_rollback(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("rollback", "Publish an older version again, as a new one");
  command->footer(R"(Edge and browser never go back to a lower version, so the old content gets a new number.
The database is not changed: the next `footlight publish` publishes today's content again.

Examples:
  footlight snapshots              which versions there are
  footlight diff 12 14             what going back from 14 to 12 would change
  footlight rollback 12)");
  auto version = std::make_shared<std::uint64_t>(0);
  auto out = std::make_shared<std::string>();
  command->add_option("version", *version, "Version to publish again")->required();
  command->add_option("--out", *out, "Copy what is published into this folder");
  command->callback([&globals, version, out] {
    publish::PublishOptions options = publish_options(globals);
    if (!out->empty()) options.out = *out;
    const auto store = open_existing_store(globals);
    print_published(publish::rollback(*store, *version, options), options);
  });
}

}  // namespace footlight::cli
