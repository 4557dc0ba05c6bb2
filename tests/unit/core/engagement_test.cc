// engagementLevel and personalizationScore: what each interaction and answer is worth.
#include "core/visitor/engagement.h"

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

struct PointsCase {
  const char* name;
  Action action;
  Feedback feedback;
  std::uint32_t duration_ms;
  std::uint32_t first;     // points at the first sight of an item
  std::uint32_t repeated;  // points of the very same again
};
std::ostream& operator<<(std::ostream& out, const PointsCase& c) { return out << c.name; }

const std::vector<PointsCase> kPoints = {
    {"view", Action::kView, Feedback::kNone, 0, 1, 0},
    {"view of 9.999 s", Action::kView, Feedback::kNone, 9999, 1, 0},
    {"view of 10 s", Action::kView, Feedback::kNone, 10000, 2, 1},
    {"view of a minute", Action::kView, Feedback::kNone, 60000, 7, 6},
    {"view of an hour", Action::kView, Feedback::kNone, 3600000, 7, 6},
    {"view, neutral", Action::kView, Feedback::kNeutral, 0, 1, 0},
    {"view, liked", Action::kView, Feedback::kPositive, 0, 7, 0},
    {"view, disliked", Action::kView, Feedback::kNegative, 60000, 0, 0},
    {"click", Action::kClick, Feedback::kNone, 0, 4, 4},
    {"click, neutral", Action::kClick, Feedback::kNeutral, 0, 4, 4},
    {"engage", Action::kEngage, Feedback::kNone, 0, 6, 6},
    {"engage, liked, 30 s", Action::kEngage, Feedback::kPositive, 30000, 15, 9},
    {"convert", Action::kConvert, Feedback::kNone, 0, 20, 20},
    {"convert, disliked", Action::kConvert, Feedback::kNegative, 0, 0, 0},
    {"the most there is", Action::kConvert, Feedback::kPositive, 0xFFFFFFFFU, 32, 26},
};

BOOST_AUTO_TEST_SUITE(engagement)

BOOST_DATA_TEST_CASE(points_of_an_interaction_and_of_its_repetition, data::make(kPoints), c) {
  Visitor visitor;
  const Interaction interaction{7, c.action, c.feedback, c.duration_ms, kToday};
  BOOST_CHECK_EQUAL(interact(visitor, interaction), c.first);
  BOOST_CHECK_EQUAL(visitor.engagement_points, c.first);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    BOOST_CHECK_EQUAL(interact(visitor, interaction), c.repeated);
    BOOST_CHECK_EQUAL(visitor.engagement_points, c.first + n * c.repeated);
  }
  BOOST_CHECK_EQUAL(visitor.history_count, 1U);
}

BOOST_AUTO_TEST_CASE(points_stop_at_65535) {
  Visitor visitor;
  visitor.engagement_points = 65530;
  BOOST_CHECK_EQUAL(interact(visitor, {1, Action::kConvert, Feedback::kNone, 0, kToday}), 20U);
  BOOST_CHECK_EQUAL(visitor.engagement_points, 65535);
}

struct LevelCase {
  std::uint16_t points;
  std::uint32_t level;
};
std::ostream& operator<<(std::ostream& out, const LevelCase& c) { return out << c.points << " points"; }

const std::vector<LevelCase> kLevels = {{0, 1},  {3, 1},  {4, 2},   {23, 2},  {24, 3},
                                        {63, 3}, {64, 4}, {159, 4}, {160, 5}, {65535, 5}};

BOOST_DATA_TEST_CASE(level_by_points, data::make(kLevels), c) {
  Visitor visitor;
  visitor.engagement_points = c.points;
  BOOST_CHECK_EQUAL(engagement_level(visitor), c.level);
}

struct ScoreCase {
  const char* name;
  std::vector<std::uint16_t> answers;
  std::uint16_t texts;
  std::uint16_t points;
  std::uint16_t segment_id;
  std::uint32_t score;
};
std::ostream& operator<<(std::ostream& out, const ScoreCase& c) { return out << c.name; }

const std::vector<std::uint16_t> kAllAnswers = {101, 201, 301, 401, 501, 601, 701, 801, 901, 1001};

// Each of the twelve questions is worth a tenth: ten of them fill the questionnaire's 85.
const std::vector<ScoreCase> kScores = {
    {"nothing", {}, 0, 0, 0, 0},
    {"one answer", {101}, 0, 0, 0, 9},
    {"two answers to one question", {501, 502}, 0, 0, 0, 9},
    {"one text", {}, 1, 0, 0, 9},
    {"the other text", {}, 2, 0, 0, 9},
    {"an answer and both texts", {101}, 3, 0, 0, 26},
    {"ten answers", kAllAnswers, 0, 0, 0, 85},
    {"all and the texts", kAllAnswers, 3, 0, 0, 85},
    {"4 points", {}, 0, 4, 0, 2},
    {"16 points", {}, 0, 16, 0, 6},
    {"many points", {}, 0, 65535, 0, 15},
    {"everything", kAllAnswers, 3, 65535, 0, 100},
    {"known by segment alone", {}, 0, 0, 1, 0},
    {"known by segment, one answer", {101}, 0, 0, 1, 9},
    {"answers of other snapshots", {60000}, 0, 0, 0, 0},
};

BOOST_DATA_TEST_CASE(score_by_answers_and_points, data::make(kScores), c) {
  static const Site site(plain_site());
  Visitor visitor;
  for (const std::uint16_t id : c.answers) visitor.answers[visitor.answer_count++] = id;
  visitor.texts_given = c.texts;
  visitor.engagement_points = c.points;
  visitor.segment_id = c.segment_id;
  BOOST_CHECK_EQUAL(personalization_score(visitor, site.view), c.score);
  Site deciding(plain_site());
  BOOST_CHECK_EQUAL(deciding.decide(visitor, {}).personalization_score, c.score);
}

RC_BOOST_PROP(level_and_score_never_fall, (std::uint64_t seed)) {
  static const Site site(world::make_site({.items = 40}));
  Random random(seed);
  Visitor visitor;
  visitor.segment_id = static_cast<std::uint16_t>(world::below(random, 8));
  std::uint32_t level = engagement_level(visitor);
  std::uint32_t score = personalization_score(visitor, site.view);
  RC_ASSERT(level == 1U && score == 0U);
  for (int step = 0; step < 60; ++step) {
    if (world::below(random, 2) == 0) {
      interact(visitor, {world::below(random, 40) * 3 + 1, static_cast<Action>(world::below(random, 4)),
                         static_cast<Feedback>(world::below(random, 4)), world::below(random, 90000), 100});
    } else {
      const auto& question = site.input.questions[world::below(random, 12)];
      const std::string key =
          question.options.empty()
              ? "words"
              : question.options[world::below(random, static_cast<std::uint32_t>(question.options.size()))].key;
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
  static const Site site(world::make_site({.items = 40}));
  Visitor visitor;
  interact(visitor, {1, Action::kClick, Feedback::kNone, 0, 100});
  BOOST_CHECK_EQUAL(engagement_level(visitor), 2U);
  BOOST_CHECK_EQUAL(personalization_score(visitor, site.view), 2U);
  interact(visitor, {4, Action::kConvert, Feedback::kNegative, 0, 100});
  BOOST_CHECK_EQUAL(visitor.engagement_points, 4);  // "not for me" says what to avoid
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
