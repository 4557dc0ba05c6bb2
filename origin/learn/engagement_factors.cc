#include "origin/learn/engagement_factors.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/numeric/random.h"

namespace footlight::learn {
namespace {

constexpr float kFirstLength = 0.3F;     // of a feature's entry in a dimension, standard deviation
constexpr double kLongestStep = 3;       // of one Newton step, in log-odds: far from the optimum it may overshoot
constexpr double kSmooth = 5;            // of the squared difference of neighbouring bins, in units of l2
constexpr double kGainL2 = 20;           // of a gain's distance from 1
constexpr float kLargestGain = 10;       // a snapshot takes 0 to 100
constexpr std::size_t kFactorHeads = 1;  // the first, whose gain is 1: see engagement_factors.h
constexpr double kBaseL2 = 1e-3;         // keeps the step finite when every p is 0 or 1

// About normal with mean 0 and standard deviation 1: twelve uniform numbers (Irwin-Hall).
float normal(std::uint64_t seed) {
  Random random(seed);
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return static_cast<float>(sum);
}

double newton(double r, double w, double value, double l2) {
  return std::clamp((r - l2 * value) / (w + l2), -kLongestStep, kLongestStep);
}

// Newton's step for an ordered field, whose bins also cost kSmooth l2 times the squared difference of neighbours: with
// so many bins a single one has little behind it, and the next one knows better. A tridiagonal system (Thomas).
template <typename Sums>
void step_ordered(const DesignField& field, const std::vector<Sums>& sums, std::span<float> values,
                  std::size_t channels, std::size_t c, double l2, std::vector<float>& steps) {
  const double smooth = kSmooth * l2;
  const auto value = [&](std::size_t bin) { return static_cast<double>(values[bin * channels + c]); };
  std::vector<double> above(field.bins, 0);  // the factor of the next bin's step
  std::vector<double> right(field.bins, 0);
  for (std::size_t bin = 0; bin < field.bins; ++bin) {
    const Sums& own = sums[bin * channels + c];
    double diagonal = own.w + l2;
    double side = own.r - l2 * value(bin);
    const bool has_before = bin > 1;  // bin 0, not known, has no neighbour
    const bool has_after = bin > 0 && bin + 1 < field.bins;
    if (has_before) {
      diagonal += smooth;
      side -= smooth * (value(bin) - value(bin - 1));
    }
    if (has_after) {
      diagonal += smooth;
      side -= smooth * (value(bin) - value(bin + 1));
    }
    if (has_before) {
      diagonal -= smooth * above[bin - 1];
      side += smooth * right[bin - 1];
    }
    above[bin] = has_after ? smooth / diagonal : 0;
    right[bin] = side / diagonal;
  }
  for (std::size_t bin = field.bins; bin-- > 0;) {
    if (bin + 1 < field.bins) right[bin] += above[bin] * right[bin + 1];
    const auto step = static_cast<float>(std::clamp(right[bin], -kLongestStep, kLongestStep));
    values[bin * channels + c] += step;
    steps[bin * channels + c] = step;
  }
}

}  // namespace

Parameters first_parameters(std::size_t heads, std::size_t dimensions, std::size_t bins, const KnownFeatures& known,
                            std::uint64_t seed) {
  Parameters parameters;
  parameters.heads = heads;
  parameters.dimensions = dimensions;
  parameters.base.assign(heads, 0);
  parameters.positions.assign(kPositionRows * heads, 0);
  parameters.bin_weights.assign(bins * heads, 0);
  parameters.feature_biases.assign(known.features.size() * heads, 0);
  parameters.gain.assign(heads, 1);
  parameters.bin_vectors.assign(dimensions * bins, 0);
  parameters.feature_vectors.reserve(dimensions * known.features.size());
  for (std::size_t d = 0; d < dimensions; ++d) {
    for (const ItemFeature feature : known.features) {
      parameters.feature_vectors.push_back(kFirstLength * normal(seed_with(seed_with(seed, feature), d)));
    }
  }
  return parameters;
}

Scores::Scores(const Design& design, std::span<const std::uint8_t> bits, Crew& crew)
    : design_(design),
      bits_(bits.begin(), bits.end()),
      crew_(crew),
      knows_positions_(std::any_of(design.position.begin(), design.position.end(),
                                   [](std::uint8_t position) { return position < kPositions; })),
      own_(design.rows * bits.size(), 0),
      interaction_(design.rows, 0) {}

// visit(chunk, side, row, c, r, w) for every row and each of the first `heads`, in order within a chunk of sides.
template <typename Visit>
void Scores::for_rows(const Parameters& parameters, std::size_t heads, const Visit& visit) const {
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.sides, chunk);
    for (std::size_t v = begin; v < end; ++v) {
      for (std::size_t n = design_.first[v]; n < design_.first[v + 1]; ++n) {
        for (std::size_t c = 0; c < heads; ++c) {
          const float p = 1 / (1 + std::exp(-(own_[n * bits_.size() + c] + parameters.gain[c] * interaction_[n])));
          const float y = (design_.labels[n] & bits_[c]) != 0 ? 1.0F : 0.0F;
          visit(chunk, v, n, c, design_.weight[n] * (y - p), design_.weight[n] * p * (1 - p));
        }
      }
    }
  });
}

// --- log-odds ------------------------------------------------------------------------------------

std::vector<float> Scores::of_sides(std::span<const float> bin_values, std::size_t channels) const {
  std::vector<float> values(design_.sides * channels, 0);
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.sides, chunk);
    for (const DesignField& field : design_.fields) {
      const float* own = bin_values.data() + field.first_bin * channels;
      for (std::size_t v = begin; v < end; ++v) {
        const auto add = [&](std::size_t bin) {
          for (std::size_t c = 0; c < channels; ++c) values[v * channels + c] += own[bin * channels + c];
        };
        if (field.single) {
          add(field.bin[v]);
        } else {
          for (std::uint64_t rest = field.masks[v]; rest != 0; rest &= rest - 1) {
            add(static_cast<std::size_t>(std::countr_zero(rest)));
          }
        }
      }
    }
  });
  return values;
}

std::vector<float> Scores::of_items(std::span<const float> feature_values, std::size_t channels) const {
  const std::size_t items = design_.item_first.size() - 1;
  std::vector<float> values(items * channels, 0);
  for (std::size_t i = 0; i < items; ++i) {
    for (std::uint32_t j = design_.item_first[i]; j < design_.item_first[i + 1]; ++j) {
      for (std::size_t c = 0; c < channels; ++c) {
        values[i * channels + c] += feature_values[design_.item_features[j] * channels + c];
      }
    }
  }
  return values;
}

void Scores::compute(const Parameters& parameters, std::span<const float> trees) {
  const std::size_t heads = bits_.size();
  const std::size_t bins = design_.bins;
  const std::vector<float> side = of_sides(parameters.bin_weights, heads);
  const std::vector<float> item = of_items(parameters.feature_biases, heads);
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.sides, chunk);
    for (std::size_t v = begin; v < end; ++v) {
      for (std::size_t n = design_.first[v]; n < design_.first[v + 1]; ++n) {
        for (std::size_t c = 0; c < heads; ++c) {
          own_[n * heads + c] = design_.offset[n] + parameters.base[c] +
                                parameters.positions[design_.position[n] * heads + c] + trees[v * heads + c] +
                                side[v * heads + c] + item[design_.item[n] * heads + c];
        }
        interaction_[n] = 0;
      }
    }
  });
  const std::size_t features =
      parameters.dimensions == 0 ? 0 : parameters.feature_vectors.size() / parameters.dimensions;
  for (std::size_t d = 0; d < parameters.dimensions; ++d) {
    const auto p = of_sides(std::span(parameters.bin_vectors).subspan(d * bins, bins), 1);
    const auto q = of_items(std::span(parameters.feature_vectors).subspan(d * features, features), 1);
    crew_.run(kChunks, [&](std::size_t chunk) {
      const auto [begin, end] = chunk_of(design_.sides, chunk);
      for (std::size_t v = begin; v < end; ++v) {
        for (std::size_t n = design_.first[v]; n < design_.first[v + 1]; ++n) {
          interaction_[n] += p[v] * q[design_.item[n]];
        }
      }
    });
  }
}

void Scores::add_to_sides(std::span<const float> steps) {
  const std::size_t heads = bits_.size();
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.sides, chunk);
    for (std::size_t v = begin; v < end; ++v) {
      for (std::size_t n = design_.first[v]; n < design_.first[v + 1]; ++n) {
        for (std::size_t c = 0; c < heads; ++c) own_[n * heads + c] += steps[v * heads + c];
      }
    }
  });
}

std::vector<double> Scores::log_loss(const Parameters& parameters) const {
  const std::size_t heads = bits_.size();
  std::vector<double> parts(kChunks * (heads + 1), 0);
  crew_.run(kChunks, [&](std::size_t chunk) {
    double* part = parts.data() + chunk * (heads + 1);
    const std::size_t begin = design_.first[chunk_of(design_.sides, chunk).begin];
    const std::size_t end = design_.first[chunk_of(design_.sides, chunk).end];
    for (std::size_t n = begin; n < end; ++n) {
      part[heads] += design_.weight[n];
      for (std::size_t c = 0; c < heads; ++c) {
        const double z = own_[n * heads + c] + parameters.gain[c] * interaction_[n];
        const double wrong = (design_.labels[n] & bits_[c]) != 0 ? -z : z;  // log(1 + e^wrong), without overflow
        part[c] += design_.weight[n] * (std::max(wrong, 0.0) + std::log1p(std::exp(-std::fabs(wrong))));
      }
    }
  });
  std::vector<double> sums(heads + 1, 0);
  for (std::size_t at = 0; at < parts.size(); ++at) sums[at % (heads + 1)] += parts[at];
  for (std::size_t c = 0; c < heads; ++c) sums[c] = sums[heads] > 0 ? sums[c] / sums[heads] : 0;
  sums.pop_back();
  return sums;
}

std::vector<Derivatives> Scores::side_sums(const Parameters& parameters) const {
  std::vector<Derivatives> sums(design_.sides * bits_.size());
  for_rows(parameters, bits_.size(), [&](std::size_t, std::size_t v, std::size_t, std::size_t c, float r, float w) {
    Derivatives& own = sums[v * bits_.size() + c];
    own.gradient += r;
    own.hessian += w;
  });
  return sums;
}

// --- the additive part ---------------------------------------------------------------------------

void Scores::step_positions(Parameters& parameters, double l2) {
  const std::size_t heads = bits_.size();
  const std::size_t cells = kPositionRows * heads;
  std::vector<Sums> parts(kChunks * cells);
  for_rows(parameters, bits_.size(),
           [&](std::size_t chunk, std::size_t, std::size_t n, std::size_t c, float r, float w) {
             Sums& own = parts[chunk * cells + design_.position[n] * heads + c];
             own.r += r;
             own.w += w;
           });
  std::vector<float> steps(cells, 0);
  for (std::size_t c = 0; c < heads; ++c) {
    std::vector<Sums> sums(kPositionRows);
    Sums all;
    for (std::size_t at = 0; at < parts.size() / heads; ++at) {
      const Sums& part = parts[at * heads + c];
      sums[at % kPositionRows].r += part.r;
      sums[at % kPositionRows].w += part.w;
      all.r += part.r;
      all.w += part.w;
    }
    const double base = newton(all.r, all.w, 0, kBaseL2);
    parameters.base[c] += static_cast<float>(base);
    for (std::size_t position = 0; position < kPositionRows; ++position) {
      double step = base;
      if (position != 0 && knows_positions_) {
        float& value = parameters.positions[position * heads + c];
        const double more = newton(sums[position].r - sums[position].w * base, sums[position].w, value, l2);
        value += static_cast<float>(more);
        step += more;
      }
      steps[position * heads + c] = static_cast<float>(step);
    }
  }
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.rows, chunk);
    for (std::size_t n = begin; n < end; ++n) {
      for (std::size_t c = 0; c < heads; ++c) own_[n * heads + c] += steps[design_.position[n] * heads + c];
    }
  });
}

template <typename Rate>
std::vector<Scores::Sums> Scores::item_sums(const Parameters& parameters, const Rate& rate) const {
  const std::size_t heads = bits_.size();
  const std::size_t cells = (design_.item_first.size() - 1) * heads;
  std::vector<Sums> parts(kChunks * cells);
  for_rows(parameters, heads, [&](std::size_t chunk, std::size_t, std::size_t n, std::size_t c, float r, float w) {
    Sums& own = parts[chunk * cells + design_.item[n] * heads + c];
    const float counts = rate(n);
    own.r += r * counts;
    own.w += w * counts;
  });
  for (std::size_t at = cells; at < parts.size(); ++at) {
    parts[at % cells].r += parts[at].r;
    parts[at % cells].w += parts[at].w;
  }
  parts.resize(cells);
  return parts;
}

void Scores::step_recent(Parameters& parameters, const KnownFeatures& known, double half_life, double l2) {
  const std::size_t heads = bits_.size();
  const auto decay = static_cast<float>(-1 / half_life);
  const auto sums = item_sums(parameters, [&](std::size_t n) { return std::exp2(design_.age[n] * decay); });
  for (std::size_t i = 0; i + 1 < design_.item_first.size(); ++i) {
    for (std::uint32_t j = design_.item_first[i]; j < design_.item_first[i + 1]; ++j) {
      const std::uint32_t k = design_.item_features[j];
      if (static_cast<ItemFeatureKind>(known.features[k] >> 32U) != ItemFeatureKind::kItem) continue;
      for (std::size_t c = 0; c < heads; ++c) {
        const Sums& own = sums[i * heads + c];
        parameters.feature_biases[k * heads + c] += static_cast<float>(newton(own.r, own.w, 0, l2));
      }
    }
  }
}

void Scores::step_items(Parameters& parameters, double l2) {
  step_positions(parameters, l2);
  if (parameters.feature_biases.empty()) return;
  const std::size_t heads = bits_.size();
  std::vector<Sums> parts = item_sums(parameters, [](std::size_t) { return 1.0F; });
  const auto steps = backfit_features(parts, parameters.feature_biases, heads, l2);
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.rows, chunk);
    for (std::size_t n = begin; n < end; ++n) {
      for (std::size_t c = 0; c < heads; ++c) own_[n * heads + c] += steps[design_.item[n] * heads + c];
    }
  });
}

void Scores::step_bins(Parameters& parameters, double l2) {
  std::vector<Sums> sums(design_.sides * bits_.size());
  for_rows(parameters, bits_.size(), [&](std::size_t, std::size_t v, std::size_t, std::size_t c, float r, float w) {
    sums[v * bits_.size() + c].r += r;
    sums[v * bits_.size() + c].w += w;
  });
  add_to_sides(backfit_bins(sums, parameters.bin_weights, bits_.size(), l2));
}

std::vector<float> Scores::backfit_bins(std::vector<Sums>& sums, std::span<float> values, std::size_t channels,
                                        double l2) {
  std::vector<float> gained(sums.size(), 0);
  const auto take = [&](std::size_t v, std::size_t c, float step) {
    sums[v * channels + c].r -= sums[v * channels + c].w * step;
    gained[v * channels + c] += step;
  };
  for (const DesignField& field : design_.fields) {
    const auto step_of = [&](std::size_t bin, std::size_t c, const Sums& all) {
      if (!design_.bin_live[field.first_bin + bin]) return 0.0F;
      float& value = values[(field.first_bin + bin) * channels + c];
      const auto step = static_cast<float>(newton(all.r, all.w, value, l2));
      value += step;
      return step;
    };
    if (!field.single) {
      for (std::size_t bin = 0; bin < field.bins; ++bin) {
        const auto sides = std::span(field.sides).subspan(field.starts[bin], field.starts[bin + 1] - field.starts[bin]);
        for (std::size_t c = 0; c < channels; ++c) {
          Sums all;
          for (const std::uint32_t v : sides) {
            all.r += sums[v * channels + c].r;
            all.w += sums[v * channels + c].w;
          }
          const float step = step_of(bin, c, all);
          for (const std::uint32_t v : sides) take(v, c, step);
        }
      }
      continue;
    }
    const std::size_t cells = field.bins * channels;
    std::vector<Sums> parts(kChunks * cells);
    crew_.run(kChunks, [&](std::size_t chunk) {
      const auto [begin, end] = chunk_of(design_.sides, chunk);
      Sums* part = parts.data() + chunk * cells;
      for (std::size_t v = begin; v < end; ++v) {
        for (std::size_t c = 0; c < channels; ++c) {
          part[field.bin[v] * channels + c].r += sums[v * channels + c].r;
          part[field.bin[v] * channels + c].w += sums[v * channels + c].w;
        }
      }
    });
    for (std::size_t at = cells; at < parts.size(); ++at) {
      parts[at % cells].r += parts[at].r;
      parts[at % cells].w += parts[at].w;
    }
    parts.resize(cells);
    std::vector<float> steps(cells);
    for (std::size_t c = 0; c < channels; ++c) {
      if (field.ordered) {
        step_ordered(field, parts, values.subspan(field.first_bin * channels), channels, c, l2, steps);
        continue;
      }
      for (std::size_t bin = 0; bin < field.bins; ++bin) {
        steps[bin * channels + c] = step_of(bin, c, parts[bin * channels + c]);
      }
    }
    crew_.run(kChunks, [&](std::size_t chunk) {
      const auto [begin, end] = chunk_of(design_.sides, chunk);
      for (std::size_t v = begin; v < end; ++v) {
        for (std::size_t c = 0; c < channels; ++c) take(v, c, steps[field.bin[v] * channels + c]);
      }
    });
  }
  return gained;
}

std::vector<float> Scores::backfit_features(std::vector<Sums>& sums, std::span<float> values, std::size_t channels,
                                            double l2) const {
  std::vector<float> gained(sums.size(), 0);
  for (std::size_t k = 0; k + 1 < design_.feature_first.size(); ++k) {
    const auto items = std::span(design_.feature_items)
                           .subspan(design_.feature_first[k], design_.feature_first[k + 1] - design_.feature_first[k]);
    for (std::size_t c = 0; c < channels; ++c) {
      Sums all;
      for (const std::uint32_t i : items) {
        all.r += sums[i * channels + c].r;
        all.w += sums[i * channels + c].w;
      }
      float& value = values[k * channels + c];
      const auto step = static_cast<float>(newton(all.r, all.w, value, l2));
      value += step;
      for (const std::uint32_t i : items) {
        sums[i * channels + c].r -= sums[i * channels + c].w * step;
        gained[i * channels + c] += step;
      }
    }
  }
  return gained;
}

// --- factors -------------------------------------------------------------------------------------

void Scores::step_factors(Parameters& parameters, double l2) {
  const std::size_t bins = design_.bins;
  const std::size_t features = design_.feature_first.size() - 1;
  if (features == 0) return;
  for (std::size_t d = 0; d < parameters.dimensions; ++d) {
    auto q = of_items(std::span(parameters.feature_vectors).subspan(d * features, features), 1);
    step_bin_dimension(parameters, d, l2, q);
    const auto p = of_sides(std::span(parameters.bin_vectors).subspan(d * bins, bins), 1);
    step_feature_dimension(parameters, d, l2, p, q);
  }
  step_gains(parameters);
}

void Scores::step_bin_dimension(Parameters& parameters, std::size_t d, double l2, const std::vector<float>& q) {
  std::vector<Sums> sums(design_.sides);
  for_rows(parameters, kFactorHeads, [&](std::size_t, std::size_t v, std::size_t n, std::size_t, float r, float w) {
    const float x = q[design_.item[n]];
    sums[v].r += r * x;
    sums[v].w += w * x * x;
  });
  const auto gained =
      backfit_bins(sums, std::span(parameters.bin_vectors).subspan(d * design_.bins, design_.bins), 1, l2);
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.sides, chunk);
    for (std::size_t v = begin; v < end; ++v) {
      for (std::size_t n = design_.first[v]; n < design_.first[v + 1]; ++n) {
        interaction_[n] += gained[v] * q[design_.item[n]];
      }
    }
  });
}

void Scores::step_feature_dimension(Parameters& parameters, std::size_t d, double l2, const std::vector<float>& p,
                                    std::vector<float>& q) {
  const std::size_t features = design_.feature_first.size() - 1;
  const std::size_t items = q.size();
  std::vector<Sums> parts(kChunks * items);
  for_rows(parameters, kFactorHeads,
           [&](std::size_t chunk, std::size_t v, std::size_t n, std::size_t, float r, float w) {
             const float x = p[v];
             Sums& own = parts[chunk * items + design_.item[n]];
             own.r += r * x;
             own.w += w * x * x;
           });
  for (std::size_t at = items; at < parts.size(); ++at) {
    parts[at % items].r += parts[at].r;
    parts[at % items].w += parts[at].w;
  }
  parts.resize(items);
  const auto gained =
      backfit_features(parts, std::span(parameters.feature_vectors).subspan(d * features, features), 1, l2);
  crew_.run(kChunks, [&](std::size_t chunk) {
    const auto [begin, end] = chunk_of(design_.sides, chunk);
    for (std::size_t v = begin; v < end; ++v) {
      for (std::size_t n = design_.first[v]; n < design_.first[v + 1]; ++n) {
        interaction_[n] += p[v] * gained[design_.item[n]];
      }
    }
  });
}

void Scores::step_gains(Parameters& parameters) {
  const std::size_t heads = bits_.size();
  if (heads < 2) return;
  std::vector<Sums> parts(kChunks * heads);
  for_rows(parameters, heads, [&](std::size_t chunk, std::size_t, std::size_t n, std::size_t c, float r, float w) {
    Sums& own = parts[chunk * heads + c];
    own.r += r * interaction_[n];
    own.w += w * interaction_[n] * interaction_[n];
  });
  for (std::size_t c = 1; c < heads; ++c) {
    Sums all;
    for (std::size_t chunk = 0; chunk < kChunks; ++chunk) {
      all.r += parts[chunk * heads + c].r;
      all.w += parts[chunk * heads + c].w;
    }
    const double step = newton(all.r, all.w, parameters.gain[c] - 1, kGainL2);
    parameters.gain[c] = std::clamp(static_cast<float>(parameters.gain[c] + step), 0.0F, kLargestGain);
  }
}

}  // namespace footlight::learn
