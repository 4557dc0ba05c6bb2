// The tables of the two databases, and how older files become newer ones (PRAGMA user_version
// counts).
#pragma once

#include "origin/store/database.h"

namespace footlight::origin {

inline constexpr int kSchemaVersion = 4;
inline constexpr int kKeysSchemaVersion = 2;

// Brings a database to kSchemaVersion in one transaction, keeping every row. Throws std::runtime_error when it is
// newer than that.
void migrate(Database& db);

// The store of wrapped data keys, PATH-keys.
void migrate_keys(Database& db);

}  // namespace footlight::origin
