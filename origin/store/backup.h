// A copy of the databases while they are in use, and back.
//
//     backup(store, directory, progress)      main.db, keys.db and manifest.json of the copy, checked
//     restore(directory, target, options)     back into place; refuses while somebody uses the database
//
// SQLite's online backup copies page by page and starts over when another process writes in between; what comes out is
// one moment of each file. Keys are copied after the data, so that every profile of the copy has its key, and none that
// was erased meanwhile. The copy of the keys is what makes erased people readable again until it is gone: keep it
// elsewhere than that of the data, and for a short time (privacy/PRIVACY.md). The master key is never part of a backup.
//
// restore() keeps the keys that are in place, if there are any, because they know of every erasure, and replays the
// list of erasures: of the database it replaces, of the backup itself, and of a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "origin/store/store.h"

namespace footlight::origin {

struct BackupReport {
  std::filesystem::path directory;
  std::uint64_t bytes = 0;
  std::uint64_t profiles = 0;
  std::uint64_t interactions = 0;
};

// `directory` is made and must not hold a backup yet. Throws std::runtime_error; a copy that is not complete is
// removed.
BackupReport backup(Store& store, const std::filesystem::path& directory,
                    const std::function<void(double share)>& progress);

// What is wrong with a backup; empty: it opens, its pages are sound, and its keys fit the master key in use.
[[nodiscard]] std::string check_backup(const std::filesystem::path& directory, const std::string& master_key_file);

struct RestoreOptions {
  bool force = false;              // although there is a database in place
  std::filesystem::path erasures;  // lines of `footlight privacy erasures`; empty: none
};
struct RestoreReport {
  bool kept_keys = false;      // of the place; otherwise those of the backup
  std::uint64_t erasures = 0;  // in all lists
  std::uint64_t erased = 0;    // people taken out of the restored data again
  std::uint64_t profiles = 0;
  std::filesystem::path replaced;  // where the database before lies now; empty: there was none
};
// Throws std::runtime_error and leaves everything as it was.
RestoreReport restore(const std::filesystem::path& directory, const std::string& database,
                      const RestoreOptions& options);

// The profiles and pages of a database file: what an integrity check has to say; empty: it is sound.
[[nodiscard]] std::string check_database(const std::string& path);

}  // namespace footlight::origin
