#include "core/visitor/visitor.h"

#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/unit/core/site.h"

namespace {

using namespace footlight;

BOOST_AUTO_TEST_SUITE(visitors)

BOOST_AUTO_TEST_CASE(answers_replace_those_of_their_own_question) {
  static const Site site(world::make_site({.items = 40}));
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
  BOOST_CHECK_EQUAL(visitor.answer_count, before.answer_count);
  BOOST_CHECK_EQUAL(visitor.answers[0], before.answers[0]);

  BOOST_CHECK(give("logline", {"In a world where"}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.texts_given, 1);
  BOOST_CHECK(give("logline", {""}) == Status::kOk);
  BOOST_CHECK_EQUAL(visitor.texts_given, 0);
}

BOOST_AUTO_TEST_CASE(answers_of_other_snapshots_are_kept) {
  static const Site site(world::make_site({.items = 40}));
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
  interact(visitor, {1, Action::kClick, Feedback::kNegative, 0, 90});  // an older event that arrives late
  BOOST_CHECK_EQUAL(visitor.history[0].day, 102);
  BOOST_CHECK(visitor.history[0].feedback == Feedback::kNegative);
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

BOOST_AUTO_TEST_CASE(a_view_with_feedback_is_no_plain_view) {
  Visitor visitor;
  interact(visitor, {1000, Action::kView, Feedback::kNegative, 0, 1});
  interact(visitor, {1001, Action::kView, Feedback::kNone, 0, 1});
  for (std::uint32_t i = 0; i < kMaxHistory - 1; ++i) interact(visitor, {i + 1, Action::kClick, Feedback::kNone, 0, 2});
  BOOST_CHECK_EQUAL(visitor.history[kMaxHistory - 1].item_id, 1000U);
  BOOST_CHECK_EQUAL(visitor.history[kMaxHistory - 2].item_id, 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
