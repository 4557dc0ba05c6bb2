// One item of content as the owner writes it (origin/IMPORT.md, "content"): checked against the
// site, and stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/snapshot/layout.h"
#include "origin/store/site.h"

namespace footlight::origin {

enum class ContentStatus : std::uint8_t { kLive, kDraft };

// A row of the table `content`. The JSON columns are compact texts whose fields keep the owner's
// order, ready to be copied into answers as they are.
struct ContentRow {
  std::uint32_t item_id = 0;  // the core's stable id: never 0, never given again; the store assigns it
  std::string uuid;           // lower case, 36 characters
  std::string foreign_id;     // what the owner calls it; equal to uuid when that is a UUID
  snapshot::ContentType type = snapshot::ContentType::kProject;
  ContentStatus status = ContentStatus::kLive;
  std::string attributes = "{}";  // {"format":["feature_film"],"budget":{"min":15000,"max":80000}}; option keys only
  std::string body = "{}";        // what callers get
  std::string locales = "{}";     // {"de":{"title":"…"}}: overrides of single fields of body
  std::optional<std::int64_t> active_from_s;   // Unix time
  std::optional<std::int64_t> active_until_s;  // exclusive
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
};

// An item's attributes, resolved to ids: what the snapshot builder takes.
struct ContentAttributes {
  std::vector<std::uint32_t> options;  // option ids
  struct Range {
    std::uint32_t question_id = 0;
    double min = 0;
    double max = 1e12;
  };
  std::vector<Range> ranges;
};

// Checks one document and turns it into a row (item_id, created_at_ms and updated_at_ms stay 0). An
// id that is no UUID becomes UUIDv5 in the namespace of the site. Labels in attributes become keys.
// `faults` gets everything wrong.
[[nodiscard]] ContentRow parse_content(const nlohmann::ordered_json& document, const Site& site,
                                       std::vector<Fault>& faults);

// Attributes of a stored row by id. What the site no longer knows is left out: a site may drop a
// question later.
[[nodiscard]] ContentAttributes resolve_attributes(const ContentRow& row, const Site& site);

// The body in each of the site's locales, overrides applied, fields in order: Localized bodies of
// the builder.
[[nodiscard]] LocalizedText localized_bodies(const ContentRow& row, const Site& site);
// The name a reason uses: title, else name, else author, else the foreign id.
[[nodiscard]] LocalizedText localized_names(const ContentRow& row, const Site& site);

// The document of a stored row, as the owner would write it (admin API, export).
[[nodiscard]] nlohmann::ordered_json content_document(const ContentRow& row);

}  // namespace footlight::origin
