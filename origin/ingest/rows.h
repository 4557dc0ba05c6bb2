// Rows of an import: JSON Lines and CSV (RFC 4180), read one by one from a stream, each as a JSON
// object.
//
//     RowReader rows(input, RowFormat::kCsv, {"body.genre", …});
//     while (rows.next(row, error)) { if (error.empty()) use(row, rows.line()); … }
//
// CSV: the header names the fields; `a.b` is the field b of the object a; `x|y` in a list field is
// a list; an empty cell is a missing field; true, false and plain numbers are themselves in the
// fields the caller says. A quoted cell may hold line breaks. A row that cannot be read is reported
// and the next one is tried; after a header that cannot be used there is no row at all. Memory: one
// row, at most kMaxRowBytes.
#pragma once

#include <cstddef>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace footlight::origin {

enum class RowFormat { kJsonLines, kCsv };

// What a CSV cell becomes.
enum class CellKind { kText, kNumber, kBoolean, kList };

// By the field's full name, "body.title".
using CellKinds = std::function<CellKind(std::string_view field)>;

inline constexpr std::size_t kMaxRowBytes = 1 << 20;

class RowReader {
 public:
  RowReader(std::istream& input, RowFormat format, CellKinds kinds);

  // False at the end. Otherwise either `row` is an object and `error` is empty, or `error` says
  // what is wrong.
  bool next(nlohmann::ordered_json& row, std::string& error);
  // The line on which the row that next() gave began, from 1.
  [[nodiscard]] std::size_t line() const { return row_line_; }
  // The names of the columns (CSV), known after the first next(); else empty.
  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }

 private:
  bool next_json(nlohmann::ordered_json& row, std::string& error);
  bool next_csv(nlohmann::ordered_json& row, std::string& error);
  // One CSV record; false at the end.
  bool record(std::vector<std::string>& cells, std::string& error);
  bool read_line(std::string& text, bool& is_cut);
  // What is wrong with the names of the columns, or empty.
  [[nodiscard]] std::string fault_of_header() const;
  void place(nlohmann::ordered_json& row, const std::string& field, std::string cell, std::string& error);

  std::istream& input_;
  RowFormat format_;
  CellKinds kinds_;
  std::vector<std::string> header_;
  bool has_ended_ = false;
  std::size_t line_ = 0;
  std::size_t row_line_ = 0;
};

}  // namespace footlight::origin
