// Comma-separated files with a header line (RFC 4180: quotes, doubled quotes, line breaks within quotes).
//
//     CsvFile csv(file);
//     const std::size_t item = csv.column("item_id");        // throws, naming the columns there are
//     while (csv.next()) use(csv.text(item), csv.number(reward));
//
// Every error names file, line and column. Thread rule: one thread. Memory: one record.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

namespace footlight::cli {

class CsvFile {
 public:
  // Throws std::runtime_error when the file cannot be read or has no header.
  explicit CsvFile(std::string file);

  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] std::size_t column(const std::string& name) const;

  // The next record; empty lines are skipped. False at the end. Throws when it has another number of fields than the
  // header, or a quote that does not close.
  bool next();
  [[nodiscard]] const std::string& text(std::size_t column) const { return fields_[column]; }
  // A finite number, or throws.
  [[nodiscard]] double number(std::size_t column) const;

  [[nodiscard]] std::size_t line() const noexcept { return record_line_; }  // of the record, from 1
  // "FILE:12: column reward: TEXT", to throw.
  [[nodiscard]] std::string at(std::size_t column, const std::string& text) const;

 private:
  bool read_record();

  std::string file_;
  std::ifstream in_;
  std::vector<std::string> names_;
  std::vector<std::string> fields_;
  std::size_t line_ = 0;         // last one read
  std::size_t record_line_ = 0;  // where the record begins
};

}  // namespace footlight::cli
