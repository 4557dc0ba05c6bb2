#include "origin/store/backup.h"

#include <stdexcept>

#include <SQLiteCpp/Backup.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "origin/privacy/vault.h"
#include "origin/publish/file_write.h"
#include "origin/store/document.h"
#include "origin/store/schema.h"

namespace footlight::origin {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kPagesAtOnce = 1024;
constexpr const char* kAbout = "backup.json";
constexpr const char* kTrial = "trial";  // a copy that is opened to see whether it can be

std::int64_t count(SQLite::Database& db, const char* sql) { return db.execAndGet(sql).getInt64(); }

// Whoever was erased between the two copies is in the first alone.
void drop_without_key(const fs::path& directory) {
  SQLite::Database db((directory / kBackupMain).string(), SQLite::OPEN_READWRITE);
  SQLite::Statement attach(db, "ATTACH DATABASE ? AS keys");
  attach.bind(1, (directory / kBackupKeys).string());
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
    for (const char* name : {kBackupMain, kBackupKeys}) {
      for (const char* suffix : {"", "-journal"}) fs::remove(directory_ / (std::string(name) + suffix), ignored);
    }
    fs::remove(directory_ / kAbout, ignored);
    fs::remove_all(directory_ / kTrial, ignored);
    fs::remove(directory_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void finish() { directory_.clear(); }

 private:
  fs::path directory_;
};

}  // namespace

void copy_database(const std::string& from, const fs::path& to, const std::function<void(double)>& progress) {
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
  if (fs::exists(directory / kBackupMain) || fs::exists(directory / kBackupKeys)) {
    throw std::runtime_error(directory.string() + " holds a backup already: give a new folder");
  }
  fs::create_directories(directory);
  fs::permissions(directory, fs::perms::owner_all);
  Unfinished unfinished(directory);
  copy_database(store.path(), directory / kBackupMain, [&](double share) {
    if (progress) progress(0.9 * share);
  });
  copy_database(store.path() + "-keys", directory / kBackupKeys, {});
  drop_without_key(directory);
  BackupReport report{.directory = directory};
  for (const char* name : {kBackupMain, kBackupKeys}) {
    if (const std::string wrong = check_database((directory / name).string()); !wrong.empty()) {
      throw std::runtime_error(fmt::format("the copy {} is not sound: {}", name, wrong));
    }
    fs::permissions(directory / name, fs::perms::owner_read | fs::perms::owner_write);
    report.bytes += fs::file_size(directory / name);
  }
  {
    SQLite::Database db((directory / kBackupMain).string(), SQLite::OPEN_READONLY);
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
  for (const char* name : {kBackupMain, kBackupKeys, kAbout}) {
    if (!fs::exists(directory / name)) return fmt::format("{} is missing in {}", name, directory.string());
  }
  for (const char* name : {kBackupMain, kBackupKeys}) {
    if (std::string wrong = check_database((directory / name).string()); !wrong.empty()) {
      return fmt::format("{}: {}", name, wrong);
    }
  }
  // On a copy of its own: opening migrates, and a backup stays as it is.
  const fs::path trial = directory / kTrial;
  std::string wrong;
  try {
    fs::remove_all(trial);  // of one that was cut short
    fs::create_directory(trial);
    fs::copy_file(directory / kBackupMain, trial / "t.db");
    fs::copy_file(directory / kBackupKeys, trial / "t.db-keys");
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

}  // namespace footlight::origin
