#include "origin/http/asked.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace footlight::origin {
namespace {

constexpr std::uint32_t kDefaultLimit = 6;
constexpr std::uint32_t kMaxLimit = 24;
constexpr std::size_t kMaxId = 255;

// SPEC.md's types, and the slot that chooses among each; the edge has the same list.
constexpr std::pair<std::string_view, std::string_view> kSlotOfType[] = {
    {"project", "projects"},         {"featured_project", "projects"}, {"service", "services"},
    {"testimonial", "testimonials"}, {"resource", "resources"},        {"deck", "decks"},
    {"case_study", "case_studies"}};
constexpr std::size_t kDefaultTypes[] = {0, 2, 3, 4};

const auto* known_type(std::string_view type) {
  const auto* found =
      std::find_if(std::begin(kSlotOfType), std::end(kSlotOfType), [&](const auto& row) { return row.first == type; });
  if (found == std::end(kSlotOfType)) {
    throw Problem{ProblemKind::kBadParameter,
                  "type must be project, service, testimonial, resource, deck or case_study."};
  }
  return found;
}

}  // namespace

std::uint32_t limit_of(const Exchange& exchange) {
  const std::string text = exchange.parameter("limit");
  if (text.empty()) return kDefaultLimit;
  std::uint32_t limit = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (status != std::errc() || end != text.data() + text.size() || limit < 1) {
    throw Problem{ProblemKind::kBadParameter, "limit must be a number from 1 to 24."};
  }
  return std::min(limit, kMaxLimit);
}

std::vector<std::string> types_of(const Exchange& exchange) {
  const httplib::Request& request = exchange.request;
  std::vector<std::string> types;
  for (std::size_t i = 0; i < request.get_param_value_count("type"); ++i) {
    const std::string list = request.get_param_value("type", i);
    std::size_t from = 0;
    for (std::size_t comma = list.find(','); from <= list.size(); comma = list.find(',', from)) {
      const std::size_t to = std::min(comma, list.size());
      types.push_back(list.substr(from, to - from));
      from = to + 1;
    }
  }
  if (types.empty()) {
    for (const std::size_t i : kDefaultTypes) types.emplace_back(kSlotOfType[i].first);
  }
  return types;
}

std::vector<std::string_view> slots_of(const std::vector<std::string>& types) {
  std::vector<std::string_view> slots;
  for (const std::string& type : types) {
    const std::string_view slot = known_type(type)->second;
    if (std::find(slots.begin(), slots.end(), slot) == slots.end()) slots.push_back(slot);
  }
  return slots;
}

std::uint32_t type_mask_of(const std::vector<std::string>& types) {
  for (const std::string& type : types) static_cast<void>(known_type(type));
  return learn::type_mask_of(types).value_or(learn::kEveryTypeButHero);
}

learn::Method method_of(const Exchange& exchange) {
  const std::string name = exchange.parameter("method");
  if (name.empty()) return learn::Method::kEngine;
  const auto method = learn::method_from(name);
  if (!method) throw Problem{ProblemKind::kBadParameter, "method must be engine, collaborative or content."};
  return *method;
}

std::uint32_t item_named(App& app, const snapshot::SnapshotView& snapshot, const std::string& id) {
  std::uint32_t item = snapshot::kNone;
  if (const auto uuid = parse_uuid(id)) item = snapshot.find_item_by_uuid(*uuid);
  if (item == snapshot::kNone && !id.empty() && id.size() <= kMaxId) {
    if (const auto row = app.store.content_by_foreign(id)) item = snapshot.find_item(row->item_id);
  }
  if (item == snapshot::kNone) throw Problem{ProblemKind::kNotFound, "There is no such content among what is live."};
  return item;
}

std::uint32_t item_asked(App& app, const Exchange& exchange, const snapshot::SnapshotView& snapshot) {
  const std::string id = exchange.parameter("contentId");
  if (id.empty()) throw Problem{ProblemKind::kBadParameter, "contentId is needed."};
  return item_named(app, snapshot, id);
}

learn::KnownProfile profile_asked(App& app, const Exchange& exchange) {
  auto known = learn::find_profile(app.store, exchange.arguments.front());
  if (!known) throw Problem{ProblemKind::kNotFound, "There is no such profile."};
  if (known->refuses()) {
    throw Problem{ProblemKind::kConflict, "This person has opted out of personalization, or denied it."};
  }
  return *std::move(known);
}

}  // namespace footlight::origin
