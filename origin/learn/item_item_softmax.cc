#include "origin/learn/item_item_softmax.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include <Eigen/Core>

#include "core/numeric/random.h"
#include "core/snapshot/layout.h"
#include "core/visitor/visitor.h"
#include "origin/learn/pair_counts.h"
#include "origin/learn/parallel.h"

namespace footlight::learn {
namespace {

using Floats = Eigen::ArrayXf;
using FloatMap = Eigen::Map<Floats>;
using ConstFloatMap = Eigen::Map<const Floats>;
using Index = Eigen::Index;

constexpr double kPi = 3.14159265358979323846;
constexpr float kLargestLogit = 60;              // keeps exp in range whatever a large learning rate does
constexpr std::size_t kChunks = 16;              // of a batch; each sums in its own order, so threads change nothing
constexpr std::uint64_t kMaxPairs = 48U << 20U;  // counted for the pattern: 384 MB
constexpr std::uint64_t kSeed = 0x5EEDF007;      // of the order of visitors
constexpr std::uint32_t kLeastKept = 8;          // of a row when pruned, if it has as many
constexpr float kFirstMoment = 0.9F;             // Adam's decay rates and guard
constexpr float kSecondMoment = 0.99F;
constexpr float kEpsilon = 1e-8F;

std::span<const std::uint32_t> recorded(std::span<const std::uint32_t> items) {
  return items.first(std::min<std::size_t>(items.size(), kMaxHistory));
}

// What is fitted. exp_bias and its sum belong to bias.
struct State {
  Pattern pattern;
  std::vector<float> weights;
  std::vector<double> bias;
  std::vector<double> exp_bias;
  double exp_bias_sum = 0;

  void refresh() {
    exp_bias.resize(bias.size());
    exp_bias_sum = 0;
    for (std::size_t i = 0; i < bias.size(); ++i) {
      exp_bias[i] = std::exp(std::min(bias[i], static_cast<double>(kLargestLogit)));
      exp_bias_sum += exp_bias[i];
    }
  }
};

// Sums over the cases of one chunk of a batch.
struct ChunkSums {
  std::vector<double> bias;  // [n]: gradient, but for what `rest` stands for
  double rest = 0;           // sum of 1 / Z: every item's bias gradient has exp_bias times it on top
  double loss = 0;
  std::uint64_t cases = 0;
};

// One thread's working memory. U: the items that a visitor's rows speak of, and the visitor's own.
struct Scratch {
  std::vector<std::int32_t> place;     // [n]: position in U, -1
  std::vector<std::uint32_t> reached;  // U
  std::vector<std::uint32_t> places;   // of each entry of each row, one row after the other
  std::vector<std::uint32_t> own;      // position of the visitor's items
  std::vector<float> rows;             // [s, U]; unused when the pattern is complete
  std::vector<float> residuals;        // [s, U]: g_c
  Floats total, bias, logits, sum;     // [U]
};

// Adds one visitor's cases to `sums` and writes its rows' gradients to `out`, one row after the other in the order of
// `items`, each in the order of the pattern.
void add_visitor(const State& state, std::span<const std::uint32_t> items, double exponent, ChunkSums& sums, float* out,
                 Scratch& scratch) {
  const Pattern& pattern = state.pattern;
  const std::size_t s = items.size();
  const std::uint32_t n = pattern.item_count;
  scratch.own.resize(s);
  scratch.reached.clear();
  scratch.places.clear();
  if (pattern.complete) {
    for (std::size_t k = 0; k < s; ++k) scratch.own[k] = items[k];
  } else {
    scratch.place.resize(n, -1);
    const auto place = [&](std::uint32_t item) {
      if (scratch.place[item] < 0) {
        scratch.place[item] = static_cast<std::int32_t>(scratch.reached.size());
        scratch.reached.push_back(item);
      }
      return static_cast<std::uint32_t>(scratch.place[item]);
    };
    for (std::size_t k = 0; k < s; ++k) scratch.own[k] = place(items[k]);
    for (const std::uint32_t j : items) {
      for (std::uint64_t e = pattern.begin(j); e < pattern.begin(j) + pattern.size(j); ++e) {
        scratch.places.push_back(place(pattern.columns[e]));
      }
    }
    for (const std::uint32_t item : scratch.reached) scratch.place[item] = -1;
  }
  const std::size_t width = pattern.complete ? n : scratch.reached.size();
  const auto u = static_cast<Index>(width);

  // Rows of W side by side, the sum of them, and what the items outside U add to every normaliser.
  double outside = 0;
  scratch.total.setZero(u);
  scratch.bias.resize(u);
  if (pattern.complete) {
    for (const std::uint32_t j : items) scratch.total += ConstFloatMap(&state.weights[pattern.begin(j)], u);
    for (std::uint32_t i = 0; i < n; ++i) scratch.bias[i] = static_cast<float>(state.bias[i]);
  } else {
    scratch.rows.assign(s * width, 0.0F);
    std::size_t at = 0;
    for (std::size_t k = 0; k < s; ++k) {
      float* row = &scratch.rows[k * width];
      const std::uint64_t begin = pattern.begin(items[k]);
      for (std::uint64_t e = 0; e < pattern.size(items[k]); ++e) row[scratch.places[at++]] = state.weights[begin + e];
      scratch.total += ConstFloatMap(row, u);
    }
    double inside = 0;
    for (std::size_t r = 0; r < width; ++r) {
      const std::uint32_t item = scratch.reached[r];
      scratch.bias[static_cast<Index>(r)] = static_cast<float>(state.bias[item]);
      inside += state.exp_bias[item];
    }
    outside = width < n ? std::max(0.0, state.exp_bias_sum - inside) : 0.0;
  }
  const auto row_of = [&](std::size_t k) {
    return ConstFloatMap(pattern.complete ? &state.weights[pattern.begin(items[k])] : &scratch.rows[k * width], u);
  };

  const auto scale = static_cast<float>(std::pow(static_cast<double>(s - 1), -exponent));
  scratch.residuals.resize(s * width);
  scratch.sum.setZero(u);
  double inverse = 0;
  for (std::size_t c = 0; c < s; ++c) {
    scratch.logits = (scratch.bias + scale * (scratch.total - row_of(c))).min(kLargestLogit);
    FloatMap p(&scratch.residuals[c * width], u);
    p = scratch.logits.exp();
    for (std::size_t k = 0; k < s; ++k) {
      if (k != c) p[scratch.own[k]] = 0;
    }
    const double z = outside + p.cast<double>().sum();
    sums.loss += std::log(z) - static_cast<double>(scratch.logits[scratch.own[c]]);
    p *= static_cast<float>(1 / z);
    p[scratch.own[c]] -= 1;
    scratch.sum += p;
    inverse += 1 / z;
  }
  sums.cases += s;
  if (outside > 0) sums.rest += inverse;
  for (std::size_t r = 0; r < width; ++r) {
    const std::uint32_t item = pattern.complete ? static_cast<std::uint32_t>(r) : scratch.reached[r];
    sums.bias[item] += static_cast<double>(scratch.sum[static_cast<Index>(r)]);
    if (outside > 0) sums.bias[item] -= state.exp_bias[item] * inverse;
  }

  std::size_t at = 0;
  for (std::size_t k = 0; k < s; ++k) {
    const float* own = &scratch.residuals[k * width];
    if (pattern.complete) {
      FloatMap(out, u) = scale * (scratch.sum - ConstFloatMap(own, u));
      out[items[k]] = 0;
      out += n;
      continue;
    }
    for (std::uint64_t e = 0; e < pattern.size(items[k]); ++e) {
      const std::uint32_t r = scratch.places[at++];
      *out++ = scale * (scratch.sum[static_cast<Index>(r)] - own[r]);
    }
  }
}

// A batch's gradient: every visitor's rows by themselves, and an index of which belong to which row of W, so that rows
// can be summed in parallel and yet in one order.
class Batch {
 public:
  Batch(const VisitorItems& in, double exponent, unsigned threads)
      : in_(in), exponent_(exponent), threads_(threads), scratch_(threads), chunks_(kChunks) {
    for (ChunkSums& chunk : chunks_) chunk.bias.resize(in.item_count);
  }

  void run(const State& state, std::span<const std::uint32_t> visitors, const std::atomic<bool>& cancel) {
    const std::uint32_t n = in_.item_count;
    starts_.assign(visitors.size() + 1, 0);
    offsets_.assign(n + std::size_t{1}, 0);
    for (std::size_t v = 0; v < visitors.size(); ++v) {
      std::uint64_t size = 0;
      for (const std::uint32_t j : recorded(in_.of(visitors[v]))) {
        size += state.pattern.size(j);
        ++offsets_[j + 1];
      }
      starts_[v + 1] = starts_[v] + size;
    }
    for (std::uint32_t j = 0; j < n; ++j) offsets_[j + 1] += offsets_[j];
    places_.resize(offsets_[n]);
    std::vector<std::uint32_t> at(offsets_.begin(), offsets_.end() - 1);
    for (std::size_t v = 0; v < visitors.size(); ++v) {
      std::uint64_t place = starts_[v];
      for (const std::uint32_t j : recorded(in_.of(visitors[v]))) {
        places_[at[j]++] = place;
        place += state.pattern.size(j);
      }
    }
    values_.resize(starts_.back());

    const std::size_t block = (visitors.size() + kChunks - 1) / kChunks;
    for (ChunkSums& chunk : chunks_) {
      std::fill(chunk.bias.begin(), chunk.bias.end(), 0.0);
      chunk.rest = chunk.loss = 0;
      chunk.cases = 0;
    }
    for_blocks(visitors.size(), block, threads_, cancel, {}, [&](std::size_t begin, std::size_t end, unsigned self) {
      ChunkSums& sums = chunks_[begin / block];
      for (std::size_t v = begin; v < end; ++v) {
        add_visitor(state, recorded(in_.of(visitors[v])), exponent_, sums, values_.data() + starts_[v], scratch_[self]);
      }
    });
    loss = 0;
    cases = 0;
    rest_ = 0;
    for (const ChunkSums& chunk : chunks_) {
      loss += chunk.loss;
      cases += chunk.cases;
      rest_ += chunk.rest;
    }
  }

  // Adds row j's gradient to `out`.
  void add_row(std::uint32_t j, FloatMap out) const {
    for (std::uint32_t p = offsets_[j]; p < offsets_[j + 1]; ++p) {
      out += ConstFloatMap(values_.data() + places_[p], out.size());
    }
  }
  [[nodiscard]] double bias(const State& state, std::uint32_t i) const {
    double sum = state.exp_bias[i] * rest_;
    for (const ChunkSums& chunk : chunks_) sum += chunk.bias[i];
    return sum;
  }

  double loss = 0;
  std::uint64_t cases = 0;

 private:
  const VisitorItems& in_;
  double exponent_;
  unsigned threads_;
  std::vector<Scratch> scratch_;
  std::vector<ChunkSums> chunks_;
  std::vector<std::uint64_t> starts_;  // of each visitor in values_
  std::vector<float> values_;
  std::vector<std::uint32_t> offsets_;  // [n + 1] into places_
  std::vector<std::uint64_t> places_;   // of a row's gradients in values_
  double rest_ = 0;
};

// Adam's step on one row; the gradient is the mean over the cases and the ridge's share.
void adam_step(FloatMap w, Floats& gradient, FloatMap first, FloatMap second, float rate, float first_left,
               float second_left) {
  first = kFirstMoment * first + (1 - kFirstMoment) * gradient;
  second = kSecondMoment * second + (1 - kSecondMoment) * gradient.square();
  w -= (rate / first_left) * first / ((second / second_left).sqrt() + kEpsilon);
}

class Fit {
 public:
  Fit(const VisitorItems& in, const SoftmaxOptions& options, const Progress& progress, const std::atomic<bool>& cancel)
      : in_(in), options_(options), progress_(progress), cancel_(cancel), threads_(thread_count(options.threads)) {}

  SoftmaxModel run() {
    check_options();
    read();
    SoftmaxModel model;
    model.cases = cases_;
    if (cases_ > 0) {
      progress_(0);
      choose_pattern();
      const double prune_share = options_.refit_epochs == 0 ? 1 : 0.85;
      descend(options_.epochs, options_.learning_rate, pattern_share_, prune_share, model.losses);
      prune();
      if (options_.refit_epochs > 0) {
        descend(options_.refit_epochs, options_.learning_rate / 2, prune_share, 1, model.losses);
      }
    } else {
      state_.pattern.offsets.assign(in_.item_count + std::size_t{1}, 0);
      state_.pattern.item_count = in_.item_count;
    }
    const double mean = state_.bias.empty() ? 0
                                            : std::accumulate(state_.bias.begin(), state_.bias.end(), 0.0) /
                                                  static_cast<double>(state_.bias.size());
    for (const double b : state_.bias) model.bias.push_back(static_cast<float>(b - mean));
    for (std::uint32_t j = 0; j < in_.item_count; ++j) model.neighbours.push_back(row(j));
    progress_(1);
    return model;
  }

 private:
  void check_options() const {
    const SoftmaxOptions& o = options_;
    const auto require = [](bool holds, const char* what) {
      if (!holds) throw std::invalid_argument(what);
    };
    require(o.history_exponent >= 0 && o.history_exponent <= 1, "history_exponent must be 0 to 1");
    require(o.ridge >= 0 && std::isfinite(o.ridge), "ridge must be at least 0");
    require(o.learning_rate > 0 && o.learning_rate <= 1, "learning_rate must be above 0, at most 1");
    require(o.epochs >= 1 && o.epochs <= 1000 && o.refit_epochs <= 1000, "epochs must be 1 to 1000");
    require(o.batch_cases >= 1 && o.max_steps >= 1, "batch_cases and max_steps must be at least 1");
    require(o.neighbours_kept >= 1 && o.neighbours_kept <= snapshot::kMaxNeighbours,
            "neighbours_kept must be 1 to 128");
    require(o.candidates >= 1, "candidates must be at least 1");
    require(o.dense_items <= 8192, "dense_items must be at most 8192");
  }

  void read() {
    const std::uint32_t n = in_.item_count;
    std::vector<double> chosen(n, 0.5);
    for (std::size_t v = 0; v < in_.visitor_count(); ++v) {
      for (const std::uint32_t item : in_.of(v)) {
        if (item >= n) throw std::invalid_argument("item index out of range");
        chosen[item] += 1;
      }
      const std::size_t s = recorded(in_.of(v)).size();
      if (s < 2) continue;
      visitors_.push_back(static_cast<std::uint32_t>(v));
      cases_ += s;
    }
    // The most popular item at 0: exp stays small whatever the size of the data.
    const double most = n == 0 ? 1 : *std::max_element(chosen.begin(), chosen.end());
    for (const double count : chosen) state_.bias.push_back(std::log(count / most));
    state_.refresh();
  }

  void choose_pattern() {
    const std::uint32_t n = in_.item_count;
    Pattern& pattern = state_.pattern;
    pattern.item_count = n;
    pattern.offsets.assign(n + std::size_t{1}, 0);
    if (n <= options_.dense_items) {
      pattern.complete = true;
      for (std::uint32_t j = 0; j < n; ++j) pattern.offsets[j + 1] = pattern.offsets[j] + n;
    } else {
      pattern_share_ = 0.1;
      PairCounts counts = count_pairs(
          in_, kMaxPairs, threads_, [&](double share) { progress_(pattern_share_ * share); }, cancel_);
      std::vector<std::vector<std::uint32_t>> kept(n);
      for_blocks(n, 256, threads_, cancel_, {}, [&](std::size_t begin, std::size_t end, unsigned) {
        std::vector<ItemNeighbour> row;
        for (std::size_t j = begin; j < end; ++j) {
          row.clear();
          const double share = counts.choosers[j] / static_cast<double>(counts.visitors);
          for (const PairCount& pair : counts.rows[j]) {
            const double expected = share * counts.choosers[pair.item];
            const double excess = (pair.visitors - expected) / std::sqrt(expected);
            if (excess > 0) row.push_back({pair.item, static_cast<float>(excess)});
          }
          for (const ItemNeighbour& neighbour : strongest_of(row, options_.candidates)) {
            kept[j].push_back(neighbour.item);
          }
          std::sort(kept[j].begin(), kept[j].end());
          counts.rows[j] = {};
        }
      });
      set_columns(kept);
    }
    state_.weights.assign(pattern.offsets[n], 0.0F);
  }

  void set_columns(const std::vector<std::vector<std::uint32_t>>& kept) {
    Pattern& pattern = state_.pattern;
    pattern.complete = false;
    pattern.columns.clear();
    for (std::uint32_t j = 0; j < in_.item_count; ++j) {
      pattern.columns.insert(pattern.columns.end(), kept[j].begin(), kept[j].end());
      pattern.offsets[j + 1] = pattern.columns.size();
    }
  }

  // What is published of one row, or seen before pruning.
  [[nodiscard]] std::vector<ItemNeighbour> row(std::uint32_t j) const {
    const Pattern& pattern = state_.pattern;
    std::vector<ItemNeighbour> all;
    for (std::uint64_t e = pattern.begin(j); e < pattern.begin(j) + pattern.size(j); ++e) {
      if (state_.weights[e] != 0) all.push_back({pattern.columns[e], state_.weights[e]});
    }
    return strongest_of(all, all.size());
  }

  // Keeps the entries whose loss would cost most likelihood: n * neighbours_kept of them in all, of a row its first
  // kLeastKept before any other's and never more than the format holds.
  void prune() {
    struct Entry {
      float cost;
      bool first;  // of its row's
      std::uint32_t row;
      std::uint64_t place;
    };
    const Pattern& pattern = state_.pattern;
    const auto column = [&](std::uint32_t j, std::uint64_t e) {
      return pattern.complete ? static_cast<std::uint32_t>(e - pattern.begin(j)) : pattern.columns[e];
    };
    const auto costlier = [](const Entry& a, const Entry& b) {
      if (a.first != b.first) return a.first;
      return a.cost != b.cost ? a.cost > b.cost : a.place < b.place;
    };
    const std::size_t least = std::min(options_.neighbours_kept, kLeastKept);
    const std::size_t most =
        options_.neighbours_kept <= kLeastKept ? options_.neighbours_kept : std::size_t{snapshot::kMaxNeighbours};
    std::vector<Entry> kept;
    std::vector<Entry> row;
    for (std::uint32_t j = 0; j < in_.item_count; ++j) {
      row.clear();
      for (std::uint64_t e = pattern.begin(j); e < pattern.begin(j) + pattern.size(j); ++e) {
        const float cost = state_.weights[e] * state_.weights[e] * second_[e];
        if (cost > 0 && column(j, e) != j) row.push_back({cost, false, j, e});
      }
      std::sort(row.begin(), row.end(), costlier);
      if (row.size() > most) row.resize(most);
      for (std::size_t k = 0; k < std::min(least, row.size()); ++k) row[k].first = true;
      kept.insert(kept.end(), row.begin(), row.end());
    }
    std::sort(kept.begin(), kept.end(), costlier);
    kept.resize(std::min<std::size_t>(kept.size(), std::size_t{in_.item_count} * options_.neighbours_kept));
    std::sort(kept.begin(), kept.end(), [](const Entry& a, const Entry& b) { return a.place < b.place; });
    std::vector<std::vector<std::uint32_t>> columns(in_.item_count);
    std::vector<float> weights;
    for (const Entry& entry : kept) {
      columns[entry.row].push_back(column(entry.row, entry.place));
      weights.push_back(state_.weights[entry.place]);
    }
    set_columns(columns);
    state_.weights = std::move(weights);
  }

  void descend(std::uint32_t epochs, double first_rate, double from, double to, std::vector<double>& losses) {
    const std::uint32_t n = in_.item_count;
    const std::size_t size = state_.weights.size();
    std::vector<float> first(size, 0);
    second_.assign(size, 0);
    std::vector<double> bias_first(n, 0), bias_second(n, 0);
    const std::uint64_t wanted = std::max<std::uint64_t>(options_.batch_cases, cases_ / options_.max_steps + 1);
    Batch batch(in_, options_.history_exponent, threads_);
    double first_left = 1, second_left = 1;
    const auto ridge = static_cast<float>(options_.ridge / static_cast<double>(cases_));
    for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) {
      shuffle(losses.size());
      double loss = 0;
      std::uint64_t done = 0;
      for (std::size_t begin = 0; begin < visitors_.size();) {
        std::size_t end = begin;
        std::uint64_t cases = 0;
        while (end < visitors_.size() && cases < wanted) cases += recorded(in_.of(visitors_[end++])).size();
        batch.run(state_, std::span(visitors_).subspan(begin, end - begin), cancel_);
        begin = end;

        const double passed = (epoch + static_cast<double>(done) / static_cast<double>(cases_)) / epochs;
        const double rate = first_rate * (0.005 + 0.995 * 0.5 * (1 + std::cos(kPi * passed)));
        first_left *= static_cast<double>(kFirstMoment);
        second_left *= static_cast<double>(kSecondMoment);
        const double per_case = 1 / static_cast<double>(batch.cases);
        for_blocks(n, std::max<std::size_t>(16, n / 64), threads_, cancel_, {},
                   [&](std::size_t rows_begin, std::size_t rows_end, unsigned) {
                     Floats gradient;
                     for (auto j = static_cast<std::uint32_t>(rows_begin); j < rows_end; ++j) {
                       const std::uint64_t at = state_.pattern.begin(j);
                       const auto width = static_cast<Index>(state_.pattern.size(j));
                       gradient.setZero(width);
                       batch.add_row(j, FloatMap(gradient.data(), width));
                       FloatMap w(state_.weights.data() + at, width);
                       gradient = static_cast<float>(per_case) * gradient + ridge * w;
                       adam_step(w, gradient, FloatMap(first.data() + at, width), FloatMap(second_.data() + at, width),
                                 static_cast<float>(rate), static_cast<float>(1 - first_left),
                                 static_cast<float>(1 - second_left));
                     }
                   });
        for (std::uint32_t i = 0; i < n; ++i) {
          const double g = per_case * batch.bias(state_, i);
          bias_first[i] = 0.9 * bias_first[i] + 0.1 * g;
          bias_second[i] = 0.99 * bias_second[i] + 0.01 * g * g;
          state_.bias[i] -=
              rate / (1 - first_left) * bias_first[i] / (std::sqrt(bias_second[i] / (1 - second_left)) + 1e-8);
        }
        state_.refresh();
        loss += batch.loss;
        done += batch.cases;
        progress_(from + (to - from) * (epoch + static_cast<double>(done) / static_cast<double>(cases_)) / epochs);
      }
      losses.push_back(loss / static_cast<double>(cases_));
    }
  }

  void shuffle(std::uint64_t epoch) {
    Random random(kSeed + epoch);
    for (std::size_t k = visitors_.size(); k > 1; --k) std::swap(visitors_[k - 1], visitors_[random.next() % k]);
  }

  const VisitorItems& in_;
  const SoftmaxOptions& options_;
  const Progress& progress_;
  const std::atomic<bool>& cancel_;
  unsigned threads_;
  State state_;
  std::vector<std::uint32_t> visitors_;  // with at least two items
  std::uint64_t cases_ = 0;
  std::vector<float> second_;  // Adam's mean square of every weight's gradient
  double pattern_share_ = 0;   // of the progress
};

}  // namespace

SoftmaxModel fit_softmax(const VisitorItems& visitors, const SoftmaxOptions& options, const Progress& progress,
                         const std::atomic<bool>& cancel) {
  return Fit(visitors, options, progress, cancel).run();
}

SoftmaxGradient softmax_gradient(const VisitorItems& visitors, const Pattern& pattern,
                                 const std::vector<float>& weights, const std::vector<double>& bias,
                                 double history_exponent, unsigned threads) {
  State state{pattern, weights, bias, {}, 0};
  state.refresh();
  std::vector<std::uint32_t> all;
  for (std::size_t v = 0; v < visitors.visitor_count(); ++v) {
    if (visitors.of(v).size() >= 2) all.push_back(static_cast<std::uint32_t>(v));
  }
  Batch batch(visitors, history_exponent, thread_count(threads));
  const std::atomic<bool> go_on{false};
  batch.run(state, all, go_on);
  SoftmaxGradient out{batch.loss, batch.cases, std::vector<float>(weights.size(), 0.0F), {}};
  for (std::uint32_t j = 0; j < pattern.item_count; ++j) {
    batch.add_row(j, FloatMap(out.weights.data() + pattern.begin(j), static_cast<Index>(pattern.size(j))));
  }
  for (std::uint32_t i = 0; i < pattern.item_count; ++i) out.bias.push_back(batch.bias(state, i));
  return out;
}

}  // namespace footlight::learn
