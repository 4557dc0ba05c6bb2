#include "origin/cli/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace footlight::cli {

CsvFile::CsvFile(std::string file) : file_(std::move(file)), in_(file_, std::ios::binary) {
  if (!in_) throw std::runtime_error("cannot read " + file_);
  if (!read_record()) throw std::runtime_error(file_ + ": is empty; expected a header line");
  names_ = fields_;
  if (names_[0].starts_with("\xEF\xBB\xBF")) names_[0].erase(0, 3);
}

bool CsvFile::has(const std::string& name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::size_t CsvFile::column(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  throw std::runtime_error(
      fmt::format("{}:1: there is no column '{}'; there are {}", file_, name, fmt::join(names_, ", ")));
}

bool CsvFile::next() {
  if (!read_record()) return false;
  if (fields_.size() != names_.size()) {
    throw std::runtime_error(
        fmt::format("{}:{}: has {} fields, the header has {}", file_, record_line_, fields_.size(), names_.size()));
  }
  return true;
}

double CsvFile::number(std::size_t column) const {
  const std::string& field = fields_[column];
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || !std::isfinite(value)) {
    throw std::runtime_error(at(column, fmt::format("'{}' is not a number", field)));
  }
  return value;
}

std::string CsvFile::at(std::size_t column, const std::string& text) const {
  return fmt::format("{}:{}: column {}: {}", file_, record_line_, names_[column], text);
}

bool CsvFile::read_record() {
  std::string line;
  do {
    if (!std::getline(in_, line)) {
      if (in_.bad()) throw std::runtime_error(fmt::format("{}:{}: cannot be read further", file_, line_ + 1));
      return false;
    }
    ++line_;
    if (line.ends_with('\r')) line.pop_back();
  } while (line.empty());
  record_line_ = line_;
  fields_.assign(1, {});
  bool quoted = false;
  for (std::size_t i = 0;; ++i) {
    if (i == line.size()) {
      if (!quoted) return true;
      if (!std::getline(in_, line)) {
        throw std::runtime_error(fmt::format("{}:{}: a quote is opened and never closed", file_, record_line_));
      }
      ++line_;
      fields_.back() += '\n';
      i = static_cast<std::size_t>(-1);
      continue;
    }
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        fields_.back() += c;
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        fields_.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && fields_.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      fields_.emplace_back();
    } else if (c != '\r' || i + 1 != line.size()) {
      fields_.back() += c;
    }
  }
}

}  // namespace footlight::cli
