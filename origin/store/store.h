// The origin's store: SQLite, one writer with group commit, any number of readers.
//
//     auto store = Store::open({.path = "footlight.db"});
//     store->for_each_content([](const ContentRow& row) { … });
//     store->put_model("item_item", bytes);
//
// Thread rule: every method from any thread. Reads take a connection from a pool and see the last
// commit. Writes block until they are on disk (WAL, synchronous=FULL). Several processes may open
// one database: `footlight publish` beside `footlight serve`. Failures throw SQLite::Exception or
// std::runtime_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/visitor/visitor.h"
#include "origin/store/content.h"
#include "origin/store/database.h"
#include "origin/store/site.h"
#include "origin/store/writer.h"

namespace footlight::origin {

class Vault;  // origin/privacy/vault.h: keys and ciphers

struct StoreOptions {
  std::string path;             // the database; PATH-keys beside it holds the wrapped data keys
  std::string master_key_file;  // default PATH-master.key; FOOTLIGHT_MASTER_KEY in the environment wins
};

struct SiteDocument {
  Site site;
  std::string json;  // as it was put
  std::uint64_t version = 0;
  std::int64_t updated_at_ms = 0;
};

// One interaction of a visitor's past.
struct HistoryEvent {
  std::uint32_t item_id = 0;
  Action action = Action::kView;
  Feedback feedback = Feedback::kNone;
  std::uint32_t duration_ms = 0;
  std::int64_t occurred_at_ms = 0;
  std::string_view slot;  // where the item stood; empty: not known. Valid during the visit
  std::int32_t position = -1;
  std::uint32_t context = 0;  // packed Surroundings (core/model/engagement.h); 0: not known
};

// One time that an item was shown to a visitor.
struct HistoryExposure {
  std::uint32_t item_id = 0;
  std::int64_t occurred_at_ms = 0;
  std::string_view slot;       // empty: not known. Valid during the visit
  std::int32_t position = -1;  // from 0; -1: not known
  double propensity = -1;      // (0, 1]; -1: not known
  std::uint64_t snapshot_version = 0;
  std::uint32_t context = 0;  // packed Surroundings; 0: not known
};

struct VisitorHistory {
  std::int64_t profile = 0;                    // key of for_each_profile_record; 0: a visitor without a profile
  std::uint32_t segment_id = 0;                // as the visitor's record last said; 0: everyone, or not known
  std::span<const HistoryEvent> events;        // by time, then by order of arrival; exposures are not among them
  std::span<const HistoryExposure> exposures;  // by time, then by order of arrival
};

// What is known of one item, over visitors (each counted once in the `visitors_` fields).
struct ItemCounts {
  std::uint32_t item_id = 0;
  std::uint64_t exposures = 0;
  std::uint64_t views = 0;
  std::uint64_t clicks = 0;
  std::uint64_t engagements = 0;
  std::uint64_t conversions = 0;
  std::uint64_t positive = 0;
  std::uint64_t negative = 0;
  std::uint64_t visitors_seen = 0;     // exposed to it or interacted with it
  std::uint64_t visitors_engaged = 0;  // clicked, engaged or converted, and gave no negative feedback
};

struct SnapshotRow {
  std::uint64_t version = 0;
  std::int64_t created_at_s = 0;
  std::string sha256;    // hex, of the edge snapshot; also its file name
  std::string manifest;  // the signed envelope, JSON
  std::string state;     // "pending" while it is being published, "live", "superseded"; "canary": for some visitors
  std::string note;      // "roll back to 12"
  std::string path;      // of the snapshot file
  std::string gate;      // what the publish gate found, JSON (publish/gate.h); empty: it was not asked
};

struct ApiKey {
  std::string id;  // public handle, for listing and revoking
  std::string label;
  std::vector<std::string> scopes;  // "admin"
  std::int64_t created_at_ms = 0;
  std::int64_t expires_at_ms = 0;  // 0: never
};

// A connection on loan from the pool.
class Reader {
 public:
  Reader(class Store& store, std::unique_ptr<Database> database) : store_(&store), database_(std::move(database)) {}
  Reader(Reader&&) noexcept = default;
  Reader& operator=(Reader&&) = delete;
  ~Reader();
  Database* operator->() { return database_.get(); }
  Database& operator*() { return *database_; }

 private:
  class Store* store_;
  std::unique_ptr<Database> database_;
};

class Store {
 public:
  // Creates what is not there, migrates what is older. Throws when the database is newer than this
  // program, or when the master key does not fit it.
  [[nodiscard]] static std::unique_ptr<Store> open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // -- content
  void for_each_content(const std::function<void(const ContentRow&)>& visit);  // by item_id; drafts too
  [[nodiscard]] std::optional<ContentRow> content_by_uuid(std::string_view uuid);
  [[nodiscard]] std::optional<ContentRow> content_by_foreign(std::string_view foreign_id);
  [[nodiscard]] std::optional<ContentRow> content_by_any(std::string_view uuid_or_foreign_id);
  [[nodiscard]] std::vector<ContentRow> content_page(std::uint32_t after_item_id, std::uint32_t limit);
  // Inserts or replaces by uuid; the rows get their item_id and times. One transaction.
  struct Upserted {
    std::uint64_t created = 0;
    std::uint64_t updated = 0;
  };
  Upserted upsert_content(std::vector<ContentRow>& rows);
  bool delete_content(std::string_view uuid);  // false: there was none
  [[nodiscard]] std::uint64_t content_count();

  // -- site
  [[nodiscard]] std::optional<SiteDocument> site();  // the latest
  std::uint64_t put_site(std::string_view json);     // already checked with parse_site; returns the new version

  // -- what training reads: of everybody but those who opted out, or denied training (privacy/consent.h). Rows are
  // streamed: memory is that of one visitor.
  void for_each_visitor_history(const std::function<void(const VisitorHistory&)>& visit);
  // The stored visitor record of every profile, decrypted; `profile` is that of VisitorHistory.
  void for_each_profile_record(
      const std::function<void(std::int64_t profile, std::span<const std::byte> record)>& visit);
  void for_each_item_counts(const std::function<void(const ItemCounts&)>& visit);

  // -- snapshots and models
  [[nodiscard]] std::uint64_t next_snapshot_version();  // counts up in the database, never gives one twice
  void insert_snapshot(const SnapshotRow& row);
  void mark_live(std::uint64_t version);               // the one before becomes "superseded"
  [[nodiscard]] std::vector<SnapshotRow> snapshots();  // newest first
  [[nodiscard]] std::optional<SnapshotRow> snapshot(std::uint64_t version);
  [[nodiscard]] std::optional<SnapshotRow> live_snapshot();
  void put_model(std::string_view name, std::span<const std::byte> bytes);
  [[nodiscard]] std::optional<std::vector<std::byte>> model(std::string_view name);

  // -- meta
  [[nodiscard]] std::optional<std::string> meta(std::string_view name);
  void set_meta(std::string_view name, std::string_view value);
  std::uint64_t next_counter(std::string_view name);  // 1, 2, 3, …

  // -- API keys. The key is returned once and kept as a hash. Both changes are audited, `actor` as in store/audit.h.
  [[nodiscard]] std::string create_api_key(std::string_view label, const std::vector<std::string>& scopes,
                                           std::int64_t expires_at_ms = 0, std::string_view actor = "cli");
  [[nodiscard]] std::optional<ApiKey> check_api_key(std::string_view key);  // nullopt for an expired one, too
  [[nodiscard]] std::vector<ApiKey> api_keys();
  bool revoke_api_key(std::string_view id, std::string_view actor = "cli");

  // -- for the modules that own further tables (profiles.h, ingest)
  [[nodiscard]] Reader reader();
  [[nodiscard]] Writer& writer() { return *writer_; }
  [[nodiscard]] Vault& vault() { return *vault_; }
  [[nodiscard]] const std::string& path() const { return options_.path; }

 private:
  friend class Reader;
  explicit Store(StoreOptions options);
  void give_back(std::unique_ptr<Database> database);

  StoreOptions options_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<Writer> writer_;
  std::mutex pool_mutex_;
  std::vector<std::unique_ptr<Database>> pool_;
};

// Milliseconds since 1970-01-01, UTC.
[[nodiscard]] std::int64_t now_ms();

}  // namespace footlight::origin
