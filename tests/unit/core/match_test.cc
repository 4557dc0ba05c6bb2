// Content matching: what answers and liked items weigh, and similarity.
#include "core/match/match.h"

#include <cmath>
#include <ostream>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/model/item_item.h"
#include "core/model/similarity.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
namespace data = boost::unit_test::data;

double match_of(const Visitor& visitor, const Site& site, std::uint32_t item) {
  return match(fold(visitor, site.view, kToday), site.view, item);
}

struct MatchCase {
  const char* name;
  std::vector<std::uint16_t> answers;
  std::vector<std::uint32_t> item;  // options the item has
  double want;
};
std::ostream& operator<<(std::ostream& out, const MatchCase& c) { return out << c.name; }

// world.h: timeline (10x) .05, format (40x) .3, materials (50x) .1 and multiple, genres (100x) .1 each and multiple.
const std::vector<MatchCase> kMatches = {
    {"nothing answered", {}, {402, 501}, 0},
    {"a format", {402}, {402}, 0.3},
    {"another format", {403}, {402}, 0},
    {"an item that says nothing of it", {402}, {501}, 0},
    {"an answer the item says nothing of does not punish", {101, 402}, {402}, 0.3},
    {"an answer that differs does not punish", {101, 402}, {102, 402}, 0.3},
    {"one material", {501}, {501}, 0.1},
    {"two materials, both there", {501, 503}, {501, 503}, 0.1},
    {"two materials, one there", {501, 503}, {501}, 0.05},
    {"four materials, one there", {501, 503, 504, 505}, {503}, 0.025},
    {"one genre", {1001}, {1001, 1002}, 0.1},
    {"two genres, both there", {1001, 1002}, {1001, 1002, 1003}, 0.2},
    {"two genres, one there", {1001, 1005}, {1001, 1002}, 0.1},
    {"questions add up", {101, 402, 501, 1001}, {101, 402, 501, 1001}, 0.55},
    {"three answers to a single choice count as one", {402, 403, 404}, {402, 403, 404}, 0.3},
    {"one of three answers to a single choice", {402, 403, 404}, {402}, 0.1},
};

BOOST_AUTO_TEST_SUITE(matching)

BOOST_DATA_TEST_CASE(a_match_is_the_weighted_share_of_the_answers, data::make(kMatches), c) {
  auto input = plain_site();
  for (const std::uint32_t option : c.item) input.items[0].affinities.push_back({option, 1});
  const Site site(std::move(input));
  Visitor visitor;
  for (const std::uint16_t id : c.answers) visitor.answers[visitor.answer_count++] = id;
  BOOST_CHECK_SMALL(match_of(visitor, site, 0) - c.want, 1e-3);
}

BOOST_AUTO_TEST_CASE(several_options_implied_by_a_segment_share_one_weight) {
  auto input = plain_site();
  input.items[0].affinities = {{402, 1}, {403, 1}, {404, 1}, {1001, 1}, {1002, 1}};
  input.segments.resize(1);
  input.segments[0].when = {{4, {402, 403, 404}}, {10, {1001, 1002}}};
  const Site site(std::move(input));
  Visitor visitor;
  visitor.segment_id = 1;
  BOOST_CHECK_SMALL(match_of(visitor, site, 0) - 0.4, 1e-3);
}

struct LikedCase {
  const char* name;
  std::vector<std::uint32_t> liked;  // options of the clicked item
  std::vector<std::uint32_t> item;
  double want;
};
std::ostream& operator<<(std::ostream& out, const LikedCase& c) { return out << c.name; }

// Half the weight: format .15, each genre .05. What is not marked kFromHistory is never inferred.
const std::vector<LikedCase> kLiked = {
    {"one format", {402}, {402}, 0.15},
    {"another format", {402}, {403}, 0},
    {"three formats share one weight", {402, 403, 404}, {402, 403, 404}, 0.15},
    {"one of three formats", {402, 403, 404}, {403}, 0.05},
    {"each genre counts", {1001, 1002}, {1001, 1002}, 0.1},
    {"a question that history does not answer", {101, 501}, {101, 501}, 0},
};

BOOST_DATA_TEST_CASE(an_open_question_is_taken_from_what_was_liked, data::make(kLiked), c) {
  auto input = plain_site();
  for (const std::uint32_t option : c.liked) input.items[0].affinities.push_back({option, 1});
  for (const std::uint32_t option : c.item) input.items[1].affinities.push_back({option, 1});
  const Site site(std::move(input));
  Visitor visitor;
  interact(visitor, {1, Action::kClick, Feedback::kNone, 0, kToday});
  BOOST_CHECK_SMALL(match_of(visitor, site, 1) - c.want, 1e-3);
}

// Each liked item has a voice as strong as its interaction; one that says nothing of the question has none.
BOOST_AUTO_TEST_CASE(liked_items_vote_by_strength_and_silent_ones_do_not_dilute) {
  auto input = plain_site();
  input.items[0].affinities = {{402, 1}};
  input.items[1].affinities = {{403, 1}};
  const Site site(std::move(input));
  Visitor visitor;
  interact(visitor, {1, Action::kClick, Feedback::kNone, 0, kToday});
  interact(visitor, {7, Action::kConvert, Feedback::kNone, 0, kToday});  // silent
  BOOST_CHECK_SMALL(match_of(visitor, site, 0) - 0.15, 1e-3);
  interact(visitor, {4, Action::kClick, Feedback::kPositive, 0, kToday});  // 1.5 of 2.5
  BOOST_CHECK_SMALL(match_of(visitor, site, 0) - 0.15 * 1 / 2.5, 1e-3);
  BOOST_CHECK_SMALL(match_of(visitor, site, 1) - 0.15 * 1.5 / 2.5, 1e-3);
  interact(visitor, {4, Action::kClick, Feedback::kNegative, 0, kToday});  // disliked: no voice
  BOOST_CHECK_SMALL(match_of(visitor, site, 0) - 0.15, 1e-3);
  give(visitor, site, "format", {"format_5"});  // an answer ends the guessing
  BOOST_CHECK_EQUAL(match_of(visitor, site, 0), 0.0);
}

struct StrengthCase {
  Action action;
  Feedback feedback;
  double want;
};
std::ostream& operator<<(std::ostream& out, const StrengthCase& c) {
  return out << "action " << static_cast<int>(c.action) << ", feedback " << static_cast<int>(c.feedback);
}

const std::vector<StrengthCase> kStrengths = {
    {Action::kView, Feedback::kNone, 0},       {Action::kClick, Feedback::kNone, 1},
    {Action::kEngage, Feedback::kNone, 1},     {Action::kConvert, Feedback::kNone, 1},
    {Action::kView, Feedback::kPositive, 1.5}, {Action::kConvert, Feedback::kPositive, 1.5},
    {Action::kView, Feedback::kNegative, -1},  {Action::kConvert, Feedback::kNegative, -1},
    {Action::kView, Feedback::kNeutral, 0},    {Action::kClick, Feedback::kNeutral, 1},
};

BOOST_DATA_TEST_CASE(strength_of_an_interaction, data::make(kStrengths), c) {
  BOOST_CHECK_EQUAL(interaction_strength({1, 1000, c.action, c.feedback}), c.want);
}

BOOST_AUTO_TEST_CASE(an_interaction_loses_half_its_weight_in_a_half_life) {
  HistoryEntry entry{1, 1000, Action::kClick, Feedback::kNone};
  BOOST_CHECK_CLOSE(interaction_weight(entry, 1030, 30), 0.5, 1e-9);
  BOOST_CHECK_EQUAL(interaction_weight(entry, 1000, 30), 1.0);
  BOOST_CHECK_EQUAL(interaction_weight(entry, 900, 30), 1.0);
  BOOST_CHECK_EQUAL(interaction_weight(entry, 5000, 0), 1.0);
  entry.feedback = Feedback::kNegative;
  BOOST_CHECK_EQUAL(interaction_weight(entry, 1000, 30), -1.0);
}

BOOST_AUTO_TEST_CASE(factors_add_up_to_the_match) {
  Site site(world::make_site({.items = 200}));
  Random random(4);
  for (int round = 0; round < 50; ++round) {
    const Visitor visitor = world::make_visitor(random, site.input, {.items = 200});
    const FoldedVisitor folded = fold(visitor, site.view, kToday);
    for (std::uint32_t i = 0; i < site.view.items().size(); ++i) {
      MatchFactor factors[kMaxFactors];
      const std::size_t count = match_factors(folded, site.view, i, factors);
      double sum = 0;
      for (std::size_t f = 0; f < count; ++f) {
        BOOST_REQUIRE(f == 0 || factors[f - 1].score >= factors[f].score);
        const auto& question = site.view.questions()[factors[f].question];
        const double most = static_cast<double>(question.weight);
        BOOST_REQUIRE((question.flags & snapshot::kPerAnswer) != 0 || factors[f].score <= most + 1e-3);
        sum += factors[f].score;
      }
      BOOST_REQUIRE_SMALL(sum - match(folded, site.view, i), 1e-9);
    }
  }
}

BOOST_AUTO_TEST_CASE(similarity_is_the_cosine_of_the_features) {
  auto input = plain_site();
  input.items[0].affinities = {{402, 1}};
  input.items[1].affinities = {{402, 1}, {501, 1}, {503, 1}, {1001, 1}};
  input.items[2].affinities = {{405, 1}};
  const Site site(std::move(input));
  BOOST_CHECK_CLOSE(content_similarity(site.view, 0, 1), 0.5, 1e-4);
  BOOST_CHECK_CLOSE(content_similarity(site.view, 1, 0), 0.5, 1e-4);
  BOOST_CHECK_CLOSE(content_similarity(site.view, 1, 1), 1.0, 1e-4);
  BOOST_CHECK_EQUAL(content_similarity(site.view, 0, 0), 1.0);
  BOOST_CHECK_EQUAL(content_similarity(site.view, 0, 2), 0.0);
  BOOST_CHECK_EQUAL(content_similarity(site.view, 0, 3), 0.0);  // nothing is known of it
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
