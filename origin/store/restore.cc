#include "origin/store/restore.h"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sqlite3.h>
#include <sys/file.h>

#include "origin/privacy/erasure.h"
#include "origin/publish/file_write.h"
#include "origin/store/audit.h"
#include "origin/store/backup.h"
#include "origin/store/store.h"

namespace footlight::origin {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kReady = "ready";
constexpr const char* kStaged = "footlight.db";

fs::path staging_of(const std::string& database) { return database + ".restoring"; }

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

// Opened, so that it can be synced or locked; closed again.
class File {
 public:
  File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void sync() const { check(::fsync(fd_)); }
  void lock() const { check(::flock(fd_, LOCK_EX)); }

 private:
  static void check(int status) {
    if (status != 0) throw std::system_error(errno, std::generic_category(), "restore");
  }
  int fd_;
};

void sync_folder_of(const fs::path& file) {
  const File folder(file.has_parent_path() ? file.parent_path() : ".", O_RDONLY | O_DIRECTORY);
  if (folder.is_open()) folder.sync();
}

// A log of the file before must not be taken for one of the file that comes.
void move_into_place(const fs::path& staged, const std::string& file) {
  if (!fs::exists(staged)) return;
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(file + suffix);
  fs::rename(staged, file);
}

// What was there keeps a name. Its log goes with it only where it could not be taken into the file.
void put_aside(const std::string& database, const fs::path& aside) {
  std::error_code failed;
  fs::create_hard_link(database, aside, failed);
  if (failed) fs::copy_file(database, aside);
  for (const char* suffix : {"-wal", "-shm"}) {
    if (fs::exists(database + suffix)) fs::copy_file(database + suffix, aside.string() + suffix);
  }
}

// Gone again unless it came to `ready`.
class Staging {
 public:
  explicit Staging(fs::path path) : path_(std::move(path)) {
    fs::remove_all(path_);  // of one that was cut short
    fs::create_directory(path_);
    fs::permissions(path_, fs::perms::owner_all);
  }
  ~Staging() {
    std::error_code ignored;
    if (!fs::exists(path_ / kReady, ignored)) fs::remove_all(path_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  [[nodiscard]] std::string main() const { return (path_ / kStaged).string(); }
  [[nodiscard]] std::string keys() const { return main() + "-keys"; }
  // From here on it has happened.
  void set_ready() const {
    for (const std::string& file : {main(), keys()}) {
      SQLite::Database(file, SQLite::OPEN_READWRITE).exec("PRAGMA journal_mode=DELETE");  // all of it in one file
      fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
      const File synced(file, O_RDONLY);
      synced.sync();
    }
    publish::replace_file(path_ / kReady, {}, 0600);
  }

 private:
  fs::path path_;
};

// On the copies: takes out whoever has been erased since, and writes down that this was restored.
void replay(const Staging& staging, const std::string& master_key_file, const std::string& name,
            std::vector<Erasure>& erasures, RestoreReport& report) {
  const auto store = Store::open({.path = staging.main(), .master_key_file = master_key_file});
  const auto own = erasures_of(staging.main());
  erasures.insert(erasures.end(), own.begin(), own.end());
  report.erasures = erasures.size();
  report.erased = replay_erasures(*store, erasures);
  store->writer()
      .submit([&](Database& db) {
        append_audit(db, "cli", "restore", name, Json{{"erasures", report.erasures}, {"erased", report.erased}}.dump());
        // The log may have gone back in time with the data: from here on it is this one.
        checkpoint_audit(db, store->vault());
      })
      .get();
  auto db = store->reader();
  auto query = db->prepare("SELECT count(*) FROM user_profiles");
  query->executeStep();
  report.profiles = static_cast<std::uint64_t>(query.integer(0));
}

}  // namespace

RestoreReport restore(const fs::path& directory, const std::string& database, const RestoreOptions& options,
                      const std::function<void(double share)>& progress) {
  finish_restore(database);
  RestoreReport report;
  for (const char* name : {kBackupMain, kBackupKeys}) {
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
  const auto refuse_if_in_use = [&] {
    if (is_there && is_in_use(database)) {
      throw std::runtime_error(database + " is in use: stop footlight serve first");
    }
  };
  refuse_if_in_use();
  if (is_there) {
    // Of a database that cannot be read any more nothing can be taken over but what a file has.
    try {
      const auto more = erasures_of(database);
      erasures.insert(erasures.end(), more.begin(), more.end());
    } catch (const SQLite::Exception&) {
      fmt::print(stderr, "footlight: the list of erasures of {} cannot be read: give one by --erasures\n", database);
    }
  }
  report.kept_keys = fs::exists(database + "-keys");
  const Staging staging(staging_of(database));
  copy_database((directory / kBackupMain).string(), staging.main(), progress);
  copy_database(report.kept_keys ? database + "-keys" : (directory / kBackupKeys).string(), staging.keys(), {});
  replay(staging, database + "-master.key", directory.filename().string(), erasures, report);
  refuse_if_in_use();
  if (is_there) {
    report.replaced = fmt::format("{}.replaced-{}", database, now_ms());
    put_aside(database, report.replaced);
  }
  staging.set_ready();
  finish_restore(database);
  return report;
}

void finish_restore(const std::string& database) {
  const fs::path staging = staging_of(database);
  const File ready(staging / kReady, O_RDWR);
  if (!ready.is_open()) return;
  ready.lock();
  if (!fs::exists(staging / kReady)) return;  // another process has done it
  move_into_place((staging / kStaged).string() + "-keys", database + "-keys");
  move_into_place(staging / kStaged, database);
  sync_folder_of(database);
  fs::remove(staging / kReady);
  fs::remove_all(staging);
}

}  // namespace footlight::origin
