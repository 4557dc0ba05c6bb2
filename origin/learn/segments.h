// Learned segments: which answers tell visitors apart by what they choose, and how many groups are worth having.
//
// A greedy tree over the answers. A node splits its visitors into those who gave one of some options of a question, and
// the rest; every leaf but the one without any condition becomes a segment. A snapshot takes the first segment whose
// conditions all hold, so leaves are listed with the "yes" side first, and a leaf needs the conditions of its "yes"
// steps alone: exactly what core's ConditionRow can decide. The owner's own segments come first and keep their
// visitors.
//
// What a split is worth. Letters: c a cell (an item with kCellChoices choices or more, else its type and attributes
// together), k_gc the choices of group g in c, e_gc those expected if the group were like everybody: the sum over its
// impressions of the item's own rate times its position's. Choices are taken as Poisson with mean lambda_gc * e_gc, and
// lambda is shrunk to the group it came from by kStrength expected choices:
//
//     lambda_gc = (k_gc + strength * lambda_pc) / (e_gc + strength)                          p: the parent
//     gain      = sum over children g and cells c of k'_gc log(lambda_gc / lambda_pc) - e'_gc (lambda_gc - lambda_pc)
//
// with k', e' of visitors who had no part in lambda. Visitors are in three parts: A and B (40 % each) judge each
// other's lambda, and their gains together choose the split; C (20 %) has the last word: a split that A and B choose
// must have a gain there as well. If nothing tells the groups apart, exp(gain) of one part has mean 1 (a likelihood
// ratio), so by Markov's inequality a mean gain of ln(20 * candidates) comes by chance from one of the candidates in
// less than 5 % of the cases: that is what a split must reach. Growth stops when no leaf has such a split, or at `most`
// segments. (Choosing a tree by its gain on held-out cases: Breiman, Friedman, Olshen, Stone, "Classification and
// Regression Trees", 1984, chapter 3.)
//
// A log of clicks alone has no impressions; then e_gc is the group's choices times c's share of all choices.
//
// Cost: a node reads its visitors' impressions once for each answer; trees are shallow, so about the past times depth.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/snapshot/builder.h"
#include "origin/learn/past.h"
#include "origin/store/site.h"

namespace footlight::learn {

inline constexpr std::uint32_t kFirstLearnedSegment = 10'000;  // ids below are the owner's
inline constexpr std::uint32_t kLastLearnedSegment = 65'535;
inline constexpr double kSegmentStrength = 5;
inline constexpr std::uint32_t kCellChoices = 50;
inline constexpr std::size_t kMaxOptionsNamed = 4;  // options that one step may put together: names stay readable

// Question id and the option ids one of which was given; every pair must hold.
using Conditions = std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>>;

struct LearnedSegment {
  std::uint32_t id = 0;
  Conditions when;
  std::uint64_t visitors = 0;  // whose segment it was in training
  double gain = 0;             // nats on visitors who had no part in finding it, of the split that made it

  bool operator==(const LearnedSegment&) const = default;
};

struct SegmentOptions {
  std::uint64_t min_visitors = 25;
  std::size_t most = 32;
};

// The segments in the order in which a snapshot must list them, without ids. `input` is the site and content as
// assemble() gives it: its segments are the owner's. Throws Cancelled.
[[nodiscard]] std::vector<LearnedSegment> find_segments(const Past& past, const snapshot::SnapshotInput& input,
                                                        const SegmentOptions& options, const StageProgress& progress,
                                                        const std::atomic<bool>& cancel);

// Gives ids: that of an earlier segment with the same conditions, else the next that was never given and that `taken`
// does not hold. `next` counts on from training to training.
void name_segments(std::vector<LearnedSegment>& segments, std::span<const LearnedSegment> before,
                   std::span<const std::uint32_t> taken, std::uint32_t& next);

// "Feature film, ready now, $15-50K", in each of the site's locales, from the labels of its options today. nullopt when
// the site no longer has the question or any of the options.
[[nodiscard]] std::optional<origin::LocalizedText> segment_name(const Conditions& when, const origin::Site& site);

}  // namespace footlight::learn
