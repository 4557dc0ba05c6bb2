#include <cmath>
#include <fstream>
#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

#include "origin/learn/pairs_file.h"
#include "origin/learn/ranking_metrics.h"
#include "tests/unit/origin/temporary.h"

namespace {

using namespace footlight::learn;

const std::atomic<bool> kGoOn{false};

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_ranking)

BOOST_AUTO_TEST_CASE(metrics_by_hand) {
  const auto near = boost::test_tools::tolerance(1e-12);
  // Relevant at ranks 1, 4 and 30 (from 0).
  const std::vector<std::uint32_t> ranks = {30, 1, 4};
  const RankingMetrics at2 = ranking_metrics(ranks, 2);
  BOOST_TEST(at2.recall == 0.5, near);  // one of min(2, 3)
  BOOST_TEST(at2.ndcg == (1 / std::log2(3.0)) / (1 + 1 / std::log2(3.0)), near);
  BOOST_TEST(at2.hr == 1.0);
  BOOST_TEST(at2.mrr == 0.5, near);
  const RankingMetrics at10 = ranking_metrics(ranks, 10);
  BOOST_TEST(at10.recall == 2.0 / 3, near);
  BOOST_TEST(at10.ndcg == (1 / std::log2(3.0) + 1 / std::log2(6.0)) / (1 + 1 / std::log2(3.0) + 0.5), near);
  const RankingMetrics at1 = ranking_metrics(ranks, 1);
  BOOST_TEST(at1.recall == 0.0);
  BOOST_TEST(at1.ndcg == 0.0);
  BOOST_TEST(at1.hr == 0.0);
  BOOST_TEST(at1.mrr == 0.0);
  const RankingMetrics perfect = ranking_metrics(std::vector<std::uint32_t>{0, 1}, 10);
  BOOST_TEST(perfect.recall == 1.0);
  BOOST_TEST(perfect.ndcg == 1.0, near);
  BOOST_TEST(perfect.mrr == 1.0);
}

BOOST_AUTO_TEST_CASE(files_of_pairs) {
  const Temporary folder;
  const auto write = [&](const std::string& text) {
    std::string file = (folder.path() / "pairs.tsv").string();
    std::ofstream(file, std::ios::binary) << text;
    return file;
  };
  Names names;
  const UserItems read =
      read_pairs(write("# a comment\nann\ta b\t5\textra\r\nbob x 3\n\nann\tx\nann\tx\n"), names, true, kGoOn);
  BOOST_TEST(names.size() == 2U);
  BOOST_TEST(read.pairs == 3U);
  BOOST_TEST(read.items.at(*read.users.find("ann")) == (std::vector<std::uint32_t>{0, 1}));  // "a b", then "x"
  BOOST_TEST(read.items.at(*read.users.find("bob")) == (std::vector<std::uint32_t>{1}));
  const UserItems known = read_pairs(write("ann\ty\nann\tx\n"), names, false, kGoOn);
  BOOST_TEST(known.unknown == 1U);
  BOOST_TEST(known.pairs == 1U);
  const UserItems lists = read_lists(write("ann\tx\ta b\nann\ty\n"), names, kGoOn);
  BOOST_TEST(lists.items.at(0) == (std::vector<std::uint32_t>{1, 0}));

  const auto fault = [&](const std::string& text) {
    try {
      (void)read_pairs(write(text), names, true, kGoOn);
    } catch (const std::runtime_error& error) {
      return std::string(error.what()).substr(folder.path().string().size() + 1);
    }
    return std::string("nothing");
  };
  BOOST_TEST(fault("a\tb\nalone\n") == "pairs.tsv:2: expected a user and an item, with a tab between them");
  BOOST_TEST(fault("\tb\n") == "pairs.tsv:1: the user is empty");
  BOOST_TEST(fault("a\t\tb\n") == "pairs.tsv:1: the item is empty");
  BOOST_TEST(fault("# nothing\n") == "pairs.tsv: no pairs in it");
}

BOOST_AUTO_TEST_SUITE_END()
