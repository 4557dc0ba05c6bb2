#include <cmath>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/snapshot/builder.h"
#include "origin/learn/leave_one_out.h"
#include "origin/publish/live.h"

namespace {

using namespace footlight;

// Four resources; whoever chose 1 likes 2 best, bias orders the rest 4, 3, 1.
std::vector<std::byte> built() {
  snapshot::SnapshotInput input;
  input.slots = {{.id = 1, .name = "r", .types = {snapshot::ContentType::kResource}, .limit = 4}};
  for (std::uint32_t id = 1; id <= 4; ++id) {
    snapshot::ItemInput item;
    item.id = id;
    item.uuid[15] = static_cast<std::uint8_t>(id);
    item.type = snapshot::ContentType::kResource;
    item.bias = id == 4 ? 0.5F : id == 3 ? 0.4F : 0.0F;
    if (id == 1) item.neighbours = {{2, 1.0F}};
    input.items.push_back(item);
  }
  return snapshot::build(input).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_leave_one_out)

BOOST_AUTO_TEST_CASE(ranks_by_hand) {
  const publish::LiveSnapshot snapshot(built());
  // Popularity: 3 before 1 before 2 and 4.
  learn::LeaveOneOut replay(snapshot.view(), {5, 1, 9, 1});
  replay.add(std::vector<std::uint32_t>{1, 2});
  const auto figures = replay.figures();
  BOOST_TEST(figures.visitors == 1U);
  BOOST_TEST(figures.cases == 2U);
  // Held out 2, given 1: 2 is first (rank 0). Held out 1, given 2: after 4 and 3 (rank 2).
  BOOST_TEST(figures.mrr == (1.0 + 1.0 / 3) / 2, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(figures.hr3 == 1.0);
  BOOST_TEST(figures.halflife == (1.0 + std::exp2(-0.5)) / 2, boost::test_tools::tolerance(1e-12));
  // By popularity: 2 comes after 3 and, id deciding, before 4 (rank 1); 1 comes after 3 (rank 1).
  BOOST_TEST(figures.popularity_mrr == 0.5, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(ties_go_to_popularity_then_to_the_lower_id) {
  auto bytes = built();
  const publish::LiveSnapshot snapshot(bytes);
  learn::LeaveOneOut popular(snapshot.view(), {1, 9, 0, 0});
  popular.add(std::vector<std::uint32_t>{4, 1});  // held out 1 with given 4: 3 before, 2 equal and more popular
  BOOST_TEST(popular.figures().mrr == (1.0 / 3 + 1.0 / 2) / 2, boost::test_tools::tolerance(1e-12));
  learn::LeaveOneOut equal(snapshot.view(), {});
  equal.add(std::vector<std::uint32_t>{4, 1});  // now id 1 is before id 2
  BOOST_TEST(equal.figures().mrr == (1.0 / 2 + 1.0 / 2) / 2, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(one_choice_is_no_case_and_the_unknown_is_left_out) {
  const publish::LiveSnapshot snapshot(built());
  learn::LeaveOneOut replay(snapshot.view(), {});
  replay.add(std::vector<std::uint32_t>{1});
  replay.add(std::vector<std::uint32_t>{1, 77});
  replay.add({});
  BOOST_TEST(replay.figures().cases == 0U);
  BOOST_TEST(replay.figures().mrr == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
