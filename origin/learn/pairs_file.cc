#include "origin/learn/pairs_file.h"

#include <fstream>
#include <stdexcept>
#include <string_view>
#include <unordered_set>

#include "origin/learn/parallel.h"

namespace footlight::learn {
namespace {

std::vector<std::string_view> columns_of(std::string_view line) {
  const bool tabs = line.find('\t') != std::string_view::npos;
  std::vector<std::string_view> out;
  while (!line.empty()) {
    const std::size_t end = line.find(tabs ? '\t' : ' ');
    const std::string_view column = line.substr(0, end);
    if (tabs || !column.empty()) out.push_back(column);
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  }
  return out;
}

UserItems read(const std::string& file, Names& names, bool grow, bool all_columns, const std::atomic<bool>& cancel) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file);
  UserItems out;
  std::vector<std::unordered_set<std::uint32_t>> seen;
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    if (number % 4096 == 0) stop_if(cancel);
    const auto fault = [&](const char* what) {
      return std::runtime_error(file + ":" + std::to_string(number) + ": " + what);
    };
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string_view> columns = columns_of(line);
    if (columns.size() < 2) throw fault("expected a user and an item, with a tab between them");
    if (columns[0].empty()) throw fault("the user is empty");
    const std::uint32_t user = out.users.add(std::string(columns[0]));
    if (user == out.items.size()) {
      out.items.emplace_back();
      seen.emplace_back();
    }
    for (std::size_t c = 1; c < (all_columns ? columns.size() : 2); ++c) {
      const std::string name(columns[c]);
      if (name.empty()) throw fault("the item is empty");
      if (!grow && names.find(name) == nullptr) {
        ++out.unknown;
        continue;
      }
      const std::uint32_t item = names.add(name);
      if (!seen[user].insert(item).second) continue;
      out.items[user].push_back(item);
      ++out.pairs;
    }
  }
  if (in.bad()) throw std::runtime_error("cannot read " + file);
  if (out.items.empty()) throw std::runtime_error(file + ": no pairs in it");
  return out;
}

}  // namespace

UserItems read_pairs(const std::string& file, Names& names, bool grow, const std::atomic<bool>& cancel) {
  return read(file, names, grow, false, cancel);
}

UserItems read_lists(const std::string& file, Names& names, const std::atomic<bool>& cancel) {
  return read(file, names, false, true, cancel);
}

}  // namespace footlight::learn
