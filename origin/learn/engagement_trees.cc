#include "origin/learn/engagement_trees.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/numeric/random.h"

namespace footlight::learn {
namespace {

constexpr double kLeastGain = 1e-9;

struct Sums {
  double g = 0;
  double w = 0;

  void operator+=(const Sums& other) {
    g += other.g;
    w += other.w;
  }
};

double worth(const Sums& sums, double l2) { return sums.g * sums.g / (sums.w + l2); }

// The sides that choose a tree's tests, packed.
struct Sample {
  std::vector<std::uint32_t> sides;
  std::vector<Derivatives> sums;   // [S, H]
  std::vector<std::uint8_t> leaf;  // [S]
};

Sample draw(const Design& design, std::span<const Derivatives> sums, std::size_t heads, const TreeOptions& options) {
  Sample sample;
  for (std::uint32_t v = 0; v < design.sides; ++v) {
    if (Random(seed_with(options.seed, v)).uniform() >= options.sides_share) continue;
    sample.sides.push_back(v);
    const auto own = sums.subspan(v * heads, heads);
    sample.sums.insert(sample.sums.end(), own.begin(), own.end());
  }
  sample.leaf.assign(sample.sides.size(), 0);
  return sample;
}

struct Candidate {
  double worth = -1;
  std::uint64_t mask = 0;
};

// The best test of one field at one level.
class FieldSearch {
 public:
  FieldSearch(const DesignField& field, const Sample& sample, std::size_t leaves, std::size_t heads, double l2)
      : field_(field), cells_(leaves * heads), l2_(l2), histogram_(field.bins * cells_), all_(cells_) {
    for (std::size_t s = 0; s < sample.sides.size(); ++s) {
      const Derivatives* own = sample.sums.data() + s * heads;
      const std::size_t cell = sample.leaf[s] * heads;
      for (std::size_t h = 0; h < heads; ++h) all_[cell + h] += {own[h].gradient, own[h].hessian};
      if (field.single) {
        add(field.bin[sample.sides[s]], cell, own, heads);
        continue;
      }
      for (std::uint64_t rest = field.masks[sample.sides[s]]; rest != 0; rest &= rest - 1) {
        add(static_cast<std::size_t>(std::countr_zero(rest)), cell, own, heads);
      }
    }
  }

  Candidate best() {
    if (!field_.single) {
      for (std::size_t b = 0; b < field_.bins; ++b) try_prefixes({b});
    } else if (field_.ordered) {
      std::vector<std::size_t> order(field_.bins - 1);
      std::iota(order.begin(), order.end(), std::size_t{1});
      try_prefixes(order);
      if (weight_of(0) > 0) {
        order.insert(order.begin(), 0);
        try_prefixes(order);
      }
    } else {
      try_prefixes(by_mean());
    }
    return best_;
  }

 private:
  void add(std::size_t bin, std::size_t cell, const Derivatives* own, std::size_t heads) {
    Sums* sums = histogram_.data() + bin * cells_ + cell;
    for (std::size_t h = 0; h < heads; ++h) sums[h] += {own[h].gradient, own[h].hessian};
  }

  [[nodiscard]] double weight_of(std::size_t bin) const {
    double weight = 0;
    for (std::size_t c = 0; c < cells_; ++c) weight += histogram_[bin * cells_ + c].w;
    return weight;
  }

  // Bins that occur, from the highest mean to the lowest; ties by number.
  [[nodiscard]] std::vector<std::size_t> by_mean() const {
    std::vector<std::size_t> order;
    std::vector<double> mean(field_.bins, 0);
    for (std::size_t b = 0; b < field_.bins; ++b) {
      Sums sums;
      for (std::size_t c = 0; c < cells_; ++c) sums += histogram_[b * cells_ + c];
      mean[b] = sums.g / (sums.w + l2_);
      if (sums.w > 0) order.push_back(b);
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return mean[a] != mean[b] ? mean[a] > mean[b] : a < b; });
    return order;
  }

  void try_prefixes(const std::vector<std::size_t>& order) {
    std::vector<Sums> right(cells_);
    std::uint64_t mask = 0;
    for (const std::size_t bin : order) {
      mask |= std::uint64_t{1} << bin;
      double sum = 0;
      for (std::size_t c = 0; c < cells_; ++c) {
        right[c] += histogram_[bin * cells_ + c];
        sum += worth(right[c], l2_) + worth({all_[c].g - right[c].g, std::max(0.0, all_[c].w - right[c].w)}, l2_);
      }
      if (sum > best_.worth) best_ = {sum, mask};
    }
  }

  const DesignField& field_;
  std::size_t cells_;
  double l2_;
  std::vector<Sums> histogram_;  // [bins, leaves, H]
  std::vector<Sums> all_;        // [leaves, H]
  Candidate best_;
};

bool goes_right(const DesignField& field, std::uint64_t mask, std::uint32_t side) {
  return field.single ? (mask >> field.bin[side] & 1U) != 0 : (mask & field.masks[side]) != 0;
}

}  // namespace

TreeSplits grow_tree(const Design& design, std::span<const Derivatives> sums, std::size_t heads,
                     const TreeOptions& options, Crew& crew) {
  Sample sample = draw(design, sums, heads, options);
  TreeSplits splits(options.depth);
  std::vector<Candidate> found(design.fields.size());
  double worth_so_far = 0;
  {
    std::vector<Sums> all(heads);
    for (std::size_t s = 0; s < sample.sums.size(); ++s) {
      all[s % heads] += {sample.sums[s].gradient, sample.sums[s].hessian};
    }
    for (const Sums& head : all) worth_so_far += worth(head, options.l2);
  }
  for (std::uint32_t level = 0; level < options.depth; ++level) {
    crew.run(design.fields.size(), [&](std::size_t f) {
      found[f] = {};
      const std::uint64_t seed = seed_with(seed_with(options.seed, 1'000'000 + level), f);
      if (design.fields[f].bins < 2 || Random(seed).uniform() >= options.fields_share) return;
      found[f] = FieldSearch(design.fields[f], sample, std::size_t{1} << level, heads, options.l2).best();
    });
    const auto best = std::max_element(found.begin(), found.end(),
                                       [](const Candidate& a, const Candidate& b) { return a.worth < b.worth; });
    if (best == found.end() || best->worth <= worth_so_far + kLeastGain) continue;  // the level stays empty
    worth_so_far = best->worth;
    const auto field = static_cast<std::uint32_t>(best - found.begin());
    splits[level] = {field, best->mask};
    for (std::size_t s = 0; s < sample.sides.size(); ++s) {
      if (goes_right(design.fields[field], best->mask, sample.sides[s])) {
        sample.leaf[s] = static_cast<std::uint8_t>(sample.leaf[s] | 1U << level);
      }
    }
  }
  return splits;
}

std::vector<std::uint8_t> leaves_of(const Design& design, const TreeSplits& splits, Crew& crew) {
  std::vector<std::uint8_t> leaves(design.sides, 0);
  crew.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design.sides, chunk);
    for (std::size_t level = 0; level < splits.size(); ++level) {
      const auto& [field, mask] = splits[level];
      if (mask == 0) continue;
      for (std::size_t v = begin; v < end; ++v) {
        if (goes_right(design.fields[field], mask, static_cast<std::uint32_t>(v))) {
          leaves[v] = static_cast<std::uint8_t>(leaves[v] | 1U << level);
        }
      }
    }
  });
  return leaves;
}

std::vector<float> leaf_steps(const std::vector<std::uint8_t>& leaves, std::span<const Derivatives> sums,
                              std::size_t heads, std::size_t leaf_count, double l2, Crew& crew) {
  const std::size_t cells = leaf_count * heads;
  std::vector<Sums> parts(kChunks * cells);
  crew.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(leaves.size(), chunk);
    Sums* part = parts.data() + chunk * cells;
    for (std::size_t v = begin; v < end; ++v) {
      for (std::size_t h = 0; h < heads; ++h) {
        const Derivatives& own = sums[v * heads + h];
        part[leaves[v] * heads + h] += {own.gradient, own.hessian};
      }
    }
  });
  std::vector<float> steps(cells);
  for (std::size_t c = 0; c < cells; ++c) {
    Sums all;
    for (std::size_t chunk = 0; chunk < kChunks; ++chunk) all += parts[chunk * cells + c];
    steps[c] = static_cast<float>(all.g / (all.w + l2));
  }
  return steps;
}

}  // namespace footlight::learn
