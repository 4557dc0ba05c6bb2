// Typed values: the attributes that a request brings, and the constants of flags. A JSON value as a flat table.
//
// Rows are in breadth-first order: first the roots, then the children of row 0, those of row 1, and so on; the members
// of an object are pairs of rows, key and value. So every row has one parent before it, and one pass can check that a
// table is a forest no deeper than kMaxDepth.
//
// A row carries what JavaScript would make of it as text (String(v)), in lower case (toLowerCase) and as a number
// (Number(v)): whoever builds the table knows, and the core needs neither number formatting nor Unicode tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/status.h"

namespace footlight::experiment {

enum class Kind : std::uint32_t { kNull = 0, kFalse = 1, kTrue = 2, kNumber = 3, kString = 4, kArray = 5, kObject = 6 };

struct TextRef {  // of the table's text, UTF-8
  std::uint32_t offset;
  std::uint32_t size;
};

struct ValueRow {
  Kind kind;
  std::uint32_t count;  // elements of an array, members of an object; else 0
  std::uint32_t first;  // row of the first; of an object 2 * count rows
  std::uint32_t reserved;
  TextRef text;
  TextRef lower;
  double number;  // may be NaN
};
static_assert(sizeof(ValueRow) == 40);

inline constexpr std::uint32_t kNone = 0xFFFFFFFFU;
inline constexpr std::uint32_t kMaxDepth = 32;
inline constexpr std::uint32_t kMaxRequestRows = 16384;

// Not owning; valid as long as the bytes behind it.
struct ValueTable {
  std::span<const ValueRow> rows;
  std::string_view text;

  // kBadReference, kBadValue or kTooLarge (deeper than kMaxDepth) for a table that is not a forest with `roots` roots.
  [[nodiscard]] Status check(std::uint32_t roots) const noexcept;
};

// One value of a table; the default is null. Cheap to copy. Everything is O(1) but find (members) and same (rows).
class Value {
 public:
  Value() noexcept = default;
  Value(const ValueTable& table, std::uint32_t row) noexcept
      : table_(&table), row_(row < table.rows.size() ? &table.rows[row] : nullptr) {}

  [[nodiscard]] Kind kind() const noexcept { return row_ == nullptr ? Kind::kNull : row_->kind; }
  [[nodiscard]] bool is_null() const noexcept { return kind() == Kind::kNull; }
  [[nodiscard]] bool is_array() const noexcept { return kind() == Kind::kArray; }
  [[nodiscard]] std::string_view text() const noexcept { return row_ == nullptr ? "null" : piece(row_->text); }
  [[nodiscard]] std::string_view lower() const noexcept { return row_ == nullptr ? "null" : piece(row_->lower); }
  [[nodiscard]] double number() const noexcept { return row_ == nullptr ? 0 : row_->number; }
  [[nodiscard]] std::uint32_t count() const noexcept { return row_ == nullptr ? 0 : row_->count; }
  [[nodiscard]] std::uint32_t row() const noexcept;  // kNone for the default

  // JavaScript's !!value.
  [[nodiscard]] bool truthy() const noexcept;
  [[nodiscard]] Value element(std::uint32_t i) const noexcept {  // of an array; i < count()
    return row_ == nullptr ? Value() : Value(*table_, row_->first + i);
  }
  [[nodiscard]] Value find(std::string_view key) const noexcept;  // of an object; null when it is not there
  // As `a.b.0.c`: members by name, elements by position. Null where the way ends early.
  [[nodiscard]] Value at(std::string_view path) const noexcept;

  // JavaScript's ===: arrays and objects are never the same thing as another.
  [[nodiscard]] bool equals(Value other) const noexcept;
  // The same JSON text, members in the same order.
  [[nodiscard]] bool same(Value other) const noexcept;

 private:
  // check() has seen that it is inside.
  [[nodiscard]] std::string_view piece(TextRef ref) const noexcept {
    return {table_->text.data() + ref.offset, ref.size};
  }

  const ValueTable* table_ = nullptr;
  const ValueRow* row_ = nullptr;
};

// A request's bytes: u32 rows, u32 bytes of text, the rows, the text. One root, an object. Aligned to 8.
[[nodiscard]] Result<ValueTable> read_request(std::span<const std::byte> bytes) noexcept;

}  // namespace footlight::experiment
