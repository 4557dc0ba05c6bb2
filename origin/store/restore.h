// A backup (backup.h) back into place.
//
//     restore(directory, database, options, progress)     refuses while somebody uses the database
//
// Everything is prepared in DATABASE.restoring: copies, and on them the erasures that the backup does not know of, from
// the list of the database that is replaced and from a file. The keys that are in place stay, if there are any, because
// they know of every erasure. When all of it is on the disk, the file `ready` is written there, and from then on the
// restore has happened: whoever opens the database next moves the files into place, if the program has died meanwhile.
// Before that, nothing has happened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace footlight::origin {

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
// Throws std::runtime_error (and what `progress` throws) and leaves everything as it was.
RestoreReport restore(const std::filesystem::path& directory, const std::string& database,
                      const RestoreOptions& options, const std::function<void(double share)>& progress);

// What a restore has left to do; nothing, as a rule. Any number of processes at once. Throws std::system_error.
void finish_restore(const std::string& database);

}  // namespace footlight::origin
