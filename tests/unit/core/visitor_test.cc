#include "core/visitor/visitor.h"

#include <cstring>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "core/snapshot/builder.h"
#include "core/visitor/engagement.h"
#include "core/visitor/record.h"
#include "tests/world/world.h"

namespace {

using namespace footlight;

struct Site {
  snapshot::SnapshotInput input = world::make_site({.items = 40});
  std::vector<std::byte> bytes = *snapshot::build(input);
  snapshot::SnapshotView view = *snapshot::SnapshotView::open(bytes);
};

std::vector<std::byte> encoded(const Visitor& visitor) {
  std::vector<std::byte> out(kMaxRecordBytes);
  const auto size = encode_visitor(visitor, out);
  BOOST_REQUIRE(size.has_value());
  out.resize(*size);
  return out;
}

bool same(const Visitor& a, const Visitor& b) { return encoded(a) == encoded(b); }

BOOST_AUTO_TEST_SUITE(visitors)

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
  static const Site site;
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
  static const Site site;
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

BOOST_AUTO_TEST_CASE(the_largest_visitor_fits_and_loses_views_first) {
  Visitor visitor;
  visitor.unit_id = ~std::uint64_t{0};
  for (std::uint32_t i = 0; i < kMaxAnswers; ++i)
    visitor.answers[visitor.answer_count++] = static_cast<std::uint16_t>(500 * i + 1);
  for (std::uint32_t i = 0; i < 20; ++i) visitor.sticky[visitor.sticky_count++] = {0xFFFFFFF0U + i % 8, 65535, 65535};
  for (std::uint32_t i = 0; i < kMaxHistory; ++i) {
    interact(visitor, {0xF0000000U + i, i % 2 == 0 ? Action::kView : Action::kClick, Feedback::kNone, 0,
                       static_cast<std::uint16_t>(i % 3 == 0 ? 60000 : 5)});
  }
  const auto decoded = decode_visitor(encoded(visitor));
  BOOST_REQUIRE(decoded.has_value());
  BOOST_CHECK_EQUAL(decoded->answer_count, kMaxAnswers);
  BOOST_CHECK_EQUAL(decoded->sticky_count, 20U);
  BOOST_CHECK_LT(decoded->history_count, kMaxHistory);
  std::uint32_t views = 0;
  std::uint32_t clicks = 0;
  for (std::uint32_t i = 0; i < decoded->history_count; ++i) {
    (decoded->history[i].action == Action::kView ? views : clicks) += 1;
  }
  BOOST_CHECK(views == 0 || clicks == kMaxHistory / 2);
}

BOOST_AUTO_TEST_CASE(answers_replace_those_of_their_own_question) {
  static const Site site;
  Visitor visitor;
  const auto give = [&](std::string_view question, std::vector<std::string_view> values) {
    return answer(visitor, site.view, question, values);
  };
  BOOST_CHECK(give("materials", {"materials_1", "materials_3"}) == Status::kOk);
  BOOST_CHECK(give("format", {"format No. 2 \u2013 \u00e9"}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.answer_count, 3U);
  BOOST_CHECK(give("format", {"format_1"}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.answer_count, 3U);
  BOOST_CHECK_EQUAL(visitor.answers[0], 401);
  BOOST_CHECK_EQUAL(site.view.segments()[segment_of(visitor, site.view)].id, 2U);
  BOOST_CHECK(give("materials", {}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.answer_count, 1U);

  const Visitor before = visitor;
  BOOST_CHECK(give("format", {"no such format"}) == Status::kUnknownOption);
  BOOST_CHECK(give("shoe_size", {"44"}) == Status::kUnknownQuestion);
  BOOST_CHECK(same(before, visitor));

  BOOST_CHECK(give("logline", {"In a world where"}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.texts_given, 1);
  BOOST_CHECK(give("logline", {""}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.texts_given, 0);
}

BOOST_AUTO_TEST_CASE(answers_of_other_snapshots_are_kept) {
  static const Site site;
  Visitor visitor;
  visitor.answers[visitor.answer_count++] = 65000;
  const std::string_view value = "format_3";
  BOOST_CHECK(answer(visitor, site.view, "format", {&value, 1}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.answer_count, 2U);
  BOOST_CHECK_EQUAL(visitor.answers[1], 65000);
}

BOOST_AUTO_TEST_CASE(history_keeps_the_strongest_action_and_the_latest_feedback) {
  Visitor visitor;
  interact(visitor, {1, Action::kEngage, Feedback::kPositive, 30000, 100});
  interact(visitor, {2, Action::kView, Feedback::kNone, 0, 101});
  interact(visitor, {1, Action::kClick, Feedback::kNone, 0, 102});
  BOOST_REQUIRE_EQUAL(visitor.history_count, 2U);
  BOOST_CHECK_EQUAL(visitor.history[0].item_id, 1U);
  BOOST_CHECK(visitor.history[0].action == Action::kEngage);
  BOOST_CHECK(visitor.history[0].feedback == Feedback::kPositive);
  BOOST_CHECK_EQUAL(visitor.history[0].day, 102);
  const auto points = visitor.engagement_points;
  interact(visitor, {1, Action::kView, Feedback::kNone, 0, 110});  // seen again: nothing new
  BOOST_CHECK_EQUAL(visitor.engagement_points, points);
  BOOST_CHECK_EQUAL(visitor.history[0].day, 102);
}

BOOST_AUTO_TEST_CASE(a_full_history_gives_up_its_oldest_view) {
  Visitor visitor;
  interact(visitor, {1000, Action::kView, Feedback::kNone, 0, 1});
  for (std::uint32_t i = 0; i < kMaxHistory; ++i) interact(visitor, {i + 1, Action::kClick, Feedback::kNone, 0, 2});
  BOOST_CHECK_EQUAL(visitor.history_count, kMaxHistory);
  for (const auto& entry : visitor.history) BOOST_CHECK(entry.item_id != 1000);
  interact(visitor, {2000, Action::kClick, Feedback::kNone, 0, 3});
  BOOST_CHECK_EQUAL(visitor.history[0].item_id, 2000U);
  BOOST_CHECK_EQUAL(visitor.history[kMaxHistory - 1].item_id, 2U);  // item 1 was the oldest
}

RC_BOOST_PROP(level_and_score_never_fall, (std::uint64_t seed)) {
  static const Site site;
  Random random(seed);
  Visitor visitor;
  std::uint32_t level = engagement_level(visitor);
  std::uint32_t score = personalization_score(visitor, site.view);
  RC_ASSERT(level == 1U && score == 0U);
  for (int step = 0; step < 60; ++step) {
    if (world::below(random, 2) == 0) {
      interact(visitor, {world::below(random, 40) * 3 + 1, static_cast<Action>(world::below(random, 4)),
                         static_cast<Feedback>(world::below(random, 4)), world::below(random, 90000), 100});
    } else {
      const auto& question = site.input.questions[world::below(random, 12)];
      const std::string key = question.options.empty() ? "words" : question.options[0].key;
      const std::string_view value = key;
      RC_ASSERT(answer(visitor, site.view, question.name, {&value, 1}) == Status::kOk);
    }
    const std::uint32_t next_level = engagement_level(visitor);
    const std::uint32_t next_score = personalization_score(visitor, site.view);
    RC_ASSERT(next_level >= level && next_level <= 5);
    RC_ASSERT(next_score >= score && next_score <= 100);
    level = next_level;
    score = next_score;
  }
}

BOOST_AUTO_TEST_CASE(a_click_raises_level_and_score) {
  static const Site site;
  Visitor visitor;
  interact(visitor, {1, Action::kClick, Feedback::kNone, 0, 100});
  BOOST_CHECK_EQUAL(engagement_level(visitor), 2U);
  BOOST_CHECK_EQUAL(personalization_score(visitor, site.view), 2U);
  interact(visitor, {4, Action::kConvert, Feedback::kNegative, 0, 100});
  BOOST_CHECK_EQUAL(visitor.engagement_points, 4);  // "not for me" says what to avoid
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
