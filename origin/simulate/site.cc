#include "origin/simulate/site.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace footlight::simulate {
namespace {

using Json = nlohmann::ordered_json;

struct Question {
  std::uint32_t id;
  const char* name;
  const char* attribute;
  const char* kind;
  double weight;
  std::vector<const char*> options;  // keys; a budget's are its bounds
};

constexpr const char* kBudget = "budget";

const std::vector<Question>& questionnaire() {
  static const std::vector<Question> all = {
      {1, "timeline", "story_age", "single", 0.05, {"new", "months", "year", "years", "long"}},
      {2,
       "personal_meaning",
       "personal_meaning",
       "multiple",
       0.05,
       {"my_baby", "true_story", "something_to_say", "way_in", "joy", "in_memory"}},
      {3, "project_for", "project_for", "single", 0.05, {"me", "family", "company", "client", "cause"}},
      {4,
       "format",
       "format",
       "single",
       0.3,
       {"feature_film", "tv_series", "documentary", "short_film", "animation", "web_series", "undecided"}},
      {5,
       "materials",
       "materials",
       "multiple",
       0.1,
       {"idea", "synopsis", "treatment", "script", "pitch_deck", "footage", "budget_plan"}},
      {6,
       "excited_parts",
       "excited_parts",
       "multiple",
       0.1,
       {"packaging", "visuals", "writing", "deck", "audience", "financing"}},
      {7, "involvement", "involvement", "single", 0.05, {"every_step", "key_moments", "light"}},
      {8, "start_timing", "timeline", "single", 0.15, {"asap", "1_3_months", "3_6_months", "later"}},
      {9, "budget", kBudget, "single", 0.2, {"under_5k", "5_15k", "15_50k", "50_150k", "over_150k"}},
      {12, "want_consult", "want_consult", "boolean", 0.1, {"true", "false"}},
      {13,
       "preferred_genres",
       "genre",
       "multiple",
       0.1,
       {"sci_fi", "drama", "thriller", "comedy", "horror", "romance", "adventure", "fantasy", "crime", "history",
        "family", "music", "war", "mystery"}}};
  return all;
}

constexpr double kBudgetBounds[] = {0, 5000, 15000, 50000, 150000, 1000000};

std::string words(std::string_view key) {
  std::string text(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace

Json site_document(std::span<const std::uint32_t> preferred) {
  Json site = {{"name", "Simulated studio"}, {"locales", {"en"}}, {"objective", {{"click", 1}}}};
  for (const Question& asked : questionnaire()) {
    Json question = {{"id", asked.id},
                     {"name", asked.name},
                     {"attribute", asked.attribute},
                     {"kind", asked.kind},
                     {"factor", std::string(asked.attribute) + "_match"},
                     {"weight", asked.weight},
                     {"label", words(asked.name)},
                     {"reason", "Matches your answer {}"}};
    if (asked.id == 13) question["per_answer"] = true;
    for (std::uint32_t o = 0; o < asked.options.size(); ++o) {
      Json option = {{"id", asked.id * 100 + o + 1}, {"key", asked.options[o]}, {"label", words(asked.options[o])}};
      if (asked.attribute == kBudget) {
        option["min"] = kBudgetBounds[o];
        option["max"] = kBudgetBounds[o + 1];
      }
      question["options"].push_back(std::move(option));
    }
    site["questions"].push_back(std::move(question));
  }
  std::uint32_t id = 0;
  for (const PageSlot& slot : kPage) {
    site["slots"].push_back({{"id", ++id},
                             {"name", slot.name},
                             {"types", {slot.name == "hero" ? "hero" : slot.name.substr(0, slot.name.size() - 1)}},
                             {"limit", slot.cards},
                             {"max_limit", 12},
                             {"temperature", 0.2}});
  }
  for (std::uint32_t o = 0; o < 6; ++o) {
    const char* format = questionnaire()[3].options[o];
    site["segments"].push_back({{"id", o + 1}, {"name", words(format)}, {"when", {{"format", {format}}}}});
  }
  for (const std::uint32_t item : preferred) {
    const std::size_t rule = site["rules"].size() + 1;
    site["rules"].push_back({{"id", rule}, {"kind", "prefer"}, {"content", fmt::format("item-{}", item)}});
  }
  return site;
}

origin::Site make_site(std::span<const std::uint32_t> preferred) {
  std::vector<origin::Fault> faults;
  origin::Site site = origin::parse_site(site_document(preferred), faults);
  if (!faults.empty()) throw std::logic_error("the simulated site: " + faults[0].pointer + " " + faults[0].detail);
  return site;
}

Json content_document(const origin::Site& site, std::uint32_t number, snapshot::ContentType type,
                      const Attributes& attributes) {
  const std::string_view type_name = origin::content_type_name(type);
  const std::string title = fmt::format("{} {}", words(type_name), number);
  Json document = {{"id", fmt::format("item-{}", number)}, {"type", type_name}};
  for (std::size_t q = 0; q < site.questions.size(); ++q) {
    const origin::SiteQuestion& question = site.questions[q];
    const auto& has = attributes[q];
    if (has.empty()) continue;
    Json& value = document["attributes"][question.attribute];
    if (question.has_ranges()) {  // positions next to each other
      // A unit inside the bounds, so that the range touches no option that is not meant.
      value = {{"min", question.options[has.front()].min.value_or(0) + 1},
               {"max", question.options[has.back()].max.value_or(1e12) - 1}};
    } else {
      for (const std::uint32_t o : has) value.push_back(question.options[o].key);
    }
  }
  Json body = {{"title", title}, {"url", fmt::format("/item/{}", number)}};
  if (type == snapshot::ContentType::kTestimonial) body["author"] = title;
  if (type == snapshot::ContentType::kService) body["name"] = title;
  document["body"] = std::move(body);
  return document;
}

}  // namespace footlight::simulate
