// footlight similar: people like one, and content like one.
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/model/similarity.h"
#include "origin/cli/commands.h"
#include "origin/cli/find_item.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/learn/recommend.h"
#include "origin/learn/tastes.h"
#include "origin/publish/describe.h"

namespace footlight::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Wanted {
  std::string id;
  std::size_t limit = 10;
  std::vector<std::string> types;
  std::string snapshot;
  bool json = false;
};

void similar_users(const Globals& globals, const Wanted& wanted) {
  const auto store = open_existing_store(globals);
  const auto site = store->site();
  if (!site) throw std::runtime_error("no site has been imported yet: footlight import site FILE");
  const auto known = find_profile(*store, wanted.id);
  store->vault().preload();
  const auto index = learn::index_tastes(*store, site->site, interrupted());
  const auto similar = learn::similar_to(*store, *index, known.taste, wanted.limit);
  if (wanted.json) {
    Json list = Json::array();
    for (const auto& [user, id, level] : similar) {
      list.push_back({{"id", id},
                      {"similarity", user.similarity},
                      {"answers", user.answers},
                      {"items", user.items},
                      {"sharedAnswers", user.shared_answers},
                      {"sharedItems", user.shared_items},
                      {"engagementLevel", level}});
    }
    fmt::print("{}\n", list.dump(2));
    return;
  }
  fmt::print("{} of {} profiles that allow it are like {}\n", similar.size(), index->size(),
             origin::to_string(known.id));
  if (!similar.empty()) {
    fmt::print("  {:<36}  {:>10}  {:>14}  {:>13}\n", "profile", "similarity", "shared answers", "shared items");
  }
  for (const auto& [user, id, level] : similar) {
    fmt::print("  {:<36}  {:>10.3f}  {:>14}  {:>13}\n", id, user.similarity, user.shared_answers, user.shared_items);
  }
}

void similar_content(const Globals& globals, const Wanted& wanted) {
  const auto live = find_snapshot(globals, wanted.snapshot);
  const auto store = open_existing_store(globals);
  const snapshot::SnapshotView& view = live->view();
  const std::uint32_t item = find_item(*store, view, wanted.id);
  std::vector<SimilarItem> similar(wanted.limit);
  similar.resize(recommend_similar_content(view, item, learn::type_mask_of(wanted.types).value(),
                                           static_cast<std::uint32_t>(origin::now_ms() / 1000), similar));
  Json list = Json::array();
  if (!wanted.json) fmt::print("Like {} ({}):\n", view.item_name(item, 0), publish::uuid_text(view.items()[item].uuid));
  for (const SimilarItem& one : similar) {
    const auto& row = view.items()[one.item];
    const std::string_view type = origin::content_type_name(row.type);
    if (wanted.json) {
      list.push_back({{"id", publish::uuid_text(row.uuid)},
                      {"type", type},
                      {"name", view.item_name(one.item, 0)},
                      {"similarity", one.similarity}});
    } else {
      fmt::print("  {:.3f}  {:<11}  {}  {}\n", one.similarity, type, publish::uuid_text(row.uuid),
                 view.item_name(one.item, 0));
    }
  }
  if (wanted.json) fmt::print("{}\n", list.dump(2));
}

}  // namespace

void add_similar(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("similar", "Who is like a visitor, and what is like an item");
  command->require_subcommand(1);
  command->footer(R"(Examples:
  footlight similar users 6f1c2d7b-0000-4000-8000-000000000017
  footlight similar content the-salt-road --limit 5 --type project)");

  auto wanted = std::make_shared<Wanted>();
  auto* users =
      command->add_subcommand("users", "Profiles with similar answers and choices, by collaborative filtering");
  users->footer(
      R"(Similarity is 0 to 1: the share of answers that two people have in common, each weighing as much as its question and
the more the rarer it is, and the same of the items they chose; the more a visitor has chosen, the more items count.
People who have opted out of personalization, or denied it, are never compared. The ids are of people: handle with care.

Examples:
  footlight similar users 6f1c2d7b-0000-4000-8000-000000000017
  footlight similar users customer-17 --limit 3 --json      by the id you imported the profile with)");
  users->add_option("profile", wanted->id, "UUID, or your own id of it")->required();
  users->add_option("--limit", wanted->limit, "How many")->check(CLI::Range(1, 10000))->capture_default_str();
  users->add_flag("--json", wanted->json, "As JSON");
  users->callback([&globals, wanted] { similar_users(globals, *wanted); });

  auto* content = command->add_subcommand("content", "Items with similar attributes, by content-based filtering");
  content->footer(
      R"(Similarity is the cosine of the items' attributes, 0 to 1: as decide() uses it for diversity. Items outside their
active window are left out.

Examples:
  footlight similar content the-salt-road
  footlight similar content the-salt-road --type service,resource --limit 3)");
  content->add_option("item", wanted->id, "UUID, your own id or the number of an item")->required();
  content->add_option("--limit", wanted->limit, "How many")->check(CLI::Range(1, 10000))->capture_default_str();
  content->add_option("--type", wanted->types, "Types to look among (default: all but heroes)")
      ->delimiter(',')
      ->check(CLI::IsMember(type_names()));
  content->add_option("--snapshot", wanted->snapshot, "File or version (default: the live one)");
  content->add_flag("--json", wanted->json, "As JSON");
  content->callback([&globals, wanted] { similar_content(globals, *wanted); });
}

}  // namespace footlight::cli
