// footlight precompute: homepages before they are asked for, and the slates of segments.
#include "origin/publish/precompute.h"

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/find_item.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"

namespace footlight::cli {
namespace {

struct Wanted {
  std::string user;
  std::optional<std::uint32_t> segment;
  publish::PrecomputeOptions options;
};

void show_segment(const snapshot::SnapshotView& view, std::uint32_t id) {
  std::uint32_t segment = 0;
  while (segment < view.segments().size() && view.segments()[segment].id != id) ++segment;
  if (segment == view.segments().size()) {
    throw std::runtime_error(fmt::format("there is no segment {} in version {}", id, view.version()));
  }
  const std::string_view name = view.segment_name(segment, 0);
  fmt::print("Slates of segment {}{}{} in version {}:\n", id, name.empty() ? "" : ", ", name, view.version());
  for (const publish::Slate& slate : publish::slates_of(view, segment)) {
    fmt::print("  {}\n", slate.slot);
    for (const std::uint32_t item : slate.items) fmt::print("    {}\n", view.item_name(item, 0));
  }
}

void run(const Globals& globals, const Wanted& wanted) {
  const auto live = find_snapshot(globals, "live");
  if (wanted.segment) {
    show_segment(live->view(), *wanted.segment);
    return;
  }
  const auto store = open_existing_store(globals);
  if (!wanted.user.empty()) {
    const auto known = find_profile(*store, wanted.user);
    if (!publish::precompute_for_user(*store, live, known.id, origin::now_ms())) {
      throw std::runtime_error(wanted.user + " has not granted measurement: nothing is precomputed for this person");
    }
    fmt::print("Precomputed the homepage of {} with version {}.\n", origin::to_string(known.id), live->version());
    return;
  }
  store->vault().preload();
  publish::PrecomputeReport report;
  {
    Progress progress("precompute");
    report = publish::precompute_for_active(*store, live, wanted.options, origin::now_ms(), std::ref(progress),
                                            interrupted());
  }
  fmt::print("Precomputed {} of {} active profiles with version {} in {:.1f} s", report.computed, report.active,
             report.snapshot_version, report.seconds);
  if (report.left_out > 0) fmt::print("; {} are not to have anything precomputed", report.left_out);
  fmt::print(".\n");
}

}  // namespace

void add_precompute(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("precompute", "Make homepages before they are asked for");
  command->footer(
      R"(A precomputed homepage is what a profile gets while there is no valid snapshot; otherwise it is decided when it is
asked for, which costs less than reading it. It lies encrypted in the database and goes after seven days. Left out are
those who deny personalization or measurement, and those who never chose and have no stored page yet.
Interrupted, it keeps what it has written. `footlight serve --off-peak` does this by itself after publishing.
What a segment gets is part of every snapshot: --segment shows it.

Examples:
  footlight precompute                       profiles that did something in the last seven days
  footlight precompute --active-days 30 --max-profiles 100000
  footlight precompute --user 6f1c2d7b-0000-4000-8000-000000000017
  footlight precompute --segment 0           what somebody unknown gets)");
  auto wanted = std::make_shared<Wanted>();
  auto* user = command->add_option("--user", wanted->user, "One profile: UUID, or your own id of it");
  auto* segment = command->add_option("--segment", wanted->segment, "Show the slates of a segment; 0: everyone");
  auto* days = command->add_option("--active-days", wanted->options.active_days, "Profiles that did something since")
                   ->check(CLI::Range(0.01, 3650.0))
                   ->capture_default_str();
  command->add_option("--max-profiles", wanted->options.max_profiles, "Of these the latest so many")
      ->capture_default_str();
  user->excludes(segment)->excludes(days);
  segment->excludes(days);
  command->callback([&globals, wanted] { run(globals, *wanted); });
}

}  // namespace footlight::cli
