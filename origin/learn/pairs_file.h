// Files of (user, item) pairs, as evaluation data of recommenders comes.
//
//     user<TAB>item[<TAB>anything …]        read_pairs: further columns are left out
//     user<TAB>item[<TAB>item …]            read_lists: all columns are items; a user may have several lines
//
// UTF-8 or any other bytes: names are compared as they are. A line without a tab is taken apart at spaces. Empty lines
// and those that start with # are left out; there is no header line. In order of time, oldest first, where it matters
// (a visitor record keeps the latest). A pair that is there twice counts once.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {

// Numbers names in order of appearance.
class Names {
 public:
  std::uint32_t add(const std::string& name) {
    return numbers_.emplace(name, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }
  [[nodiscard]] const std::uint32_t* find(const std::string& name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? nullptr : &found->second;
  }
  template <typename Visit>  // visit(name, number), in no order
  void for_each(const Visit& visit) const {
    for (const auto& [name, number] : numbers_) visit(name, number);
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(numbers_.size()); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

struct UserItems {
  Names users;                                    // in order of appearance
  std::vector<std::vector<std::uint32_t>> items;  // [users]: unique, in order of the file
  std::uint64_t pairs = 0;                        // unique
  std::uint64_t unknown = 0;                      // pairs whose item is not in `names`, left out
};

// With `grow` a new item gets the next number in `names`; without, its pairs are counted as unknown. Throws
// std::runtime_error("FILE:LINE: what") and Cancelled.
[[nodiscard]] UserItems read_pairs(const std::string& file, Names& names, bool grow, const std::atomic<bool>& cancel);
[[nodiscard]] UserItems read_lists(const std::string& file, Names& names, const std::atomic<bool>& cancel);

}  // namespace footlight::learn
