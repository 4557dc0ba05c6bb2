// footlight inspect: what is in a snapshot.
#include <memory>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/publish/describe.h"

namespace footlight::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Wanted {
  std::string snapshot;
  std::string item;
  bool json = false;
  bool items = false;
};

std::string first_text(const Json& by_locale) {
  return by_locale.empty() ? std::string() : by_locale.begin()->get<std::string>();
}

std::string joined(const Json& list) {
  std::string text;
  for (const Json& entry : list) text += (text.empty() ? "" : ", ") + entry.get<std::string>();
  return text;
}

void print_head(const Json& d) {
  fmt::print("version {}, made {:%Y-%m-%d %H:%M:%S} UTC, format {}, {} bytes\n", d["version"].get<std::uint64_t>(),
             fmt::gmtime(static_cast<std::time_t>(d["createdAt"].get<std::int64_t>())), d["format"].get<std::string>(),
             d["bytes"].get<std::uint64_t>());
  if (!d["pack"].is_null()) fmt::print("a segment pack, cut for: {}\n", d["pack"].get<std::string>());
  if (d["apprentice"].get<bool>()) fmt::print("apprentice: decides and logs, and shows nothing\n");
  fmt::print("locales: {}\n\ncounts\n", joined(d["locales"]));
  for (const auto& [name, count] : d["counts"].items())
    fmt::print("  {:<12} {:>8}\n", name, count.get<std::uint64_t>());
  fmt::print("\nweights\n");
  for (const auto& [name, weight] : d["weights"].items()) fmt::print("  {:<16} {}\n", name, weight.dump());
  fmt::print("\nsections                    rows       bytes\n");
  for (const Json& section : d["sections"]) {
    fmt::print("  {:<20} {:>9}  {:>10}\n", section["name"].get<std::string>(), section["rows"].get<std::uint64_t>(),
               section["bytes"].get<std::uint64_t>());
  }
}

void print_questions(const Json& d) {
  fmt::print("\nquestions\n");
  for (const Json& q : d["questions"]) {
    fmt::print("  {} {} ({}): factor {}, weight {}{}{}, worth {:.1f} % of a full questionnaire\n",
               q["id"].get<std::uint32_t>(), q["name"].get<std::string>(), q["kind"].get<std::string>(),
               q["factor"].get<std::string>(), q["weight"].get<double>(),
               q["perAnswer"].get<bool>() ? " for each answer" : "",
               q["fromHistory"].get<bool>() ? ", inferred from history" : "", 100 * q["completeness"].get<double>());
    if (const std::string reason = first_text(q["reason"]); !reason.empty()) fmt::print("    reason: {}\n", reason);
    for (const Json& o : q["options"]) {
      fmt::print("    {:>5} {:<20} {}\n", o["id"].get<std::uint32_t>(), o["key"].get<std::string>(),
                 o["label"].get<std::string>());
    }
  }
}

void print_pages(const Json& d) {
  fmt::print("\nslots\n");
  for (const Json& s : d["slots"]) {
    fmt::print("  {} {}: {}; {} cards, at most {}; temperature {}, diversity {}{}\n", s["id"].get<std::uint32_t>(),
               s["name"].get<std::string>(), joined(s["types"]), s["limit"].get<int>(), s["maxLimit"].get<int>(),
               s["temperature"].get<double>(), s["diversity"].get<double>(),
               s["hideSeen"].get<bool>() ? "; hides what was chosen before" : "");
  }
  fmt::print("\nsegments, and what a visitor known by segment alone gets\n");
  for (const Json& s : d["segments"]) {
    std::string when;
    for (const auto& [question, keys] : s["when"].items()) {
      when += (when.empty() ? " when " : " and ") + question + " is " + joined(keys);
    }
    fmt::print("  {} {}{}; {} items with a prior\n", s["id"].get<std::uint32_t>(), first_text(s["name"]), when,
               s["itemsWithPrior"].get<std::uint64_t>());
    for (const auto& [slot, slate] : s["slates"].items()) {
      std::string names;
      for (const Json& item : slate) names += (names.empty() ? "" : " | ") + item["name"].get<std::string>();
      fmt::print("    {:<14} {}\n", slot, names);
    }
  }
  fmt::print("\nrules\n");
  for (const Json& r : d["rules"]) {
    fmt::print("  {} {} {}{} in {} for {}\n", r["id"].get<std::uint32_t>(), r["kind"].get<std::string>(),
               r["item"]["name"].get<std::string>(),
               r.contains("position") ? fmt::format(" at position {}", r["position"].get<int>()) : std::string(),
               r["slot"].is_null() ? "every slot" : r["slot"].get<std::string>(),
               r["segment"].is_null() ? "everyone" : r["segment"].get<std::string>());
  }
  fmt::print("\nreasons\n");
  for (const auto& [kind, texts] : d["reasons"].items()) fmt::print("  {:<9} {}\n", kind, first_text(texts));
}

void print_item(const Json& i) {
  fmt::print("{} {} ({}) {}\n", i["id"].get<std::uint32_t>(), first_text(i["name"]), i["type"].get<std::string>(),
             i["uuid"].get<std::string>());
  fmt::print("  bias {}, engagement rate {}{}\n", i["bias"].get<double>(),
             i["engagementRate"].is_null() ? "not known" : fmt::format("{}", i["engagementRate"].get<double>()),
             i["historyOnly"].get<bool>() ? ", never shown (history only)" : "");
  for (const auto& [question, options] : i["attributes"].items()) {
    std::string text;
    for (const auto& [key, affinity] : options.items()) {
      text += (text.empty() ? "" : ", ") + key;
      if (affinity.get<double>() < 1) text += fmt::format(" {:.2f}", affinity.get<double>());
    }
    fmt::print("  {}: {}\n", question, text);
  }
  if (!i["neighbours"].empty()) fmt::print("  whoever chose it, and what that adds to:\n");
  for (const Json& n : i["neighbours"]) {
    fmt::print("    {:>+8.4f}  {} {}\n", n["weight"].get<double>(), n["id"].get<std::uint32_t>(),
               n["name"].get<std::string>());
  }
  for (const auto& [segment, prior] : i["priors"].items()) {
    fmt::print("  prior in {}: {:+.2f}\n", segment, prior.get<double>());
  }
  fmt::print("  body {}\n", i["body"].dump(2));
}

void run(const Globals& globals, const Wanted& wanted) {
  const auto snapshot = find_snapshot(globals, wanted.snapshot);
  const auto& view = snapshot->view();
  if (!wanted.item.empty()) {
    auto item = publish::find_item_named(view, wanted.item);
    if (!item && std::filesystem::exists(globals.db)) {  // the owner's own id
      const auto row = open_existing_store(globals)->content_by_foreign(wanted.item);
      if (row) item = publish::find_item_named(view, row->uuid);
    }
    if (!item) throw std::runtime_error("no item " + wanted.item + " in this snapshot");
    const Json described = publish::describe_item(view, *item);
    wanted.json ? fmt::print("{}\n", described.dump(2)) : print_item(described);
    return;
  }
  Json described = publish::describe_snapshot(view, snapshot->bytes());
  const auto count = static_cast<std::uint32_t>(view.items().size());
  if (wanted.json) {
    Json items = Json::array();
    for (std::uint32_t i = 0; i < count; ++i) items.push_back(publish::describe_item(view, i));
    described["items"] = std::move(items);
    fmt::print("{}\n", described.dump(2));
    return;
  }
  print_head(described);
  print_questions(described);
  print_pages(described);
  fmt::print("\nitems ({}; --item ID shows one of them, --items all of all)\n", count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (wanted.items) {
      print_item(publish::describe_item(view, i));
      continue;
    }
    const auto& row = view.items()[i];
    fmt::print("  {:>6}  {:<12} bias {:>+7.3f}  {:>3} neighbours  {}\n", row.id, origin::content_type_name(row.type),
               row.bias, view.neighbours(i).items.size(), view.item_name(i, 0));
  }
}

}  // namespace

void add_inspect(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("inspect", "Print everything that is in a snapshot");
  command->footer(
      R"(Takes a published version, a snapshot file (an edge snapshot or a segment pack), or by default what is live.

Examples:
  footlight inspect                              what is live
  footlight inspect 12 --item the-salt-road      one item of version 12: attributes, neighbours, texts
  footlight inspect publish/3f2a…                any file, wherever it comes from
  footlight inspect --json | jq '.sections'      for programs)");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("snapshot", wanted->snapshot, "File or version (default: the live one)");
  command->add_option("--item", wanted->item, "Only this item: its stable id, UUID or own id");
  command->add_flag("--items", wanted->items, "All of every item");
  command->add_flag("--json", wanted->json, "As JSON");
  command->callback([&globals, wanted] { run(globals, *wanted); });
}

}  // namespace footlight::cli
