#include "origin/learn/encoding.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "core/numeric/random.h"

namespace footlight::learn {
namespace {

[[noreturn]] void refuse(const Table& table, std::size_t row, const std::string& column, const std::string& what) {
  throw std::runtime_error(fmt::format("{}:{}: column {}: {}", table.file, table.lines[row], column, what));
}

std::optional<double> number(std::string_view text) {
  const std::size_t from = text.find_first_not_of(' ');
  if (from == std::string_view::npos) return std::nullopt;
  text.remove_prefix(from);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

const Column& column_of(const Table& table, const std::string& name) {
  if (const Column* column = table.find(name)) return *column;
  std::string names;
  for (const Column& column : table.columns) names += (names.empty() ? "" : ", ") + column.name;
  throw std::runtime_error(fmt::format("{}: there is no column {}; there are {}", table.file, name, names));
}

bool all_numbers(const Column& column) {
  return column.values.size() > 1 && std::all_of(column.values.begin() + 1, column.values.end(),
                                                 [](const std::string& value) { return number(value).has_value(); });
}

std::size_t row_with(const Column& column, std::uint32_t code) {
  return static_cast<std::size_t>(std::find(column.codes.begin(), column.codes.end(), code) - column.codes.begin());
}

// Upper bounds of bins of about equal mass. A value that is as heavy as what is left for a bin closes one.
std::vector<float> thresholds_of(const std::map<double, std::size_t>& masses) {
  std::size_t left = 0;
  for (const auto& entry : masses) left += entry.second;
  std::vector<float> thresholds;
  std::size_t bins_left = kValueBins;
  std::size_t distinct_left = masses.size();
  std::size_t in_bin = 0;
  for (auto at = masses.begin(); at != masses.end() && std::next(at) != masses.end(); ++at) {
    in_bin += at->second;
    --distinct_left;
    if (bins_left <= 1) break;
    const double target = static_cast<double>(left) / static_cast<double>(bins_left);
    const auto next = static_cast<double>(std::next(at)->second);
    // Closing now is right when the bin is full, when the next value would overshoot by more than is missing, or when
    // every value that is left can have a bin of its own.
    const bool full = static_cast<double>(in_bin) >= target || static_cast<double>(in_bin) + next / 2 > target ||
                      distinct_left < bins_left;
    if (!full) continue;
    const auto bound = static_cast<float>(at->first + (std::next(at)->first - at->first) / 2);
    if (!thresholds.empty() && bound <= thresholds.back()) continue;  // floats cannot tell them apart
    thresholds.push_back(bound);
    left -= in_bin;
    in_bin = 0;
    --bins_left;
  }
  return thresholds;
}

}  // namespace

Encoding::Encoding(const Table& train, const ColumnRoles& roles) : roles_(roles) {
  column_of(train, roles_.label);
  std::map<std::string, const char*> taken = {{roles_.label, "the label"}};
  const auto take = [&](const std::vector<std::string>& names, const char* role) {
    for (const std::string& name : names) {
      column_of(train, name);
      const auto [entry, is_new] = taken.emplace(name, role);
      if (!is_new) throw std::runtime_error(fmt::format("column {} is {} and {}", name, entry->second, role));
    }
  };
  take(roles_.item, "the item's");
  take(roles_.context, "the context's");
  take(roles_.visitor, "the visitor's");
  if (roles_.visitor.empty()) {
    for (const Column& column : train.columns) {
      if (!taken.contains(column.name)) roles_.visitor.push_back(column.name);
    }
  }
  std::set<std::string> numeric;
  if (roles_.numeric) {
    for (const std::string& name : *roles_.numeric) column_of(train, name);
    numeric.insert(roles_.numeric->begin(), roles_.numeric->end());
  } else {
    for (const Column& column : train.columns) {
      if (all_numbers(column)) numeric.insert(column.name);
    }
  }
  const auto learn_all = [&](const std::vector<std::string>& names, bool of_item, std::vector<Coded>& out) {
    for (const std::string& name : names) {
      out.push_back(learn(train, column_of(train, name), numeric.contains(name), of_item));
    }
  };
  learn_all(roles_.visitor, false, fields_);
  learn_all(roles_.context, false, fields_);
  learn_all(roles_.item, true, item_columns_);
  if (fields_.empty()) throw std::runtime_error(train.file + ": no column is left for the visitor");
  if (fields_.size() > snapshot::kMaxFields) {
    throw std::runtime_error(fmt::format("{}: {} columns for visitor and context; a snapshot has room for {}",
                                         train.file, fields_.size(), snapshot::kMaxFields));
  }
}

Encoding::Coded Encoding::learn(const Table& train, const Column& column, bool numeric, bool of_item) {
  std::vector<std::size_t> masses(column.values.size(), 0);
  for (const std::uint32_t code : column.codes) ++masses[code];
  Coded coded;
  coded.name = column.name;
  coded.numeric = numeric;
  coded.names = {"missing"};
  if (numeric) {
    std::map<double, std::size_t> by_value;
    for (std::uint32_t code = 1; code < column.values.size(); ++code) {
      const auto value = number(column.values[code]);
      if (!value) refuse(train, row_with(column, code), column.name, column.values[code] + " is not a number");
      by_value[*value] += masses[code];
    }
    coded.thresholds = thresholds_of(by_value);
    return coded;
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t code = 1; code < column.values.size(); ++code) order.push_back(code);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return masses[a] != masses[b] ? masses[a] > masses[b] : column.values[a] < column.values[b];
  });
  if (!of_item && order.size() > kValueBins) order.resize(kValueBins);
  for (const std::uint32_t code : order) {
    coded.known.emplace(column.values[code], static_cast<std::uint32_t>(coded.names.size()));
    coded.names.push_back(column.values[code]);
  }
  coded.rest = static_cast<std::uint32_t>(coded.names.size());
  coded.names.emplace_back("rest");
  return coded;
}

std::vector<std::uint32_t> Encoding::bins_of(const Table& table, const Column& column, const Coded& coded) {
  std::vector<std::uint32_t> bins(column.values.size(), 0);
  for (std::uint32_t code = 1; code < column.values.size(); ++code) {
    if (!coded.numeric) {
      const auto found = coded.known.find(column.values[code]);
      bins[code] = found == coded.known.end() ? coded.rest : found->second;
      continue;
    }
    const auto value = number(column.values[code]);
    if (!value) refuse(table, row_with(column, code), column.name, column.values[code] + " is not a number");
    const auto below = std::lower_bound(coded.thresholds.begin(), coded.thresholds.end(), *value,
                                        [](float threshold, double v) { return threshold < v; });
    bins[code] = 1 + static_cast<std::uint32_t>(below - coded.thresholds.begin());
  }
  return bins;
}

EngagementData Encoding::encode(const Table& table) const {
  EngagementData data;
  std::vector<const Column*> columns;
  std::vector<std::vector<std::uint32_t>> bins;
  for (const Coded& coded : fields_) {
    const Column& column = column_of(table, coded.name);
    columns.push_back(&column);
    bins.push_back(bins_of(table, column, coded));
    data.fields.push_back(
        {.name = coded.name,
         .bin_names = coded.numeric ? std::vector<std::string>() : coded.names,
         .thresholds = coded.thresholds,
         .bins = static_cast<std::uint32_t>(coded.numeric ? coded.thresholds.size() + 2 : coded.names.size())});
  }
  std::vector<const Column*> item_columns;
  std::vector<std::vector<std::uint32_t>> item_bins;
  for (const Coded& coded : item_columns_) {
    item_columns.push_back(&column_of(table, coded.name));
    item_bins.push_back(bins_of(table, *item_columns.back(), coded));
  }
  const Column& label = column_of(table, roles_.label);
  std::vector<bool> positive(label.values.size());
  for (std::size_t code = 1; code < label.values.size(); ++code) {
    std::string value = label.values[code];
    if (!roles_.positive.empty()) {
      positive[code] = value == roles_.positive;
      continue;
    }
    std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
    positive[code] = value == "1" || value == "true" || value == "yes";
  }
  std::map<std::vector<std::uint32_t>, std::uint32_t> items;
  std::vector<std::uint32_t> values(item_columns.size());
  for (std::size_t n = 0; n < table.rows(); ++n) {
    if (label.codes[n] == 0) refuse(table, n, roles_.label, "the label is missing");
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      data.masks.push_back(std::uint64_t{1} << bins[f][columns[f]->codes[n]]);
    }
    std::uint64_t combination = 0;
    for (std::size_t c = 0; c < item_columns.size(); ++c) {
      values[c] = item_bins[c][item_columns[c]->codes[n]];
      combination = seed_with(combination, values[c]);
    }
    const auto [entry, is_new] = items.emplace(values, static_cast<std::uint32_t>(data.items.size()));
    if (is_new) {
      EngagementItem item;
      item.features.push_back(item_feature(ItemFeatureKind::kItem, static_cast<std::uint32_t>(combination >> 32U)));
      for (std::size_t c = 0; c < values.size(); ++c) {
        const auto kind = static_cast<std::uint32_t>(ItemFeatureKind::kColumn) + static_cast<std::uint32_t>(c);
        item.features.push_back(item_feature(static_cast<ItemFeatureKind>(kind), values[c]));
      }
      data.items.push_back(std::move(item));
    }
    data.rows.push_back({.side = static_cast<std::uint32_t>(n),
                         .item = entry->second,
                         .labels = positive[label.codes[n]] ? kClicked : std::uint8_t{0},
                         .position = kPositionUnknown,
                         .weight = 1});
  }
  return data;
}

}  // namespace footlight::learn
