#include "core/model/engagement.h"

#include <algorithm>
#include <bit>

#include "core/numeric/dot.h"
#include "core/numeric/elementary.h"
#include "core/visitor/engagement.h"

namespace footlight {
namespace {

using snapshot::FieldRow;
using snapshot::FieldSource;
using snapshot::kHeads;
using snapshot::SnapshotView;

constexpr std::int8_t kHasOption = 64;  // affinity from which a liked item speaks for an option: half of a whole one

// One bit, or none for a value that has no bin.
constexpr std::uint64_t bit(std::uint64_t bin) noexcept {
  return bin < snapshot::kMaxBins ? std::uint64_t{1} << bin : 0;
}

std::uint64_t liked_options(const FoldedVisitor& folded, const SnapshotView& snapshot,
                            const snapshot::QuestionRow& question) noexcept {
  std::uint64_t mask = 0;
  for (std::uint32_t h = 0; h < folded.recent.count; ++h) {
    if (folded.recent.weights[h] <= 0.0) continue;
    const std::int8_t* row = snapshot.features(folded.recent.items[h]) + question.first_option;
    for (std::uint32_t o = 0; o < question.option_count; ++o) {
      if (row[o] >= kHasOption) mask |= bit(o);
    }
  }
  return mask;
}

// Calls visit(bin) for each bin of one field that the visitor has.
template <typename Visit>
void for_bins(const FieldRow& field, std::uint64_t mask, const Visit& visit) noexcept {
  for (; mask != 0; mask &= mask - 1) visit(field.first_bin + static_cast<std::uint32_t>(std::countr_zero(mask)));
}

double interaction(const FoldedEngagement& folded, const SnapshotView& snapshot, std::uint32_t item) noexcept {
  return static_cast<double>(snapshot.item_scale(item)) *
         dot(folded.row, snapshot.item_vector(item), snapshot.engagement()->dimensions);
}

double blended_bias(const SnapshotView& snapshot, std::uint32_t item) noexcept {
  const auto& model = *snapshot.engagement();
  const float* biases = snapshot.item_biases(item);
  double sum = 0;
  for (std::uint32_t h = 0; h < kHeads; ++h) {
    sum += static_cast<double>(model.blend[h]) * static_cast<double>(biases[h]);
  }
  return sum;
}

}  // namespace

Surroundings unpack_surroundings(std::uint32_t word) noexcept {
  const auto part = [&](unsigned shift, std::uint32_t largest) {
    const std::uint32_t value = (word >> shift) & 15U;
    return static_cast<std::uint8_t>(value <= largest ? value : 0);
  };
  return {part(0, 3), part(4, 4), part(8, 7), part(12, 5)};
}

FeatureVector prepare_features(const Visitor& visitor, const FoldedVisitor& folded, const SnapshotView& snapshot,
                               const Surroundings& surroundings, std::uint32_t locale, std::uint16_t today) noexcept {
  std::uint32_t chosen = 0;
  std::uint16_t latest = 0;
  for (std::uint32_t h = 0; h < visitor.history_count; ++h) {
    chosen += interaction_strength(visitor.history[h]) > 0.0 ? 1U : 0U;
    latest = std::max(latest, visitor.history[h].day);
  }
  FeatureVector out;
  for (std::size_t f = 0; f < snapshot.fields().size(); ++f) {
    const FieldRow& field = snapshot.fields()[f];
    const auto number = [&](double value) { return bit(bin_of(snapshot, field, value)); };
    std::uint64_t mask = 0;
    switch (field.source) {
      case FieldSource::kExternal:
        break;
      case FieldSource::kAnswers:
        mask = folded.masks[field.argument] << 1U;
        break;
      case FieldSource::kLiked:
        mask = liked_options(folded, snapshot, snapshot.questions()[field.argument]) << 1U;
        break;
      case FieldSource::kSegment:
        mask = bit(std::uint64_t{1} + folded.segment);
        break;
      case FieldSource::kChosenCount:
        mask = number(chosen);
        break;
      case FieldSource::kSeenCount:
        mask = number(visitor.history_count);
        break;
      case FieldSource::kEngagementLevel:
        mask = number(engagement_level(visitor));
        break;
      case FieldSource::kIdleDays:
        if (visitor.history_count > 0) mask = number(today > latest ? today - latest : 0);
        break;
      case FieldSource::kDevice:
        mask = bit(surroundings.device);
        break;
      case FieldSource::kDayPart:
        mask = bit(surroundings.day_part);
        break;
      case FieldSource::kWeekday:
        mask = bit(surroundings.weekday);
        break;
      case FieldSource::kReferrer:
        mask = bit(surroundings.referrer);
        break;
      case FieldSource::kLocale:
        mask = bit(std::uint64_t{1} + locale);
        break;
    }
    if (field.bins < snapshot::kMaxBins) mask &= bit(field.bins) - 1;
    out.masks[f] = mask != 0 ? mask : 1;
  }
  return out;
}

std::uint32_t bin_of(const SnapshotView& snapshot, const FieldRow& field, double value) noexcept {
  std::uint32_t bin = 1;
  for (const float bound : snapshot.thresholds(field)) bin += value > static_cast<double>(bound) ? 1U : 0U;
  return bin;
}

FoldedEngagement fold_engagement(const FeatureVector& features, const SnapshotView& snapshot) noexcept {
  FoldedEngagement out;
  const auto* model = snapshot.engagement();
  if (model == nullptr) return out;
  for (std::uint32_t h = 0; h < kHeads; ++h) out.own[h] = static_cast<double>(model->base[h]);
  std::int64_t leaves[kHeads] = {};
  for (std::uint32_t t = 0; t < model->trees; ++t) {
    std::uint32_t leaf = 0;
    std::uint32_t side = 1;
    for (const auto& split : snapshot.tree(t)) {
      if ((features.masks[split.field] & split.mask) != 0) leaf += side;
      side *= 2;
    }
    const std::int16_t* values = snapshot.leaf(t, leaf);
    for (std::uint32_t h = 0; h < kHeads; ++h) leaves[h] += values[h];
  }
  std::int32_t sums[snapshot::kMaxDimensions] = {};  // at most 64 * 64 rows of int16
  for (std::size_t f = 0; f < snapshot.fields().size(); ++f) {
    for_bins(snapshot.fields()[f], features.masks[f], [&](std::uint32_t bin) {
      const float* weights = snapshot.bin_weights(bin);
      for (std::uint32_t h = 0; h < kHeads; ++h) out.own[h] += static_cast<double>(weights[h]);
      const std::int16_t* row = snapshot.bin_vector(bin);
      for (std::uint32_t d = 0; d < model->dimensions; ++d) sums[d] += row[d];
    });
  }
  for (std::uint32_t d = 0; d < model->dimensions; ++d) {
    out.row[d] = static_cast<std::int16_t>(std::clamp(sums[d], -32767, 32767));
  }
  for (std::uint32_t h = 0; h < kHeads; ++h) {
    out.own[h] += static_cast<double>(model->leaf_scale[h]) * static_cast<double>(leaves[h]);
    out.own_blend += static_cast<double>(model->blend[h]) * out.own[h];
    out.gain += static_cast<double>(model->blend[h]) * static_cast<double>(model->gain[h]);
  }
  out.gain *= static_cast<double>(model->unit);
  return out;
}

double engage(const FoldedEngagement& folded, const SnapshotView& snapshot, std::uint32_t item) noexcept {
  return blended_bias(snapshot, item) + folded.gain * interaction(folded, snapshot, item);
}

Prediction predict_engagement(const FoldedEngagement& folded, const SnapshotView& snapshot,
                              std::uint32_t item) noexcept {
  Prediction out;
  const auto* model = snapshot.engagement();
  if (model == nullptr) return out;
  const double shared = static_cast<double>(model->unit) * interaction(folded, snapshot, item);
  double most = 1;
  for (std::uint32_t h = 0; h < kHeads; ++h) {
    const double logit = folded.own[h] + static_cast<double>(snapshot.item_biases(item)[h]) +
                         static_cast<double>(model->gain[h]) * shared;
    most = std::min(most, sigmoid(logit));
    out.heads[h] = most;
  }
  return out;
}

void engagement_shares(const FeatureVector& features, const FoldedEngagement& folded, const SnapshotView& snapshot,
                       std::uint32_t item, std::span<double, snapshot::kMaxFields + 1> out) noexcept {
  const auto* model = snapshot.engagement();
  if (model == nullptr) return;
  const double unit = folded.gain * static_cast<double>(snapshot.item_scale(item));
  const std::int8_t* vector = snapshot.item_vector(item);
  const std::size_t fields = snapshot.fields().size();
  for (std::size_t f = 0; f < fields; ++f) {
    std::int64_t sum = 0;
    for_bins(snapshot.fields()[f], features.masks[f],
             [&](std::uint32_t bin) { sum += dot(snapshot.bin_vector(bin), vector, model->dimensions); });
    out[f] = unit * static_cast<double>(sum);
  }
  out[fields] = blended_bias(snapshot, item);
}

}  // namespace footlight
