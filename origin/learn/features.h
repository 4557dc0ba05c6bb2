// The feature vector of every impression: what core would have seen at that moment.
//
// Each visitor is replayed (past.h) on a snapshot that knows the site, the content and the fields, and core's own
// prepare_features() is asked: training and serving cannot drift apart. A vector is kept once where
// a visitor's neighbouring impressions have the same.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "core/rank/score.h"
#include "core/snapshot/reader.h"
#include "origin/learn/past.h"

namespace footlight::learn {

// The context of an impression as decide() takes it. The log does not say the locale: it is not known.
[[nodiscard]] Context context_of(const PastImpression& impression) noexcept;

struct Features {
  std::size_t fields = 0;
  std::vector<std::uint64_t> masks;          // [V, fields]: bit b for bin b
  std::vector<std::uint32_t> of_impression;  // row of `masks` of each impression of the past

  [[nodiscard]] std::size_t vector_count() const noexcept { return fields == 0 ? 0 : masks.size() / fields; }
  [[nodiscard]] std::span<const std::uint64_t> of(std::size_t vector) const noexcept {
    return std::span(masks).subspan(vector * fields, fields);
  }
};

// Throws Cancelled. Cost: one fold and one prepare_features() an impression.
[[nodiscard]] Features features_of(const Past& past, const snapshot::SnapshotView& view, const StageProgress& progress,
                                   const std::atomic<bool>& cancel);

// Which fields are known (anything but bin 0) in some impression that is for fitting.
[[nodiscard]] std::vector<bool> known_fields(const Past& past, const Features& features);

}  // namespace footlight::learn
