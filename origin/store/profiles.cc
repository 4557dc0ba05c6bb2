#include "origin/store/profiles.h"

#include <array>
#include <sodium.h>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "core/visitor/record.h"

namespace footlight::origin {
namespace {

constexpr std::string_view kTable = "user_profiles";

// SPEC.md's columns that hold answers, each with the literal that changes it alone.
struct AnswerColumn {
  std::string_view name;
  Sql update;
};
constexpr AnswerColumn kColumns[] = {
    {"timeline", "UPDATE user_profiles SET timeline = ? WHERE seq = ?"},
    {"personal_meaning", "UPDATE user_profiles SET personal_meaning = ? WHERE seq = ?"},
    {"project_for", "UPDATE user_profiles SET project_for = ? WHERE seq = ?"},
    {"format", "UPDATE user_profiles SET format = ? WHERE seq = ?"},
    {"materials", "UPDATE user_profiles SET materials = ? WHERE seq = ?"},
    {"excited_parts", "UPDATE user_profiles SET excited_parts = ? WHERE seq = ?"},
    {"involvement", "UPDATE user_profiles SET involvement = ? WHERE seq = ?"},
    {"start_timing", "UPDATE user_profiles SET start_timing = ? WHERE seq = ?"},
    {"budget", "UPDATE user_profiles SET budget = ? WHERE seq = ?"},
    {"logline", "UPDATE user_profiles SET logline = ? WHERE seq = ?"},
    {"description", "UPDATE user_profiles SET description = ? WHERE seq = ?"},
    {"want_consult", "UPDATE user_profiles SET want_consult = ? WHERE seq = ?"},
    {"preferred_format", "UPDATE user_profiles SET preferred_format = ? WHERE seq = ?"},
    {"preferred_genres", "UPDATE user_profiles SET preferred_genres = ? WHERE seq = ?"},
};

std::vector<std::byte> encoded(const Visitor& visitor) {
  std::vector<std::byte> record(kMaxRecordBytes);
  const auto size = encode_visitor(visitor, record);
  if (!size) throw std::logic_error("a visitor does not fit its record");
  record.resize(*size);
  return record;
}

SecretKey key_of(Vault& vault, const Uuid& id) {
  const auto key = vault.data_key(id);
  if (!key) throw ProfileGone();
  return *key;
}

Uuid uuid_from(std::string_view text) {
  const auto id = parse_uuid(text);
  if (!id) throw std::runtime_error("a stored id is not a UUID");
  return *id;
}

std::optional<std::pair<std::int64_t, Uuid>> first_profile(Prepared& query) {
  if (!query->executeStep()) return std::nullopt;
  return std::pair{query.integer(0), uuid_from(query.text(1))};
}

// Answers to questions that SPEC.md has no column for: one encrypted JSON object.
void update_further(Database& db, Vault& vault, const SecretKey& key, std::int64_t profile, const std::string& row,
                    const StoredAnswers& answers) {
  nlohmann::json further = nlohmann::json::object();
  {
    auto query = db.prepare("SELECT further_answers FROM user_profiles WHERE seq = ?");
    query->bind(1, profile);
    if (query->executeStep() && !query.is_null(0)) {
      if (const auto text = vault.open_text(key, {kTable, "further_answers", row}, query.blob(0))) {
        further = nlohmann::json::parse(*text);
      }
    }
  }
  for (const auto& [name, text] : answers) {
    if (text.empty()) {
      further.erase(name);
    } else {
      further[name] = text;
    }
  }
  auto update = db.prepare("UPDATE user_profiles SET further_answers = ? WHERE seq = ?");
  update.bind_blob(1, vault.seal(key, {kTable, "further_answers", row}, further.dump()));
  update->bind(2, profile);
  update->exec();
}

void move_recommendations(Database& db, std::int64_t from, std::int64_t to, std::int64_t profile) {
  auto move = db.prepare(
      "UPDATE content_recommendations SET visitor = ?1, "
      "user_profile_id = (SELECT id FROM user_profiles WHERE seq = ?2) WHERE visitor = ?3");
  move->bind(1, to);
  move->bind(2, profile);
  move->bind(3, from);
  move->exec();
}

// Exposures count once a visitor, experiment and variant: where both have one the earlier time stays.
void move_experiments(Database& db, std::int64_t from, std::int64_t to) {
  auto exposures = db.prepare(
      "INSERT INTO exposures (experiment, visitor, variant, exposed_at) "
      "SELECT experiment, ?1, variant, exposed_at FROM exposures WHERE visitor = ?2 "
      "ON CONFLICT (experiment, visitor, variant) DO UPDATE SET exposed_at = min(exposed_at, excluded.exposed_at)");
  exposures->bind(1, to);
  exposures->bind(2, from);
  exposures->exec();
  auto conversions = db.prepare("UPDATE conversions SET visitor = ? WHERE visitor = ?");
  conversions->bind(1, to);
  conversions->bind(2, from);
  conversions->exec();
}

}  // namespace

std::int64_t insert_profile(Database& db, Vault& vault, const NewProfile& profile) {
  const SecretKey key = vault.create_data_key(profile.id);
  const std::string row = to_string(profile.id);
  auto insert = db.prepare(
      "INSERT INTO user_profiles (id, visitor_record, personalization_score, created_at, "
      "updated_at, email_hash, foreign_hash, email, personalization_opt_out, personalization_enabled) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert->bind(1, row);
  insert.bind_blob(2, vault.seal(key, {kTable, "visitor_record", row}, encoded(profile.visitor)));
  insert->bind(3, static_cast<std::int64_t>(profile.personalization_score));
  insert->bind(4, profile.created_at_ms);
  insert->bind(5, profile.created_at_ms);
  if (!profile.email.empty()) {
    const Hash hash = vault.hash(HashOf::kEmail, profile.email);
    insert.bind_blob(6, std::as_bytes(std::span(hash)));
    insert.bind_blob(8, vault.seal(key, {kTable, "email", row}, profile.email));
  }
  if (profile.foreign_hash) insert.bind_blob(7, std::as_bytes(std::span(*profile.foreign_hash)));
  const Visitor& visitor = profile.visitor;
  insert->bind(9, visitor.opted_out ? 1 : 0);
  insert->bind(10, visitor.opted_out || visitor.personalization == Choice::kDenied ? 0 : 1);
  insert->exec();
  const std::int64_t seq = db.last_id();
  update_answers(db, vault, seq, profile.id, profile.answers);
  return seq;
}

void update_answers(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, const StoredAnswers& answers) {
  const SecretKey key = key_of(vault, id);
  const std::string row = to_string(id);
  StoredAnswers further;
  for (const auto& answer : answers) {
    const auto& [name, text] = answer;
    const AnswerColumn* column = nullptr;
    for (const AnswerColumn& one : kColumns) {
      if (one.name == name) column = &one;
    }
    if (column == nullptr) {
      further.push_back(answer);
      continue;
    }
    auto update = db.prepare(column->update);
    if (!text.empty()) update.bind_blob(1, vault.seal(key, {kTable, name, row}, text));
    update->bind(2, profile);
    update->exec();
  }
  if (!further.empty()) update_further(db, vault, key, profile, row, further);
}

std::optional<std::pair<std::int64_t, Uuid>> find_by_email(Database& db, const Hash& email_hash) {
  auto query = db.prepare("SELECT seq, id FROM user_profiles WHERE email_hash = ?");
  query.bind_blob(1, std::as_bytes(std::span(email_hash)));
  return first_profile(query);
}

std::optional<std::pair<std::int64_t, Uuid>> find_by_foreign(Database& db, const Hash& foreign_hash) {
  auto query = db.prepare("SELECT seq, id FROM user_profiles WHERE foreign_hash = ?");
  query.bind_blob(1, std::as_bytes(std::span(foreign_hash)));
  return first_profile(query);
}

std::optional<std::pair<std::int64_t, Uuid>> find_by_id(Database& db, const Uuid& id) {
  auto query = db.prepare("SELECT seq, id FROM user_profiles WHERE id = ?");
  query->bind(1, to_string(id));
  return first_profile(query);
}

void set_email(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, std::string_view email) {
  const SecretKey key = key_of(vault, id);
  const Hash hash = vault.hash(HashOf::kEmail, email);
  auto update = db.prepare("UPDATE user_profiles SET email = ?, email_hash = ? WHERE seq = ?");
  update.bind_blob(1, vault.seal(key, {kTable, "email", to_string(id)}, email));
  update.bind_blob(2, std::as_bytes(std::span(hash)));
  update->bind(3, profile);
  update->exec();
}

bool has_claim_since(Database& db, std::int64_t profile, std::int64_t since_ms) {
  auto query = db.prepare(
      "SELECT 1 FROM tokens WHERE profile = ? AND purpose = ? AND created_at >= ? AND expires_at > created_at "
      "LIMIT 1");
  query->bind(1, profile);
  query->bind(2, static_cast<std::int64_t>(TokenPurpose::kClaim));
  query->bind(3, since_ms);
  return query->executeStep();
}

void insert_token(Database& db, const Hash& hash, std::int64_t profile, TokenPurpose purpose,
                  std::int64_t expires_at_ms) {
  auto insert =
      db.prepare("INSERT INTO tokens (hash, profile, purpose, created_at, expires_at) VALUES (?, ?, ?, ?, ?)");
  insert.bind_blob(1, std::as_bytes(std::span(hash)));
  insert->bind(2, profile);
  insert->bind(3, static_cast<std::int64_t>(purpose));
  insert->bind(4, now_ms());
  insert->bind(5, expires_at_ms);
  insert->exec();
}

std::optional<std::pair<std::int64_t, Uuid>> redeem_claim(Database& db, const Hash& hash) {
  std::int64_t profile = 0;
  {
    auto erase = db.prepare("DELETE FROM tokens WHERE hash = ? AND purpose = 1 AND expires_at > ? RETURNING profile");
    erase.bind_blob(1, std::as_bytes(std::span(hash)));
    erase->bind(2, now_ms());
    if (!erase->executeStep()) return std::nullopt;
    profile = erase.integer(0);
  }
  auto query = db.prepare("SELECT seq, id FROM user_profiles WHERE seq = ?");
  query->bind(1, profile);
  return first_profile(query);
}

Visitor load_visitor(Database& db, Vault& vault, std::int64_t profile, const Uuid& id) {
  auto query = db.prepare("SELECT visitor_record FROM user_profiles WHERE seq = ?");
  query->bind(1, profile);
  if (!query->executeStep()) throw ProfileGone();
  std::array<std::byte, kMaxRecordBytes> record;
  const auto size = vault.open(key_of(vault, id), {kTable, "visitor_record", to_string(id)}, query.blob(0), record);
  const auto visitor =
      size ? decode_visitor(std::span(record).first(*size)) : Result<Visitor>(Unexpected(Status::kBadValue));
  if (!visitor) throw std::runtime_error("a stored visitor record does not open");
  return *visitor;
}

void save_visitor(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, const Visitor& visitor,
                  const Scores& scores, std::optional<std::int64_t> engaged_at_ms) {
  const auto sealed = vault.seal(key_of(vault, id), {kTable, "visitor_record", to_string(id)}, encoded(visitor));
  auto update = db.prepare(
      "UPDATE user_profiles SET visitor_record = ?, engagement_level = ?, personalization_score = "
      "?, "
      "last_engaged_at = coalesce(max(last_engaged_at, ?4), ?4, last_engaged_at), updated_at = ?5, "
      "personalization_opt_out = ?6, personalization_enabled = ?7 WHERE seq = ?8");
  update.bind_blob(1, sealed);
  update->bind(2, static_cast<std::int64_t>(scores.engagement_level));
  update->bind(3, static_cast<std::int64_t>(scores.personalization_score));
  if (engaged_at_ms) update->bind(4, *engaged_at_ms);
  update->bind(5, now_ms());
  update->bind(6, visitor.opted_out ? 1 : 0);
  update->bind(7, visitor.opted_out || visitor.personalization == Choice::kDenied ? 0 : 1);
  update->bind(8, profile);
  update->exec();
}

std::int64_t visitor_of_profile(Database& db, std::int64_t profile) {
  {
    auto query = db.prepare("SELECT visitor FROM visitors WHERE profile = ?");
    query->bind(1, profile);
    if (query->executeStep()) return query.integer(0);
  }
  auto insert = db.prepare("INSERT INTO visitors (profile) SELECT seq FROM user_profiles WHERE seq = ?");
  insert->bind(1, profile);
  if (insert->exec() == 0) throw ProfileGone();
  return db.last_id();
}

std::optional<std::int64_t> find_visitor(Database& db, const Hash& hash) {
  auto query = db.prepare("SELECT visitor FROM visitors WHERE hash = ?");
  query.bind_blob(1, visitor_bytes(hash));
  if (!query->executeStep()) return std::nullopt;
  return query.integer(0);
}

bool is_erased_visitor(Database& db, const Hash& hash) {
  auto query = db.prepare("SELECT 1 FROM erasures WHERE visitor_hash = ? AND reason IN ('person', 'admin')");
  query.bind_blob(1, visitor_bytes(hash));
  return query->executeStep();
}

std::int64_t visitor_of_hash(Database& db, const Hash& hash) {
  if (const auto known = find_visitor(db, hash)) return *known;
  auto insert = db.prepare("INSERT INTO visitors (hash) VALUES (?)");
  insert.bind_blob(1, visitor_bytes(hash));
  insert->exec();
  return db.last_id();
}

void link_visitor(Database& db, std::int64_t profile, const Hash& hash) {
  const auto bytes = visitor_bytes(hash);
  std::optional<std::int64_t> known;
  std::optional<std::int64_t> owner;
  {
    auto query = db.prepare("SELECT visitor, profile FROM visitors WHERE hash = ?");
    query.bind_blob(1, bytes);
    if (query->executeStep()) {
      known = query.integer(0);
      if (!query.is_null(1)) owner = query.integer(1);
    }
  }
  if (owner == profile) return;
  if (known && owner) {  // the same browser filled in the questionnaire anew: the hash follows the
                         // newer profile
    auto release = db.prepare("UPDATE visitors SET hash = NULL WHERE visitor = ?");
    release->bind(1, *known);
    release->exec();
    known.reset();
  }
  std::int64_t own = 0;
  {
    auto query = db.prepare("SELECT visitor FROM visitors WHERE profile = ?");
    query->bind(1, profile);
    if (query->executeStep()) own = query.integer(0);
  }
  if (known && own == 0) {
    auto adopt = db.prepare("UPDATE visitors SET profile = ? WHERE visitor = ?");
    adopt->bind(1, profile);
    adopt->bind(2, *known);
    adopt->exec();
    move_recommendations(db, *known, *known, profile);
    return;
  }
  if (own == 0) own = visitor_of_profile(db, profile);
  if (known) {
    auto move = db.prepare("UPDATE interactions SET visitor = ? WHERE visitor = ?");
    move->bind(1, own);
    move->bind(2, *known);
    move->exec();
    move_recommendations(db, *known, own, profile);
    move_experiments(db, *known, own);
    auto erase = db.prepare("DELETE FROM visitors WHERE visitor = ?");
    erase->bind(1, *known);
    erase->exec();
  }
  auto set = db.prepare("UPDATE visitors SET hash = ? WHERE visitor = ?");
  set.bind_blob(1, bytes);
  set->bind(2, own);
  set->exec();
}

std::optional<std::pair<std::int64_t, Uuid>> profile_of_visitor(Database& db, std::int64_t visitor) {
  auto query = db.prepare(
      "SELECT p.seq, p.id FROM visitors v JOIN user_profiles p ON p.seq = v.profile "
      "WHERE v.visitor = ?");
  query->bind(1, visitor);
  return first_profile(query);
}

void set_segment(Database& db, std::int64_t visitor, std::uint32_t segment_id) {
  auto update = db.prepare("UPDATE visitors SET segment_id = ?1 WHERE visitor = ?2 AND segment_id <> ?1");
  update->bind(1, static_cast<std::int64_t>(segment_id));
  update->bind(2, visitor);
  update->exec();
}

std::shared_ptr<const Session> find_session(Store& store, const Hash& token) {
  auto db = store.reader();
  auto query = db->prepare(
      "SELECT p.seq, p.id, p.visitor_record, p.personalization_enabled, t.hash, t.expires_at "
      "FROM tokens t JOIN user_profiles p ON p.seq = t.profile WHERE t.hash = ? AND t.purpose = 0");
  query.bind_blob(1, std::as_bytes(std::span(token)));
  if (!query->executeStep()) return nullptr;
  const auto stored = query.blob(4);
  if (stored.size() != token.size() || sodium_memcmp(stored.data(), token.data(), token.size()) != 0) {
    return nullptr;
  }
  auto session = std::make_shared<Session>();
  session->profile = query.integer(0);
  const std::string_view row = query.text(1);
  session->id = uuid_from(row);
  session->enabled = query.integer(3) != 0;
  session->token = token;
  session->token_expires_at_ms = query.integer(5);
  if (session->token_expires_at_ms <= now_ms()) return nullptr;
  const auto key = store.vault().data_key(session->id);
  if (!key) return nullptr;
  std::array<std::byte, kMaxRecordBytes> record;
  const auto size = store.vault().open(*key, {kTable, "visitor_record", row}, query.blob(2), record);
  if (!size) throw std::runtime_error("a stored visitor record does not open");
  const auto visitor = decode_visitor(std::span(record).first(*size));
  if (!visitor) throw std::runtime_error("a stored visitor record is not valid");
  session->visitor = *visitor;
  return session;
}

StoredAnswers read_answers(Store& store, std::int64_t profile, const Uuid& id) {
  auto db = store.reader();
  return read_answers(*db, store.vault(), profile, id);
}

StoredAnswers read_answers(Database& db, Vault& vault, std::int64_t profile, const Uuid& id) {
  StoredAnswers answers;
  const auto key = vault.data_key(id);
  if (!key) return answers;
  const std::string row = to_string(id);
  auto query = db.prepare(
      "SELECT email, timeline, personal_meaning, project_for, format, materials, excited_parts, "
      "involvement, start_timing, budget, logline, description, want_consult, preferred_format, "
      "preferred_genres, further_answers FROM user_profiles WHERE seq = ?");
  query->bind(1, profile);
  if (!query->executeStep()) return answers;
  for (int column = 0; column < query->getColumnCount(); ++column) {
    if (query.is_null(column)) continue;
    const std::string name = query->getColumnName(column);
    if (auto text = vault.open_text(*key, {kTable, name, row}, query.blob(column))) {
      answers.emplace_back(name, std::move(*text));
    }
  }
  return answers;
}

}  // namespace footlight::origin
