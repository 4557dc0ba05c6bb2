#include "origin/cli/find_item.h"

#include <charconv>
#include <stdexcept>

#include <fmt/format.h>

namespace footlight::cli {

learn::KnownProfile find_profile(origin::Store& store, const std::string& id) {
  auto known = learn::find_profile(store, id);
  if (!known) throw std::runtime_error(fmt::format("there is no profile {}", id));
  if (known->refuses()) {
    throw std::runtime_error(fmt::format("{} has opted out of personalization, or denied it", id));
  }
  return *std::move(known);
}

std::uint32_t find_item(origin::Store& store, const snapshot::SnapshotView& snapshot, const std::string& id) {
  std::uint32_t item = snapshot::kNone;
  if (const auto uuid = origin::parse_uuid(id)) item = snapshot.find_item_by_uuid(*uuid);
  if (item == snapshot::kNone) {
    if (const auto row = store.content_by_foreign(id)) item = snapshot.find_item(row->item_id);
  }
  if (item == snapshot::kNone) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error == std::errc() && end == id.data() + id.size()) item = snapshot.find_item(number);
  }
  if (item == snapshot::kNone) {
    throw std::runtime_error(fmt::format("there is no item {} in version {}", id, snapshot.version()));
  }
  return item;
}

const std::vector<std::string>& type_names() {
  static const std::vector<std::string> names = {"project", "featured_project", "service", "testimonial", "resource",
                                                 "deck",    "case_study"};
  return names;
}

}  // namespace footlight::cli
