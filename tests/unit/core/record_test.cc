// The visitor record: golden bytes, bounds, what goes first when it is full.
#include "core/visitor/record.h"

#include <algorithm>
#include <cstring>
#include <ostream>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
namespace data = boost::unit_test::data;

std::vector<std::byte> encoded(const Visitor& visitor) {
  std::vector<std::byte> out(kMaxRecordBytes);
  const auto size = encode_visitor(visitor, out);
  BOOST_REQUIRE(size.has_value());
  out.resize(*size);
  return out;
}

Visitor decoded(const std::vector<std::byte>& record) {
  const auto visitor = decode_visitor(record);
  BOOST_REQUIRE(visitor.has_value());
  return *visitor;
}

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
  std::vector<std::byte> out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

// 56 clicks, item 1000 the oldest and 1055 the latest, and a record of exactly 768 bytes: 10 for the head and the unit
// id, 9 for the three numbers, 3 counts, 32 * 11 sticky, 9 for the first entry and 7 for each other.
Visitor full() {
  Visitor visitor;
  visitor.unit_id = ~std::uint64_t{0};
  visitor.segment_id = visitor.engagement_points = visitor.texts_given = 65535;
  for (std::uint32_t i = 0; i < kMaxSticky; ++i)
    visitor.sticky[visitor.sticky_count++] = {0xFFFFFF00U + i, 65535, 65535};
  for (std::uint32_t i = 0; i < 56; ++i) {
    visitor.history[55 - i] = {0xF0000000U + 1000 + i, 20000, Action::kClick, Feedback::kNone};
  }
  visitor.history_count = 56;
  return visitor;
}

std::vector<std::uint32_t> history_of(const Visitor& visitor) {  // latest first
  std::vector<std::uint32_t> out;
  for (std::uint32_t h = 0; h < visitor.history_count; ++h) out.push_back(visitor.history[h].item_id - 0xF0000000U);
  return out;
}

std::vector<std::uint32_t> without(std::vector<std::uint32_t> ids, std::uint32_t gone) {
  ids.erase(std::remove(ids.begin(), ids.end(), gone), ids.end());
  return ids;
}

BOOST_AUTO_TEST_SUITE(records)

BOOST_AUTO_TEST_CASE(the_worked_example_of_the_format_page) {
  Visitor visitor;
  visitor.personalization = visitor.measurement = Choice::kGranted;
  interact(visitor, {7, Action::kClick, Feedback::kNone, 0, 20000});
  const unsigned char want[] = {0xF1, 0x05, 0, 4, 0, 0, 0, 1, 7, 0xC0, 0xB8, 0x02, 1};
  const auto bytes = encoded(visitor);
  BOOST_REQUIRE_EQUAL(bytes.size(), sizeof want);
  BOOST_CHECK_EQUAL(std::memcmp(bytes.data(), want, sizeof want), 0);
}

RC_BOOST_PROP(records_round_trip, (std::uint64_t seed)) {
  static const Site site(world::make_site({.items = 40}));
  Random random(seed);
  const Visitor visitor = world::make_visitor(random, site.input, {.items = 40});
  const auto once = encoded(visitor);
  RC_ASSERT(once.size() <= kMaxRecordBytes);
  const auto decoded = decode_visitor(once);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(encoded(*decoded) == once);
}

RC_BOOST_PROP(any_bytes_decode_to_a_status_or_to_one_encoding, (std::vector<std::uint8_t> noise, bool marked)) {
  if (marked && !noise.empty()) noise[0] = 0xF1;
  const auto* data = reinterpret_cast<const std::byte*>(noise.data());
  const auto decoded = decode_visitor({data, noise.size()});
  if (decoded) {
    const auto again = encoded(*decoded);
    RC_ASSERT(again.size() == noise.size());
    RC_ASSERT(std::memcmp(again.data(), noise.data(), noise.size()) == 0);
  }
}

BOOST_AUTO_TEST_CASE(every_truncation_and_flip_of_a_record_is_safe) {
  static const Site site(world::make_site({.items = 40}));
  Random random(5);
  for (int round = 0; round < 20; ++round) {
    const auto bytes = encoded(world::make_visitor(random, site.input, {.items = 40}));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      BOOST_CHECK(!decode_visitor({bytes.data(), size}).has_value());
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        auto broken = bytes;
        broken[at] ^= static_cast<std::byte>(1U << bit);
        const auto decoded = decode_visitor(broken);
        if (decoded) BOOST_CHECK(encoded(*decoded) == broken);
      }
    }
  }
}

struct HeadCase {
  const char* name;
  Choice personalization;
  Choice measurement;
  bool opted_out;
  unsigned choices;
};
std::ostream& operator<<(std::ostream& out, const HeadCase& c) { return out << c.name; }

const std::vector<HeadCase> kHeads = {
    {"nothing chosen", Choice::kUnset, Choice::kUnset, false, 0x00},
    {"personalization granted, measurement denied", Choice::kGranted, Choice::kDenied, false, 0x09},
    {"personalization denied, measurement granted", Choice::kDenied, Choice::kGranted, false, 0x06},
    {"opted out", Choice::kUnset, Choice::kUnset, true, 0x10},
    {"opted out of what was granted", Choice::kGranted, Choice::kGranted, true, 0x15},
};

BOOST_DATA_TEST_CASE(choices_are_bits_of_the_second_byte, data::make(kHeads), c) {
  Visitor visitor;
  visitor.personalization = c.personalization;
  visitor.measurement = c.measurement;
  visitor.opted_out = c.opted_out;
  const auto record = encoded(visitor);
  BOOST_CHECK(record == bytes_of({0xF1, c.choices, 0, 0, 0, 0, 0, 0}));
  const Visitor back = decoded(record);
  BOOST_CHECK(back.personalization == c.personalization);
  BOOST_CHECK(back.measurement == c.measurement);
  BOOST_CHECK_EQUAL(back.opted_out, c.opted_out);
}

struct BadRecord {
  const char* name;
  std::vector<std::byte> record;
  Status want;
};
std::ostream& operator<<(std::ostream& out, const BadRecord& c) { return out << c.name; }

const std::vector<BadRecord> kBadRecords = {
    {"empty", {}, Status::kTruncated},
    {"another program's", bytes_of({0x71, 0, 0, 0, 0, 0, 0, 0}), Status::kBadMagic},
    {"a later major", bytes_of({0xF2, 0, 0, 0, 0, 0, 0, 0}), Status::kUnsupportedMajor},
    {"choice 3", bytes_of({0xF1, 0x03, 0, 0, 0, 0, 0, 0}), Status::kBadValue},
    {"measurement 3", bytes_of({0xF1, 0x0C, 0, 0, 0, 0, 0, 0}), Status::kBadValue},
    {"a bit without meaning", bytes_of({0xF1, 0x40, 0, 0, 0, 0, 0, 0}), Status::kBadValue},
    {"unit id 0", bytes_of({0xF1, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Status::kBadValue},
    {"a number longer than it need be", bytes_of({0xF1, 0, 0x80, 0, 0, 0, 0, 0, 0}), Status::kBadValue},
    {"points above 65535", bytes_of({0xF1, 0, 0, 0x80, 0x80, 0x04, 0, 0, 0, 0}), Status::kBadValue},
    {"an answer twice", bytes_of({0xF1, 0, 0, 0, 0, 2, 5, 0, 0, 0}), Status::kBadValue},
    {"65 entries of history", bytes_of({0xF1, 0, 0, 0, 0, 0, 0, 65}), Status::kBadValue},
    {"an item without id", bytes_of({0xF1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1}), Status::kBadValue},
    {"a day before 1970", bytes_of({0xF1, 0, 0, 0, 0, 0, 0, 1, 7, 1, 1}), Status::kBadValue},
    {"action 16", bytes_of({0xF1, 0, 0, 0, 0, 0, 0, 1, 7, 0, 16}), Status::kBadValue},
    {"one item twice in history", bytes_of({0xF1, 0, 0, 0, 0, 0, 0, 2, 7, 0, 1, 7, 0, 1}), Status::kBadValue},
    {"a byte too many", bytes_of({0xF1, 0, 0, 0, 0, 0, 0, 0, 0}), Status::kBadValue},
};

BOOST_DATA_TEST_CASE(a_bad_record_is_refused, data::make(kBadRecords), c) {
  const auto visitor = decode_visitor(c.record);
  BOOST_REQUIRE(!visitor.has_value());
  BOOST_CHECK_EQUAL(status_name(visitor.error()), status_name(c.want));
}

BOOST_AUTO_TEST_CASE(a_record_of_768_bytes_fits_and_one_more_does_not) {
  auto record = encoded(full());
  BOOST_REQUIRE_EQUAL(record.size(), 768U);
  BOOST_CHECK_EQUAL(decoded(record).history_count, 56U);
  record.push_back(std::byte{0});
  BOOST_CHECK(decode_visitor(record).error() == Status::kTooLarge);
  std::byte small[767];
  BOOST_CHECK(encode_visitor(full(), small).error() == Status::kTooLarge);
}

struct EvictionCase {
  const char* name;
  std::vector<std::pair<std::uint32_t, Feedback>> views;  // which entries of full() are views, by place
  std::uint32_t gone;
};
std::ostream& operator<<(std::ostream& out, const EvictionCase& c) { return out << c.name; }

const std::vector<EvictionCase> kEvictions = {
    {"without a view the oldest entry", {}, 1000},
    {"a plain view before older clicks", {{10, Feedback::kNone}}, 1045},
    {"of two plain views the older", {{10, Feedback::kNone}, {40, Feedback::kNone}}, 1015},
    {"a view with feedback is no plain view", {{10, Feedback::kNone}, {40, Feedback::kNegative}}, 1045},
};

// One entry more than fits: exactly one goes, and nothing but history.
BOOST_DATA_TEST_CASE(what_goes_first_when_a_record_is_full, data::make(kEvictions), c) {
  Visitor visitor = full();
  for (const auto& [place, feedback] : c.views) {
    visitor.history[place].action = Action::kView;
    visitor.history[place].feedback = feedback;
  }
  interact(visitor, {0xF0000000U + 2000, Action::kClick, Feedback::kNone, 0, 20000});
  const Visitor kept = decoded(encoded(visitor));
  BOOST_TEST(history_of(kept) == without(history_of(visitor), c.gone), boost::test_tools::per_element());
  BOOST_CHECK_EQUAL(kept.history_count, 56U);
  BOOST_CHECK_EQUAL(kept.sticky_count, kMaxSticky);
}

BOOST_AUTO_TEST_CASE(all_but_history_fits_at_its_largest) {
  Visitor visitor = full();
  for (std::uint32_t i = 0; i < kMaxAnswers; ++i) {
    visitor.answers[visitor.answer_count++] = static_cast<std::uint16_t>(500 * i + 1);
  }
  const Visitor kept = decoded(encoded(visitor));
  BOOST_CHECK_EQUAL(kept.answer_count, kMaxAnswers);
  BOOST_CHECK_EQUAL(kept.sticky_count, kMaxSticky);
  BOOST_CHECK_EQUAL(kept.sticky[31].experiment_id, 0xFFFFFF1FU);
  BOOST_CHECK_GT(kept.history_count, 10U);
  BOOST_CHECK_LT(kept.history_count, 56U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
