// One SQLite connection, set up as Footlight needs it, with its prepared statements.
//
//     auto query = db.prepare("SELECT value FROM meta WHERE name = ?");
//     query->bind(1, name);
//     while (query->executeStep()) …            // reset when `query` goes out of scope
//
// SQL reaches SQLite only as `Sql`, which a string literal alone can make: there is no path from
// input to SQL text. Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include <SQLiteCpp/SQLiteCpp.h>

namespace footlight::origin {

// consteval: the text is known when the program is compiled, so no input can be part of it.
struct Sql {
  consteval Sql(const char* literal) : text(literal) {}  // NOLINT: implicit on purpose
  const char* text;
};

// A prepared statement in use; resets it and forgets its bindings at the end, so that no read
// transaction stays open.
class Prepared {
 public:
  explicit Prepared(SQLite::Statement& statement) : statement_(&statement) {}
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared();
  SQLite::Statement* operator->() { return statement_; }
  SQLite::Statement& operator*() { return *statement_; }

  void bind_blob(int index, std::span<const std::byte> bytes);
  void bind_blob(int index, std::string_view bytes);
  // Views into the row: valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column);
  [[nodiscard]] std::span<const std::byte> blob(int column);
  [[nodiscard]] std::int64_t integer(int column);
  [[nodiscard]] double real(int column);
  [[nodiscard]] bool is_null(int column);

 private:
  SQLite::Statement* statement_;
};

class Database {
 public:
  enum class Mode { kRead, kWrite };

  // WAL, synchronous=FULL, foreign keys on, double-quoted strings off, busy_timeout 5 s, 8 MiB of
  // cache. Throws SQLite::Exception.
  Database(const std::string& path, Mode mode);

  // The statement is kept for the life of the connection, keyed by the literal's address.
  [[nodiscard]] Prepared prepare(Sql sql);
  // One or more statements without parameters.
  void execute(Sql sql);
  [[nodiscard]] std::int64_t last_id() const { return db_.getLastInsertRowid(); }
  [[nodiscard]] int changes() const { return db_.getChanges(); }

 private:
  SQLite::Database db_;
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

// What several queries read belongs together: no commit comes between them. Ends with the scope.
class ReadTransaction {
 public:
  explicit ReadTransaction(Database& database) : database_(&database) { database.execute("BEGIN"); }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ~ReadTransaction();

 private:
  Database* database_;
};

}  // namespace footlight::origin
