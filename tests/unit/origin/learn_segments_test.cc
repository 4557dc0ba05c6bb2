// Learned segments: what is planted is found, noise is not, names can be read and ids last.
#include <algorithm>
#include <random>

#include <boost/test/unit_test.hpp>

#include "origin/learn/segments.h"
#include "origin/learn/visitor_items.h"

namespace {

using namespace footlight;
using namespace footlight::learn;

const StageProgress kQuiet = [](std::string_view, double) {};
const std::atomic<bool> kNever{false};

// Three questions: format (film, series, short), timing (now, later), and colour, which means nothing.
snapshot::SnapshotInput site_input() {
  snapshot::SnapshotInput input;
  const auto question = [&](std::uint32_t id, std::string name, std::uint32_t options,
                            snapshot::QuestionKind kind = snapshot::QuestionKind::kSingle) {
    snapshot::QuestionInput q{.id = id, .name = std::move(name), .kind = kind};
    for (std::uint32_t o = 1; o <= options; ++o) q.options.push_back({.id = id * 100 + o});
    input.questions.push_back(std::move(q));
  };
  question(1, "format", 3);
  question(2, "timing", 2);
  question(3, "colour", 5, snapshot::QuestionKind::kMultiple);
  for (std::uint32_t i = 1; i <= 12; ++i) input.items.push_back({.id = i});
  return input;
}

// A rate of choosing item `item` (1 to 12) given the answers.
using Rate = double (*)(std::uint32_t format, std::uint32_t timing, std::uint32_t item);

Past world(std::uint32_t visitors, Rate rate, bool with_impressions = true) {
  std::mt19937 random(11);
  const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
  Past past;
  for (std::uint32_t i = 1; i <= 12; ++i) past.item_ids.push_back(i);
  for (std::uint32_t v = 0; v < visitors; ++v) {
    past.visitors.push_back({.answers = 3,
                             .first_answer = static_cast<std::uint32_t>(past.answers.size()),
                             .first_event = static_cast<std::uint32_t>(past.events.size()),
                             .first_impression = static_cast<std::uint32_t>(past.impressions.size())});
    const std::uint32_t format = 1 + random() % 3;
    const std::uint32_t timing = 1 + random() % 2;
    past.answers.push_back(static_cast<std::uint16_t>(100 + format));
    past.answers.push_back(static_cast<std::uint16_t>(200 + timing));
    past.answers.push_back(static_cast<std::uint16_t>(301 + random() % 5));
    for (int n = 0; n < 8; ++n) {
      const std::uint32_t item = 1 + random() % 12;
      const bool clicked = uniform() < rate(format, timing, item);
      if (with_impressions) {
        past.impressions.push_back({.visitor = v,
                                    .item = item - 1,
                                    .at_ms = n,
                                    .position = static_cast<std::uint8_t>(n),
                                    .outcome = clicked ? kClicked : std::uint8_t{0}});
      }
      if (clicked) past.events.push_back({.item = item - 1, .at_ms = n, .action = Action::kClick});
    }
  }
  past.visitors.push_back({.first_answer = static_cast<std::uint32_t>(past.answers.size()),
                           .first_event = static_cast<std::uint32_t>(past.events.size()),
                           .first_impression = static_cast<std::uint32_t>(past.impressions.size())});
  return past;
}

// Films like items 1 to 4, the others 5 to 12; films that start now like 1 and 2 most of all.
double planted(std::uint32_t format, std::uint32_t timing, std::uint32_t item) {
  if (format != 1) return item > 4 ? 0.35 : 0.08;
  if (timing == 1) return item <= 2 ? 0.7 : 0.08;
  return item <= 4 ? 0.35 : 0.08;
}

double nothing(std::uint32_t, std::uint32_t, std::uint32_t item) { return item % 3 == 0 ? 0.4 : 0.15; }

bool has(const std::vector<LearnedSegment>& segments, const Conditions& when) {
  return std::any_of(segments.begin(), segments.end(), [&](const LearnedSegment& s) { return s.when == when; });
}

origin::Site words() {
  origin::Site site;
  site.locales = {"en", "de"};
  site.questions = {
      {.id = 1,
       .options = {{.id = 101, .label = {"Feature film", "Spielfilm"}}, {.id = 102, .label = {"TV series", ""}}}},
      {.id = 2, .options = {{.id = 201, .label = {"ready now", "sofort"}}}}};
  return site;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_segments)

BOOST_AUTO_TEST_CASE(what_is_planted_is_found_and_nothing_else) {
  const auto found = find_segments(world(1500, planted), site_input(), {}, kQuiet, kNever);
  BOOST_TEST(has(found, {{1, {101}}, {2, {201}}}));
  // The rest of the films, whichever way the split of timing was put.
  BOOST_TEST((has(found, {{1, {101}}}) || has(found, {{1, {101}}, {2, {202}}})));
  BOOST_TEST(found.size() <= 3U);
  for (const LearnedSegment& segment : found) {
    BOOST_TEST(segment.visitors >= 25U);
    BOOST_TEST(segment.gain > 0);
    for (const auto& [question, options] : segment.when) BOOST_TEST(question != 3U);
  }
}

BOOST_AUTO_TEST_CASE(a_log_of_clicks_alone_is_enough) {
  const auto found = find_segments(world(1500, planted, false), site_input(), {}, kQuiet, kNever);
  BOOST_TEST(!found.empty());
  BOOST_TEST(std::all_of(found.begin(), found.end(), [](const auto& s) { return s.when.front().first == 1; }));
}

BOOST_AUTO_TEST_CASE(noise_makes_no_segments) {
  BOOST_TEST(find_segments(world(1500, nothing), site_input(), {}, kQuiet, kNever).empty());
  BOOST_TEST(find_segments(world(1500, nothing, false), site_input(), {}, kQuiet, kNever).empty());
}

BOOST_AUTO_TEST_CASE(too_few_visitors_make_no_segment) {
  BOOST_TEST(find_segments(world(1500, planted), site_input(), {.min_visitors = 751}, kQuiet, kNever).empty());
  BOOST_TEST(find_segments(world(20, planted), site_input(), {}, kQuiet, kNever).empty());
}

BOOST_AUTO_TEST_CASE(at_most_so_many) {
  BOOST_TEST(find_segments(world(1500, planted), site_input(), {.most = 1}, kQuiet, kNever).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_owners_segments_keep_their_visitors) {
  auto input = site_input();
  input.segments.push_back({.id = 7, .when = {{1, {101}}}});
  const auto found = find_segments(world(1500, planted), input, {}, kQuiet, kNever);
  BOOST_TEST(found.empty());  // without the films nothing is left to tell apart
}

BOOST_AUTO_TEST_CASE(it_can_be_stopped) {
  const std::atomic<bool> stop{true};
  BOOST_CHECK_THROW((void)find_segments(world(200, planted), site_input(), {}, kQuiet, stop), Cancelled);
}

BOOST_AUTO_TEST_CASE(ids_last_from_training_to_training) {
  std::vector<LearnedSegment> first(2);
  first[0].when = {{1, {101, 102}}, {2, {201}}};
  first[1].when = {{1, {103}}};
  std::uint32_t next = kFirstLearnedSegment;
  const std::uint32_t taken[] = {7, 10'001};
  name_segments(first, {}, taken, next);
  BOOST_TEST(first[0].id == 10'000U);
  BOOST_TEST(first[1].id == 10'002U);
  std::vector<LearnedSegment> second(2);
  second[0].when = {{2, {202}}};                   // new
  second[1].when = {{2, {201}}, {1, {102, 101}}};  // the first, said in another order
  name_segments(second, first, taken, next);
  BOOST_TEST(second[0].id == 10'003U);
  BOOST_TEST(second[1].id == 10'000U);
}

BOOST_AUTO_TEST_CASE(names_are_made_of_labels_in_every_locale) {
  const auto name = segment_name({{1, {101, 102}}, {2, {201}}}, words());
  BOOST_REQUIRE(name.has_value());
  BOOST_TEST((*name)[0] == "Feature film / TV series, ready now");
  BOOST_TEST((*name)[1] == "Spielfilm / TV series, sofort");
  BOOST_TEST(!segment_name({{1, {199}}}, words()).has_value());
  BOOST_TEST(!segment_name({{9, {101}}}, words()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
