// The engagement model: how likely is it that this visitor, now, clicks this item, stays with it, converts?
//
// Letters: F fields, B bins of all fields, H heads (click, engage, convert), D dimensions, T trees of depth L.
//
//     x(v, ctx)      one set of bins a field: the feature vector, all that the model sees of a visitor and its context
//     u_h(v)         = base_h + sum over trees of leaf_h(v) + sum over x of weight_h[bin]        the visitor's own part
//     s(v, i)        = <sum over x of vector[bin], q_i>                                          [D], the interaction
//     logit_h(v, i)  = u_h(v) + bias_h[i] + gain_h * s(v, i)
//     engage(v, i)   = sum over h of blend_h * logit_h(v, i)                                     the part of z
//
// A field-aware second-order model (Juan et al., "Field-aware Factorization Machines for CTR Prediction", RecSys 2016),
// folded: q_i stands for all of the item's features, each in its own dimensions; what is on the visitor's side alone
// (bins, pairs of bins and more, in the leaves of oblivious trees) costs nothing an item. The heads share the
// interaction, up to a gain: conversions are too rare to learn their own, and one exact integer dot product an item
// gives all three. The bins' vectors are int16 in one unit, q_i is int8 with a scale of its own.
//
// Thread rule: pure functions over a view. Nothing allocates; nothing fails once the snapshot is open.
#pragma once

#include <cstdint>
#include <span>

#include "core/match/match.h"
#include "core/snapshot/reader.h"

namespace footlight {

// What the host tells of the page view; 0 is "not known". Numbers are permanent: logs hold them.
struct Surroundings {
  std::uint8_t device = 0;    // 1 desktop, 2 phone, 3 tablet
  std::uint8_t day_part = 0;  // by the visitor's clock: 1 night (0-5), 2 morning (6-11), 3 afternoon (12-17), 4 evening
  std::uint8_t weekday = 0;   // by the visitor's clock: 1 Monday to 7 Sunday
  std::uint8_t referrer = 0;  // 1 none, 2 this site, 3 a search engine, 4 a social network, 5 any other site
};

// One word of it, as it travels and is logged: device | day_part << 4 | weekday << 8 | referrer << 12.
[[nodiscard]] constexpr std::uint32_t pack(const Surroundings& s) noexcept {
  return s.device | static_cast<std::uint32_t>(s.day_part) << 4U | static_cast<std::uint32_t>(s.weekday) << 8U |
         static_cast<std::uint32_t>(s.referrer) << 12U;
}
// Values that this engine does not know become 0.
[[nodiscard]] Surroundings unpack_surroundings(std::uint32_t word) noexcept;

// The bins of each field, bit b for bin b; bit 0 alone when nothing is known. One bin, but for answers and likes.
struct FeatureVector {
  std::uint64_t masks[snapshot::kMaxFields] = {};
};

// SPEC.md's prepareFeatures. Fields with source kExternal stay at bin 0. `locale` is an index.
[[nodiscard]] FeatureVector prepare_features(const Visitor& visitor, const FoldedVisitor& folded,
                                             const snapshot::SnapshotView& snapshot, const Surroundings& surroundings,
                                             std::uint32_t locale, std::uint16_t today) noexcept;

// Bin of a number in a numeric field.
[[nodiscard]] std::uint32_t bin_of(const snapshot::SnapshotView& snapshot, const snapshot::FieldRow& field,
                                   double value) noexcept;

// The visitor's side of one request. Without an engagement model everything is 0.
struct FoldedEngagement {
  alignas(16) std::int16_t row[snapshot::kMaxDimensions] = {};  // of the unit; a sum beyond int16 stays at its end
  double own[snapshot::kHeads] = {};                            // u_h(v)
  double own_blend = 0;                                         // blended
  double gain = 0;                                              // blended, times the unit
};
[[nodiscard]] FoldedEngagement fold_engagement(const FeatureVector& features,
                                               const snapshot::SnapshotView& snapshot) noexcept;

// What the model says of one item beyond own_blend: sum of blend_h * (bias_h[i] + gain_h * s(v, i)). Needs a model.
[[nodiscard]] double engage(const FoldedEngagement& folded, const snapshot::SnapshotView& snapshot,
                            std::uint32_t item) noexcept;

// SPEC.md's predictEngagement: the probability of each head for one item, shown first. The events are nested and the
// heads are not, so convert <= engage <= click is kept by taking the smaller. All 0 without a model.
struct Prediction {
  double heads[snapshot::kHeads] = {};
};
[[nodiscard]] Prediction predict_engagement(const FoldedEngagement& folded, const snapshot::SnapshotView& snapshot,
                                            std::uint32_t item) noexcept;

// engage() split by what it comes from: out[f] for field f, out[fields] for the item by itself. Exact: sums of the same
// integers, unless a row was cut to int16.
void engagement_shares(const FeatureVector& features, const FoldedEngagement& folded,
                       const snapshot::SnapshotView& snapshot, std::uint32_t item,
                       std::span<double, snapshot::kMaxFields + 1> out) noexcept;

}  // namespace footlight
