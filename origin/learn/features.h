// The feature vector of every impression: what core would have seen at that moment.
//
// Each visitor is replayed (past.h) on a snapshot that knows the site, the content and the fields, and core's own
// prepare_features() is asked: training and serving cannot drift apart. A vector is kept as its set bins, a few bytes
// each, and once where a visitor's neighbouring impressions have the same.
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
[[nodiscard]] Context context_of(const Impression& impression) noexcept;

struct Features {
  std::vector<std::uint32_t> first_bin;      // [fields + 1], into B
  std::vector<std::uint32_t> offsets = {0};  // vector k has bins[offsets[k]] to bins[offsets[k + 1] - 1]
  std::vector<std::uint16_t> bins;           // set bins of B, ascending
  std::vector<std::uint32_t> of_impression;  // vector of each impression of the past

  [[nodiscard]] std::size_t vector_count() const noexcept { return offsets.size() - 1; }
  [[nodiscard]] std::span<const std::uint16_t> of(std::size_t vector) const noexcept {
    return std::span(bins).subspan(offsets[vector], offsets[vector + 1] - offsets[vector]);
  }
};

// Throws Cancelled. Cost: one fold and one prepare_features() an impression.
[[nodiscard]] Features features_of(const Past& past, const snapshot::SnapshotView& view, const StageProgress& progress,
                                   const std::atomic<bool>& cancel);

// Which fields are known (anything but bin 0) in some impression that is for fitting.
[[nodiscard]] std::vector<bool> known_fields(const Past& past, const Features& features);

}  // namespace footlight::learn
