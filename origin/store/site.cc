#include "origin/store/site.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/store/document.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;
using snapshot::QuestionKind;
using snapshot::ReasonKind;

constexpr double kMaxId = 4294967294.0;
constexpr std::size_t kMaxText = 2000;

constexpr std::pair<std::string_view, snapshot::ContentType> kTypes[] = {
    {"hero", snapshot::ContentType::kHero},
    {"project", snapshot::ContentType::kProject},
    {"testimonial", snapshot::ContentType::kTestimonial},
    {"service", snapshot::ContentType::kService},
    {"resource", snapshot::ContentType::kResource},
    {"deck", snapshot::ContentType::kDeck},
    {"case_study", snapshot::ContentType::kCaseStudy},
};

class SiteParser {
 public:
  SiteParser(const Json& document, std::vector<Fault>& faults) : root_(document, "", faults), faults_(faults) {}

  Site parse() {
    root_.only({"name", "locales", "questions", "slots", "segments", "weights", "objective", "reasons", "rules",
                "apprentice", "retention", "$schema"});
    site_.name = root_.text("name", 200);
    site_.apprentice = root_.flag_or("apprentice", false);
    locales();
    questions();
    slots();
    segments();
    weights();
    objective();
    reasons();
    rules();
    retention();
    return std::move(site_);
  }

 private:
  void locales() {
    const Json& list = root_.list("locales", snapshot::kMaxLocales, false);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_string() || list[i].get_ref<const std::string&>().empty()) {
        fault("type", "must be a language tag", pointer_to("/locales", i));
        continue;
      }
      site_.locales.push_back(list[i].get<std::string>());
    }
    if (site_.locales.empty()) site_.locales.emplace_back("en");
  }

  // A plain text, or {locale: text}. The first locale must be there.
  LocalizedText localized(Fields& fields, std::string_view name, bool required) {
    const Json* value = fields.find(name);
    if (value == nullptr) {
      if (required) fields.fault("required", "is missing", name);
      return {};
    }
    LocalizedText texts(site_.locales.size());
    if (value->is_string()) {
      texts[0] = value->get<std::string>();
    } else if (value->is_object()) {
      for (const auto& [tag, text] : value->items()) {
        const auto locale = std::find(site_.locales.begin(), site_.locales.end(), tag);
        const std::string where = pointer_to(fields.at(name), tag);
        if (locale == site_.locales.end()) {
          fault("unknown", "is not a locale of the site", where);
        } else if (!text.is_string()) {
          fault("type", "must be text", where);
        } else {
          texts[static_cast<std::size_t>(locale - site_.locales.begin())] = text.get<std::string>();
        }
      }
    } else {
      fields.fault("type", "must be text, or texts by locale", name);
      return {};
    }
    for (const std::string& text : texts) {
      if (text.size() > kMaxText) fields.fault("too_long", "must be at most 2000 bytes", name);
    }
    if (texts[0].empty()) fields.fault("required", "has no text in the first locale", name);
    return texts;
  }

  void questions() {
    const Json& list = root_.list("questions", snapshot::kMaxQuestions, true);
    std::unordered_set<std::uint32_t> ids;
    std::unordered_set<std::string> names;
    std::unordered_set<std::uint32_t> option_ids;
    std::size_t columns = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      Fields fields(list[i], pointer_to("/questions", i), faults_);
      fields.only({"id", "name", "attribute", "kind", "factor", "weight", "per_answer", "from_history", "completeness",
                   "max_length", "label", "reason", "options"});
      SiteQuestion question;
      question.id = fields.id("id", kMaxId);
      question.name = fields.text("name", 100);
      if (!ids.insert(question.id).second) fields.fault("duplicate", "is given twice", "id");
      if (!names.insert(question.name).second) fields.fault("duplicate", "is given twice", "name");
      question.attribute = fields.text_or("attribute", 100, question.name);
      question.factor = fields.text_or("factor", 100, question.name + "_match");
      question.kind = kind(fields);
      question.weight = fields.number_or("weight", 0, 1, 0);
      question.per_answer = fields.flag_or("per_answer", false);
      question.from_history =
          fields.flag_or("from_history", question.attribute == "format" || question.attribute == "genre");
      if (fields.find("completeness") != nullptr) {
        question.completeness = fields.number("completeness", 0, 1);
      }
      question.max_length = fields.whole_or("max_length", 1, 100000, 4000);
      question.label = localized(fields, "label", false);
      question.reason = localized(fields, "reason", false);
      options(fields, question, option_ids);
      columns += question.options.size();
      site_.questions.push_back(std::move(question));
    }
    if (columns > snapshot::kMaxColumns) {
      fault("range", "the questions have more than 256 options together", "/questions");
    }
    for (const SiteQuestion& question : site_.questions) {
      if (!question.options.empty() && site_.find_attribute(question.attribute) != &question) {
        fault("duplicate", fmt::format("the attribute {} has two questions", question.attribute), "/questions");
      }
    }
  }

  static QuestionKind kind(Fields& fields) {
    const std::string name = fields.text_or("kind", 20, "single");
    if (name == "single") return QuestionKind::kSingle;
    if (name == "multiple") return QuestionKind::kMultiple;
    if (name == "text") return QuestionKind::kText;
    if (name == "boolean") return QuestionKind::kBoolean;
    fields.fault("unknown", "must be single, multiple, text or boolean", "kind");
    return QuestionKind::kSingle;
  }

  void options(Fields& parent, SiteQuestion& question, std::unordered_set<std::uint32_t>& ids) {
    const bool choice = question.kind == QuestionKind::kSingle || question.kind == QuestionKind::kMultiple;
    const Json& list = parent.list("options", snapshot::kMaxOptionsPerQuestion, choice);
    if (question.kind == QuestionKind::kText && !list.empty()) {
      parent.fault("unknown", "a text question has no options", "options");
    }
    std::unordered_set<std::string> keys;
    for (std::size_t i = 0; i < list.size(); ++i) {
      Fields fields(list[i], pointer_to(parent.at("options"), i), faults_);
      fields.only({"id", "key", "label", "noun", "min", "max"});
      SiteOption option;
      option.id = fields.id("id", 65535);
      option.key = fields.text("key", 100);
      option.label = localized(fields, "label", true);
      option.noun = localized(fields, "noun", false);
      if (fields.find("min") != nullptr) option.min = fields.number("min", 0, 1e12);
      if (fields.find("max") != nullptr) option.max = fields.number("max", 0, 1e12);
      if (option.min && option.max && *option.min > *option.max) {
        fields.fault("range", "min is more than max");
      }
      if (!ids.insert(option.id).second) fields.fault("duplicate", "is given twice", "id");
      if (!keys.insert(option.key).second) fields.fault("duplicate", "is given twice", "key");
      if (option.key.find('|') != std::string::npos) {
        fields.fault("type", "must not contain |", "key");  // it separates values in CSV
      }
      question.options.push_back(std::move(option));
    }
    if (question.has_ranges() && !std::all_of(question.options.begin(), question.options.end(),
                                              [](const SiteOption& option) { return option.is_range(); })) {
      parent.fault("type", "either every option has min or max, or none", "options");
    }
  }

  void slots() {
    const Json& list = root_.list("slots", snapshot::kMaxSlots, true);
    std::unordered_set<std::uint32_t> ids;
    std::unordered_set<std::string> names;
    for (std::size_t i = 0; i < list.size(); ++i) {
      Fields fields(list[i], pointer_to("/slots", i), faults_);
      fields.only({"id", "name", "types", "limit", "max_limit", "diversity", "temperature", "hide_seen"});
      SiteSlot slot;
      slot.id = fields.id("id", kMaxId);
      slot.name = fields.text("name", 100);
      if (!ids.insert(slot.id).second) fields.fault("duplicate", "is given twice", "id");
      if (!names.insert(slot.name).second) fields.fault("duplicate", "is given twice", "name");
      const Json& types = fields.list("types", snapshot::kContentTypes, true);
      for (std::size_t k = 0; k < types.size(); ++k) {
        const auto type =
            types[k].is_string() ? content_type_from(types[k].get_ref<const std::string&>()) : std::nullopt;
        if (type) {
          slot.types.push_back(*type);
        } else {
          fault("unknown", "is not a content type", pointer_to(fields.at("types"), k));
        }
      }
      slot.limit = static_cast<std::uint16_t>(fields.whole_or("limit", 1, snapshot::kMaxSlotLimit, 1));
      slot.max_limit =
          static_cast<std::uint16_t>(fields.whole_or("max_limit", slot.limit, snapshot::kMaxSlotLimit, slot.limit));
      slot.diversity = fields.number_or("diversity", 0, 100, 0);
      slot.temperature = fields.number_or("temperature", 0, 100, 0);
      slot.hide_seen = fields.flag_or("hide_seen", false);
      site_.slots.push_back(std::move(slot));
    }
  }

  void segments() {
    const Json& list = root_.list("segments", snapshot::kMaxSegments - 1, false);
    std::unordered_set<std::uint32_t> ids;
    for (std::size_t i = 0; i < list.size(); ++i) {
      Fields fields(list[i], pointer_to("/segments", i), faults_);
      fields.only({"id", "name", "when"});
      SiteSegment segment;
      segment.id = fields.id("id", 65535);
      segment.name = localized(fields, "name", true);
      if (!ids.insert(segment.id).second) fields.fault("duplicate", "is given twice", "id");
      const Json* when = fields.find("when");
      if (when == nullptr || !when->is_object() || when->empty()) {
        fields.fault("required", "must name at least one question and its answers", "when");
        continue;
      }
      for (const auto& [name, answers] : when->items()) {
        segment.when.push_back(condition(name, answers, pointer_to(fields.at("when"), name)));
      }
      site_.segments.push_back(std::move(segment));
    }
  }

  std::pair<std::uint32_t, std::vector<std::uint32_t>> condition(const std::string& name, const Json& answers,
                                                                 const std::string& where) {
    const SiteQuestion* question = site_.find_question(name);
    if (question == nullptr || question->options.empty()) {
      fault("unknown", "is not a question with options", where);
      return {};
    }
    std::vector<std::uint32_t> options;
    const Json list = answers.is_array() ? answers : Json::array({answers});
    for (std::size_t i = 0; i < list.size(); ++i) {
      const SiteOption* option =
          list[i].is_string() ? question->find_option(list[i].get_ref<const std::string&>()) : nullptr;
      if (option == nullptr) {
        fault("unknown", "is not an option of the question", pointer_to(where, i));
      } else {
        options.push_back(option->id);
      }
    }
    if (list.empty()) fault("required", "must name at least one answer", where);
    return {question->id, std::move(options)};
  }

  void weights() {
    const Json* value = root_.find("weights");
    if (value == nullptr) return;
    Fields fields(*value, "/weights", faults_);
    fields.only({"match", "engagement", "item_item", "prior", "confidence_slope", "half_life_days", "history_match"});
    SiteWeights& w = site_.weights;
    w.match = fields.number_or("match", 0, 100, w.match);
    w.engagement = fields.number_or("engagement", 0, 100, w.engagement);
    w.item_item = fields.number_or("item_item", 0, 100, w.item_item);
    w.prior = fields.number_or("prior", 0, 100, w.prior);
    w.confidence_slope = fields.number_or("confidence_slope", 0, 100, w.confidence_slope);
    w.half_life_days = fields.number_or("half_life_days", 0, 36500, w.half_life_days);
    w.history_match = fields.number_or("history_match", 0, 1, w.history_match);
  }

  void objective() {
    const Json* value = root_.find("objective");
    if (value == nullptr) return;
    Fields fields(*value, "/objective", faults_);
    fields.only({"click", "engage", "convert"});
    SiteObjective& o = site_.objective;  // who names one leaves the others at 0
    o.click = fields.number_or("click", 0, 1, 0);
    o.engage = fields.number_or("engage", 0, 1, 0);
    o.convert = fields.number_or("convert", 0, 1, 0);
    const double sum = o.click + o.engage + o.convert;
    if (sum < 0.999 || sum > 1.001) {
      fault("range", "click, engage and convert must sum to 1", "/objective");
      o = SiteObjective{};
      return;
    }
    o.click /= sum;
    o.engage /= sum;
    o.convert /= sum;
  }

  void reasons() {
    constexpr std::pair<const char*, ReasonKind> kinds[] = {
        {"default", ReasonKind::kDefault}, {"history", ReasonKind::kHistory}, {"segment", ReasonKind::kSegment},
        {"popular", ReasonKind::kPopular}, {"pinned", ReasonKind::kPinned},   {"visit", ReasonKind::kVisit}};
    const Json* value = root_.find("reasons");
    if (value == nullptr) return;
    Fields fields(*value, "/reasons", faults_);
    fields.only({"default", "history", "segment", "popular", "pinned", "visit"});
    for (const auto& [name, reason] : kinds) {
      site_.reasons[static_cast<std::size_t>(reason)] = localized(fields, name, false);
    }
  }

  void retention() {
    const Json* value = root_.find("retention");
    if (value == nullptr) return;
    Fields fields(*value, "/retention", faults_);
    fields.only({"interactionDays", "profileDays"});
    auto& [interactions, profiles] = site_.retention;
    interactions = fields.whole_or("interactionDays", 1, 36500, interactions);
    profiles = fields.whole_or("profileDays", 1, 36500, profiles);
  }

  void rules() {
    const Json& list = root_.list("rules", snapshot::kMaxRules, false);
    std::unordered_set<std::uint32_t> ids;
    for (std::size_t i = 0; i < list.size(); ++i) {
      Fields fields(list[i], pointer_to("/rules", i), faults_);
      fields.only({"id", "kind", "slot", "content", "position", "segment"});
      SiteRule rule;
      rule.id = fields.id("id", kMaxId);
      if (!ids.insert(rule.id).second) fields.fault("duplicate", "is given twice", "id");
      const std::string kind_name = fields.text("kind", 20);
      if (kind_name == "exclude") {
        rule.kind = SiteRuleKind::kExclude;
      } else if (kind_name == "prefer") {
        rule.kind = SiteRuleKind::kPrefer;
        for (const char* narrower : {"slot", "segment", "position"}) {
          if (fields.find(narrower) != nullptr) {
            fields.fault("unknown", "has no place in a rule that prefers: it holds everywhere, for everyone", narrower);
          }
        }
      } else if (kind_name != "pin") {
        fields.fault("unknown", "must be pin, exclude or prefer", "kind");
      }
      rule.content = fields.text("content", 255);
      rule.position = fields.whole_or("position", 0, snapshot::kMaxSlotLimit - 1, 0);
      if (fields.find("slot") != nullptr) {
        const std::string name = fields.text("slot", 100);
        const auto slot =
            std::find_if(site_.slots.begin(), site_.slots.end(), [&](const SiteSlot& one) { return one.name == name; });
        if (slot == site_.slots.end()) {
          fields.fault("unknown", "is not a slot", "slot");
        } else {
          rule.slot_id = slot->id;
        }
      }
      if (fields.find("segment") != nullptr) {
        const std::uint32_t id = fields.whole_or("segment", 0, 65535, 0);
        const bool known = id == 0 || std::any_of(site_.segments.begin(), site_.segments.end(),
                                                  [&](const SiteSegment& s) { return s.id == id; });
        if (!known) fields.fault("unknown", "is not a segment", "segment");
        rule.segment_id = id;
      }
      site_.rules.push_back(std::move(rule));
    }
  }

  void fault(std::string_view code, std::string_view detail, std::string_view pointer) {
    faults_.push_back({std::string(code), std::string(detail), std::string(pointer)});
  }

  Fields root_;
  std::vector<Fault>& faults_;
  Site site_;
};

}  // namespace

const SiteOption* SiteQuestion::find_option(std::string_view key_or_label) const {
  for (const SiteOption& option : options) {
    if (option.key == key_or_label) return &option;
  }
  for (const SiteOption& option : options) {
    for (const std::string& text : option.label) {
      if (!text.empty() && text == key_or_label) return &option;
    }
  }
  return nullptr;
}

bool SiteQuestion::has_ranges() const {
  return std::any_of(options.begin(), options.end(), [](const SiteOption& option) { return option.is_range(); });
}

const SiteQuestion* Site::find_question(std::string_view question_name) const {
  for (const SiteQuestion& question : questions) {
    if (question.name == question_name) return &question;
  }
  return nullptr;
}

const SiteQuestion* Site::find_attribute(std::string_view attribute) const {
  for (const SiteQuestion& question : questions) {
    if (question.attribute == attribute && !question.options.empty()) return &question;
  }
  return nullptr;
}

Site parse_site(const Json& document, std::vector<Fault>& faults) { return SiteParser(document, faults).parse(); }

std::optional<snapshot::ContentType> content_type_from(std::string_view name) {
  if (name == "featured_project") return snapshot::ContentType::kProject;
  for (const auto& [known, type] : kTypes) {
    if (name == known) return type;
  }
  return std::nullopt;
}

std::string_view content_type_name(snapshot::ContentType type) { return kTypes[static_cast<std::size_t>(type)].first; }

}  // namespace footlight::origin
