// footlight diff A B: what a publish would change, or has changed.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/visitor/record.h"
#include "origin/cli/commands.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/learn/ease.h"
#include "origin/publish/compare.h"

namespace footlight::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Wanted {
  std::string before;
  std::string after;
  bool json = false;
};

// Everybody the origin knows: the records of profiles, and of visitors without one what their interactions make of
// them.
void replay(origin::Store& store, publish::PageComparison& pages) {
  Progress progress("diff");
  std::size_t count = 0;
  const auto step = [&] {
    if (interrupted()) throw learn::Cancelled{};
    progress(fmt::format("visitor {}", ++count), -1);
  };
  store.for_each_profile_record([&](std::int64_t, std::span<const std::byte> record) {
    step();
    if (const auto visitor = decode_visitor(record)) pages.add(*visitor);
  });
  store.for_each_visitor_history([&](const origin::VisitorHistory& history) {
    if (history.profile != 0 || history.events.empty()) return;
    step();
    Visitor visitor;
    visitor.segment_id = static_cast<std::uint16_t>(history.segment_id);
    for (const origin::HistoryEvent& event : history.events) {
      interact(visitor,
               {event.item_id, event.action, event.feedback, event.duration_ms,
                static_cast<std::uint16_t>(std::clamp<std::int64_t>(event.occurred_at_ms / 86400000, 0, 65535))});
    }
    pages.add(visitor);
  });
}

std::string name_in(const snapshot::SnapshotView& before, const snapshot::SnapshotView& after, std::uint32_t id) {
  for (const auto* view : {&after, &before}) {
    const std::uint32_t item = view->find_item(id);
    if (item != snapshot::kNone) return std::string(view->item_name(item, 0));
  }
  return {};
}

Json pages_json(const publish::PageComparison& pages, const snapshot::SnapshotView& before,
                const snapshot::SnapshotView& after) {
  Json slots = Json::object();
  for (const auto& [name, slot] : pages.slots()) {
    slots[name] = {{"changed", slot.changed}, {"cards", slot.cards}, {"kept", slot.kept}};
  }
  Json items = Json::array();
  for (const auto& [id, item] : pages.items()) {
    items.push_back({{"id", id}, {"name", name_in(before, after, id)}, {"gained", item.gained}, {"lost", item.lost}});
  }
  std::sort(items.begin(), items.end(), [](const Json& a, const Json& b) {
    const auto total = [](const Json& i) { return i["gained"].get<std::uint64_t>() + i["lost"].get<std::uint64_t>(); };
    return total(a) != total(b) ? total(a) > total(b) : a["id"] < b["id"];
  });
  return {{"visitors", pages.visitors()}, {"changed", pages.changed()}, {"slots", slots}, {"items", items}};
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

void print_content(const Json& content) {
  if (content.empty()) fmt::print("Content, vocabulary and weights are the same.\n");
  if (content.contains("items")) {
    for (const auto& [kind, list] : content["items"].items()) {
      fmt::print("items {} ({})\n", kind, list.size());
      for (const Json& item : list) {
        std::string what;
        if (item.contains("what")) {
          for (const Json& field : item["what"]) what += (what.empty() ? ": " : ", ") + field.get<std::string>();
        }
        fmt::print("  {} {}{}\n", item["id"].get<std::uint32_t>(), item["name"].get<std::string>(), what);
      }
    }
  }
  if (content.contains("weights")) {
    fmt::print("weights\n");
    for (const auto& [name, pair] : content["weights"].items()) {
      fmt::print("  {} {} -> {}\n", name, pair[0].get<double>(), pair[1].get<double>());
    }
  }
  for (const char* part : {"questions", "segments", "slots"}) {
    if (content.contains(part)) fmt::print("{} that differ: {}\n", part, content[part].dump());
  }
  for (const char* part : {"rules", "reasons", "locales"}) {
    if (content.contains(part)) fmt::print("{} differ\n", part);
  }
}

void print_pages(const Json& pages) {
  const auto visitors = pages["visitors"].get<std::uint64_t>();
  if (visitors == 0) {
    fmt::print("\nThere are no visitors in the database to replay.\n");
    return;
  }
  const auto changed = pages["changed"].get<std::uint64_t>();
  fmt::print("\n{} of {} visitors ({:.1f} %) would see another page\n", changed, visitors, percent(changed, visitors));
  for (const auto& [name, slot] : pages["slots"].items()) {
    fmt::print("  {:<14} changes for {:>5.1f} %; {:>5.1f} % of its cards stay\n", name,
               percent(slot["changed"].get<std::uint64_t>(), visitors),
               percent(slot["kept"].get<std::uint64_t>(), slot["cards"].get<std::uint64_t>()));
  }
  if (!pages["items"].empty()) fmt::print("items whose audience changes most\n");
  std::size_t shown = 0;
  for (const Json& item : pages["items"]) {
    if (shown++ == 20) break;
    fmt::print("  {:>+8} {:>+8}  {} {}\n", item["gained"].get<std::int64_t>(), -item["lost"].get<std::int64_t>(),
               item["id"].get<std::uint32_t>(), item["name"].get<std::string>());
  }
}

void run(const Globals& globals, const Wanted& wanted) {
  const auto before = find_snapshot(globals, wanted.before);
  const auto after = find_snapshot(globals, wanted.after);
  const auto now_s = static_cast<std::uint32_t>(origin::now_ms() / 1000);
  publish::PageComparison comparison(before->view(), after->view(), now_s);
  if (std::filesystem::exists(globals.db)) replay(*open_existing_store(globals), comparison);
  const Json content = publish::compare_content(before->view(), after->view());
  const Json pages = pages_json(comparison, before->view(), after->view());
  if (wanted.json) {
    const Json all = {
        {"before", before->version()}, {"after", after->version()}, {"content", content}, {"pages", pages}};
    fmt::print("{}\n", all.dump(2));
    return;
  }
  fmt::print("version {} -> {}\n", before->version(), after->version());
  print_content(content);
  print_pages(pages);
}

}  // namespace

void add_diff(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("diff", "Say what one snapshot changes against another, for real visitors");
  command->footer(
      R"(Decides the page of every visitor in the database with both (without exploration), and compares the content.

Examples:
  footlight diff 12 13             what publishing 13 changed
  footlight diff 13 12             what rolling back to 12 would change
  footlight diff live new.fls      against a file
  footlight diff 12 13 --json | jq .pages.changed)");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("before", wanted->before, "File, version, or live")->required();
  command->add_option("after", wanted->after, "File, version, or live")->required();
  command->add_flag("--json", wanted->json, "As JSON");
  command->callback([&globals, wanted] { run(globals, *wanted); });
}

}  // namespace footlight::cli
