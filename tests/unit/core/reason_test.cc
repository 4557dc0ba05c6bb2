// The score's parts, and what is said of them: factors, reasons, confidence, engagement rate.
#include <cmath>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/rank/wire.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
namespace data = boost::unit_test::data;
using snapshot::ReasonKind;

struct Known {  // five things that may speak for item 10, each its own source of the score
  bool answer = false;
  bool history = false;
  bool segment = false;
  float prior = 0;  // log-odds, of everyone and of segment 2 alike
  float bias = 0;
  float preferred = 0;  // of the bias
  snapshot::WeightsRow weights = snapshot::SnapshotInput{}.weights;
};

// Item 10 (index 3) has format_1, neighbour of item 1 with weight .5. Answering format_1 makes a member of segment 2.
Site site_with(const Known& known) {
  auto input = plain_site();
  if (known.answer) input.items[3].affinities = {{401, 1}};
  input.items[0].neighbours = {{10, 0.5F}};
  input.items[3].bias = known.bias;
  input.items[3].preferred = known.preferred;
  input.everyone_priors = {{10, known.prior}};
  input.segments[1].priors = {{10, known.prior}};
  input.weights = known.weights;
  return Site(std::move(input));
}

Visitor visitor_of(const Site& site, const Known& known) {
  Visitor visitor = known.answer ? answering(site, "format", "format_1") : Visitor{};
  if (known.segment) visitor.segment_id = 2;
  if (known.history) interact(visitor, {1, Action::kClick, Feedback::kNone, 0, kToday});
  return visitor;
}

snapshot::WeightsRow weights(float match, float item_item, float prior, float slope = 3) {
  auto row = snapshot::SnapshotInput{}.weights;
  row.match = match;
  row.item_item = item_item;
  row.prior = prior;
  row.confidence_slope = slope;
  return row;
}

struct FactorCase {
  const char* name;
  Known known;
  std::vector<std::pair<ReasonKind, double>> want;  // log-odds, largest first
};
std::ostream& operator<<(std::ostream& out, const FactorCase& c) { return out << c.name; }

const std::vector<FactorCase> kFactors = {
    {"nothing", {}, {}},
    {"an answer", {.answer = true}, {{ReasonKind::kQuestion, 0.9}}},
    {"an answer, weighted otherwise", {.answer = true, .weights = weights(1, 4, 1)}, {{ReasonKind::kQuestion, 0.3}}},
    {"an answer, weighted with nothing", {.answer = true, .weights = weights(0, 4, 1)}, {}},
    {"history", {.history = true}, {{ReasonKind::kHistory, 2.0}}},
    {"history, weighted otherwise", {.history = true, .weights = weights(3, 1, 1)}, {{ReasonKind::kHistory, 0.5}}},
    {"history, weighted with nothing", {.history = true, .weights = weights(3, 0, 1)}, {}},
    {"the segment", {.segment = true, .prior = 1.5F}, {{ReasonKind::kSegment, 1.5}}},
    {"the segment, weighted otherwise",
     {.segment = true, .prior = 1.5F, .weights = weights(3, 4, 2)},
     {{ReasonKind::kSegment, 3.0}}},
    {"a segment that does without", {.segment = true, .prior = -1.5F}, {}},
    {"the item itself", {.bias = 0.75F}, {{ReasonKind::kPopular, 0.75}}},
    {"everyone's prior and the item's bias are one", {.prior = 0.5F, .bias = 0.5F}, {{ReasonKind::kPopular, 1.0}}},
    {"and so they are where one takes from the other", {.prior = -0.5F, .bias = 0.75F}, {{ReasonKind::kPopular, 0.25}}},
    {"segment and bias are two",
     {.segment = true, .prior = 0.5F, .bias = 0.75F},
     {{ReasonKind::kPopular, 0.75}, {ReasonKind::kSegment, 0.5}}},
    {"the team's pick", {.bias = 0.75F, .preferred = 0.75F}, {{ReasonKind::kPinned, 0.75}}},
    {"a pick that is popular, too",
     {.bias = 1.25F, .preferred = 0.5F},
     {{ReasonKind::kPopular, 0.75}, {ReasonKind::kPinned, 0.5}}},
    {"all together, largest first",
     {.answer = true, .history = true, .prior = 1.0F, .bias = 0.5F},
     {{ReasonKind::kHistory, 2.0},
      {ReasonKind::kSegment, 1.0},
      {ReasonKind::kQuestion, 0.9},
      {ReasonKind::kPopular, 0.5}}},
    {"all together, weighted the other way round",
     {.answer = true, .history = true, .prior = 1.0F, .bias = 0.25F, .weights = weights(10, 1, 2, 1)},
     {{ReasonKind::kQuestion, 3.0},
      {ReasonKind::kSegment, 2.0},
      {ReasonKind::kHistory, 0.5},
      {ReasonKind::kPopular, 0.25}}},
};

BOOST_AUTO_TEST_SUITE(reasons)

// The factors are what the score is made of, its first is the reason, and confidence is made of all.
BOOST_DATA_TEST_CASE(factors_reason_score_and_confidence, data::make(kFactors), c) {
  Site site = site_with(c.known);
  const Visitor visitor = visitor_of(site, c.known);
  MatchFactor factors[kMaxFactors];
  const std::size_t count = explain(site.view, fold_request(visitor, site.view, {kNow}), 3, factors);
  BOOST_REQUIRE_EQUAL(count, c.want.size());
  double sum = 0;
  for (std::size_t f = 0; f < count; ++f) {
    BOOST_CHECK_EQUAL(static_cast<int>(factors[f].kind), static_cast<int>(c.want[f].first));
    BOOST_CHECK_CLOSE(factors[f].score * kLogOddsPerUnit, c.want[f].second, 0.1);
    sum += c.want[f].second;
  }

  const Decision& decision = site.decide(visitor, {{kProjects, 5}});
  const Entry* entry = decision.entries;
  while (entry->item_id != 10) ++entry;
  const double slope = static_cast<double>(c.known.weights.confidence_slope);
  BOOST_CHECK_SMALL(entry->confidence - (1 - std::exp(-slope * sum / 3)) * 10000, 3.0);
  BOOST_CHECK_EQUAL(static_cast<int>(entry->reason),
                    static_cast<int>(count == 0 ? ReasonKind::kDefault : c.want[0].first));
  if (c.known.prior >= 0) BOOST_CHECK_SMALL(entry->score - sum, 2e-3);  // nothing speaks against it
}

BOOST_AUTO_TEST_CASE(the_score_adds_what_speaks_against_too) {
  Known known{.answer = true, .history = true, .prior = -0.5F, .bias = -0.25F, .weights = weights(2, 3, 0.5F)};
  Site site = site_with(known);
  Visitor visitor = visitor_of(site, known);
  interact(visitor, {1, Action::kClick, Feedback::kNegative, 0, kToday});
  site.decide(visitor, {{kProjects, 5}});
  const double want = -0.25 + 2 * 0.3 + 3 * -1 * 0.5 + 0.5 * -0.5;
  BOOST_CHECK_CLOSE(site.decision->entries[3].score, want, 0.1);
  BOOST_CHECK_EQUAL(site.decision->entries[3].item_id, 10U);
  score_items(site.view, visitor, {kNow}, site.scratch);
  BOOST_CHECK_EQUAL(reinterpret_cast<const double*>(site.scratch.data())[3], site.decision->entries[3].score);
}

// A popularity of 1.0 log-odds is one factor, and larger than a format that matches.
BOOST_AUTO_TEST_CASE(the_larger_of_two_sources_is_the_reason) {
  Known known{.answer = true, .bias = 1.0F};
  Site site = site_with(known);
  const Visitor visitor = visitor_of(site, known);
  BOOST_CHECK(site.decide(visitor, {{kProjects, 1}}).entries[0].reason == ReasonKind::kPopular);
}

BOOST_AUTO_TEST_CASE(confidence_stays_below_one) {
  Known known{.bias = 100};
  Site site = site_with(known);
  BOOST_CHECK_EQUAL(site.decide({}, {{kProjects, 1}}).entries[0].confidence, 9999);
}

BOOST_AUTO_TEST_CASE(confidence_is_bounded_and_monotone) {
  std::vector<MatchFactor> factors;
  double before = calculate_confidence(factors, 3);
  BOOST_CHECK_EQUAL(before, 0.0);
  for (int i = 0; i < 100; ++i) {
    MatchFactor factor;
    factor.score = 0.05;
    factors.push_back(factor);
    const double now = calculate_confidence(factors, 3);
    BOOST_REQUIRE(now > before && now < 1.0);
    before = now;
  }
}

struct RateCase {
  const char* name;
  float rate;
  float prior;
  int want;
};
std::ostream& operator<<(std::ostream& out, const RateCase& c) { return out << c.name; }

const std::vector<RateCase> kRates = {
    {"not known", -1, 1, kRateUnknown},
    {"never", 0, 1, 0},
    {"always", 1, -1, 10000},
    {"the item's own", 0.25F, 0, 2500},
    {"more in the segment", 0.25F, 1, 4754},
    {"less in the segment", 0.25F, -1, 1092},
};

// .25 is odds of 1 to 3; the prior multiplies them by e or by 1/e.
BOOST_DATA_TEST_CASE(engagement_rate_moves_with_the_segment, data::make(kRates), c) {
  auto input = plain_site();
  input.items[0].engagement_rate = c.rate;
  input.segments[1].priors = {{1, c.prior}};
  Site site(std::move(input));
  const Decision& decision = site.decide(answering(site, "format", "format_1"), {{kProjects, 5}});
  const Entry* entry = decision.entries;
  while (entry->item_id != 1) ++entry;
  BOOST_CHECK_EQUAL(int{entry->engagement_rate}, c.want);
}

struct WordsCase {
  ReasonKind kind;
  std::uint16_t question;
  std::uint32_t argument;
  std::uint32_t locale;
  const char* want;
};
std::ostream& operator<<(std::ostream& out, const WordsCase& c) { return out << c.want; }

const std::vector<WordsCase> kWords = {
    {ReasonKind::kDefault, 0, 0, 0, "Selected for you"},
    {ReasonKind::kDefault, 0, 0, 1, "F\u00fcr Sie"},
    {ReasonKind::kQuestion, 3, 17, 0, "Matches your format the format_2"},
    {ReasonKind::kQuestion, 3, 17, 1, "Passt zu format: the format_2"},
    {ReasonKind::kQuestion, 99, 17, 0, ""},
    {ReasonKind::kHistory, 0, 0, 0, "Because you looked at Item 1"},
    {ReasonKind::kHistory, 0, 0, 1, "Because you looked at Ding 1"},
    {ReasonKind::kHistory, 0, 9999, 0, "Because you looked at "},
    {ReasonKind::kSegment, 0, 2, 0, "Popular with Segment 1"},
    {ReasonKind::kPopular, 0, 0, 0, "Popular here"},
    {ReasonKind::kPinned, 0, 0, 9, "Picked by our team"},
};

BOOST_DATA_TEST_CASE(a_reason_in_words, data::make(kWords), c) {
  static const Site site(plain_site());
  Entry entry;
  entry.reason = c.kind;
  entry.reason_question = c.question;
  entry.reason_argument = c.argument;
  char words[128];
  const std::size_t size = write_reason(site.view, entry, c.locale, words);
  BOOST_REQUIRE_LE(size, sizeof words);
  BOOST_CHECK_EQUAL(std::string_view(words, size), c.want);
  char cut[4];
  BOOST_CHECK_EQUAL(write_reason(site.view, entry, c.locale, cut), size);
}

// wasm/ABI.md: a head of 32 bytes, slots of 16, entries of 32.
BOOST_AUTO_TEST_CASE(a_decision_as_bytes) {
  Decision decision;
  decision.snapshot_version = 0x0102030405060708;
  decision.segment = 2;
  decision.engagement_level = 3;
  decision.personalization_score = 88;
  decision.slot_count = 1;
  decision.slots[0] = {4, 0, 1};
  decision.entry_count = 1;
  Entry& entry = decision.entries[0];
  entry = {5, 6, 1.5, 0.25F, 0x1122, 0x3344, ReasonKind::kHistory, 0x5566, 0x778899AA};
  std::vector<std::byte> out(kMaxDecisionBytes);
  out.resize(encode_decision(decision, out));
  const unsigned char
      want
          [] =
              {
                  8,    7,    6,    5,    4, 3, 2,    1,    2,    0,    0,    0,    3, 0, 0,    0,
                  88,   0,    0,    0,    1, 0, 0,    0,    1,    0,    0,    0,    0, 0, 0,    0,  // head
                  4,    0,    0,    0,    0, 0, 0,    0,    1,    0,    0,    0,    0, 0, 0,    0,  // slot
                  5,    0,    0,    0,    6, 0, 0,    0,    0,    0,    0,    0,    0, 0, 0xF8, 0x3F,
                  0,    0,    0x80, 0x3E,  // to propensity
                  0x22, 0x11, 0x44, 0x33, 2, 0, 0x66, 0x55, 0xAA, 0x99, 0x88, 0x77,
              };
  BOOST_REQUIRE_EQUAL(out.size(), sizeof want);
  for (std::size_t i = 0; i < sizeof want; ++i) BOOST_CHECK_EQUAL(static_cast<int>(out[i]), int{want[i]});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
