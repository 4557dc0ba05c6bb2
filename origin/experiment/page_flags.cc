#include "origin/experiment/page_flags.h"

#include <algorithm>

#include "core/rank/adjust.h"
#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

using origin::Fault;
using origin::Fields;
using origin::pointer_to;

constexpr std::string_view kSlot = "slot:";
constexpr double kMost = 100;
constexpr std::size_t kMaxPins = 24;

void check_contents(Fields& fields, const char* name, bool may_be_null) {
  const Json& list = fields.list(name, kMaxPins, false);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool good = list[i].is_string() || (may_be_null && list[i].is_null());
    if (!good) fields.faults().push_back({"type", "must be the id of a content", pointer_to(fields.at(name), i)});
  }
}

// Every value that a feature may give, in place.
template <typename Change>
void for_each_value(Json& feature, const Change& change) {
  if (!feature.is_object()) return;
  if (feature.contains("defaultValue")) change(feature["defaultValue"]);
  if (!feature.contains("rules") || !feature["rules"].is_array()) return;
  for (Json& rule : feature["rules"]) {
    if (!rule.is_object()) continue;
    if (rule.contains("force")) change(rule["force"]);
    for (const char* name : {"variations", "contextualVariations"}) {
      if (!rule.contains(name) || !rule[name].is_array()) continue;
      for (Json& value : rule[name]) change(value);
    }
  }
}

}  // namespace

bool acts_on_pages(std::string_view flag) {
  return flag == "personalization" || flag == "weights" || flag.starts_with(kSlot);
}

void check_page_value(std::string_view flag, const Json& value, const std::string& pointer,
                      std::vector<Fault>& faults) {
  if (value.is_null()) return;
  if (flag == "personalization") {
    if (!value.is_boolean()) faults.push_back({"type", "must be true or false", pointer});
    return;
  }
  Fields fields(value, pointer, faults);
  if (flag == "weights") {
    fields.only({"match", "engagement", "item_item", "prior"});
    for (const char* part : {"match", "engagement", "item_item", "prior"}) {
      static_cast<void>(fields.number_or(part, 0, kMost, 1));
    }
    return;
  }
  fields.only({"limit", "diversity", "temperature", "pin", "exclude"});
  static_cast<void>(fields.whole_or("limit", 1, snapshot::kMaxSlotLimit, 1));
  static_cast<void>(fields.number_or("diversity", 0, kMost, 0));
  static_cast<void>(fields.number_or("temperature", 0, kMost, 0));
  check_contents(fields, "pin", true);
  check_contents(fields, "exclude", false);
}

void resolve_contents(Json& flags, const ResolveContent& resolve, std::vector<std::string>& missing) {
  if (!flags.contains("features") || !flags["features"].is_object()) return;
  for (auto& [flag, feature] : flags["features"].items()) {
    if (!flag.starts_with(kSlot)) continue;
    for_each_value(feature, [&, &key = flag](Json& value) {
      if (!value.is_object()) return;
      for (const char* name : {"pin", "exclude"}) {
        if (!value.contains(name) || !value[name].is_array()) continue;
        for (Json& id : value[name]) {
          if (!id.is_string()) continue;
          const auto uuid = resolve(id.get<std::string>());
          if (!uuid) missing.push_back(key + ": " + id.get<std::string>());
          id = uuid ? Json(*uuid) : Json();
        }
      }
    });
  }
}

}  // namespace footlight::experiment
