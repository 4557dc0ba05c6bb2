// Answers to the questionnaire: checked against the site, encoded into the visitor, and as the
// texts that are stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/visitor/visitor.h"
#include "origin/store/site.h"

namespace footlight::origin {

// One question's answer. A choice is kept by its options' keys, which outlive their labels.
struct Answer {
  std::string question;
  std::vector<std::string> values;     // option keys, or the one text; empty: the answer is taken back
  std::vector<std::uint32_t> options;  // ids, for a question with options
  bool is_list = false;                // SPEC.md's TEXT[]
};
using Answers = std::vector<Answer>;

// `document` is SPEC.md's questionnaireData. Every question of the site is known, and SPEC.md's own
// names even where the site does not ask them (they are stored, and match nothing). Faults: unknown
// question, unknown option, wrong type, too long.
[[nodiscard]] Answers parse_answers(const nlohmann::ordered_json& document, const Site& site,
                                    const std::string& pointer, std::vector<Fault>& faults);

// Replaces the visitor's answers to the questions that are in `answers`. As core's answer(), by the
// site instead of a snapshot: a profile may come before anything was published.
void apply_answers(Visitor& visitor, const Answers& answers, const Site& site);

// The stored form: a list as a JSON array of texts, else the text itself; empty for an answer taken
// back.
[[nodiscard]] std::string stored_answer(const Answer& answer);

// Trimmed and in lower case; empty when it cannot be an address.
[[nodiscard]] std::string normal_email(std::string_view text);

}  // namespace footlight::origin
