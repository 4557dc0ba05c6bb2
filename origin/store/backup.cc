#include "origin/store/backup.h"

#include <fstream>
#include <optional>
#include <stdexcept>
#include <vector>

#include <SQLiteCpp/Backup.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "origin/privacy/erasure.h"
#include "origin/privacy/vault.h"
#include "origin/publish/file_write.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"
#include "origin/store/schema.h"

namespace footlight::origin {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kPagesAtOnce = 1024;
constexpr const char* kMain = "main.db";
constexpr const char* kKeys = "keys.db";
constexpr const char* kAbout = "backup.json";

void copy_pages(const std::string& from, const fs::path& to, const std::function<void(double)>& progress) {
  SQLite::Database source(from, SQLite::OPEN_READWRITE, 5000);  // WAL needs the flag; nothing is written
  SQLite::Database target(to.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  SQLite::Backup backup(target, source);
  for (;;) {
    const int status = backup.executeStep(kPagesAtOnce);
    if (progress) {
      const int all = backup.getTotalPageCount();
      progress(all == 0 ? 1 : 1 - static_cast<double>(backup.getRemainingPageCount()) / all);
    }
    if (status == SQLITE_DONE) break;
    if (status == SQLITE_BUSY || status == SQLITE_LOCKED) sqlite3_sleep(20);
  }
  // A file by itself: no write-ahead log beside it.
  target.exec("PRAGMA journal_mode=DELETE");
}

std::int64_t count(SQLite::Database& db, const char* sql) { return db.execAndGet(sql).getInt64(); }

// Whoever was erased between the two copies is in the first alone.
void drop_without_key(const fs::path& directory) {
  SQLite::Database db((directory / kMain).string(), SQLite::OPEN_READWRITE);
  SQLite::Statement attach(db, "ATTACH DATABASE ? AS keys");
  attach.bind(1, (directory / kKeys).string());
  attach.exec();
  db.exec(
      "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
      "CREATE TEMP TABLE keyless AS SELECT seq FROM user_profiles WHERE upper(replace(id, '-', '')) NOT IN "
      "(SELECT hex(profile) FROM keys.profile_keys);"
      "DELETE FROM visitors WHERE profile IN (SELECT seq FROM keyless);"
      "DELETE FROM user_profiles WHERE seq IN (SELECT seq FROM keyless);");
}

class Unfinished {
 public:
  explicit Unfinished(fs::path directory) : directory_(std::move(directory)) {}
  ~Unfinished() {
    if (directory_.empty()) return;
    std::error_code ignored;
    for (const char* name : {kMain, kKeys, kAbout}) fs::remove(directory_ / name, ignored);
    fs::remove(directory_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void finish() { directory_.clear(); }

 private:
  fs::path directory_;
};

std::vector<Erasure> read_erasures(const fs::path& file) {
  std::vector<Erasure> erasures;
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    const Json document = Json::parse(line, nullptr, false);
    if (document.is_discarded()) throw std::runtime_error(fmt::format("{} line {}: not JSON", file.string(), number));
    try {
      erasures.push_back(parse_erasure(document));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("{} line {}: {}", file.string(), number, error.what()));
    }
  }
  return erasures;
}

// Of a database file that nobody else uses; of an older version, none.
std::vector<Erasure> erasures_of(const std::string& path) {
  std::vector<Erasure> erasures;
  Database db(path, Database::Mode::kWrite);
  {
    auto query = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'erasures'");
    if (!query->executeStep()) return erasures;
  }
  auto query = db.prepare("SELECT id, profile, hex(visitor_hash), reason, erased_at FROM erasures ORDER BY seq");
  while (query->executeStep()) {
    erasures.push_back({.id = std::string(query.text(0)),
                        .profile = std::string(query.text(1)),
                        .visitor_hash = std::string(query.text(2)),
                        .reason = std::string(query.text(3)),
                        .erased_at_ms = query.integer(4)});
  }
  return erasures;
}

// Whether another process has it open: an exclusive lock is to be had only when none has.
bool is_in_use(const std::string& path) {
  try {
    SQLite::Database db(path, SQLite::OPEN_READWRITE, 0);
    db.exec("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    return false;
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_BUSY || error.getErrorCode() == SQLITE_LOCKED) return true;
    return false;  // not a database any more: that is what restoring is for
  }
}

void move_aside(const fs::path& database, const fs::path& aside, const char* suffix) {
  std::error_code ignored;
  const fs::path from = database.string() + suffix;
  if (fs::exists(from, ignored)) fs::rename(from, aside.string() + suffix);
}

}  // namespace

std::string check_database(const std::string& path) {
  try {
    SQLite::Database db(path, SQLite::OPEN_READWRITE, 5000);
    SQLite::Statement check(db, "PRAGMA integrity_check(5)");
    std::string found;
    while (check.executeStep()) {
      const std::string row = check.getColumn(0).getString();
      if (row != "ok") found += (found.empty() ? "" : "; ") + row;
    }
    SQLite::Statement keys(db, "PRAGMA foreign_key_check");
    if (keys.executeStep()) found += (found.empty() ? "" : "; ") + std::string("rows that refer to nothing");
    return found;
  } catch (const SQLite::Exception& error) {
    return error.what();
  }
}

BackupReport backup(Store& store, const fs::path& directory, const std::function<void(double)>& progress) {
  if (fs::exists(directory / kMain) || fs::exists(directory / kKeys)) {
    throw std::runtime_error(directory.string() + " holds a backup already: give a new folder");
  }
  fs::create_directories(directory);
  fs::permissions(directory, fs::perms::owner_all);
  Unfinished unfinished(directory);
  copy_pages(store.path(), directory / kMain, [&](double share) {
    if (progress) progress(0.9 * share);
  });
  copy_pages(store.path() + "-keys", directory / kKeys, {});
  drop_without_key(directory);
  BackupReport report{.directory = directory};
  for (const char* name : {kMain, kKeys}) {
    if (const std::string wrong = check_database((directory / name).string()); !wrong.empty()) {
      throw std::runtime_error(fmt::format("the copy {} is not sound: {}", name, wrong));
    }
    fs::permissions(directory / name, fs::perms::owner_read | fs::perms::owner_write);
    report.bytes += fs::file_size(directory / name);
  }
  {
    SQLite::Database db((directory / kMain).string(), SQLite::OPEN_READONLY);
    report.profiles = static_cast<std::uint64_t>(count(db, "SELECT count(*) FROM user_profiles"));
    report.interactions = static_cast<std::uint64_t>(count(db, "SELECT count(*) FROM interactions"));
  }
  const std::string about =
      Json{{"format", "footlight-backup"}, {"formatVersion", 1},          {"at", format_time(now_ms())},
           {"schema", kSchemaVersion},     {"profiles", report.profiles}, {"interactions", report.interactions}}
          .dump(2) +
      "\n";
  publish::replace_file(directory / kAbout, std::as_bytes(std::span(about)), 0600);
  if (const std::string wrong = check_backup(directory, store.vault().master_key_file()); !wrong.empty()) {
    throw std::runtime_error("the copy cannot be used: " + wrong);
  }
  unfinished.finish();
  if (progress) progress(1);
  return report;
}

std::string check_backup(const fs::path& directory, const std::string& master_key_file) {
  for (const char* name : {kMain, kKeys, kAbout}) {
    if (!fs::exists(directory / name)) return fmt::format("{} is missing in {}", name, directory.string());
  }
  for (const char* name : {kMain, kKeys}) {
    if (std::string wrong = check_database((directory / name).string()); !wrong.empty()) {
      return fmt::format("{}: {}", name, wrong);
    }
  }
  // On a copy of its own: opening migrates, and a backup stays as it is.
  const fs::path trial = directory / "trial";
  std::string wrong;
  try {
    fs::create_directory(trial);
    fs::copy_file(directory / kMain, trial / "t.db");
    fs::copy_file(directory / kKeys, trial / "t.db-keys");
    const auto store = Store::open({.path = (trial / "t.db").string(), .master_key_file = master_key_file});
    auto db = store->reader();
    auto query = db->prepare("SELECT id FROM user_profiles ORDER BY seq");
    std::uint64_t without_key = 0;
    while (query->executeStep()) {
      const auto id = parse_uuid(query.text(0));
      if (!id || !store->vault().data_key(*id)) ++without_key;
    }
    if (without_key > 0) wrong = fmt::format("{} profiles have no key that opens", without_key);
  } catch (const std::exception& error) {
    wrong = error.what();
  }
  std::error_code ignored;
  fs::remove_all(trial, ignored);
  return wrong;
}

RestoreReport restore(const fs::path& directory, const std::string& database, const RestoreOptions& options) {
  RestoreReport report;
  for (const char* name : {kMain, kKeys}) {
    if (!fs::exists(directory / name)) throw std::runtime_error(directory.string() + " holds no " + name);
    if (const std::string wrong = check_database((directory / name).string()); !wrong.empty()) {
      throw std::runtime_error(fmt::format("{} of the backup is not sound: {}", name, wrong));
    }
  }
  std::vector<Erasure> erasures;
  if (!options.erasures.empty()) erasures = read_erasures(options.erasures);
  const bool is_there = fs::exists(database);
  if (is_there && !options.force) {
    throw std::runtime_error(database + " is there already: --force puts it aside and takes the backup's place");
  }
  if (is_there && is_in_use(database)) {
    throw std::runtime_error(database + " is in use: stop footlight serve first");
  }
  const fs::path aside = fmt::format("{}.replaced-{}", database, now_ms());
  if (is_there) {
    // Of a database that cannot be read any more nothing can be taken over but what a file has.
    try {
      const auto more = erasures_of(database);
      erasures.insert(erasures.end(), more.begin(), more.end());
    } catch (const SQLite::Exception&) {
      fmt::print(stderr, "footlight: the list of erasures of {} cannot be read: give one by --erasures\n", database);
    }
    for (const char* suffix : {"", "-wal", "-shm"}) move_aside(database, aside, suffix);
    report.replaced = aside;
  }
  report.kept_keys = fs::exists(database + "-keys");
  try {
    fs::copy_file(directory / kMain, database);
    if (!report.kept_keys) fs::copy_file(directory / kKeys, database + "-keys");
    for (const std::string& file : {database, database + "-keys"}) {
      fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    }
    const auto store = Store::open({.path = database, .master_key_file = {}});
    const auto own = erasures_of(database);
    erasures.insert(erasures.end(), own.begin(), own.end());
    report.erasures = erasures.size();
    report.erased = replay_erasures(*store, erasures);
    store->writer()
        .submit([&](Database& db) {
          append_audit(db, "cli", "restore", directory.filename().string(),
                       Json{{"erasures", report.erasures}, {"erased", report.erased}}.dump());
          // The log may have gone back in time with the data: from here on it is this one.
          checkpoint_audit(db, store->vault());
        })
        .get();
    auto db = store->reader();
    auto query = db->prepare("SELECT count(*) FROM user_profiles");
    query->executeStep();
    report.profiles = static_cast<std::uint64_t>(query.integer(0));
  } catch (...) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(database + suffix, ignored);
    if (!report.kept_keys) {
      for (const char* suffix : {"-keys", "-keys-wal", "-keys-shm"}) fs::remove(database + suffix, ignored);
    }
    if (!report.replaced.empty()) {
      for (const char* suffix : {"", "-wal", "-shm"}) move_aside(aside, database, suffix);
    }
    throw;
  }
  return report;
}

}  // namespace footlight::origin
