#include "origin/store/content.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "origin/store/document.h"
#include "origin/store/uuid.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBodyBytes = 64 * 1024;
// What an answer adds to the body itself (origin/http/HOMEPAGE.md); a body with the same names
// would hide it.
constexpr std::string_view kReserved[] = {"id", "type", "matchReason", "confidence", "engagementRate"};

std::string compact(const Json& value) { return value.dump(); }

void check_body(const Json& body, const std::string& pointer, std::vector<Fault>& faults) {
  for (const auto& [name, value] : body.items()) {
    const bool reserved =
        std::find(std::begin(kReserved), std::end(kReserved), std::string_view(name)) != std::end(kReserved);
    if (reserved) {
      faults.push_back({"reserved", "is a field that answers add themselves", pointer_to(pointer, name)});
    }
    if (name.empty()) faults.push_back({"required", "a field needs a name", pointer});
  }
  if (compact(body).size() > kMaxBodyBytes) {
    faults.push_back({"too_long", "is larger than 64 KiB", pointer});
  }
}

// {"min": 15000, "max": 80000}; either may be missing.
Json range(const Json& value, const std::string& pointer, std::vector<Fault>& faults) {
  Fields fields(value, pointer, faults);
  fields.only({"min", "max"});
  const double min = fields.number_or("min", 0, 1e12, 0);
  const double max = fields.number_or("max", 0, 1e12, 1e12);
  if (min > max) fields.fault("range", "min is more than max");
  return value;
}

Json option_keys(const SiteQuestion& question, const Json& value, const std::string& pointer,
                 std::vector<Fault>& faults) {
  Json keys = Json::array();
  const Json list = value.is_array() ? value : Json::array({value});
  for (std::size_t i = 0; i < list.size(); ++i) {
    Json text = list[i];
    if (text.is_boolean()) text = text.get<bool>() ? "true" : "false";
    const SiteOption* option = text.is_string() ? question.find_option(text.get_ref<const std::string&>()) : nullptr;
    if (option == nullptr) {
      faults.push_back({"unknown", "is not an option of the question " + question.name,
                        value.is_array() ? pointer_to(pointer, i) : pointer});
      continue;
    }
    if (std::find(keys.begin(), keys.end(), option->key) == keys.end()) keys.push_back(option->key);
  }
  return keys;
}

Json attributes(Fields& fields, const Site& site) {
  Json result = Json::object();
  const Json* given = fields.find("attributes");
  if (given == nullptr) return result;
  if (!given->is_object()) {
    fields.fault("type", "must be an object", "attributes");
    return result;
  }
  for (const auto& [name, value] : given->items()) {
    const std::string pointer = pointer_to(fields.at("attributes"), name);
    const SiteQuestion* question = site.find_attribute(name);
    if (question == nullptr) {
      fields.faults().push_back({"unknown", "is not an attribute of a question", pointer});
    } else if (value.is_null()) {
      continue;
    } else if (value.is_object()) {
      if (!question->has_ranges()) {
        fields.faults().push_back({"type", "this attribute takes options, not a range", pointer});
      } else {
        result[name] = range(value, pointer, fields.faults());
      }
    } else {
      result[name] = option_keys(*question, value, pointer, fields.faults());
    }
  }
  return result;
}

Json overrides(Fields& fields, const Site& site) {
  Json result = Json::object();
  const Json* given = fields.find("locales");
  if (given == nullptr) return result;
  if (!given->is_object()) {
    fields.fault("type", "must be an object", "locales");
    return result;
  }
  for (const auto& [tag, body] : given->items()) {
    const std::string pointer = pointer_to(fields.at("locales"), tag);
    if (std::find(site.locales.begin(), site.locales.end(), tag) == site.locales.end()) {
      fields.faults().push_back({"unknown", "is not a locale of the site", pointer});
    } else if (!body.is_object()) {
      fields.faults().push_back({"type", "must be an object", pointer});
    } else {
      check_body(body, pointer, fields.faults());
      result[tag] = body;
    }
  }
  return result;
}

std::optional<std::int64_t> time_s(Fields& fields, std::string_view name) {
  const std::string text = fields.text_or(name, 64, "");
  if (text.empty()) return std::nullopt;
  const auto ms = parse_time_ms(text);
  if (!ms || *ms / 1000 >= 4294967295) {
    fields.fault("type", "must be a time such as 2026-01-02T10:00:00Z", name);
    return std::nullopt;
  }
  return *ms / 1000;
}

Json merged(const Json& body, const Json& override_body) {
  Json result = body;
  for (const auto& [name, value] : override_body.items()) result[name] = value;
  return result;
}

}  // namespace

ContentRow parse_content(const Json& document, const Site& site, std::vector<Fault>& faults) {
  Fields fields(document, "", faults);
  // The answer of the admin API can be sent back as it came.
  fields.only({"id", "type", "status", "attributes", "active_from", "active_until", "body", "locales", "itemId", "uuid",
               "created_at", "updated_at"});
  ContentRow row;
  row.foreign_id = fields.text("id", 255);
  if (const auto uuid = parse_uuid(row.foreign_id)) {
    row.uuid = to_string(*uuid);
    row.foreign_id = row.uuid;
  } else {
    row.uuid = to_string(uuid_v5(uuid_v5(footlight_namespace(), site.name), row.foreign_id));
  }
  if (const auto type = content_type_from(fields.text("type", 50))) {
    row.type = *type;
  } else if (fields.find("type") != nullptr) {
    fields.fault("unknown", "is not a content type", "type");
  }
  const std::string status = fields.text_or("status", 20, "live");
  if (status == "draft") {
    row.status = ContentStatus::kDraft;
  } else if (status != "live") {
    fields.fault("unknown", "must be live or draft", "status");
  }
  row.attributes = compact(attributes(fields, site));
  const Json* body = fields.find("body");
  if (body == nullptr) {
    fields.fault("required", "is missing", "body");
  } else if (!body->is_object()) {
    fields.fault("type", "must be an object", "body");
  } else {
    check_body(*body, "/body", faults);
    row.body = compact(*body);
  }
  row.locales = compact(overrides(fields, site));
  row.active_from_s = time_s(fields, "active_from");
  row.active_until_s = time_s(fields, "active_until");
  if (row.active_from_s && row.active_until_s && *row.active_from_s >= *row.active_until_s) {
    fields.fault("range", "is not after active_from", "active_until");
  }
  return row;
}

ContentAttributes resolve_attributes(const ContentRow& row, const Site& site) {
  ContentAttributes result;
  const Json document = Json::parse(row.attributes);
  for (const auto& [name, value] : document.items()) {
    const SiteQuestion* question = site.find_attribute(name);
    if (question == nullptr) continue;
    if (value.is_object()) {
      result.ranges.push_back(
          {.question_id = question->id, .min = value.value("min", 0.0), .max = value.value("max", 1e12)});
      continue;
    }
    for (const Json& key : value) {
      const SiteOption* option = question->find_option(key.get_ref<const std::string&>());
      if (option != nullptr) result.options.push_back(option->id);
    }
  }
  return result;
}

LocalizedText localized_bodies(const ContentRow& row, const Site& site) {
  const Json body = Json::parse(row.body);
  const Json locales = Json::parse(row.locales);
  LocalizedText bodies;
  for (std::size_t i = 0; i < site.locales.size(); ++i) {
    const auto found = locales.find(site.locales[i]);
    if (found != locales.end()) {
      bodies.push_back(compact(merged(body, *found)));
    } else {
      bodies.push_back(i == 0 ? row.body : std::string());
    }
  }
  return bodies;
}

LocalizedText localized_names(const ContentRow& row, const Site& site) {
  LocalizedText names;
  for (const std::string& text : localized_bodies(row, site)) {
    std::string name;
    if (!text.empty()) {
      const Json body = Json::parse(text);
      for (const char* field : {"title", "name", "author"}) {
        const auto found = body.find(field);
        if (found != body.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) {
          name = found->get<std::string>();
          break;
        }
      }
    }
    names.push_back(std::move(name));
  }
  if (!names.empty() && names[0].empty()) names[0] = row.foreign_id;
  return names;
}

Json content_document(const ContentRow& row) {
  Json document = {{"id", row.foreign_id},
                   {"uuid", row.uuid},
                   {"itemId", row.item_id},
                   {"type", content_type_name(row.type)},
                   {"status", row.status == ContentStatus::kLive ? "live" : "draft"},
                   {"attributes", Json::parse(row.attributes)},
                   {"active_from", nullptr},
                   {"active_until", nullptr},
                   {"body", Json::parse(row.body)},
                   {"locales", Json::parse(row.locales)},
                   {"created_at", format_time(row.created_at_ms)},
                   {"updated_at", format_time(row.updated_at_ms)}};
  if (row.active_from_s) document["active_from"] = format_time(*row.active_from_s * 1000);
  if (row.active_until_s) document["active_until"] = format_time(*row.active_until_s * 1000);
  return document;
}

}  // namespace footlight::origin
