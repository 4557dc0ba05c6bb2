#include "origin/privacy/consent.h"

#include <cstring>

#include "origin/store/document.h"
#include "origin/store/store.h"
#include "origin/store/uuid.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

std::optional<Choice> choice_of(Fields& fields, std::string_view name) {
  const Json* value = fields.find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>() ? Choice::kGranted : Choice::kDenied;
  const std::string text = value->is_string() ? value->get<std::string>() : std::string();
  if (text == "granted") return Choice::kGranted;
  if (text == "denied") return Choice::kDenied;
  if (text == "unset") return Choice::kUnset;
  fields.fault("unknown", "must be granted, denied or unset", name);
  return std::nullopt;
}

void insert_choice(Database& db, std::int64_t profile, std::string_view purpose, Choice choice,
                   std::string_view source) {
  auto insert = db.prepare("INSERT INTO consents (profile, purpose, choice, source, at) VALUES (?, ?, ?, ?, ?)");
  insert->bind(1, profile);
  insert->bind(2, std::string(purpose));
  insert->bind(3, std::string(choice_name(choice)));
  insert->bind(4, std::string(source));
  insert->bind(5, now_ms());
  insert->exec();
}

}  // namespace

std::string_view choice_name(Choice choice) {
  constexpr std::string_view kNames[] = {"unset", "granted", "denied"};
  return kNames[static_cast<std::size_t>(choice)];
}

ConsentChange parse_consent(const Json& document, const std::string& pointer, std::vector<Fault>& faults) {
  Fields fields(document, pointer, faults);
  fields.only({"personalization", "measurement", "training", "optedOut"});
  ConsentChange change;
  change.personalization = choice_of(fields, "personalization");
  change.measurement = choice_of(fields, "measurement");
  change.training = choice_of(fields, "training");
  if (fields.find("optedOut") != nullptr) change.opted_out = fields.flag_or("optedOut", false);
  return change;
}

void apply_consent(Visitor& visitor, const ConsentChange& change, bool opt_out_mode) {
  const Choice personalization = change.personalization.value_or(visitor.personalization);
  const Choice measurement = change.measurement.value_or(visitor.measurement);
  const bool opted_out = change.opted_out.value_or(visitor.opted_out && change.personalization != Choice::kGranted);
  if (opted_out || personalization == Choice::kDenied) {
    // The answers stay: the person gave them for the service itself, and they are used for nothing
    // while this stands.
    visitor.history_count = 0;
    visitor.sticky_count = 0;
    visitor.engagement_points = 0;
    visitor.unit_id = 0;
  }
  visitor.personalization = personalization;
  visitor.measurement = measurement;
  visitor.opted_out = opted_out;
  const bool measure =
      !opted_out && (measurement == Choice::kGranted || (measurement == Choice::kUnset && opt_out_mode));
  if (!measure) {
    visitor.unit_id = 0;
  } else if (visitor.unit_id == 0) {
    const Uuid random = random_uuid();
    std::memcpy(&visitor.unit_id, random.data() + 8, sizeof visitor.unit_id);
    if (visitor.unit_id == 0) visitor.unit_id = 1;
  }
}

bool refuses_personalization(const Visitor& visitor) {
  return visitor.opted_out || visitor.personalization == Choice::kDenied;
}

void record_consent(Database& db, std::int64_t profile, const std::optional<Visitor>& before, const Visitor& after,
                    const ConsentChange& change, std::string_view source) {
  const Visitor was = before.value_or(Visitor{});
  if (was.personalization != after.personalization) {
    insert_choice(db, profile, "personalization", after.personalization, source);
  }
  if (was.measurement != after.measurement) insert_choice(db, profile, "measurement", after.measurement, source);
  if (was.opted_out != after.opted_out) {
    insert_choice(db, profile, "optedOut", after.opted_out ? Choice::kGranted : Choice::kDenied, source);
  }
  if (!change.training) return;
  const bool denies = *change.training == Choice::kDenied;
  if (denies == denies_training(db, profile)) return;
  auto update = db.prepare("UPDATE user_profiles SET training_opt_out = ? WHERE seq = ?");
  update->bind(1, denies ? 1 : 0);
  update->bind(2, profile);
  update->exec();
  insert_choice(db, profile, "training", *change.training, source);
}

bool denies_training(Database& db, std::int64_t profile) {
  auto query = db.prepare("SELECT training_opt_out FROM user_profiles WHERE seq = ?");
  query->bind(1, profile);
  return query->executeStep() && query.integer(0) != 0;
}

Json consent_history(Database& db, std::int64_t profile) {
  Json history = Json::array();
  auto query = db.prepare("SELECT purpose, choice, source, at FROM consents WHERE profile = ? ORDER BY seq");
  query->bind(1, profile);
  while (query->executeStep()) {
    history.push_back({{"purpose", query.text(0)},
                       {"choice", query.text(1)},
                       {"source", query.text(2)},
                       {"at", format_time(query.integer(3))}});
  }
  return history;
}

Json consent_now(Database& db, std::int64_t profile, const Visitor& visitor) {
  const bool trains = !visitor.opted_out && !denies_training(db, profile);
  return {{"personalization", choice_name(visitor.personalization)},
          {"measurement", choice_name(visitor.measurement)},
          {"training", trains ? "granted" : "denied"},
          {"optedOut", visitor.opted_out}};
}

}  // namespace footlight::origin
