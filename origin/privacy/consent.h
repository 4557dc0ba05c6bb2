// The person's choices by purpose, what follows from them, and their history.
//
//     personalization   the page may be theirs; granting it takes an earlier opt-out back
//     measurement       what they see and do may be counted, under a unit id
//     training          what was counted may teach the model; granted unless denied (where measurement is)
//     optedOut          none of it
//
// Each change adds a row to `consents`, with who made it and when: what was allowed at a moment can be shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/visitor/visitor.h"
#include "origin/store/database.h"
#include "origin/store/site.h"

namespace footlight::origin {

struct ConsentChange {
  std::optional<Choice> personalization;
  std::optional<Choice> measurement;
  std::optional<Choice> training;
  std::optional<bool> opted_out;

  [[nodiscard]] bool is_empty() const { return !personalization && !measurement && !training && !opted_out; }
};

// {"personalization": "granted", "optedOut": false}: granted, denied, unset, or true and false.
[[nodiscard]] ConsentChange parse_consent(const nlohmann::ordered_json& document, const std::string& pointer,
                                          std::vector<Fault>& faults);
[[nodiscard]] std::string_view choice_name(Choice choice);

// As the edge does (edge/profile.ts): whoever denies personalization is forgotten, whoever denies measurement loses the
// unit id. `opt_out_mode`: silence counts as consent here.
void apply_consent(Visitor& visitor, const ConsentChange& change, bool opt_out_mode);

[[nodiscard]] bool refuses_personalization(const Visitor& visitor);

// Writer only. Writes down what differs from `before`, and whether the model may learn from this person. `source`:
// "person", "admin".
void record_consent(Database& db, std::int64_t profile, const std::optional<Visitor>& before, const Visitor& after,
                    const ConsentChange& change, std::string_view source);

[[nodiscard]] bool denies_training(Database& db, std::int64_t profile);

// Newest last: [{"purpose", "choice", "source", "at"}].
[[nodiscard]] nlohmann::ordered_json consent_history(Database& db, std::int64_t profile);
// {"personalization", "measurement", "training", "optedOut"} as they are now.
[[nodiscard]] nlohmann::ordered_json consent_now(Database& db, std::int64_t profile, const Visitor& visitor);

}  // namespace footlight::origin
