// Which segment a visitor is in, and what is matched of one who is known by it alone.
#include <ostream>
#include <string_view>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/match/match.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
namespace data = boost::unit_test::data;

// world.h's segments (segment f + 1 asks for format_f; the first for start_timing_0 or _1 as well), and before them one
// that asks for nothing.
snapshot::SnapshotInput site_with_open_segment() {
  auto site = plain_site();
  snapshot::SegmentInput open;
  open.id = 50;
  site.segments.insert(site.segments.begin(), open);
  return site;
}

struct SegmentCase {
  const char* name;
  std::uint16_t segment_id;
  std::vector<std::uint16_t> answers;
  std::uint32_t want;  // stable id
};
std::ostream& operator<<(std::ostream& out, const SegmentCase& c) { return out << c.name; }

const std::vector<SegmentCase> kSegments = {
    {"nothing known", 0, {}, 0},
    {"one of two conditions", 0, {400}, 0},
    {"both conditions", 0, {400, 801}, 1},
    {"both, with another answer", 0, {100, 400, 800}, 1},
    {"one condition holds and one does not", 0, {400, 802}, 0},
    {"the only condition", 0, {401}, 2},
    {"the first of those that hold", 0, {401, 402}, 2},
    {"no condition is no membership", 0, {100}, 0},
    {"by id", 1, {}, 1},
    {"by id, without conditions", 50, {100}, 50},
    {"by id, and an answer to another question", 1, {101}, 1},
    {"by id, and one of its conditions", 1, {400}, 1},
    {"by id, contradicted", 1, {406}, 0},
    {"by id, contradicted by the second condition", 1, {400, 803}, 0},
    {"conditions that hold come before the id", 1, {402}, 3},
    {"an id of another snapshot", 77, {}, 0},
    {"an id of another snapshot, and an answer", 77, {403}, 4},
    {"only answers of another snapshot", 1, {60000}, 1},
};

BOOST_AUTO_TEST_SUITE(segments)

BOOST_DATA_TEST_CASE(a_visitors_segment, data::make(kSegments), c) {
  static Site site(site_with_open_segment());
  Visitor visitor;
  visitor.segment_id = c.segment_id;
  for (const std::uint16_t id : c.answers) visitor.answers[visitor.answer_count++] = id;
  BOOST_CHECK_EQUAL(site.view.segments()[segment_of(visitor, site.view)].id, c.want);
  BOOST_CHECK_EQUAL(site.view.segments()[site.decide(visitor, {}).segment].id, c.want);
}

struct ImpliedCase {
  const char* name;
  std::vector<std::uint16_t> answers;
  double match;  // of an item that has format_0, start_timing_0 and timeline_1
};
std::ostream& operator<<(std::ostream& out, const ImpliedCase& c) { return out << c.name; }

// Format weighs .3; start_timing .15, half of it for each of the two that the segment names; timeline .05.
const std::vector<ImpliedCase> kImplied = {
    {"known by segment alone", {}, 0.3 + 0.075},
    {"an answer to another question adds to it", {101}, 0.3 + 0.075 + 0.05},
    {"an answer takes the place of what is implied", {800}, 0.3 + 0.15},
    {"an answer that contradicts ends it", {404}, 0.0},
};

BOOST_DATA_TEST_CASE(a_segment_implies_what_its_members_answered, data::make(kImplied), c) {
  auto input = plain_site();
  input.items[0].affinities = {{400, 1}, {800, 1}, {101, 1}};
  const Site site(std::move(input));
  Visitor visitor;
  visitor.segment_id = 1;
  for (const std::uint16_t id : c.answers) visitor.answers[visitor.answer_count++] = id;
  BOOST_CHECK_SMALL(match(fold(visitor, site.view, kToday), site.view, 0) - c.match, 1e-3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
