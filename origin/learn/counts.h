// Visitors counted by item and segment, from the part of the past that is for fitting: who saw it, who chose it.
//
// A visitor saw what they were shown or dealt with, and chose what chosen.h says; each counts once, so that nobody
// counts twice and repeats cannot pile up. Segments are core's: segment_of() on a snapshot that has the owner's and the
// learned.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/snapshot/reader.h"
#include "origin/learn/model.h"
#include "origin/learn/past.h"
#include "origin/learn/rates.h"
#include "origin/learn/visitor_items.h"

namespace footlight::learn {

inline constexpr std::size_t kMaxChosen = 512;

struct Counts {
  std::uint64_t visitors = 0;  // who saw anything
  VisitorItems chosen;         // items of the past, latest first, at most kMaxChosen each
  std::vector<Count> overall;  // by item of the past
  std::vector<bool> shown;     // by item: some impression is recorded
  std::vector<std::unordered_map<std::uint32_t, Count>> segments;  // by segment index: item -> count
};

// `view`'s segments are those to count by; index 0, everyone, stays empty. Throws Cancelled.
[[nodiscard]] Counts count_visitors(const Past& past, const snapshot::SnapshotView& view,
                                    const std::atomic<bool>& cancel);

// What is special about each segment (rates.h), of items that at least `min_visitors` of its visitors saw.
[[nodiscard]] std::vector<SegmentPriors> segment_priors(const Past& past, const Counts& counts,
                                                        const snapshot::SnapshotView& view, std::uint32_t min_visitors,
                                                        double strength);

}  // namespace footlight::learn
