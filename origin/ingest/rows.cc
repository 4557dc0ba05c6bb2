#include "origin/ingest/rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "origin/store/document.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTooLong = "the row is longer than 1 MiB";
constexpr std::ptrdiff_t kMaxDots = 8;  // of a column's name: objects in one another

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Json list_of(std::string_view text) {
  Json list = Json::array();
  while (true) {
    const std::size_t bar = text.find('|');
    list.push_back(std::string(text.substr(0, bar)));
    if (bar == std::string_view::npos) return list;
    text.remove_prefix(bar + 1);
  }
}

}  // namespace

RowReader::RowReader(std::istream& input, RowFormat format, CellKinds kinds)
    : input_(input), format_(format), kinds_(std::move(kinds)) {}

bool RowReader::next(Json& row, std::string& error) {
  error.clear();
  return format_ == RowFormat::kJsonLines ? next_json(row, error) : next_csv(row, error);
}

// A line without its end; a line that is too long is read to its end and cut.
bool RowReader::read_line(std::string& text, bool& is_cut) {
  text.clear();
  std::streambuf* buffer = input_.rdbuf();
  int c = buffer->sbumpc();
  if (c == std::char_traits<char>::eof()) return false;
  ++line_;
  for (; c != std::char_traits<char>::eof() && c != '\n'; c = buffer->sbumpc()) {
    if (text.size() <= kMaxRowBytes) text.push_back(static_cast<char>(c));
  }
  is_cut = text.size() > kMaxRowBytes;
  if (!text.empty() && text.back() == '\r') text.pop_back();
  if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return true;
}

bool RowReader::next_json(Json& row, std::string& error) {
  std::string text;
  bool is_cut = false;
  do {
    if (!read_line(text, is_cut)) return false;
  } while (text.find_first_not_of(" \t") == std::string::npos);
  row_line_ = line_;
  if (is_cut) {
    error = kTooLong;
    return true;
  }
  if (too_deep(text)) {
    error = "is nested too deeply";
    return true;
  }
  row = Json::parse(text, nullptr, false);
  if (row.is_discarded()) {
    error = "is not valid JSON";
  } else if (!row.is_object()) {
    error = "must be a JSON object";
  }
  return true;
}

bool RowReader::record(std::vector<std::string>& cells, std::string& error) {
  cells.clear();
  std::string text;
  bool is_cut = false;
  do {
    if (!read_line(text, is_cut)) return false;
  } while (text.empty());
  row_line_ = line_;
  std::size_t bytes = text.size();
  // What was cut may have held the quote that ends a cell: the next line is the next row.
  if (is_cut) {
    error = kTooLong;
    return true;
  }
  std::string cell;
  std::size_t i = 0;
  while (true) {
    cell.clear();
    if (i < text.size() && text[i] == '"') {
      for (++i;;) {
        if (i >= text.size()) {  // the line break belongs to the cell
          std::string more;
          if (!read_line(more, is_cut)) {
            error = "a quoted cell is not closed";
            return true;
          }
          bytes += more.size() + 1;
          if (is_cut || bytes > kMaxRowBytes) {
            error = kTooLong;
            return true;
          }
          cell.push_back('\n');
          text = std::move(more);
          i = 0;
          continue;
        }
        if (text[i] != '"') {
          cell.push_back(text[i++]);
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          cell.push_back('"');
          i += 2;
        } else {
          ++i;
          break;
        }
      }
      if (i < text.size() && text[i] != ',') {
        error = "a quoted cell is followed by something else than a comma";
        return true;
      }
    } else {
      while (i < text.size() && text[i] != ',') cell.push_back(text[i++]);
      if (cell.find('"') != std::string::npos) {
        error = "a cell with a quote in it must be quoted";
        return true;
      }
    }
    cells.push_back(cell);
    if (i >= text.size()) return true;
    ++i;  // the comma
  }
}

void RowReader::place(Json& row, const std::string& field, std::string cell, std::string& error) {
  Json value;
  switch (kinds_(field)) {
    case CellKind::kNumber: {
      const auto parsed = number(cell);
      if (!parsed) {
        error = field + " must be a number";
        return;
      }
      value = *parsed == std::floor(*parsed) && std::abs(*parsed) < 9e15 ? Json(static_cast<std::int64_t>(*parsed))
                                                                         : Json(*parsed);
      break;
    }
    case CellKind::kBoolean:
      if (cell != "true" && cell != "false") {
        error = field + " must be true or false";
        return;
      }
      value = cell == "true";
      break;
    case CellKind::kList:
      value = list_of(cell);
      break;
    case CellKind::kText:
      value = std::move(cell);
      break;
  }
  Json* at = &row;
  std::string_view rest = field;
  for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    Json& inner = (*at)[std::string(rest.substr(0, dot))];
    if (inner.is_null()) inner = Json::object();
    if (!inner.is_object()) {
      error = field + " lies inside a field that is not an object";
      return;
    }
    at = &inner;
    rest.remove_prefix(dot + 1);
  }
  (*at)[std::string(rest)] = std::move(value);
}

std::string RowReader::fault_of_header() const {
  std::set<std::string_view> names;
  for (const std::string& name : header_) {
    if (!valid_utf8(name)) return "the header is not UTF-8";
    if (name.find('\r') != std::string::npos) return "a line ends in CR alone; LF or CR LF is needed";
    if (name.empty()) return "the header has a column without a name";
    if (!names.insert(name).second) return "the header has the column " + name + " twice";
    if (std::count(name.begin(), name.end(), '.') > kMaxDots) return "a column of the header is nested too deeply";
  }
  if (header_.size() == 1 && header_.front().find_first_of(";\t") != std::string::npos) {
    return "the header has one column; a comma is needed between columns";
  }
  return {};
}

bool RowReader::next_csv(Json& row, std::string& error) {
  if (has_ended_) return false;
  std::vector<std::string> cells;
  if (header_.empty()) {
    if (!record(header_, error)) return false;
    if (error.empty()) error = fault_of_header();
    if (!error.empty()) {
      has_ended_ = true;
      return true;
    }
  }
  if (!record(cells, error)) return false;
  row = Json::object();
  if (!error.empty()) return true;
  if (cells.size() != header_.size()) {
    error = "has " + std::to_string(cells.size()) + " cells where the header has " + std::to_string(header_.size());
    return true;
  }
  for (std::size_t i = 0; i < cells.size() && error.empty(); ++i) {
    if (cells[i].empty()) continue;
    if (!valid_utf8(cells[i])) {
      error = header_[i] + " is not UTF-8";
    } else {
      place(row, header_[i], std::move(cells[i]), error);
    }
  }
  return true;
}

}  // namespace footlight::origin
