// Tables and their encoding: CSV, libFM and libFFM, bins, items, and what is said of bad input.
#include <fstream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "origin/learn/ease.h"
#include "origin/learn/encoding.h"
#include "origin/learn/table.h"
#include "tests/unit/origin/temporary.h"

using namespace footlight;
using namespace footlight::learn;
namespace data = boost::unit_test::data;

namespace {

const std::atomic<bool> kGoOn{false};

Table table_of(const std::string& name, const std::string& text) {
  const Temporary folder;
  const auto file = folder / name;
  std::ofstream(file, std::ios::binary) << text;
  return read_table(
      file, table_format_of(file), [](std::size_t) {}, kGoOn);
}

std::string names_of(const Table& table) {
  std::string names;
  for (const Column& column : table.columns) names += column.name + " ";
  return names;
}

std::string row_of(const Table& table, std::size_t row) {
  std::string cells;
  for (const Column& column : table.columns) cells += column.at(row) + "|";
  return cells;
}

struct BadTable {
  const char* name;
  const char* file;
  const char* text;
  const char* message;  // part of it
};
std::ostream& operator<<(std::ostream& out, const BadTable& c) { return out << c.name; }

const BadTable kBad[] = {
    {"empty", "a.csv", "", "there is no row"},
    {"header alone", "a.csv", "x,y\n", "there is no row"},
    {"too few cells", "a.csv", "x,y\n1,2\n1\n", "a.csv:3: has 1 cells where the header has 2"},
    {"quote not closed", "a.csv", "x\n\"1\n", "a.csv:2: a quoted cell is not closed"},
    {"column twice", "a.csv", "x,x\n1,2\n", "the header has the column x twice"},
    {"label is a word", "a.libfm", "1 1:1\nyes 1:1\n", "a.libfm:2: the label (yes) is not a number"},
    {"no colon", "a.libfm", "1 1:1\n1 7\n", "a.libfm:2: entry 1 (7): index:value is expected"},
    {"negative index", "a.svm", "1 -1:1\n", "entry 1 (-1:1): index:value is expected"},
    {"value is a word", "a.svm", "1 1:x\n", "the value is not a number"},
    {"value is not finite", "a.svm", "1 1:inf\n", "the value is not a number"},
    {"field in one row alone", "a.ffm", "1 1:2:1\n0 2:1\n", "field:index:value is expected, as in the first row"},
    {"index twice", "a.libfm", "1 1:2 1:3\n", "column 1: index stands twice"},
    {"field twice", "a.ffm", "1 1:2:1 1:3:1\n", "column 1: field stands twice"},
};

struct BadRoles {
  const char* name;
  ColumnRoles roles;
  const char* message;
};
std::ostream& operator<<(std::ostream& out, const BadRoles& c) { return out << c.name; }

const BadRoles kBadRoles[] = {
    {"no such label", {.label = "z"}, "there is no column z; there are y, a, b"},
    {"no such item", {.label = "y", .item = {"z"}}, "there is no column z"},
    {"two roles", {.label = "y", .visitor = {"a"}, .item = {"a"}}, "column a is the item's and the visitor's"},
    {"label as item", {.label = "y", .item = {"y"}}, "column y is the label and the item's"},
    {"not a number", {.label = "y", .numeric = {{"b"}}}, "t.csv:2: column b: u is not a number"},
    {"nothing left", {.label = "y", .item = {"a", "b"}}, "no column is left for the visitor"},
};

bool says(const std::exception& error, const char* message) {
  BOOST_TEST_MESSAGE(error.what());
  return std::string(error.what()).find(message) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_engagement_table)

BOOST_AUTO_TEST_CASE(csv_with_quotes_dots_and_missing_cells) {
  const Table table = table_of("a.csv", "x.y,x.z\n\"a,b\",?\n,2\n");
  BOOST_CHECK_EQUAL(names_of(table), "x.y x.z ");
  BOOST_CHECK_EQUAL(row_of(table, 0), "a,b||");
  BOOST_CHECK_EQUAL(row_of(table, 1), "|2|");
  BOOST_CHECK_EQUAL(table.lines[1], 3U);
}

BOOST_AUTO_TEST_CASE(libfm_in_its_three_forms) {
  const Table one_hot = table_of("a.libfm", "1 4:1 9:1\n-1 5:1 9:1 # remark\n\n0 4:1 8:1\n");
  BOOST_CHECK_EQUAL(names_of(one_hot), "label 1 2 ");
  BOOST_CHECK_EQUAL(row_of(one_hot, 1), "0|5|9|");
  BOOST_CHECK_EQUAL(one_hot.lines[2], 4U);
  const Table numbers = table_of("a.svm", "+1 4:0.5\n0 4:1 9:2\n");
  BOOST_CHECK_EQUAL(names_of(numbers), "label 4 9 ");
  BOOST_CHECK_EQUAL(row_of(numbers, 0), "1|0.5|0|");
  BOOST_CHECK_EQUAL(row_of(numbers, 1), "0|1|2|");
  const Table fields = table_of("a.ffm", "1 0:4:1 1:9:1\n0 1:8:1\n");
  BOOST_CHECK_EQUAL(names_of(fields), "label 0 1 ");
  BOOST_CHECK_EQUAL(row_of(fields, 0), "1|4|9|");
  BOOST_CHECK_EQUAL(row_of(fields, 1), "0||8|");
}

BOOST_DATA_TEST_CASE(bad_tables_say_where, data::make(kBad), c) {
  BOOST_CHECK_EXCEPTION((void)table_of(c.file, c.text), std::runtime_error,
                        [&](const std::exception& error) { return says(error, c.message); });
}

BOOST_DATA_TEST_CASE(bad_roles_say_which_column, data::make(kBadRoles), c) {
  const Table table = table_of("t.csv", "y,a,b\n1,2,u\n0,3,v\n");
  BOOST_CHECK_EXCEPTION((void)Encoding(table, c.roles), std::runtime_error,
                        [&](const std::exception& error) { return says(error, c.message); });
}

BOOST_AUTO_TEST_CASE(a_missing_label_is_refused) {
  const Table table = table_of("t.csv", "y,a\n1,2\n,3\n");
  const Encoding encoding(table, {.label = "y"});
  BOOST_CHECK_EXCEPTION((void)encoding.encode(table), std::runtime_error, [](const std::exception& error) {
    return says(error, "t.csv:3: column y: the label is missing");
  });
}

BOOST_AUTO_TEST_CASE(bins_and_items_follow_the_training_table) {
  const Table train = table_of("a.csv", "y,n,c,i,j\nyes,1,u,p,q\nno,2,u,p,r\nTRUE,3,v,s,q\n0,?,?,s,q\n");
  const Encoding encoding(train, {.label = "y", .item = {"i", "j"}});
  const EngagementData seen = encoding.encode(train);
  BOOST_REQUIRE_EQUAL(seen.fields.size(), 2U);
  BOOST_CHECK(seen.fields[0].thresholds == std::vector<float>({1.5F, 2.5F}));
  BOOST_CHECK_EQUAL(seen.fields[0].bins, 4U);
  BOOST_CHECK_EQUAL(seen.fields[1].bins, 4U);  // missing, u, v, rest
  BOOST_CHECK_EQUAL(seen.items.size(), 3U);
  BOOST_CHECK_EQUAL(seen.rows[3].item, seen.rows[2].item);
  BOOST_CHECK_EQUAL(seen.rows[0].labels, kClicked);
  BOOST_CHECK_EQUAL(seen.rows[1].labels, 0);
  BOOST_CHECK_EQUAL(seen.rows[2].labels, kClicked);
  const auto masks = [](const EngagementData& of, std::size_t row) {
    return std::to_string(of.masks[row * 2]) + " " + std::to_string(of.masks[row * 2 + 1]);
  };
  BOOST_CHECK_EQUAL(masks(seen, 0), "2 2");
  BOOST_CHECK_EQUAL(masks(seen, 2), "8 4");
  BOOST_CHECK_EQUAL(masks(seen, 3), "1 1");

  // A combination that is new has the features of its values.
  const Table test = table_of("b.csv", "y,n,c,i,j\n1,99,w,s,r\n");
  const EngagementData unseen = encoding.encode(test);
  BOOST_CHECK_EQUAL(masks(unseen, 0), "8 8");
  const auto& features = unseen.items[0].features;
  BOOST_REQUIRE_EQUAL(features.size(), 3U);
  BOOST_CHECK_EQUAL(features[1], seen.items[2].features[1]);  // s
  BOOST_CHECK_EQUAL(features[2], seen.items[1].features[2]);  // r
  for (const EngagementItem& item : seen.items) BOOST_CHECK_NE(item.features[0], features[0]);
}

BOOST_AUTO_TEST_CASE(many_values_become_bins_of_about_equal_mass) {
  std::string text = "y,n,c\n";
  for (int i = 0; i < 3000; ++i) {
    text += std::to_string(i % 2) + "," + (i < 1000 ? "0" : std::to_string(i)) + ",v" + std::to_string(i % 100) + "\n";
  }
  const Table table = table_of("a.csv", text);
  const EngagementData encoded = Encoding(table, {.label = "y"}).encode(table);
  BOOST_CHECK_EQUAL(encoded.fields[0].bins, 63U);
  BOOST_CHECK_EQUAL(encoded.fields[1].bins, 64U);
  std::vector<int> mass(64, 0);
  for (std::size_t row = 0; row < encoded.rows.size(); ++row) ++mass[__builtin_ctzll(encoded.masks[row * 2])];
  BOOST_CHECK_EQUAL(mass[0], 0);
  BOOST_CHECK_EQUAL(mass[1], 1000);  // the heavy value is alone
  for (int bin = 2; bin < 63; ++bin) BOOST_CHECK(mass[bin] >= 25 && mass[bin] <= 45);
}

BOOST_AUTO_TEST_CASE(reading_can_be_interrupted) {
  std::string text = "y\n";
  for (int i = 0; i < 3000; ++i) text += "1\n";
  const Temporary folder;
  const auto file = folder / std::string("a.csv");
  std::ofstream(file) << text;
  const std::atomic<bool> stop{true};
  BOOST_CHECK_THROW((void)read_table(
                        file, TableFormat::kCsv, [](std::size_t) {}, stop),
                    Cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
