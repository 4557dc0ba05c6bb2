#include "origin/ingest/questionnaire.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/store/document.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;
using snapshot::QuestionKind;

constexpr std::size_t kMaxValues = 64;
constexpr std::size_t kMaxFreeText = 4000;

struct SpecQuestion {
  std::string_view name;
  bool is_list;
};
constexpr SpecQuestion kSpecQuestions[] = {
    {"timeline", false},         {"personal_meaning", true}, {"project_for", false}, {"format", false},
    {"materials", true},         {"excited_parts", true},    {"involvement", false}, {"start_timing", false},
    {"budget", false},           {"logline", false},         {"description", false}, {"want_consult", false},
    {"preferred_format", false}, {"preferred_genres", true}};

const SpecQuestion* spec_question(std::string_view name) {
  for (const SpecQuestion& question : kSpecQuestions) {
    if (question.name == name) return &question;
  }
  return nullptr;
}

// The texts of a value: one, or a list of them; a boolean says true or false.
std::vector<std::string> texts_of(const Json& value, const std::string& pointer, std::vector<Fault>& faults) {
  std::vector<std::string> texts;
  const auto take = [&](const Json& one, const std::string& where) {
    if (one.is_string()) {
      const auto& text = one.get_ref<const std::string&>();
      if (!text.empty()) texts.push_back(text);
    } else if (one.is_boolean()) {
      texts.emplace_back(one.get<bool>() ? "true" : "false");
    } else if (!one.is_null()) {
      faults.push_back({"type", "must be text", where});
    }
  };
  if (value.is_array()) {
    if (value.size() > kMaxValues) {
      faults.push_back({"too_long", "has too many values", pointer});
      return texts;
    }
    for (std::size_t i = 0; i < value.size(); ++i) take(value[i], pointer_to(pointer, i));
  } else {
    take(value, pointer);
  }
  return texts;
}

void check_length(const std::vector<std::string>& texts, std::size_t max, const std::string& pointer,
                  std::vector<Fault>& faults) {
  for (const std::string& text : texts) {
    if (utf8_length(text) > max) {
      faults.push_back({"too_long", fmt::format("must be at most {} characters", max), pointer});
    }
  }
}

void choose(const SiteQuestion& question, const std::string& pointer, Answer& answer, std::vector<Fault>& faults) {
  std::vector<std::string> keys;
  for (const std::string& text : answer.values) {
    const SiteOption* option = question.find_option(text);
    if (option == nullptr) {
      faults.push_back({"unknown", "is not an option of this question", pointer});
      return;
    }
    if (std::find(keys.begin(), keys.end(), option->key) != keys.end()) continue;
    keys.push_back(option->key);
    answer.options.push_back(option->id);
  }
  if (question.kind != QuestionKind::kMultiple && keys.size() > 1) {
    faults.push_back({"type", "takes one answer", pointer});
  }
  answer.values = std::move(keys);
}

}  // namespace

Answers parse_answers(const Json& document, const Site& site, const std::string& pointer, std::vector<Fault>& faults) {
  Answers answers;
  if (document.is_null()) return answers;
  if (!document.is_object()) {
    faults.push_back({"type", "must be an object", pointer});
    return answers;
  }
  for (const auto& [name, value] : document.items()) {
    const std::string where = pointer_to(pointer, name);
    const SiteQuestion* question = site.find_question(name);
    const SpecQuestion* known = spec_question(name);
    if (question == nullptr && known == nullptr) {
      faults.push_back({"unknown", "is not a question of this site", where});
      continue;
    }
    Answer answer{.question = name, .values = texts_of(value, where, faults)};
    answer.is_list = known != nullptr ? known->is_list : question->kind == QuestionKind::kMultiple;
    if (question != nullptr && !question->options.empty()) {
      choose(*question, where, answer, faults);
    } else {
      const bool boolean = question != nullptr && question->kind == QuestionKind::kBoolean;
      if (boolean && !answer.values.empty() && answer.values[0] != "true" && answer.values[0] != "false") {
        faults.push_back({"type", "must be true or false", where});
      }
      if (!answer.is_list && answer.values.size() > 1) {
        faults.push_back({"type", "takes one answer", where});
      }
      check_length(answer.values, question != nullptr ? question->max_length : kMaxFreeText, where, faults);
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

void apply_answers(Visitor& visitor, const Answers& answers, const Site& site) {
  for (const Answer& answer : answers) {
    const SiteQuestion* question = site.find_question(answer.question);
    if (question == nullptr) continue;
    if (question->options.empty()) {
      // The record marks the first sixteen questions without options, in the site's order
      // (core/visitor/RECORD.md).
      std::uint32_t position = 0;
      for (const SiteQuestion& before : site.questions) {
        if (&before == question) break;
        if (before.options.empty()) ++position;
      }
      if (position >= 16) continue;
      const auto bit = static_cast<std::uint16_t>(1U << position);
      visitor.texts_given =
          static_cast<std::uint16_t>(answer.values.empty() ? visitor.texts_given & ~bit : visitor.texts_given | bit);
      continue;
    }
    std::vector<std::uint16_t> kept;
    for (std::uint32_t i = 0; i < visitor.answer_count; ++i) {
      const bool of_question = std::any_of(question->options.begin(), question->options.end(),
                                           [&](const SiteOption& option) { return option.id == visitor.answers[i]; });
      if (!of_question) kept.push_back(visitor.answers[i]);
    }
    for (const std::uint32_t id : answer.options) kept.push_back(static_cast<std::uint16_t>(id));
    std::sort(kept.begin(), kept.end());
    if (kept.size() > kMaxAnswers) continue;  // more than a record holds: this answer matches nothing
    std::copy(kept.begin(), kept.end(), visitor.answers);
    visitor.answer_count = static_cast<std::uint32_t>(kept.size());
  }
}

std::string stored_answer(const Answer& answer) {
  if (answer.values.empty()) return {};
  if (!answer.is_list) return answer.values.front();
  return nlohmann::json(answer.values).dump();
}

std::string normal_email(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const std::size_t at = text.rfind('@');
  if (text.size() > 254 || at == std::string_view::npos || at == 0 || at + 3 >= text.size()) return {};
  const std::string_view domain = text.substr(at + 1);
  if (domain.find('.') == std::string_view::npos || domain.front() == '.' || domain.back() == '.') return {};
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '<' || c == '>' || c == ',') return {};
  }
  if (text.substr(0, at).find('@') != std::string_view::npos) return {};
  // Two spellings of one address must meet in one hash: nobody gives out addresses that differ in
  // case alone.
  std::string email(text);
  for (char& c : email) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return email;
}

}  // namespace footlight::origin
