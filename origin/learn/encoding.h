// From the columns of a table to the engagement model's data: bins for the visitor's columns, features for the item's.
//
//     const Encoding encoding(train_table, {.label = "income", .item = {"occupation"}});
//     const EngagementData train = encoding.encode(train_table), test = encoding.encode(test_table);
//
// Everything is learned from the training table alone. A numeric column has at most 62 bins of about equal mass (a
// value that alone is heavier has its own) and bin 0 for what is missing; any other column has a bin for each of its 62
// most frequent values (ties by name), one for the rest, and bin 0. An item is a combination of values of the item
// columns; its features are the combination and each value (a numeric column's: its bin), so a combination that
// training did not see still has the parts that it did.
//
// Errors are std::runtime_error that names file, line and column. Thread-safe once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "origin/learn/engagement.h"
#include "origin/learn/table.h"

namespace footlight::learn {

inline constexpr std::uint32_t kValueBins = 62;  // of a column, beside "missing" (and "rest")

struct ColumnRoles {
  std::string label;
  std::vector<std::string> visitor;  // empty: every column with no other role
  std::vector<std::string> item;
  std::vector<std::string> context;
  std::optional<std::vector<std::string>> numeric;  // without: the columns in which every training value is a number
  std::string positive;                             // label's value; empty: 1, true or yes, in any case
};

class Encoding {
 public:
  Encoding(const Table& train, const ColumnRoles& roles);

  [[nodiscard]] EngagementData encode(const Table& table) const;

 private:
  struct Coded {
    std::string name;
    bool numeric = false;
    std::vector<float> thresholds;
    std::vector<std::string> names;                        // of bins or of the item column's values, from 0
    std::unordered_map<std::string, std::uint32_t> known;  // value -> bin
    std::uint32_t rest = 0;                                // bin of a value that is not known
  };
  [[nodiscard]] static Coded learn(const Table& train, const Column& column, bool numeric, bool of_item);
  // [values of the column] -> bin
  [[nodiscard]] static std::vector<std::uint32_t> bins_of(const Table& table, const Column& column, const Coded& coded);

  ColumnRoles roles_;
  std::vector<Coded> fields_;
  std::vector<Coded> item_columns_;
};

}  // namespace footlight::learn
