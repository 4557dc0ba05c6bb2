// A copy of the databases while they are in use: main.db, keys.db and backup.json, checked. restore.h puts it back.
//
// SQLite's online backup copies page by page and starts over when another process writes in between; what comes out is
// one moment of each file. Keys are copied after the data, so that every profile of the copy has its key, and none that
// was erased meanwhile. The copy of the keys is what makes erased people readable again until it is gone: keep it
// elsewhere than that of the data, and for a short time (privacy/PRIVACY.md). The master key is never part of a backup.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "origin/store/store.h"

namespace footlight::origin {

inline constexpr const char* kBackupMain = "main.db";
inline constexpr const char* kBackupKeys = "keys.db";

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

// Page by page, over again when somebody writes in between. The copy is a file by itself, without a log beside it.
void copy_database(const std::string& from, const std::filesystem::path& to,
                   const std::function<void(double share)>& progress);

// The profiles and pages of a database file: what an integrity check has to say; empty: it is sound.
[[nodiscard]] std::string check_database(const std::string& path);

}  // namespace footlight::origin
