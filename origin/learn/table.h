// Foreign data to judge a model on: CSV, libFM and libFFM files as columns of values.
//
//     const Table table = read_table("train.csv", table_format_of("train.csv"), progress, cancel);
//     const Column* label = table.find("income");
//
// CSV: a header row, quoting as RFC 4180 (origin/ingest/rows.h reads it). libFM: `label index:value …`; when every row
// of the file has as many entries, each with value 1, the j-th entry is column "j" with the index as its value;
// otherwise every index is a column of numbers, 0 where it does not stand. libFFM: `label field:index:value …`; a field
// is a column with the index as its value when every value is 1, else with the value itself; one entry a field. In both
// the column "label" is 1 or 0: above 0 or not. An empty cell and `?` are missing.
//
// Memory: 4 bytes a cell and each distinct value once. Errors are std::runtime_error "file:line: column …: what".
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace footlight::learn {

enum class TableFormat { kCsv, kLibfm };  // kLibfm: libFFM as well, told apart by their entries

// .libfm, .svm, .libffm and .ffm are kLibfm.
[[nodiscard]] TableFormat table_format_of(std::string_view file) noexcept;

struct Column {
  std::string name;
  std::vector<std::uint32_t> codes;        // of each row: index into `values`; 0 is missing
  std::vector<std::string> values = {""};  // in order of appearance

  [[nodiscard]] const std::string& at(std::size_t row) const { return values[codes[row]]; }
};

struct Table {
  std::string file;
  std::vector<Column> columns;
  std::vector<std::uint32_t> lines;  // where each row began

  [[nodiscard]] std::size_t rows() const noexcept { return lines.size(); }
  [[nodiscard]] const Column* find(std::string_view name) const noexcept;
};

inline constexpr std::size_t kMaxColumns = 1000;

using RowProgress = std::function<void(std::size_t rows)>;

[[nodiscard]] Table read_table(const std::string& file, TableFormat format, const RowProgress& progress,
                               const std::atomic<bool>& cancel);

}  // namespace footlight::learn
