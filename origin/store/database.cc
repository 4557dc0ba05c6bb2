#include "origin/store/database.h"

#include <sqlite3.h>

namespace footlight::origin {

Prepared::~Prepared() {
  statement_->tryReset();
  statement_->clearBindings();
}

void Prepared::bind_blob(int index, std::span<const std::byte> bytes) {
  // A null pointer would bind NULL instead of an empty blob.
  statement_->bind(index, bytes.empty() ? static_cast<const void*>("") : bytes.data(), static_cast<int>(bytes.size()));
}

void Prepared::bind_blob(int index, std::string_view bytes) { bind_blob(index, std::as_bytes(std::span(bytes))); }

std::string_view Prepared::text(int column) {
  const SQLite::Column value = statement_->getColumn(column);
  const char* text = value.getText("");
  return {text, static_cast<std::size_t>(value.getBytes())};
}

std::span<const std::byte> Prepared::blob(int column) {
  const SQLite::Column value = statement_->getColumn(column);
  const void* bytes = value.getBlob();
  return {static_cast<const std::byte*>(bytes), static_cast<std::size_t>(value.getBytes())};
}

std::int64_t Prepared::integer(int column) { return statement_->getColumn(column).getInt64(); }
double Prepared::real(int column) { return statement_->getColumn(column).getDouble(); }
bool Prepared::is_null(int column) { return statement_->isColumnNull(column); }

namespace {

// SQLite must serialise nothing for us (a connection belongs to one thread at a time), hence
// NOMUTEX.
const int kWriteFlags = SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX;
const int kReadFlags = SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX;
constexpr int kBusyTimeoutMs = 5000;

}  // namespace

Database::Database(const std::string& path, Mode mode)
    : db_(path, mode == Mode::kWrite ? kWriteFlags : kReadFlags, kBusyTimeoutMs) {
  // A misspelt "column" must be an error and not a string.
  sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  db_.exec(
      "PRAGMA journal_mode=WAL;"
      "PRAGMA synchronous=FULL;"
      "PRAGMA foreign_keys=ON;"
      "PRAGMA trusted_schema=OFF;"
      "PRAGMA secure_delete=ON;"
      "PRAGMA temp_store=MEMORY;"
      // Not mapped: SQLite unmaps and maps anew, page faults and all, whenever another connection
      // has written.
      "PRAGMA cache_size=-8192;");
  // A reader needs the write flag to take part in WAL, but no statement of its may write.
  if (mode == Mode::kRead) db_.exec("PRAGMA query_only=ON;");
}

Prepared Database::prepare(Sql sql) {
  auto& slot = statements_[sql.text];
  if (!slot) slot = std::make_unique<SQLite::Statement>(db_, sql.text);
  return Prepared(*slot);
}

void Database::execute(Sql sql) { db_.exec(sql.text); }

ReadTransaction::~ReadTransaction() {
  try {
    database_->execute("COMMIT");
  } catch (const SQLite::Exception&) {
    // SQLite has ended it already.
  }
}

}  // namespace footlight::origin
