#include "origin/store/store.h"

#include <chrono>
#include <filesystem>
#include <sodium.h>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "origin/privacy/erasure.h"
#include "origin/privacy/vault.h"
#include "origin/store/audit.h"
#include "origin/store/restore.h"
#include "origin/store/schema.h"

namespace footlight::origin {
namespace {

// Enough for every HTTP thread at once; a connection more is closed instead of kept.
constexpr std::size_t kPooledReaders = 64;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string join_scopes(const std::vector<std::string>& scopes) { return nlohmann::json(scopes).dump(); }

std::vector<std::string> split_scopes(std::string_view text) {
  return nlohmann::json::parse(text).get<std::vector<std::string>>();
}

// Goals that an older version wrote as they came. Done once: the meta row says so.
void hash_goals(Database& db, const Vault& vault) {
  {
    auto query = db.prepare("SELECT 1 FROM meta WHERE name = 'goals_are_hashed'");
    if (query->executeStep()) return;
  }
  db.execute("BEGIN IMMEDIATE");
  try {
    std::vector<std::string> goals;
    {
      auto query = db.prepare("SELECT DISTINCT goal FROM conversions WHERE goal NOT LIKE 'g:%'");
      while (query->executeStep()) goals.emplace_back(query.text(0));
    }
    for (const std::string& goal : goals) {
      auto update = db.prepare("UPDATE conversions SET goal = ? WHERE goal = ?");
      update->bind(1, vault.goal_hash(goal));
      update->bind(2, goal);
      update->exec();
    }
    db.prepare("INSERT OR IGNORE INTO meta (name, value) VALUES ('goals_are_hashed', '1')")->exec();
    db.execute("COMMIT");
  } catch (...) {
    db.execute("ROLLBACK");
    throw;
  }
}

}  // namespace

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Reader::~Reader() {
  if (database_) store_->give_back(std::move(database_));
}

Store::Store(StoreOptions options) : options_(std::move(options)) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start.");
  if (options_.master_key_file.empty()) options_.master_key_file = options_.path + "-master.key";

  finish_restore(options_.path);
  auto database = std::make_unique<Database>(options_.path, Database::Mode::kWrite);
  migrate(*database);
  // Only a database that no key was ever used with may get a new one: a lost key file is an error
  // and not a fresh start.
  std::optional<std::string> check;
  {
    auto query = database->prepare("SELECT value FROM meta WHERE name = 'master_key_check'");
    if (query->executeStep()) check = std::string(query.text(0));
  }
  vault_ = std::make_unique<Vault>(options_.master_key_file, options_.path + "-keys", !check.has_value());
  const std::string expected = hex(vault_->hash(HashOf::kCheck, "footlight"));
  if (!check) {
    auto insert = database->prepare("INSERT OR IGNORE INTO meta (name, value) VALUES ('master_key_check', ?)");
    insert->bind(1, expected);
    insert->exec();
  } else if (*check != expected) {
    throw std::runtime_error("The master key is not the one this database was written with.");
  }
  hash_goals(*database, *vault_);
  writer_ = std::make_unique<Writer>(
      std::move(database),
      Writer::Hooks{.before_commit = [this] { vault_->commit(); }, .after_rollback = [this] { vault_->rollback(); }});
  static_cast<void>(finish_erasures(*this));  // a crash may have come between the rows and the key
}

Store::~Store() = default;

std::unique_ptr<Store> Store::open(const StoreOptions& options) { return std::unique_ptr<Store>(new Store(options)); }

Reader Store::reader() {
  {
    const std::lock_guard lock(pool_mutex_);
    if (!pool_.empty()) {
      auto database = std::move(pool_.back());
      pool_.pop_back();
      return {*this, std::move(database)};
    }
  }
  return {*this, std::make_unique<Database>(options_.path, Database::Mode::kRead)};
}

void Store::give_back(std::unique_ptr<Database> database) {
  const std::lock_guard lock(pool_mutex_);
  if (pool_.size() < kPooledReaders) pool_.push_back(std::move(database));
}

// -- snapshots and models
// ----------------------------------------------------------------------------------------------

std::uint64_t Store::next_snapshot_version() { return next_counter("snapshot_version"); }

void Store::insert_snapshot(const SnapshotRow& row) {
  writer_
      ->submit([row](Database& db) {
        auto insert = db.prepare(
            "INSERT INTO snapshots (version, created_at, sha256, manifest, state, note, path, gate) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        insert->bind(1, static_cast<std::int64_t>(row.version));
        insert->bind(2, row.created_at_s);
        insert->bind(3, row.sha256);
        insert->bind(4, row.manifest);
        insert->bind(5, row.state);
        insert->bind(6, row.note);
        insert->bind(7, row.path);
        if (!row.gate.empty()) insert->bind(8, row.gate);
        insert->exec();
      })
      .get();
}

void Store::mark_live(std::uint64_t version) {
  writer_
      ->submit([version](Database& db) {
        auto before = db.prepare("UPDATE snapshots SET state = 'superseded' WHERE state = 'live' AND version <> ?");
        before->bind(1, static_cast<std::int64_t>(version));
        before->exec();
        auto mark = db.prepare("UPDATE snapshots SET state = 'live' WHERE version = ?");
        mark->bind(1, static_cast<std::int64_t>(version));
        mark->exec();
      })
      .get();
}

namespace {

SnapshotRow snapshot_row(Prepared& query) {
  return {.version = static_cast<std::uint64_t>(query.integer(0)),
          .created_at_s = query.integer(1),
          .sha256 = std::string(query.text(2)),
          .manifest = std::string(query.text(3)),
          .state = std::string(query.text(4)),
          .note = std::string(query.text(5)),
          .path = std::string(query.text(6)),
          .gate = query.is_null(7) ? std::string() : std::string(query.text(7))};
}

}  // namespace

std::vector<SnapshotRow> Store::snapshots() {
  auto db = reader();
  auto query = db->prepare(
      "SELECT version, created_at, sha256, manifest, state, note, path, gate FROM snapshots "
      "ORDER BY version DESC");
  std::vector<SnapshotRow> rows;
  while (query->executeStep()) rows.push_back(snapshot_row(query));
  return rows;
}

std::optional<SnapshotRow> Store::snapshot(std::uint64_t version) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT version, created_at, sha256, manifest, state, note, path, gate FROM snapshots "
      "WHERE version = ?");
  query->bind(1, static_cast<std::int64_t>(version));
  if (!query->executeStep()) return std::nullopt;
  return snapshot_row(query);
}

std::optional<SnapshotRow> Store::live_snapshot() {
  auto db = reader();
  auto query = db->prepare(
      "SELECT version, created_at, sha256, manifest, state, note, path, gate FROM snapshots "
      "WHERE state = 'live' ORDER BY version DESC LIMIT 1");
  if (!query->executeStep()) return std::nullopt;
  return snapshot_row(query);
}

void Store::put_model(std::string_view name, std::span<const std::byte> bytes) {
  writer_
      ->submit([name = std::string(name), bytes](Database& db) {  // the caller waits: bytes stay
        auto insert = db.prepare(
            "INSERT INTO models (name, bytes, updated_at) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, "
            "updated_at = excluded.updated_at");
        insert->bind(1, name);
        insert.bind_blob(2, bytes);
        insert->bind(3, now_ms());
        insert->exec();
      })
      .get();
}

std::optional<std::vector<std::byte>> Store::model(std::string_view name) {
  auto db = reader();
  auto query = db->prepare("SELECT bytes FROM models WHERE name = ?");
  query->bind(1, std::string(name));
  if (!query->executeStep()) return std::nullopt;
  const auto bytes = query.blob(0);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

// -- meta
// --------------------------------------------------------------------------------------------------------------

std::optional<std::string> Store::meta(std::string_view name) {
  auto db = reader();
  auto query = db->prepare("SELECT value FROM meta WHERE name = ?");
  query->bind(1, std::string(name));
  if (!query->executeStep()) return std::nullopt;
  return std::string(query.text(0));
}

void Store::set_meta(std::string_view name, std::string_view value) {
  writer_
      ->submit([name = std::string(name), value = std::string(value)](Database& db) {
        auto insert = db.prepare(
            "INSERT INTO meta (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value");
        insert->bind(1, name);
        insert->bind(2, value);
        insert->exec();
      })
      .get();
}

std::uint64_t Store::next_counter(std::string_view name) {
  return writer_
      ->submit([name = "counter." + std::string(name)](Database& db) {
        auto insert = db.prepare(
            "INSERT INTO meta (name, value) VALUES (?, '1') "
            "ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) "
            "RETURNING CAST(value AS INTEGER)");
        insert->bind(1, name);
        insert->executeStep();
        return static_cast<std::uint64_t>(insert.integer(0));
      })
      .get();
}

// -- API keys
// ----------------------------------------------------------------------------------------------------------

std::string Store::create_api_key(std::string_view label, const std::vector<std::string>& scopes,
                                  std::int64_t expires_at_ms, std::string_view actor) {
  std::string key = random_secret("flk_");
  const Hash hash = vault_->hash(HashOf::kApiKey, key);
  writer_
      ->submit([&, label = std::string(label)](Database& db) {
        const std::string id = to_string(random_uuid());
        auto insert = db.prepare(
            "INSERT INTO api_keys (id, hash, label, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)");
        insert->bind(1, id);
        insert.bind_blob(2, std::as_bytes(std::span(hash)));
        insert->bind(3, label);
        insert->bind(4, join_scopes(scopes));
        insert->bind(5, now_ms());
        if (expires_at_ms != 0) insert->bind(6, expires_at_ms);
        insert->exec();
        append_audit(db, actor, "key.create", id, nlohmann::json{{"label", label}, {"scopes", scopes}}.dump());
      })
      .get();
  return key;
}

namespace {

ApiKey api_key_of(Prepared& query) {
  return {.id = std::string(query.text(0)),
          .label = std::string(query.text(1)),
          .scopes = split_scopes(query.text(2)),
          .created_at_ms = query.integer(3),
          .expires_at_ms = query.is_null(4) ? 0 : query.integer(4)};
}

}  // namespace

std::optional<ApiKey> Store::check_api_key(std::string_view key) {
  if (key.size() < 32 || key.size() > 128) return std::nullopt;
  const Hash hash = vault_->hash(HashOf::kApiKey, key);
  auto db = reader();
  // Looked up by a keyed hash: how far a comparison gets says nothing about a key. Compared once
  // more in constant time.
  auto query = db->prepare("SELECT id, label, scopes, created_at, expires_at, hash FROM api_keys WHERE hash = ?");
  query.bind_blob(1, std::as_bytes(std::span(hash)));
  if (!query->executeStep()) return std::nullopt;
  const auto stored = query.blob(5);
  if (stored.size() != hash.size() || sodium_memcmp(stored.data(), hash.data(), hash.size()) != 0) {
    return std::nullopt;
  }
  ApiKey found = api_key_of(query);
  if (found.expires_at_ms != 0 && found.expires_at_ms <= now_ms()) return std::nullopt;
  return found;
}

std::vector<ApiKey> Store::api_keys() {
  auto db = reader();
  auto query = db->prepare("SELECT id, label, scopes, created_at, expires_at FROM api_keys ORDER BY created_at");
  std::vector<ApiKey> keys;
  while (query->executeStep()) keys.push_back(api_key_of(query));
  return keys;
}

bool Store::revoke_api_key(std::string_view id, std::string_view actor) {
  return writer_
      ->submit([id = std::string(id), actor](Database& db) {
        auto erase = db.prepare("DELETE FROM api_keys WHERE id = ?");
        erase->bind(1, id);
        if (erase->exec() == 0) return false;
        append_audit(db, actor, "key.revoke", id, "");
        return true;
      })
      .get();
}

}  // namespace footlight::origin
