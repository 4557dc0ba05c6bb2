#include "origin/learn/engagement.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "core/numeric/random.h"
#include "origin/learn/crew.h"
#include "origin/learn/engagement_design.h"
#include "origin/learn/engagement_factors.h"
#include "origin/learn/engagement_trees.h"

namespace footlight::learn {
namespace {

constexpr std::array<std::uint8_t, kHeads> kBits = {kClicked, kEngaged, kConverted};
constexpr std::uint32_t kItemsEvery = 10;  // trees between two rounds over the item's side
constexpr std::uint32_t kFactorPatience = 2;
// Strengths that factors are held with: factor_l2 times a power of kFactorRatio, whichever is best on held-out rows.
constexpr std::size_t kFactorStrengths = 3;
constexpr double kFactorRatio = 5;
constexpr std::array<double, 4> kHalfLives = {2, 4, 10, 30};  // days
constexpr std::size_t kManyRows = 100'000;
constexpr std::uint32_t kFewestTrees = 120;
constexpr double kLargestRate = 0.2;

// How far each part went when it was stopped, or shall go.
struct Lengths {
  std::uint32_t additive = 0;
  std::uint32_t trees = 0;
  std::array<std::uint32_t, kFactorStrengths> sweeps{};  // by strength; once chosen, at most one is not 0
};

struct Tree {
  TreeSplits splits;
  std::vector<float> steps;  // [2^L, C]
};

struct Fit {
  Parameters parameters;
  std::vector<Tree> trees;
  Lengths lengths;
  std::vector<double> validation;  // [C]
};

double total(const std::vector<double>& losses) {
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum;
}

void check(const std::atomic<bool>& cancel) {
  if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
}

// One data set with its log-odds and what the trees so far give its sides.
struct Side {
  const Design& design;
  Scores scores;
  std::vector<float> trees;  // [V, C]

  Side(const Design& of, std::span<const std::uint8_t> bits, Crew& crew)
      : design(of), scores(of, bits, crew), trees(of.sides * bits.size(), 0) {}

  void add(const Tree& tree, std::size_t heads, Crew& crew) {
    const auto leaves = leaves_of(design, tree.splits, crew);
    std::vector<float> steps(trees.size());
    for (std::size_t v = 0; v < design.sides; ++v) {
      for (std::size_t c = 0; c < heads; ++c) steps[v * heads + c] = tree.steps[leaves[v] * heads + c];
    }
    for (std::size_t at = 0; at < trees.size(); ++at) trees[at] += steps[at];
    scores.add_to_sides(steps);
  }
};

class Fitter {
 public:
  // Without `valid` everything goes as far as `lengths` says.
  Fitter(const Design& train, const Design* valid, const KnownFeatures& known, std::span<const std::uint8_t> bits,
         const EngagementOptions& options, Lengths lengths, Crew& crew)
      : options_(options),
        lengths_(lengths),
        known_(known),
        crew_(crew),
        heads_(bits.size()),
        train_(train, bits, crew) {
    if (valid != nullptr) valid_.emplace(*valid, bits, crew);
    fit_.parameters = first_parameters(heads_, options.dimensions, train.bins, known, options.seed);
  }

  Fit run(const EngagementProgress& progress, const std::atomic<bool>& cancel) {
    fit_additive(progress, cancel);
    fit_trees(progress, cancel);
    fit_factors(progress, cancel);
    fit_recent(cancel);
    if (valid_) fit_.validation = validation_losses();
    progress("fitting", 1);
    return std::move(fit_);
  }

 private:
  std::vector<double> validation_losses() {
    valid_->scores.compute(fit_.parameters, valid_->trees);
    return valid_->scores.log_loss(fit_.parameters);
  }
  double validation_loss() { return valid_ ? total(validation_losses()) : 0; }

  // Runs `step` up to `most` times and goes back to the round with the least validation loss; gives its number.
  template <typename Step>
  std::uint32_t sweep(std::uint32_t most, std::uint32_t patience, const std::atomic<bool>& cancel, const Step& step) {
    if (!valid_) {
      for (std::uint32_t round = 0; round < most; ++round) {
        check(cancel);
        step(round);
      }
      return most;
    }
    Parameters best = fit_.parameters;
    double least = validation_loss();
    std::uint32_t at = 0;
    for (std::uint32_t round = 0; round < most && round < at + patience; ++round) {
      check(cancel);
      step(round);
      const double loss = validation_loss();
      if (loss < least) {
        least = loss;
        best = fit_.parameters;
        at = round + 1;
      }
    }
    fit_.parameters = std::move(best);
    train_.scores.compute(fit_.parameters, train_.trees);
    return at;
  }

  void step_additive() {
    train_.scores.step_items(fit_.parameters, options_.item_l2);
    if (options_.trees == 0) train_.scores.step_bins(fit_.parameters, options_.bin_l2);
  }

  void fit_additive(const EngagementProgress& progress, const std::atomic<bool>& cancel) {
    train_.scores.compute(fit_.parameters, train_.trees);
    const auto most = static_cast<double>(std::max(1U, lengths_.additive));
    fit_.lengths.additive = sweep(lengths_.additive, 2, cancel, [&](std::uint32_t round) {
      progress("fitting weights", 0.1 * round / most);
      step_additive();
    });
  }

  void fit_trees(const EngagementProgress& progress, const std::atomic<bool>& cancel) {
    const double share = std::min(
        options_.tree_rows, train_.design.sides == 0
                                ? 1.0
                                : static_cast<double>(options_.tree_sides) / static_cast<double>(train_.design.sides));
    double least = validation_loss();
    std::size_t best_trees = 0;
    Parameters best = fit_.parameters;
    for (std::uint32_t t = 0; t < lengths_.trees; ++t) {
      check(cancel);
      progress("growing trees", 0.1 + 0.5 * t / lengths_.trees);
      const auto sums = train_.scores.side_sums(fit_.parameters);
      Tree tree;
      tree.splits = grow_tree(
          train_.design, sums, heads_,
          {options_.depth, options_.tree_l2, share, options_.tree_fields, seed_with(options_.seed, 1000 + t)}, crew_);
      const auto leaves = leaves_of(train_.design, tree.splits, crew_);
      tree.steps = leaf_steps(leaves, sums, heads_, std::size_t{1} << options_.depth, options_.tree_l2, crew_);
      for (float& step : tree.steps) step *= static_cast<float>(options_.tree_rate);
      train_.add(tree, heads_, crew_);
      if (valid_) valid_->add(tree, heads_, crew_);
      fit_.trees.push_back(std::move(tree));
      if (t % kItemsEvery == kItemsEvery - 1) {
        train_.scores.step_items(fit_.parameters, options_.item_l2);
        if (valid_) valid_->scores.compute(fit_.parameters, valid_->trees);
      }
      if (!valid_) continue;
      const double loss = total(valid_->scores.log_loss(fit_.parameters));
      if (loss < least) {
        least = loss;
        best = fit_.parameters;
        best_trees = fit_.trees.size();
      } else if (fit_.trees.size() >= best_trees + options_.patience) {
        break;
      }
    }
    if (valid_) {
      fit_.trees.resize(best_trees);
      fit_.parameters = std::move(best);
      start_over(train_);
      start_over(*valid_);
    }
    fit_.lengths.trees = static_cast<std::uint32_t>(fit_.trees.size());
  }

  // After trees were dropped.
  void start_over(Side& side) {
    std::fill(side.trees.begin(), side.trees.end(), 0.0F);
    for (const Tree& tree : fit_.trees) side.add(tree, heads_, crew_);
    side.scores.compute(fit_.parameters, side.trees);
  }

  void fit_factors(const EngagementProgress& progress, const std::atomic<bool>& cancel) {
    // How far vectors may go depends on how much stands behind them, and that differs a hundredfold between a table of
    // customers and a site's clicks. From the same start for each strength: going on from a stronger one was tried, and
    // was worse on both tables.
    const Parameters start = fit_.parameters;
    Parameters best = start;
    double least = validation_loss();
    double all = 0;
    for (const std::uint32_t most : lengths_.sweeps) all += most;
    double before = 0;
    // From the middle on: the loss has one valley, so that what is weaker need not be tried where stronger is better.
    for (const std::size_t k : {std::size_t{1}, std::size_t{2}, std::size_t{0}}) {
      const std::uint32_t most = lengths_.sweeps[k];
      if (most == 0 || (k == 0 && fit_.lengths.sweeps[2] != 0)) continue;
      fit_.parameters = start;
      train_.scores.compute(fit_.parameters, train_.trees);
      const std::uint32_t rounds = sweep(most, kFactorPatience, cancel, [&](std::uint32_t round) {
        progress("fitting factors", 0.6 + 0.4 * (before + round) / all);
        step_additive();
        train_.scores.step_factors(fit_.parameters,
                                   options_.factor_l2 * std::pow(kFactorRatio, static_cast<double>(k)));
      });
      before += most;
      const double loss = validation_loss();
      if (valid_ && !(loss < least)) continue;
      least = loss;
      best = fit_.parameters;
      fit_.lengths.sweeps = {};
      fit_.lengths.sweeps[k] = rounds;
    }
    fit_.parameters = std::move(best);
    train_.scores.compute(fit_.parameters, train_.trees);
  }

  void fit_recent(const std::atomic<bool>& cancel) {
    const auto& age = train_.design.age;
    if (!valid_ || std::all_of(age.begin(), age.end(), [&](float a) { return a == age.front(); })) return;
    const Parameters start = fit_.parameters;
    double least = validation_loss();
    for (const double half_life : kHalfLives) {
      for (const double l2 : {options_.item_l2 / 2, 2 * options_.item_l2}) {
        check(cancel);
        Parameters moved = start;
        train_.scores.step_recent(moved, known_, half_life, l2);
        std::swap(fit_.parameters, moved);
        const double loss = validation_loss();
        if (loss < least) {
          least = loss;
        } else {
          std::swap(fit_.parameters, moved);
        }
      }
    }
  }

  const EngagementOptions& options_;
  Lengths lengths_;
  const KnownFeatures& known_;
  Crew& crew_;
  std::size_t heads_;
  Side train_;
  std::optional<Side> valid_;
  Fit fit_;
};

struct Rates {
  std::array<double, kHeads> positives{};
  double all = 0;
};

Rates rates_of(const EngagementData& data) {
  Rates rates;
  for (const Impression& row : data.rows) {
    rates.all += row.weight;
    for (std::size_t h = 0; h < kHeads; ++h) {
      if ((row.labels & kBits[h]) != 0) rates.positives[h] += row.weight;
    }
  }
  return rates;
}

void check_options(const EngagementOptions& options) {
  const auto at_least = [](double value, double least, const char* name) {
    if (!(value >= least) || !std::isfinite(value)) {
      throw std::invalid_argument(std::string(name) + " must be at least " + std::to_string(least));
    }
  };
  const auto at_most = [](double value, double most, const char* name) {
    if (value > most) throw std::invalid_argument(std::string(name) + " must be at most " + std::to_string(most));
  };
  at_most(options.dimensions, snapshot::kMaxDimensions, "dimensions");
  at_most(options.trees, snapshot::kMaxTrees, "trees");
  at_least(options.depth, 1, "depth");
  at_most(options.depth, snapshot::kMaxTreeDepth, "depth");
  at_least(options.tree_rate, 1e-6, "tree_rate");
  at_least(options.tree_l2, 1e-6, "tree_l2");
  at_least(options.item_l2, 1e-6, "item_l2");
  at_least(options.bin_l2, 1e-6, "bin_l2");
  at_least(options.factor_l2, 1e-6, "factor_l2");
}

bool same_fields(const EngagementData& a, const EngagementData& b) {
  return std::equal(
      a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(), [](const auto& x, const auto& y) {
        return x.name == y.name && x.bins == y.bins && x.thresholds == y.thresholds && x.bin_ids == y.bin_ids;
      });
}

EngagementModel to_model(const EngagementData& train, const Fit& fit, const KnownFeatures& known,
                         std::span<const std::size_t> active, const EngagementOptions& options, const Rates& rates) {
  const Parameters& from = fit.parameters;
  const std::size_t heads = active.size();
  EngagementModel model;
  model.dimensions = options.dimensions;
  model.depth = options.depth;
  model.fields = train.fields;
  model.rows = train.rows.size();
  model.trees = fit.lengths.trees;
  model.sweeps = std::accumulate(fit.lengths.sweeps.begin(), fit.lengths.sweeps.end(), 0U);
  for (std::size_t h = 0; h < kHeads; ++h) {  // a head that never, or always, happened knows no more than that
    model.base[h] = static_cast<float>(std::log((rates.positives[h] + 0.5) / (rates.all - rates.positives[h] + 0.5)));
    model.gain[h] = h == 0 ? 1.0F : 0.0F;
  }
  const std::size_t bins = from.bin_weights.size() / std::max<std::size_t>(heads, 1);
  std::size_t all_bins = 0;
  for (const auto& field : train.fields) all_bins += field.bins;
  model.bin_weights.assign(all_bins * kHeads, 0);
  model.bin_vectors.assign(all_bins * options.dimensions, 0);
  model.positions.assign(kPositions * kHeads, 0);
  model.leaf_values.assign(fit.trees.size() * (std::size_t{1} << options.depth) * kHeads, 0);
  for (std::size_t k = 0; k < known.features.size(); ++k) {
    model.features.push_back({known.features[k], known.counts[k], {}, std::vector<float>(options.dimensions, 0)});
  }
  for (const Tree& tree : fit.trees) model.splits.insert(model.splits.end(), tree.splits.begin(), tree.splits.end());
  for (std::size_t c = 0; c < heads; ++c) {
    const std::size_t h = active[c];
    model.base[h] = from.base[c];
    model.gain[h] = from.gain[c];
    if (!fit.validation.empty()) model.validation_log_loss[h] = fit.validation[c];
    for (std::size_t b = 0; b < bins; ++b) model.bin_weights[b * kHeads + h] = from.bin_weights[b * heads + c];
    for (std::size_t p = 0; p < kPositions; ++p) model.positions[p * kHeads + h] = from.positions[p * heads + c];
    for (std::size_t k = 0; k < known.features.size(); ++k) {
      model.features[k].bias[h] = from.feature_biases[k * heads + c];
    }
    std::size_t leaf = 0;
    for (const Tree& tree : fit.trees) {
      for (std::size_t at = c; at < tree.steps.size(); at += heads)
        model.leaf_values[leaf++ * kHeads + h] = tree.steps[at];
    }
  }
  if (heads == 0) return model;
  for (std::size_t d = 0; d < options.dimensions; ++d) {
    for (std::size_t b = 0; b < bins; ++b)
      model.bin_vectors[b * options.dimensions + d] = from.bin_vectors[d * bins + b];
    for (std::size_t k = 0; k < known.features.size(); ++k) {
      model.features[k].vector[d] = from.feature_vectors[d * known.features.size() + k];
    }
  }
  return model;
}

}  // namespace

EngagementOptions engagement_options_for(std::size_t rows) noexcept {
  EngagementOptions options;
  if (rows > kManyRows) {
    const double full = options.trees;
    const double less = full * static_cast<double>(kManyRows) / static_cast<double>(rows);
    options.trees = std::max(kFewestTrees, static_cast<std::uint32_t>(less));
    options.tree_rate = std::min(kLargestRate, options.tree_rate * full / options.trees);
  }
  return options;
}

EngagementModel fit_engagement(const EngagementData& train, const EngagementData& valid,
                               const EngagementOptions& options, const EngagementProgress& progress,
                               const std::atomic<bool>& cancel) {
  check_options(options);
  check_data(train, "train");
  if (train.rows.empty()) throw std::invalid_argument("train: there is no row");
  const bool stops_early = !valid.rows.empty();
  if (stops_early) {
    check_data(valid, "valid");
    if (!same_fields(train, valid)) throw std::invalid_argument("valid: its fields are not those of train");
  }
  const Rates rates = rates_of(train);
  std::vector<std::size_t> active;
  std::vector<std::uint8_t> bits;
  for (std::size_t h = 0; h < kHeads; ++h) {
    if (rates.positives[h] > 0 && rates.positives[h] < rates.all) {
      active.push_back(h);
      bits.push_back(kBits[h]);
    }
  }
  Crew crew(options.threads);
  Lengths most{options.additive_sweeps, options.trees, {}};
  if (options.dimensions != 0 || options.trees != 0) {
    most.sweeps[0] = options.factor_sweeps;
    if (stops_early) most.sweeps.fill(options.factor_sweeps);
  }
  const auto fit_on = [&](const EngagementData& data, const EngagementData* held_out, Lengths lengths, double from,
                          double to, KnownFeatures& known) {
    check(cancel);
    progress("ordering impressions", from);
    known = known_features(data, options.min_feature_rows);
    const auto live = live_bins(data, options.min_bin_rows);
    const Design design = make_design(data, known, live);
    std::optional<Design> held;
    if (held_out != nullptr) held = make_design(*held_out, known, live);
    return Fitter(design, held ? &*held : nullptr, known, bits, options, lengths, crew)
        .run([&](std::string_view stage, double share) { progress(stage, from + (to - from) * share); }, cancel);
  };
  const bool twice = stops_early && options.refit;
  KnownFeatures known;
  Fit fit;
  if (active.empty()) {
    known = known_features(train, options.min_feature_rows);
  } else {
    fit = fit_on(train, stops_early ? &valid : nullptr, most, 0, twice ? 0.5 : 1, known);
  }
  if (active.empty() || !twice) return to_model(train, fit, known, active, options, rates);
  const EngagementData both = joined(train, valid);
  Fit again = fit_on(both, nullptr, fit.lengths, 0.5, 1, known);
  again.validation = fit.validation;
  return to_model(both, again, known, active, options, rates);
}

}  // namespace footlight::learn
