// The engagement model's fit: trees and Newton steps against plain references, and worlds with known answers.
#include <bit>
#include <cmath>
#include <stdexcept>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/model/engagement.h"
#include "core/numeric/random.h"
#include "core/snapshot/reader.h"
#include "origin/learn/engagement.h"
#include "origin/learn/engagement_factors.h"
#include "origin/learn/engagement_trees.h"
#include "origin/learn/metrics.h"

using namespace footlight;
using namespace footlight::learn;
namespace data = boost::unit_test::data;

namespace {

const std::atomic<bool> kGoOn{false};
const EngagementProgress kQuiet = [](std::string_view, double) {};

ItemFeature item_of(std::uint32_t id) { return item_feature(ItemFeatureKind::kItem, id); }
ItemFeature option_of(std::uint32_t id) { return item_feature(ItemFeatureKind::kOption, id); }

double probability(double z) { return 1 / (1 + std::exp(-z)); }

// Three fields: 8 ordered bins, 4 values, 2 values; 6 items in two genres.
EngagementData empty_world() {
  EngagementData world;
  world.fields.push_back({.name = "number", .thresholds = {1, 2, 3, 4, 5, 6}, .bins = 8});
  world.fields.push_back({.name = "kind", .bins = 4});
  world.fields.push_back({.name = "flag", .bins = 2});
  for (std::uint32_t i = 0; i < 6; ++i) world.items.push_back({{item_of(i + 1), option_of(100 + i % 2)}});
  return world;
}

struct Drawn {
  std::uint32_t number, kind, flag, item, position;
};

// `logit` gives a drawn row's log-odds of a click.
template <typename Logit>
EngagementData draw(std::uint64_t seed, std::size_t rows, const Logit& logit, bool with_positions = false) {
  EngagementData world = empty_world();
  Random random(seed);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random.uniform() * n); };
  for (std::uint32_t n = 0; n < rows; ++n) {
    const Drawn drawn{below(8), below(4), below(2), below(6), with_positions ? below(4) : 0};
    for (const std::uint32_t bin : {drawn.number, drawn.kind, drawn.flag}) {
      world.masks.push_back(std::uint64_t{1} << bin);
    }
    world.rows.push_back({.side = n,
                          .item = drawn.item,
                          .labels = random.uniform() < probability(logit(drawn)) ? kClicked : std::uint8_t{0},
                          .position = static_cast<std::uint8_t>(with_positions ? drawn.position : kPositionUnknown)});
  }
  return world;
}

double auc_of(const EngagementModel& model, const EngagementData& world, std::size_t head = 0) {
  const auto logits = engagement_logits(model, world);
  std::vector<double> scores;
  std::vector<std::uint8_t> outcomes;
  for (std::size_t n = 0; n < world.rows.size(); ++n) {
    scores.push_back(logits[n * kHeads + head]);
    outcomes.push_back(world.rows[n].labels >> head & 1);
  }
  return auc(scores, outcomes);
}

EngagementOptions small_options() {
  EngagementOptions options;
  options.dimensions = 4;
  options.trees = 30;
  options.depth = 3;
  options.tree_rate = 0.3;
  options.item_l2 = 5;
  options.factor_l2 = 5;
  options.additive_sweeps = 4;
  options.factor_sweeps = 4;
  options.refit = false;
  options.threads = 1;
  return options;
}

Design design_of(const EngagementData& world, const KnownFeatures& known) {
  return make_design(world, known, live_bins(world, 1));
}

double worth_of(double g, double w) { return g * g / (w + 2); }

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_engagement)

BOOST_AUTO_TEST_CASE(the_first_test_of_a_tree_is_the_best_of_all) {
  const auto world = draw(1, 400, [](const Drawn& d) { return d.number > 4 || d.number == 0 ? 1.5 : -1.5; });
  const Design design = design_of(world, known_features(world, 1));
  Random random(2);
  std::vector<Derivatives> sums;
  for (std::size_t v = 0; v < design.sides; ++v) {
    sums.push_back({static_cast<float>(random.uniform() - 0.5 + (design.fields[0].bin[v] > 4 ? 0.4 : 0)),
                    static_cast<float>(0.1 + random.uniform())});
  }
  Crew crew(1);
  const TreeOptions options{.depth = 1, .l2 = 2, .sides_share = 2, .fields_share = 2, .seed = 1};
  const TreeSplits splits = grow_tree(design, sums, 1, options, crew);
  // Every subset of every field by brute force: no prefix can beat the best, and a one-leaf tree must find it but for
  // ordered fields, which keep to their order.
  const auto gain = [&](std::size_t f, std::uint64_t mask) {
    double g[2] = {0, 0};
    double w[2] = {0, 0};
    for (std::size_t v = 0; v < design.sides; ++v) {
      const std::size_t side = mask >> design.fields[f].bin[v] & 1U;
      g[side] += sums[v].gradient;
      w[side] += sums[v].hessian;
    }
    return worth_of(g[0], w[0]) + worth_of(g[1], w[1]);
  };
  double best = 0;
  for (std::size_t bins = 1; bins < 8; ++bins) {
    for (const std::uint64_t first : {0U, 1U}) best = std::max(best, gain(0, ((2ULL << bins) - 2) | first));
  }
  for (std::uint64_t mask = 1; mask < 16; ++mask) best = std::max(best, gain(1, mask));
  best = std::max(best, gain(2, 1));
  BOOST_REQUIRE_EQUAL(splits.size(), 1U);
  BOOST_CHECK_CLOSE(gain(splits[0].field, splits[0].mask), best, 1e-4);

  const auto leaves = leaves_of(design, splits, crew);
  const auto steps = leaf_steps(leaves, sums, 1, 2, 2, crew);
  double g = 0;
  double w = 0;
  for (std::size_t v = 0; v < design.sides; ++v) {
    BOOST_REQUIRE_EQUAL(leaves[v], design.fields[splits[0].field].bin[v] < 64
                                       ? (splits[0].mask >> design.fields[splits[0].field].bin[v] & 1U)
                                       : 0U);
    if (leaves[v] == 1) {
      g += sums[v].gradient;
      w += sums[v].hessian;
    }
  }
  BOOST_CHECK_CLOSE(steps[1], g / (w + 2), 1e-3);
}

// At the optimum the penalised gradient is zero: r summed over a feature's rows is l2 times its bias.
BOOST_AUTO_TEST_CASE(item_biases_reach_the_penalised_optimum) {
  const auto world = draw(3, 3000, [](const Drawn& d) { return 0.5 * d.item - 1; });
  const KnownFeatures known = known_features(world, 1);
  const Design design = design_of(world, known);
  Crew crew(1);
  const std::uint8_t bits[] = {kClicked};
  Parameters parameters = first_parameters(1, 0, design.bins, known, 1);
  Scores scores(design, bits, crew);
  const std::vector<float> no_trees(design.sides, 0);
  scores.compute(parameters, no_trees);
  const double before = scores.log_loss(parameters)[0];
  for (int sweep = 0; sweep < 60; ++sweep) scores.step_items(parameters, 4);
  BOOST_CHECK_LT(scores.log_loss(parameters)[0], before - 0.02);
  std::vector<double> gradient(known.features.size(), 0);
  for (std::size_t n = 0; n < design.rows; ++n) {
    double z = parameters.base[0];
    const std::uint32_t i = design.item[n];
    for (auto j = design.item_first[i]; j < design.item_first[i + 1]; ++j) {
      z += parameters.feature_biases[design.item_features[j]];
    }
    const double r = (design.labels[n] & kClicked) - probability(z);
    for (auto j = design.item_first[i]; j < design.item_first[i + 1]; ++j) gradient[design.item_features[j]] += r;
  }
  for (std::size_t k = 0; k < known.features.size(); ++k) {
    BOOST_CHECK_SMALL(gradient[k] - 4 * parameters.feature_biases[k], 0.5);
  }
}

BOOST_AUTO_TEST_CASE(a_planted_interaction_is_found_by_vectors_and_by_nothing_else) {
  const auto planted = [](const Drawn& d) { return (d.kind < 2) == (d.item % 2 == 0) ? 1.2 : -1.2; };
  const auto train = draw(4, 4000, planted);
  const auto test = draw(5, 2000, planted);
  EngagementOptions options = small_options();
  const auto model = fit_engagement(train, {}, options, kQuiet, kGoOn);
  BOOST_CHECK_GT(auc_of(model, test), 0.73);  // the truth has about .77
  options.dimensions = 0;
  BOOST_CHECK_LT(auc_of(fit_engagement(train, {}, options, kQuiet, kGoOn), test), 0.56);
}

BOOST_AUTO_TEST_CASE(pairs_of_the_visitors_bins_are_found_by_trees) {
  const auto planted = [](const Drawn& d) { return (d.kind < 2) == (d.flag == 0) ? 1.2 : -1.2; };
  const auto train = draw(6, 4000, planted);
  const auto test = draw(7, 2000, planted);
  EngagementOptions options = small_options();
  options.dimensions = 0;
  BOOST_CHECK_GT(auc_of(fit_engagement(train, {}, options, kQuiet, kGoOn), test), 0.73);
  options.trees = 0;
  BOOST_CHECK_LT(auc_of(fit_engagement(train, {}, options, kQuiet, kGoOn), test), 0.56);
}

BOOST_AUTO_TEST_CASE(threads_change_nothing, *boost::unit_test::label("threads")) {
  const auto train = draw(8, 1500, [](const Drawn& d) { return d.number * 0.3 - 1 + (d.kind == d.item % 4 ? 1 : 0); });
  const auto valid = draw(9, 500, [](const Drawn& d) { return d.number * 0.3 - 1; });
  EngagementOptions options = small_options();
  options.trees = 6;
  options.refit = true;
  const auto one = encode_engagement(fit_engagement(train, valid, options, kQuiet, kGoOn));
  options.threads = 3;
  BOOST_CHECK(one == encode_engagement(fit_engagement(train, valid, options, kQuiet, kGoOn)));
  options.seed = 2;
  BOOST_CHECK(one != encode_engagement(fit_engagement(train, valid, options, kQuiet, kGoOn)));
}

BOOST_AUTO_TEST_CASE(noise_stops_early) {
  const auto noise = [](const Drawn&) { return 0.0; };
  EngagementOptions options = small_options();
  options.patience = 3;
  const auto train = draw(10, 800, noise);
  const auto valid = draw(11, 800, noise);
  const auto stopped = fit_engagement(train, valid, options, kQuiet, kGoOn);
  BOOST_CHECK_LT(stopped.trees, 8U);
  BOOST_CHECK_EQUAL(stopped.splits.size(), stopped.trees * options.depth);
  BOOST_CHECK_CLOSE(stopped.validation_log_loss[0], std::log(2), 3);
  BOOST_CHECK_EQUAL(fit_engagement(train, {}, options, kQuiet, kGoOn).trees, 30U);
  options.refit = true;
  BOOST_CHECK_EQUAL(fit_engagement(train, valid, options, kQuiet, kGoOn).rows, 1600U);
}

BOOST_AUTO_TEST_CASE(what_is_rare_has_no_part_of_its_own) {
  auto train = draw(12, 600, [](const Drawn& d) { return d.item % 2 == 0 ? 1.0 : -1.0; });
  train.items.push_back({{item_of(99), option_of(100)}});
  for (int n = 0; n < 5; ++n) train.rows.push_back({.side = 0, .item = 6, .labels = kClicked});
  const auto model = fit_engagement(train, {}, small_options(), kQuiet, kGoOn);
  for (const auto& feature : model.features) BOOST_CHECK_NE(feature.feature, item_of(99));
  // An item that nobody has seen is what its genre is.
  const std::vector<ItemFeature> unseen = {item_of(1234), option_of(100)};
  const std::vector<ItemFeature> other = {item_of(1235), option_of(101)};
  BOOST_CHECK_GT(engagement_item(model, 1234, unseen).bias[0], engagement_item(model, 1235, other).bias[0] + 0.3);
  BOOST_CHECK_EQUAL(engagement_item(model, 7, {}).bias[0], 0);
}

BOOST_AUTO_TEST_CASE(the_position_is_taken_out) {
  // Items 1 to 6 are alike; item 1 was mostly shown first, where clicks are easy.
  auto train = draw(
      13, 6000, [](const Drawn& d) { return -0.5 - 0.7 * d.position; }, true);
  Random random(14);
  for (Impression& row : train.rows) {
    if (row.position == 0 && random.uniform() < 0.8) row.item = 0;
  }
  EngagementOptions options = small_options();
  options.trees = 0;
  options.dimensions = 0;
  options.item_l2 = 2;
  options.factor_sweeps = 4;
  options.additive_sweeps = 20;
  const auto model = fit_engagement(train, {}, options, kQuiet, kGoOn);
  for (std::size_t position = 0; position < 4; ++position) {
    BOOST_CHECK_SMALL(model.positions[position * kHeads] + 0.7 * static_cast<double>(position), 0.25);
  }
  BOOST_CHECK_EQUAL(model.positions[0], 0);
  const auto first = engagement_item(model, 1, train.items[0].features).bias[0];
  const auto third = engagement_item(model, 3, train.items[2].features).bias[0];
  BOOST_CHECK_SMALL(first - third, 0.4F);
  BOOST_CHECK_SMALL(model.base[0] + static_cast<double>(third) + 0.5, 0.35);  // what a first card gets
}

BOOST_AUTO_TEST_CASE(a_rare_head_borrows_the_vectors_of_the_frequent_one) {
  const auto planted = [](const Drawn& d) { return (d.kind < 2) == (d.item % 2 == 0) ? 1.2 : -1.2; };
  auto train = draw(15, 4000, planted);
  auto test = draw(16, 2000, planted);
  Random random(17);
  for (auto* world : {&train, &test}) {
    for (Impression& row : world->rows) {
      if (row.labels != 0 && random.uniform() < 0.05) row.labels = kClicked | kEngaged | kConverted;
    }
  }
  const auto model = fit_engagement(train, {}, small_options(), kQuiet, kGoOn);
  BOOST_CHECK_GT(model.gain[2], 0.3);
  // Who knows the world reaches .635: .77 of what converts, and half of the rest, lies on the liked side.
  BOOST_CHECK_GT(auc_of(model, test, 2), 0.6);
}

BOOST_AUTO_TEST_CASE(a_head_that_never_happened_knows_its_base_alone) {
  const auto train = draw(18, 500, [](const Drawn&) { return 0.0; });
  const auto model = fit_engagement(train, {}, small_options(), kQuiet, kGoOn);
  BOOST_CHECK_CLOSE(model.base[2], std::log(0.5 / 500.5), 1e-3);
  BOOST_CHECK_EQUAL(model.gain[2], 0);
}

BOOST_AUTO_TEST_CASE(the_snapshot_scores_as_the_floats_do) {
  const auto train =
      draw(19, 1500, [](const Drawn& d) { return d.number * 0.4 - 1.5 + (d.kind == d.item % 4 ? 1 : 0); });
  const auto model = fit_engagement(train, {}, small_options(), kQuiet, kGoOn);
  snapshot::SnapshotInput input;
  std::vector<std::pair<std::uint32_t, std::vector<ItemFeature>>> items;
  for (std::uint32_t i = 0; i < train.items.size(); ++i) {
    snapshot::ItemInput item;
    item.id = i + 1;
    item.uuid[15] = static_cast<std::uint8_t>(i + 1);
    input.items.push_back(item);
    items.emplace_back(i + 1, train.items[i].features);
  }
  input.engagement = engagement_input(model, items);
  const auto bytes = snapshot::build(input);
  BOOST_REQUIRE(bytes.has_value());
  const auto view = snapshot::SnapshotView::open(*bytes);
  BOOST_REQUIRE(view.has_value());
  const auto logits = engagement_logits(model, train);
  double worst = 0;
  for (std::size_t n = 0; n < 300; ++n) {
    FeatureVector features;
    for (std::size_t f = 0; f < 3; ++f) features.masks[f] = train.masks[train.rows[n].side * 3 + f];
    const auto folded = fold_engagement(features, *view);
    const double p = predict_engagement(folded, *view, view->find_item(train.rows[n].item + 1)).heads[0];
    worst = std::max(worst, std::fabs(p - probability(logits[n * kHeads])));
  }
  BOOST_CHECK_LT(worst, 0.005);
}

BOOST_AUTO_TEST_CASE(a_field_with_several_bins_a_side) {
  auto train = draw(20, 2000, [](const Drawn& d) { return d.kind == 1 ? 1.0 : -1.0; });
  for (std::size_t v = 0; v < train.masks.size() / 3; v += 2) train.masks[v * 3 + 1] |= 4;
  const auto model = fit_engagement(train, {}, small_options(), kQuiet, kGoOn);
  BOOST_CHECK_GT(auc_of(model, train), 0.6);
  for (const auto& split : model.splits) {
    if (split.field == 1) BOOST_CHECK_LE(std::popcount(split.mask), 1);
  }
}

BOOST_AUTO_TEST_CASE(what_another_part_says_already_is_not_learned_again) {
  const auto matched = [](const Drawn& d) { return d.kind % 2 == d.item % 2 ? 1.5 : -1.5; };
  const auto with_offset = [&](EngagementData world) {
    for (Impression& row : world.rows) {
      const auto kind = static_cast<std::uint32_t>(std::countr_zero(world.masks[row.side * 3 + 1]));
      row.offset = static_cast<float>(matched({0, kind, 0, row.item, 0}));
    }
    return world;
  };
  const auto train = with_offset(draw(31, 8000, matched));
  const auto valid = with_offset(draw(32, 4000, matched));
  const auto model = fit_engagement(train, valid, small_options(), kQuiet, kGoOn);
  BOOST_TEST(model.validation_log_loss[0] < 0.49);
  BOOST_TEST(std::abs(auc_of(model, valid) - 0.5) < 0.03);  // by itself it has nothing to say
}

BOOST_AUTO_TEST_CASE(an_item_counts_for_what_it_is_worth_now) {
  const auto on_day = [](std::uint64_t seed, std::size_t rows, int day) {
    auto world = draw(seed, rows, [&](const Drawn& d) { return d.item == 0 ? (day < 3 ? 0.5 : -1.5) : -0.5; });
    for (Impression& row : world.rows) row.age = static_cast<float>(day);
    return world;
  };
  const auto train = joined(on_day(41, 4000, 1), on_day(42, 30000, 30));
  const auto valid = on_day(43, 4000, 0);
  const auto aged = fit_engagement(train, valid, small_options(), kQuiet, kGoOn);
  const auto without = [](EngagementData world) {
    for (Impression& row : world.rows) row.age = 0;
    return world;
  };
  const auto ageless = fit_engagement(without(train), without(valid), small_options(), kQuiet, kGoOn);
  const auto bias_of = [](const EngagementModel& model, std::uint32_t id) {
    for (const auto& feature : model.features) {
      if (feature.feature == item_of(id)) return static_cast<double>(feature.bias[0]);
    }
    return 0.0;
  };
  BOOST_TEST(bias_of(aged, 1) - bias_of(aged, 3) > bias_of(ageless, 1) - bias_of(ageless, 3) + 0.5);
  BOOST_TEST(aged.validation_log_loss[0] < ageless.validation_log_loss[0] - 0.01);
}

BOOST_AUTO_TEST_CASE(the_strength_of_the_factors_is_what_serves_the_held_out_rows) {
  EngagementOptions options = small_options();
  options.trees = 0;
  options.factor_sweeps = 12;
  const auto length_of = [](const EngagementModel& model) {
    double sum = 0;
    for (const float x : model.bin_vectors) sum += static_cast<double>(x) * static_cast<double>(x);
    return sum;
  };
  const auto fit = [&](double slope, std::size_t rows) {
    const auto logit = [&](const Drawn& d) { return d.kind % 2 == d.item % 2 ? slope : -slope; };
    return fit_engagement(draw(51, rows, logit), draw(52, 8000, logit), options, kQuiet, kGoOn);
  };
  const auto strong = fit(1.5, 8000);
  const auto weak = fit(0.2, 1500);
  BOOST_TEST(strong.sweeps > 0);
  BOOST_TEST(length_of(strong) > 4 * length_of(weak));
  // Every strength of a power of five is among those tried: starting from the weakest or the strongest of the three
  // ends at as good a model.
  options.factor_l2 = 5.0 / 25;
  const auto low = fit(1.5, 8000);
  BOOST_TEST(low.validation_log_loss[0] < strong.validation_log_loss[0] + 0.005);
}

BOOST_AUTO_TEST_CASE(json_and_back) {
  const auto train = draw(21, 400, [](const Drawn& d) { return d.number * 0.4 - 1.5; });
  const auto model = fit_engagement(train, {}, small_options(), kQuiet, kGoOn);
  const auto json = encode_engagement(model);
  const auto cbor = nlohmann::json::to_cbor(json);
  const auto back = decode_engagement(nlohmann::json::from_cbor(cbor));
  BOOST_CHECK(encode_engagement(back) == json);
  BOOST_CHECK(engagement_logits(back, train) == engagement_logits(model, train));
  for (const char* key : {"format", "binWeights", "binVectors", "leaves", "splits", "depth", "fields"}) {
    auto broken = json;
    broken[key] =
        key == std::string("format") || key == std::string("depth") ? nlohmann::json(77) : nlohmann::json::array();
    BOOST_CHECK_THROW((void)decode_engagement(broken), std::exception);
  }
}

BOOST_AUTO_TEST_CASE(it_can_be_cancelled) {
  const auto train = draw(22, 200, [](const Drawn&) { return 0.0; });
  std::atomic<bool> cancel{true};
  BOOST_CHECK_THROW((void)fit_engagement(train, {}, small_options(), kQuiet, cancel), Cancelled);
  cancel = false;
  const auto soon = [&](std::string_view, double share) {
    if (share > 0.3) cancel = true;
  };
  BOOST_CHECK_THROW((void)fit_engagement(train, {}, small_options(), soon, cancel), Cancelled);
}

BOOST_AUTO_TEST_CASE(fewer_trees_for_more_rows) {
  BOOST_CHECK_EQUAL(engagement_options_for(50'000).trees, EngagementOptions{}.trees);
  const auto many = engagement_options_for(1'000'000);
  BOOST_CHECK_EQUAL(many.trees, 120U);
  BOOST_CHECK_GT(many.tree_rate, EngagementOptions{}.tree_rate);
}

struct BadData {
  const char* name;
  void (*spoil)(EngagementData&);
  const char* message;
};
std::ostream& operator<<(std::ostream& out, const BadData& c) { return out << c.name; }

const BadData kBadData[] = {
    {"no row", [](EngagementData& d) { d.rows.clear(); }, "train: there is no row"},
    {"no field", [](EngagementData& d) { d.fields.clear(); }, "fields are needed"},
    {"too many bins", [](EngagementData& d) { d.fields[1].bins = 65; }, "train field 1"},
    {"a side is cut", [](EngagementData& d) { d.masks.pop_back(); }, "a side is cut short"},
    {"no bin", [](EngagementData& d) { d.masks[3] = 0; }, "train side 1: field 0"},
    {"a bin too far", [](EngagementData& d) { d.masks[5] = 4; }, "train side 1: field 2"},
    {"no such side", [](EngagementData& d) { d.rows[7].side = 5000; }, "train row 7: has a side"},
    {"no such item", [](EngagementData& d) { d.rows[7].item = 6; }, "train row 7: has an item"},
    {"weight", [](EngagementData& d) { d.rows[7].weight = 0; }, "train row 7: the weight"},
    {"not nested", [](EngagementData& d) { d.rows[7].labels = kConverted; }, "train row 7: who converts"},
    {"features",
     [](EngagementData& d) {
       d.items[2].features = {5, 4};
     },
     "train item 2: features must ascend"},
};

BOOST_DATA_TEST_CASE(bad_data_is_named, data::make(kBadData), c) {
  auto train = draw(23, 50, [](const Drawn&) { return 0.0; });
  c.spoil(train);
  BOOST_CHECK_EXCEPTION((void)fit_engagement(train, {}, small_options(), kQuiet, kGoOn), std::invalid_argument,
                        [&](const std::exception& error) {
                          BOOST_TEST_MESSAGE(error.what());
                          return std::string(error.what()).find(c.message) != std::string::npos;
                        });
}

BOOST_AUTO_TEST_SUITE_END()
