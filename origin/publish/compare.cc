#include "origin/publish/compare.h"

#include <algorithm>
#include <memory>
#include <set>

#include "origin/publish/describe.h"

namespace footlight::publish {
namespace {

using Json = nlohmann::ordered_json;
using snapshot::SnapshotView;

Json item_reference(const SnapshotView& view, std::uint32_t item) {
  return {{"id", view.items()[item].id}, {"name", view.item_name(item, 0)}};
}

// Field names of describe_item() whose values differ, learned ones under one name.
Json changes_of(const Json& before, const Json& after) {
  Json what = Json::array();
  for (const char* field : {"type", "name", "historyOnly", "activeFrom", "activeUntil", "attributes", "body"}) {
    if (before[field] != after[field]) what.emplace_back(field);
  }
  const bool learned = before["bias"] != after["bias"] || before["engagementRate"] != after["engagementRate"] ||
                       before["neighbours"] != after["neighbours"] || before["priors"] != after["priors"];
  if (learned) what.emplace_back("learned");
  return what;
}

Json items_of(const SnapshotView& before, const SnapshotView& after) {
  Json added = Json::array();
  Json removed = Json::array();
  Json changed = Json::array();
  for (std::uint32_t i = 0; i < after.items().size(); ++i) {
    const std::uint32_t old = before.find_item(after.items()[i].id);
    if (old == snapshot::kNone) {
      added.push_back(item_reference(after, i));
      continue;
    }
    Json what = changes_of(describe_item(before, old), describe_item(after, i));
    if (what.empty()) continue;
    Json item = item_reference(after, i);
    item["what"] = std::move(what);
    changed.push_back(std::move(item));
  }
  for (std::uint32_t i = 0; i < before.items().size(); ++i) {
    if (after.find_item(before.items()[i].id) == snapshot::kNone) removed.push_back(item_reference(before, i));
  }
  Json items = Json::object();
  if (!added.empty()) items["added"] = std::move(added);
  if (!removed.empty()) items["removed"] = std::move(removed);
  if (!changed.empty()) items["changed"] = std::move(changed);
  return items;
}

// Names of the rows of a list that are new, gone or different.
Json names_that_differ(const Json& before, const Json& after) {
  Json names = Json::array();
  const auto find = [](const Json& list, const Json& id) -> const Json* {
    for (const Json& row : list) {
      if (row["id"] == id) return &row;
    }
    return nullptr;
  };
  for (const Json& row : after) {
    const Json* old = find(before, row["id"]);
    if (old == nullptr || *old != row) names.push_back(row["name"]);
  }
  for (const Json& row : before) {
    if (find(after, row["id"]) == nullptr) names.push_back(row["name"]);
  }
  return names;
}

void drop_learned_part(Json& segments) {
  for (Json& segment : segments) {
    segment.erase("slates");
    segment.erase("itemsWithPrior");
  }
}

}  // namespace

Json compare_content(const SnapshotView& before, const SnapshotView& after) {
  // The header is the first thing in the bytes, and a valid one says how many there are.
  const auto describe = [](const SnapshotView& view) {
    const auto* first = reinterpret_cast<const std::byte*>(&view.header());
    return describe_snapshot(view, {first, view.header().total_bytes});
  };
  Json a = describe(before);
  Json b = describe(after);
  drop_learned_part(a["segments"]);
  drop_learned_part(b["segments"]);
  Json out = Json::object();
  if (Json items = items_of(before, after); !items.empty()) out["items"] = std::move(items);
  Json weights = Json::object();
  for (const auto& [name, value] : b["weights"].items()) {
    if (a["weights"][name] != value) weights[name] = Json::array({a["weights"][name], value});
  }
  if (!weights.empty()) out["weights"] = std::move(weights);
  for (const char* part : {"questions", "segments", "slots"}) {
    if (Json names = names_that_differ(a[part], b[part]); !names.empty()) out[part] = std::move(names);
  }
  for (const char* part : {"rules", "reasons", "locales"}) {
    if (a[part] != b[part]) out[part] = Json::array({a[part], b[part]});
  }
  return out;
}

PageComparison::PageComparison(const SnapshotView& before, const SnapshotView& after, std::uint32_t now_s)
    : before_{&before, {}, std::vector<std::byte>(decide_scratch_bytes(before)), {}},
      after_{&after, {}, std::vector<std::byte>(decide_scratch_bytes(after)), {}},
      context_{.now_s = now_s, .explore = false, .personalize = true} {
  for (Side* side : {&before_, &after_}) {
    const auto count = std::min<std::size_t>(side->view->slots().size(), kMaxSlotRequests);
    for (std::uint32_t slot = 0; slot < count; ++slot) side->requests.push_back({slot, 0});
  }
}

void PageComparison::decide_for(Side& side, const Visitor& visitor) const {
  const auto decision = std::make_unique<Decision>();
  side.slates.clear();
  if (decide(*side.view, visitor, context_, side.requests, side.scratch, *decision) != Status::kOk) return;
  for (std::uint32_t s = 0; s < decision->slot_count; ++s) {
    const SlotDecision& slot = decision->slots[s];
    auto& slate = side.slates[std::string(side.view->text(side.view->slots()[slot.slot].name))];
    for (const Entry& entry : decision->entries_of(slot)) slate.push_back(entry.item_id);
  }
}

void PageComparison::add(const Visitor& visitor) {
  decide_for(before_, visitor);
  decide_for(after_, visitor);
  ++visitors_;
  std::set<std::string> names;
  for (const Side* side : {&before_, &after_}) {
    for (const auto& [name, slate] : side->slates) names.insert(name);
  }
  bool any = false;
  std::set<std::uint32_t> shown_before;
  std::set<std::uint32_t> shown_after;
  for (const std::string& name : names) {
    const auto& old_slate = before_.slates[name];
    const auto& new_slate = after_.slates[name];
    shown_before.insert(old_slate.begin(), old_slate.end());
    shown_after.insert(new_slate.begin(), new_slate.end());
    Slot& slot = slots_[name];
    slot.cards += old_slate.size();
    for (const std::uint32_t id : old_slate) {
      slot.kept += std::find(new_slate.begin(), new_slate.end(), id) != new_slate.end() ? 1 : 0;
    }
    if (old_slate == new_slate) continue;
    ++slot.changed;
    any = true;
  }
  changed_ += any ? 1 : 0;
  for (const std::uint32_t id : shown_after) {
    if (!shown_before.contains(id)) ++items_[id].gained;
  }
  for (const std::uint32_t id : shown_before) {
    if (!shown_after.contains(id)) ++items_[id].lost;
  }
}

}  // namespace footlight::publish
