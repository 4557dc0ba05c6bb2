// footlight recommend: what one visitor is recommended, by each of three methods.
#include "origin/learn/recommend.h"

#include <memory>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/find_item.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/http/engine_list.h"
#include "origin/http/homepage_json.h"
#include "origin/learn/tastes.h"
#include "origin/publish/describe.h"

namespace footlight::cli {
namespace {

using Json = nlohmann::ordered_json;
using learn::Method;

struct Wanted {
  std::string profile;
  std::string method = "engine";
  std::uint32_t limit = 6;
  std::vector<std::string> types = {"project", "service", "testimonial", "resource"};
  std::string locale;
  std::string snapshot;
  bool json = false;
};

std::vector<learn::Recommended> recommended(origin::Store& store, const publish::LiveSnapshot& live,
                                            const learn::KnownProfile& known, const Wanted& wanted) {
  const learn::Wanted what{.type_mask = learn::type_mask_of(wanted.types).value(),
                           .now_s = static_cast<std::uint32_t>(origin::now_ms() / 1000),
                           .limit = wanted.limit};
  const snapshot::SnapshotView& view = live.view();
  switch (learn::method_from(wanted.method).value()) {
    case Method::kEngine:
      return origin::engine_list(live, known.visitor, wanted.types, wanted.limit);
    case Method::kContent:
      return learn::recommend_by_content(view, known.visitor, known.taste, what);
    case Method::kCollaborative:
      break;
  }
  const auto site = store.site();
  if (!site) throw std::runtime_error("no site has been imported yet: footlight import site FILE");
  store.vault().preload();
  const auto index = learn::index_tastes(store, site->site, interrupted());
  const auto liked = learn::liked_by_similar(store, *index, known.taste);
  return learn::recommend_collaborative(view, known.visitor, liked, 1, what);
}

void run(const Globals& globals, const Wanted& wanted) {
  const auto live = find_snapshot(globals, wanted.snapshot);
  const auto store = open_existing_store(globals);
  const snapshot::SnapshotView& view = live->view();
  const auto known = find_profile(*store, wanted.profile);
  const std::uint32_t locale = wanted.locale.empty() ? 0 : view.find_locale(wanted.locale);
  Json list = Json::array();
  for (const learn::Recommended& one : recommended(*store, *live, known, wanted)) {
    const auto& row = view.items()[one.entry.item];
    const std::string id = publish::uuid_text(row.uuid);
    const std::string_view type = origin::content_type_name(row.type);
    const std::string_view name = view.item_name(one.entry.item, locale);
    const std::string reason = origin::reason_text(view, one.entry, locale);
    if (!wanted.json) {
      fmt::print("  {:.3f}  {:<11}  {}  {}: {}", one.score, type, id, name, reason);
      if (one.supporters > 0) fmt::print(" ({} similar visitors)", one.supporters);
      fmt::print("\n");
      continue;
    }
    list.push_back({{"id", id},
                    {"type", type},
                    {"name", name},
                    {"matchReason", reason},
                    {"confidence", one.entry.confidence / 10000.0},
                    {"score", one.score}});
    if (one.supporters > 0) list.back()["supporters"] = one.supporters;
  }
  if (wanted.json) fmt::print("{}\n", list.dump(2));
}

}  // namespace

void add_recommend(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("recommend", "What a visitor is recommended, and why");
  command->footer(R"(Methods:
  engine          the model of the snapshot: what the visitor's pages show, without exploration
  collaborative   what the 200 most similar visitors chose; the score is their share, weighted by similarity and
                  shrunk to the site's. To visitors the API gives only what five or more stand behind
  content         what resembles the visitor's own choices; before there are any, what matches the answers
The last two leave out what the visitor chose or did not like. The score is 0 to 1.

Examples:
  footlight recommend 6f1c2d7b-0000-4000-8000-000000000017
  footlight recommend customer-17 --method collaborative --type project,resource --limit 10)");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("profile", wanted->profile, "UUID, or your own id of it")->required();
  command->add_option("--method", wanted->method, "How to choose")
      ->check(CLI::IsMember({"engine", "collaborative", "content"}))
      ->capture_default_str();
  command->add_option("--limit", wanted->limit, "How many")->check(CLI::Range(1, 64))->capture_default_str();
  command->add_option("--type", wanted->types, "Types to choose from")
      ->delimiter(',')
      ->check(CLI::IsMember(type_names()))
      ->capture_default_str();
  command->add_option("--locale", wanted->locale, "Of names and reasons (default: the site's first)");
  command->add_option("--snapshot", wanted->snapshot, "File or version (default: the live one)");
  command->add_flag("--json", wanted->json, "As JSON");
  command->callback([&globals, wanted] { run(globals, *wanted); });
}

}  // namespace footlight::cli
