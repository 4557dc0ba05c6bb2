#include "origin/learn/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include <fmt/format.h>

#include "origin/ingest/rows.h"
#include "origin/learn/ease.h"

namespace footlight::learn {
namespace {

constexpr std::string_view kMissing = "?";
constexpr std::size_t kLook = 1024;  // rows between two looks at the cancel flag

[[noreturn]] void refuse(const std::string& file, std::size_t line, const std::string& what) {
  throw std::runtime_error(fmt::format("{}:{}: {}", file, line, what));
}

// A column that is being filled: values to their codes.
class Filling {
 public:
  explicit Filling(std::string name) { column_.name = std::move(name); }

  void add(std::string_view value) {
    if (value.empty() || value == kMissing) {
      column_.codes.push_back(0);
      return;
    }
    const auto [entry, is_new] =
        codes_.try_emplace(std::string(value), static_cast<std::uint32_t>(column_.values.size()));
    if (is_new) column_.values.emplace_back(value);
    column_.codes.push_back(entry->second);
  }
  Column take() { return std::move(column_); }

 private:
  Column column_;
  std::unordered_map<std::string, std::uint32_t> codes_;
};

std::vector<Column> columns_of(std::vector<Filling>& fillings) {
  std::vector<Column> columns;
  columns.reserve(fillings.size());
  for (Filling& filling : fillings) columns.push_back(filling.take());
  return columns;
}

// The cell of a column whose name may have dots (rows.h makes objects of them); null when it is missing.
const std::string* cell_of(const nlohmann::ordered_json& row, std::string_view name) {
  const nlohmann::ordered_json* at = &row;
  while (at->is_object()) {
    const std::size_t dot = name.find('.');
    const auto found = at->find(std::string(name.substr(0, dot)));
    if (found == at->end()) return nullptr;
    if (dot == std::string_view::npos) return found->get_ptr<const std::string*>();
    at = &*found;
    name.remove_prefix(dot + 1);
  }
  return nullptr;
}

Table read_csv(const std::string& file, std::istream& input, const RowProgress& progress,
               const std::atomic<bool>& cancel) {
  origin::RowReader reader(input, origin::RowFormat::kCsv, [](std::string_view) { return origin::CellKind::kText; });
  Table table;
  table.file = file;
  std::vector<Filling> fillings;
  nlohmann::ordered_json row;
  std::string error;
  while (reader.next(row, error)) {
    if (!error.empty()) refuse(file, reader.line(), error);
    if (table.lines.empty()) {
      if (reader.header().size() > kMaxColumns) {
        refuse(file, 1, fmt::format("has {} columns; at most {} are read", reader.header().size(), kMaxColumns));
      }
      for (const std::string& name : reader.header()) fillings.emplace_back(name);
    }
    for (std::size_t c = 0; c < fillings.size(); ++c) {
      const std::string* cell = cell_of(row, reader.header()[c]);
      fillings[c].add(cell == nullptr ? std::string_view() : std::string_view(*cell));
    }
    table.lines.push_back(static_cast<std::uint32_t>(reader.line()));
    if (table.rows() % kLook == 0) {
      if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
      progress(table.rows());
    }
  }
  table.columns = columns_of(fillings);
  return table;
}

// --- libFM and libFFM ----------------------------------------------------------------------------

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Entry {
  std::uint32_t field = 0;  // libFFM alone
  std::uint32_t index = 0;
  std::string value;
};

struct SparseRow {
  bool positive = false;
  std::vector<Entry> entries;
};

struct SparseFile {
  bool has_fields = false;
  std::vector<SparseRow> rows;
  std::vector<std::uint32_t> lines;
};

Entry read_entry(const std::string& file, std::size_t line, std::size_t at, std::string_view text, bool has_fields) {
  const auto bad = [&](const char* what) { refuse(file, line, fmt::format("entry {} ({}): {}", at, text, what)); };
  constexpr const char* kThree = "field:index:value is expected, as in the first row";
  Entry entry;
  std::string_view rest = text;
  if (has_fields) {
    const std::size_t colon = rest.find(':');
    const auto field = number<std::uint32_t>(rest.substr(0, colon));
    if (!field || colon == std::string_view::npos) bad(kThree);
    entry.field = *field;
    rest.remove_prefix(colon + 1);
  }
  const std::size_t colon = rest.find(':');
  const auto index = number<std::uint32_t>(rest.substr(0, colon));
  if (!index || colon == std::string_view::npos) {
    bad(has_fields ? kThree : "index:value is expected, the index a whole number from 0");
  }
  entry.index = *index;
  const auto value = number<double>(rest.substr(colon + 1));
  if (!value || !std::isfinite(*value)) bad("the value is not a number");
  entry.value = *value == 1 ? "1" : std::string(rest.substr(colon + 1));
  return entry;
}

SparseFile read_sparse(const std::string& file, std::istream& input, const RowProgress& progress,
                       const std::atomic<bool>& cancel) {
  SparseFile sparse;
  std::string line;
  bool knows_form = false;
  for (std::size_t number_of_line = 1; std::getline(input, line); ++number_of_line) {
    std::string_view rest = line;
    rest = rest.substr(0, rest.find('#'));
    std::vector<std::string_view> words;
    while (true) {
      const std::size_t from = rest.find_first_not_of(" \t\r");
      if (from == std::string_view::npos) break;
      const std::size_t to = std::min(rest.size(), rest.find_first_of(" \t\r", from));
      words.push_back(rest.substr(from, to - from));
      rest.remove_prefix(to);
    }
    if (words.empty()) continue;
    const auto label = number<double>(words[0].substr(words[0].starts_with('+') ? 1 : 0));
    if (!label || !std::isfinite(*label)) {
      refuse(file, number_of_line, fmt::format("the label ({}) is not a number", words[0]));
    }
    SparseRow row;
    row.positive = *label > 0;
    for (std::size_t at = 1; at < words.size(); ++at) {
      if (!knows_form) sparse.has_fields = std::count(words[at].begin(), words[at].end(), ':') == 2;
      knows_form = true;
      row.entries.push_back(read_entry(file, number_of_line, at, words[at], sparse.has_fields));
    }
    sparse.rows.push_back(std::move(row));
    sparse.lines.push_back(static_cast<std::uint32_t>(number_of_line));
    if (sparse.rows.size() % kLook == 0) {
      if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
      progress(sparse.rows.size());
    }
  }
  return sparse;
}

bool is_one_hot(const SparseFile& sparse) {
  return std::all_of(sparse.rows.begin(), sparse.rows.end(), [&](const SparseRow& row) {
    return row.entries.size() == sparse.rows.front().entries.size() &&
           std::all_of(row.entries.begin(), row.entries.end(), [](const Entry& entry) { return entry.value == "1"; });
  });
}

// Columns by the number that `key` gives an entry, in order of it; `text` is the cell, `absent` that of a row without.
template <typename Key, typename Text>
void fill_by(const std::string& file, const SparseFile& sparse, const char* what, std::string_view absent,
             const Key& key, const Text& text, std::vector<Filling>& fillings) {
  std::map<std::uint32_t, std::size_t> places;
  for (const SparseRow& row : sparse.rows) {
    for (const Entry& entry : row.entries) places.emplace(key(entry), 0);
  }
  if (places.size() > kMaxColumns) {
    throw std::runtime_error(
        fmt::format("{}: has {} {}s; at most {} are read as columns", file, places.size(), what, kMaxColumns));
  }
  for (auto& [name, place] : places) {
    place = fillings.size();
    fillings.emplace_back(std::to_string(name));
  }
  const std::size_t first = fillings.size() - places.size();
  std::vector<std::string_view> cells(places.size());
  for (std::size_t n = 0; n < sparse.rows.size(); ++n) {
    std::fill(cells.begin(), cells.end(), std::string_view());
    for (const Entry& entry : sparse.rows[n].entries) {
      std::string_view& cell = cells[places[key(entry)] - first];
      if (!cell.empty()) refuse(file, sparse.lines[n], fmt::format("column {}: {} stands twice", key(entry), what));
      cell = text(entry);
    }
    for (std::size_t c = 0; c < cells.size(); ++c) fillings[first + c].add(cells[c].empty() ? absent : cells[c]);
  }
}

Table read_libfm(const std::string& file, std::istream& input, const RowProgress& progress,
                 const std::atomic<bool>& cancel) {
  SparseFile sparse = read_sparse(file, input, progress, cancel);
  Table table;
  table.file = file;
  std::vector<Filling> fillings;
  fillings.emplace_back("label");
  for (const SparseRow& row : sparse.rows) fillings.front().add(row.positive ? "1" : "0");
  if (sparse.has_fields) {
    const bool ones = std::all_of(sparse.rows.begin(), sparse.rows.end(), [](const SparseRow& row) {
      return std::all_of(row.entries.begin(), row.entries.end(), [](const Entry& entry) { return entry.value == "1"; });
    });
    std::map<std::uint32_t, std::string> names;
    for (const SparseRow& row : sparse.rows) {
      for (const Entry& entry : row.entries) names.emplace(entry.index, std::to_string(entry.index));
    }
    fill_by(
        file, sparse, "field", "", [](const Entry& entry) { return entry.field; },
        [&](const Entry& entry) { return std::string_view(ones ? names.at(entry.index) : entry.value); }, fillings);
  } else if (!sparse.rows.empty() && is_one_hot(sparse)) {
    const std::size_t width = sparse.rows.front().entries.size();
    if (width > kMaxColumns) refuse(file, 1, fmt::format("has {} entries; at most {} are read", width, kMaxColumns));
    for (std::size_t j = 0; j < width; ++j) {
      fillings.emplace_back(std::to_string(j + 1));
      for (const SparseRow& row : sparse.rows) fillings.back().add(std::to_string(row.entries[j].index));
    }
  } else {
    fill_by(
        file, sparse, "index", "0", [](const Entry& entry) { return entry.index; },
        [](const Entry& entry) { return std::string_view(entry.value); }, fillings);
  }
  table.columns = columns_of(fillings);
  table.lines = std::move(sparse.lines);
  return table;
}

}  // namespace

TableFormat table_format_of(std::string_view file) noexcept {
  for (const std::string_view end : {".libfm", ".svm", ".libffm", ".ffm"}) {
    if (file.ends_with(end)) return TableFormat::kLibfm;
  }
  return TableFormat::kCsv;
}

const Column* Table::find(std::string_view name) const noexcept {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

Table read_table(const std::string& file, TableFormat format, const RowProgress& progress,
                 const std::atomic<bool>& cancel) {
  std::ifstream input(file, std::ios::binary);
  if (!input) throw std::runtime_error("cannot read " + file);
  Table table =
      format == TableFormat::kCsv ? read_csv(file, input, progress, cancel) : read_libfm(file, input, progress, cancel);
  if (input.bad()) throw std::runtime_error("cannot read " + file + " to its end");
  if (table.rows() == 0) throw std::runtime_error(file + ": there is no row");
  return table;
}

}  // namespace footlight::learn
