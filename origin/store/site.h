// site.json: the questionnaire, slots, segments, weights and words of one site, checked
// (origin/IMPORT.md, "site").
//
// parse_site() is the only way in: what it returns is complete and consistent (ids unique, every
// name resolved, every text present in the first locale, every number in its range), so readers
// need no checks of their own. A Site is a plain value without pointers into anything; copy and
// share it freely.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/snapshot/layout.h"

namespace footlight::origin {

// One text per locale, in the order of Site::locales; empty where a locale has none (the first
// never is, unless the whole text is missing, and then the vector is empty).
using LocalizedText = std::vector<std::string>;

struct SiteOption {
  std::uint32_t id = 0;  // 1 to 65535
  std::string key;
  LocalizedText label;
  LocalizedText noun;  // empty: use the label
  std::optional<double> min;
  std::optional<double> max;
  [[nodiscard]] bool is_range() const { return min.has_value() || max.has_value(); }
};

struct SiteQuestion {
  std::uint32_t id = 0;
  std::string name;
  std::string attribute;  // of content; defaults to the name
  std::string factor;     // "format_match"
  snapshot::QuestionKind kind = snapshot::QuestionKind::kSingle;
  double weight = 0;
  bool per_answer = false;
  bool from_history = false;           // "from_history", default true for the attributes format and genre
  std::optional<double> completeness;  // default: an equal share of what the explicit ones leave over
  std::uint32_t max_length = 0;        // of a text, in characters; 0: 4,000
  LocalizedText label;
  LocalizedText reason;
  std::vector<SiteOption> options;

  // By key or by the label in any locale; nullptr when there is none.
  [[nodiscard]] const SiteOption* find_option(std::string_view key_or_label) const;
  [[nodiscard]] bool has_ranges() const;
};

struct SiteSlot {
  std::uint32_t id = 0;
  std::string name;
  std::vector<snapshot::ContentType> types;
  std::uint16_t limit = 1;
  std::uint16_t max_limit = 1;
  double diversity = 0;
  double temperature = 0;
  bool hide_seen = false;
};

struct SiteSegment {
  std::uint32_t id = 0;
  LocalizedText name;
  // question id -> option ids; every pair must hold, with one of the options
  std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> when;
};

// kPrefer gives an item a head start until the numbers speak (publish/assemble.h); it holds everywhere, for everyone.
enum class SiteRuleKind : std::uint8_t { kPin, kExclude, kPrefer };

struct SiteRule {
  std::uint32_t id = 0;
  SiteRuleKind kind = SiteRuleKind::kPin;
  std::optional<std::uint32_t> slot_id;
  std::optional<std::uint32_t> segment_id;
  std::string content;         // the content's id as the owner wrote it: a UUID or a foreign id
  std::uint32_t position = 0;  // kPin
};

struct SiteWeights {  // as snapshot::WeightsRow
  double match = 3.0;
  double engagement = 1.0;
  double item_item = 4.0;
  double prior = 1.0;
  double confidence_slope = 3.0;
  double half_life_days = 30;
  double history_match = 0.5;
};

// What ranking is for: the shares of the engagement model's heads in the score; at least 0, sum 1. A click is what
// most visitors give and so what can be learned soonest; staying and converting are what the site is there for, but
// rare, so that their heads are the less sure.
struct SiteObjective {
  double click = 0.6;
  double engage = 0.3;
  double convert = 0.1;
};

// How long what is about people is kept (privacy/retention.h).
struct SiteRetention {
  std::uint32_t interaction_days = 400;  // interactions, recommendations, exposures and conversions; as they happened
  std::uint32_t profile_days = 730;      // a profile without any activity of its own
};

struct Site {
  std::string name;
  bool apprentice = false;           // decide and log what would be shown; the page keeps its own content
  std::vector<std::string> locales;  // at least one; the first is the default
  std::vector<SiteQuestion> questions;
  std::vector<SiteSlot> slots;
  std::vector<SiteSegment> segments;
  SiteWeights weights;
  SiteObjective objective;
  std::array<LocalizedText, snapshot::kReasonKinds> reasons;  // by ReasonKind; kQuestion's is empty
  std::vector<SiteRule> rules;

  [[nodiscard]] const SiteQuestion* find_question(std::string_view name) const;
  // The question that content is compared with under this attribute; nullptr when there is none.
  [[nodiscard]] const SiteQuestion* find_attribute(std::string_view attribute) const;
  SiteRetention retention;
};

// What is wrong with a document, and where (a JSON pointer, "/questions/3/options/0/id").
struct Fault {
  std::string code;  // stable: "required", "type", "range", "unknown", "duplicate", "too_long"
  std::string detail;
  std::string pointer;
};

// Throws nothing; `faults` gets everything that is wrong, and then the Site must not be used.
[[nodiscard]] Site parse_site(const nlohmann::ordered_json& document, std::vector<Fault>& faults);

// "project" and "featured_project" are one type. nullopt for an unknown name.
[[nodiscard]] std::optional<snapshot::ContentType> content_type_from(std::string_view name);
// SPEC.md's name, "case_study".
[[nodiscard]] std::string_view content_type_name(snapshot::ContentType type);

}  // namespace footlight::origin
