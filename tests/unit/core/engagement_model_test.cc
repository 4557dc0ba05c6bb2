// The engagement model: what it sees of a visitor, what it says, and where the score it gives comes from.
#include <algorithm>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/model/engagement.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
namespace data = boost::unit_test::data;
using snapshot::kHeads;

Site world_site() { return Site(world::make_site({.items = 40})); }

std::uint32_t field_named(const snapshot::SnapshotView& view, std::string_view name) {
  std::uint32_t f = 0;
  while (view.text(view.fields()[f].name) != name) ++f;
  return f;
}

// The names of the bins that a visitor has in one field.
std::vector<std::string> bins_of(const Site& site, const Visitor& visitor, std::string_view field,
                                 Context context = {kNow}) {
  const FoldedRequest folded = fold_request(visitor, site.view, context);
  const std::uint32_t f = field_named(site.view, field);
  std::vector<std::string> names;
  for (std::uint32_t b = 0; b < site.view.fields()[f].bins; ++b) {
    if (((folded.features.masks[f] >> b) & 1U) != 0) {
      names.emplace_back(site.view.bin_name(site.view.fields()[f].first_bin + b));
    }
  }
  return names;
}

using Names = std::vector<std::string>;

void expect(const Names& got, const Names& want) {
  BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), want.begin(), want.end());
}

BOOST_AUTO_TEST_SUITE(engagement_models)

BOOST_AUTO_TEST_CASE(nothing_known_is_bin_0_everywhere_but_in_what_can_be_counted) {
  const Site site = world_site();
  for (const char* field :
       {"format", "materials", "liked format", "idle_days", "device", "day_part", "weekday", "referrer", "plan"}) {
    expect(bins_of(site, {}, field), {""});
  }
  expect(bins_of(site, {}, "segment"), {"everyone"});
  expect(bins_of(site, {}, "chosen"), {"to 0"});
  expect(bins_of(site, {}, "seen"), {"to 0"});
  expect(bins_of(site, {}, "engagement_level"), {"to 1"});
  expect(bins_of(site, {}, "locale"), {"1"});
}

BOOST_AUTO_TEST_CASE(answers_segment_and_context_have_their_bins) {
  const Site site = world_site();
  Visitor visitor = answering(site, "format", "format_2");
  give(visitor, site, "materials", {"materials_1", "materials_7"});
  expect(bins_of(site, visitor, "format"), {"format_2"});
  expect(bins_of(site, visitor, "materials"), {"materials_1", "materials_7"});
  expect(bins_of(site, visitor, "segment"), {"Segment 2"});
  const Context context{.now_s = kNow, .surroundings = {2, 4, 7, 3}, .locale = 1};
  expect(bins_of(site, visitor, "device", context), {"phone"});
  expect(bins_of(site, visitor, "day_part", context), {"evening"});
  expect(bins_of(site, visitor, "weekday", context), {"Sunday"});
  expect(bins_of(site, visitor, "referrer", context), {"search"});
  expect(bins_of(site, visitor, "locale", context), {"2"});
  expect(bins_of(site, visitor, "locale", {.now_s = kNow, .locale = 63}), {""});
}

BOOST_AUTO_TEST_CASE(history_is_counted_and_aged) {
  const Site site = world_site();
  Visitor visitor;
  interact(visitor, {1, Action::kView, Feedback::kNone, 0, kToday - 40});
  interact(visitor, {4, Action::kClick, Feedback::kNone, 0, kToday - 9});
  interact(visitor, {7, Action::kClick, Feedback::kNegative, 0, kToday - 20});
  expect(bins_of(site, visitor, "seen"), {"to 4"});
  expect(bins_of(site, visitor, "chosen"), {"to 1"});
  expect(bins_of(site, visitor, "idle_days"), {"to 30"});
  interact(visitor, {10, Action::kConvert, Feedback::kNone, 0, kToday});
  expect(bins_of(site, visitor, "chosen"), {"to 3"});
  expect(bins_of(site, visitor, "idle_days"), {"to 0"});
  interact(visitor, {10, Action::kConvert, Feedback::kNone, 0, kToday + 3});  // a clock that goes ahead
  expect(bins_of(site, visitor, "idle_days"), {"to 0"});
}

BOOST_AUTO_TEST_CASE(liked_items_lend_their_options_and_disliked_ones_do_not) {
  auto input = world::make_site({.items = 10});
  for (auto& item : input.items) item.affinities.clear();
  input.items[1].affinities = {{403, 1.0F}};  // id 4
  input.items[2].affinities = {{405, 0.4F}};  // id 7, less than half
  input.items[3].affinities = {{406, 1.0F}};  // id 10
  const Site site(input);
  Visitor visitor;
  interact(visitor, {4, Action::kClick, Feedback::kNone, 0, kToday});
  interact(visitor, {7, Action::kClick, Feedback::kNone, 0, kToday});
  interact(visitor, {10, Action::kClick, Feedback::kNegative, 0, kToday});
  expect(bins_of(site, visitor, "liked format"), {"format_3"});
}

BOOST_AUTO_TEST_CASE(a_number_falls_below_the_bound_it_equals) {
  const Site site = world_site();
  const auto& seen = site.view.fields()[field_named(site.view, "seen")];
  const std::vector<std::pair<double, std::uint32_t>> table = {{-5, 1}, {0, 1},  {0.5, 2}, {4, 2},
                                                               {5, 3},  {16, 3}, {17, 4},  {1e300, 4}};
  for (const auto& [value, bin] : table) BOOST_CHECK_EQUAL(bin_of(site.view, seen, value), bin);
}

BOOST_AUTO_TEST_CASE(words_of_the_surroundings) {
  BOOST_CHECK_EQUAL(pack({3, 4, 7, 5}), 0x5743U);
  const Surroundings all = unpack_surroundings(0x5743U);
  BOOST_CHECK(all.device == 3 && all.day_part == 4 && all.weekday == 7 && all.referrer == 5);
  const Surroundings none = unpack_surroundings(0x6854U | 0xFFFF0000U);
  BOOST_CHECK(none.device == 0 && none.day_part == 0 && none.weekday == 0 && none.referrer == 0);
}

// The floats that went in, as a person would write the formula down.
struct Naive {
  double own[kHeads];
  double shared;
};
Naive naive(const Site& site, const FeatureVector& features, std::uint32_t item) {
  const auto& model = *site.input.engagement;
  const auto* row = &model.items[0];
  for (const auto& one : model.items) {
    if (one.item_id == site.view.items()[item].id) row = &one;
  }
  Naive out{};
  for (std::uint32_t h = 0; h < kHeads; ++h) out.own[h] = static_cast<double>(model.base[h]);
  std::size_t first = 0;
  for (std::size_t f = 0; f < model.fields.size(); ++f) {
    for (std::uint32_t b = 0; b < model.fields[f].bins; ++b) {
      if (((features.masks[f] >> b) & 1U) == 0) continue;
      for (std::uint32_t h = 0; h < kHeads; ++h) {
        out.own[h] += static_cast<double>(model.bin_weights[(first + b) * kHeads + h]);
      }
      for (std::uint32_t d = 0; d < model.dimensions; ++d) {
        out.shared += static_cast<double>(model.bin_vectors[(first + b) * model.dimensions + d] * row->vector[d]);
      }
    }
    first += model.fields[f].bins;
  }
  for (std::size_t t = 0; t * model.depth < model.splits.size(); ++t) {
    std::size_t leaf = 0;
    for (std::size_t l = 0; l < model.depth; ++l) {
      const auto& split = model.splits[t * model.depth + l];
      if ((features.masks[split.field] & split.mask) != 0) leaf |= std::size_t{1} << l;
    }
    for (std::uint32_t h = 0; h < kHeads; ++h) {
      out.own[h] += static_cast<double>(model.leaf_values[((t << model.depth) + leaf) * kHeads + h]);
    }
  }
  return out;
}

BOOST_AUTO_TEST_CASE(the_quantised_model_says_what_the_floats_say) {
  const Site site = world_site();
  const auto& model = *site.input.engagement;
  Random random(4);
  for (int round = 0; round < 50; ++round) {
    const Visitor visitor = world::make_visitor(random, site.input, {.items = 40});
    const Context context{.now_s = kNow, .surroundings = unpack_surroundings(world::below(random, 1U << 16U))};
    const FoldedRequest folded = fold_request(visitor, site.view, context);
    for (std::uint32_t i = 0; i < site.view.items().size(); ++i) {
      const auto id = site.view.items()[i].id;
      const auto known =
          std::find_if(model.items.begin(), model.items.end(), [&](const auto& item) { return item.item_id == id; });
      const Naive want = naive(site, folded.features, i);
      const double shared = known == model.items.end() ? 0 : want.shared;
      double blended = 0;
      double most = 1;
      const Prediction got = predict_engagement(folded.engagement, site.view, i);
      for (std::uint32_t h = 0; h < kHeads; ++h) {
        const double bias = known == model.items.end() ? 0 : static_cast<double>(known->bias[h]);
        const double logit = want.own[h] + bias + static_cast<double>(model.gain[h]) * shared;
        most = std::min(most, 1 / (1 + std::exp(-logit)));
        BOOST_CHECK_SMALL(got.heads[h] - most, 0.01);
        blended += static_cast<double>(model.blend[h]) * (logit - want.own[h]);
      }
      BOOST_CHECK_SMALL(engage(folded.engagement, site.view, i) - blended, 0.03);
    }
  }
}

BOOST_AUTO_TEST_CASE(shares_add_up_to_what_the_model_says) {
  const Site site = world_site();
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    const Visitor visitor = world::make_visitor(random, site.input, {.items = 40});
    const FoldedRequest folded = fold_request(visitor, site.view, {.now_s = kNow, .surroundings = {1, 2, 3, 4}});
    for (std::uint32_t i = 0; i < site.view.items().size(); ++i) {
      double shares[snapshot::kMaxFields + 1] = {};
      engagement_shares(folded.features, folded.engagement, site.view, i, shares);
      double sum = 0;
      for (const double share : shares) sum += share;
      BOOST_CHECK_SMALL(sum - engage(folded.engagement, site.view, i), 1e-12);
    }
  }
}

// decide(), z_of() and score_items() agree; the calibrated probability adds the visitor's own part.
BOOST_AUTO_TEST_CASE(the_score_is_the_sum_of_its_parts) {
  auto input = world::make_site({.items = 40});
  input.weights.engagement = 0.7F;
  input.weights.calibrate_scale = 0.5F;
  input.weights.calibrate_shift = -1.0F;
  Site site(std::move(input));
  Random random(6);
  for (int round = 0; round < 50; ++round) {
    const Visitor visitor = world::make_visitor(random, site.input, {.items = 40});
    const Context context{.now_s = kNow, .surroundings = {2, 1, 1, 5}};
    const FoldedRequest folded = fold_request(visitor, site.view, context);
    score_items(site.view, visitor, context, site.scratch);
    const std::vector<double> scores(reinterpret_cast<const double*>(site.scratch.data()),
                                     reinterpret_cast<const double*>(site.scratch.data()) + site.view.items().size());
    for (std::uint32_t i = 0; i < scores.size(); ++i) {
      const double z = z_of(site.view, folded, i);
      BOOST_CHECK_SMALL(z - scores[i], 1e-9);
      const double own = static_cast<double>(0.7F) * folded.engagement.own_blend;
      BOOST_CHECK_CLOSE(probability(site.view, folded, z), 1 / (1 + std::exp(-(0.5 * (z + own) - 1))), 1e-9);
    }
    for (const Entry& entry : std::span(site.decide(visitor, {{kProjects, 5}}, context).entries, 5)) {
      if (entry.item_id != 0) BOOST_CHECK_EQUAL(entry.score, scores[entry.item]);
    }
  }
}

// What the model makes of an answer is the answer's reason; of the device, the visit's.
BOOST_AUTO_TEST_CASE(reasons_name_what_the_model_went_by) {
  const auto site_where = [](std::string_view field, std::uint32_t bin) {
    auto input = plain_site();
    Random random(1);
    auto model = world::make_engagement(random, input);
    for (auto* values : {&model.bin_weights, &model.bin_vectors, &model.leaf_values}) {
      for (float& value : *values) value = 0;
    }
    for (auto& item : model.items) item = {item.item_id, {}, std::vector<float>(model.dimensions, 0.0F)};
    model.items = {{10, {}, std::vector<float>(model.dimensions, 1.0F)}};
    std::size_t first = 0;
    for (const auto& one : model.fields) {
      if (one.name == field) model.bin_vectors[(first + bin) * model.dimensions] = 1.5F;
      first += one.bins;
    }
    model.blend = {1, 0, 0};
    model.gain = {1, 1, 1};
    input.engagement = model;
    return Site(std::move(input));
  };
  const auto reason = [](Site& site, const Visitor& visitor, const Context& context) {
    MatchFactor factors[kMaxFactors];
    const std::size_t count = explain(site.view, fold_request(visitor, site.view, context), 3, factors);
    BOOST_REQUIRE_EQUAL(count, 1U);
    BOOST_CHECK_CLOSE(factors[0].score * kLogOddsPerUnit, 1.5, 0.1);
    return factors[0];
  };
  Site by_answer = site_where("format", 2);
  const MatchFactor answered = reason(by_answer, answering(by_answer, "format", "format_1"), {kNow});
  BOOST_CHECK(answered.kind == snapshot::ReasonKind::kQuestion);
  BOOST_CHECK_EQUAL(by_answer.view.text(by_answer.view.options()[answered.argument].key), "format_1");
  Site by_device = site_where("device", 2);
  BOOST_CHECK(reason(by_device, {}, {.now_s = kNow, .surroundings = {2, 0, 0, 0}}).kind ==
              snapshot::ReasonKind::kVisit);
  Site by_segment = site_where("segment", 3);
  Visitor member;
  member.segment_id = 2;
  BOOST_CHECK(reason(by_segment, member, {kNow}).kind == snapshot::ReasonKind::kSegment);
}

// Options that came, went and moved since training are found by their ids.
BOOST_AUTO_TEST_CASE(bins_follow_their_options) {
  auto input = world::make_site({.items = 10});
  auto& options = input.questions[3].options;  // format_0 to format_6
  const auto model = *input.engagement;
  std::swap(options[0], options[1]);
  options.erase(options.begin() + 2);
  options.push_back(world::question(4, "format", snapshot::QuestionKind::kSingle, 0.3F, 9).options[8]);
  input.segments.erase(input.segments.begin() + 2);
  for (auto& item : input.items) item.affinities.clear();
  const Site before(world::make_site({.items = 10}));
  const Site after(input);
  for (const char* option : {"format_0", "format_1", "format_3"}) {
    const auto a = fold_request(answering(before, "format", option), before.view, {kNow});
    const auto b = fold_request(answering(after, "format", option), after.view, {kNow});
    for (std::uint32_t h = 0; h < kHeads; ++h) BOOST_CHECK_CLOSE(a.engagement.own[h], b.engagement.own[h], 1e-4);
  }
  expect(bins_of(after, answering(after, "format", "format_8"), "format"), {"format_8"});
}

struct BadModel {
  const char* name;
  std::function<void(snapshot::EngagementInput&)> spoil;
  const char* what;
};
std::ostream& operator<<(std::ostream& out, const BadModel& c) { return out << c.name; }

const std::vector<BadModel> kBadModels = {
    {"a bin too few", [](auto& m) { --m.fields[0].bins; }, "field 'timeline': bins and ids"},
    {"thresholds that fall", [](auto& m) { std::swap(m.fields[13].thresholds[0], m.fields[13].thresholds[1]); },
     "field 'chosen': thresholds do not ascend"},
    {"no bins", [](auto& m) { m.fields[12].bins = 0; }, "field 'segment': not 1 to 64 bins"},
    {"weights", [](auto& m) { m.bin_weights.pop_back(); }, "bin weights"},
    {"vectors", [](auto& m) { m.bin_vectors.pop_back(); }, "bin vectors"},
    {"leaves", [](auto& m) { m.leaf_values.pop_back(); }, "splits and leaves"},
    {"a split of nothing", [](auto& m) { m.splits[1].field = 99; }, "a split names a field"},
    {"an item's vector", [](auto& m) { m.items[0].vector.pop_back(); }, "item 1: vector"},
    {"dimensions", [](auto& m) { m.dimensions = 129; }, "more than 128 dimensions"},
    {"depth", [](auto& m) { m.depth = 9; }, "trees deeper than 8"},
};

BOOST_DATA_TEST_CASE(a_model_that_does_not_fit_itself_is_refused, data::make(kBadModels), c) {
  auto input = world::make_site({.items = 10});
  c.spoil(*input.engagement);
  const auto built = snapshot::build(input);
  BOOST_REQUIRE(!built.has_value());
  BOOST_CHECK_MESSAGE(built.error().what.find(c.what) != std::string::npos, built.error().what);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
