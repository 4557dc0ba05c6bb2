// Training: from the visitors' past in the store to the model in the store.
//
//     const TrainReport report = train(store, {}, progress, cancel);
//
// What goes in. An item is *chosen* by a visitor as chosen.h says: a click, an engagement, a conversion or a positive
// word, and no negative one; a plain view is an impression. The rule is core's own (interaction_strength), so that what
// is learned and what is scored cannot drift apart. Of a visitor's chosen items the latest kMaxChosen count: a crawler
// that opened everything says nothing about taste and would cost its square.
//
// Who stands behind a number. An item chosen by fewer than `min_visitors` visitors is not in the model at all: neither
// its own row nor its weight in others. A rate or prior rests on at least as many visitors who saw the item (in that
// segment). Rates need impressions: an item without a recorded view or exposure has none (a log of clicks alone would
// say 100 %).
//
// The model is written in one transaction at the very end. Cancelled or failed: the store is as it was.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "origin/learn/model.h"
#include "origin/store/store.h"

namespace footlight::learn {

inline constexpr std::size_t kMaxChosen = 512;

struct TrainOptions {
  double lambda = 20;
  std::uint32_t neighbours = 32;
  std::uint32_t min_visitors = 5;
  std::uint32_t max_items = 4096;  // those chosen by most; bounds time and memory (ease.h)
  double segment_strength = 20;    // visitors that an item's overall rate is worth within a segment (rates.h)
  unsigned threads = 0;
};

struct TrainReport {
  std::uint64_t visitors = 0;      // in the store, with any interaction
  std::uint64_t learned_from = 0;  // who chose at least one item that is in the model
  std::uint64_t choices = 0;       // (visitor, item) pairs
  std::uint32_t items_learned = 0;
  std::uint32_t items_too_few = 0;   // chosen by fewer than min_visitors
  std::uint32_t items_too_many = 0;  // beyond max_items
  std::uint32_t rates = 0;
  std::uint32_t segments = 0;  // with at least one prior
  std::uint64_t model_bytes = 0;
  double seconds = 0;
};

// (what is being done, share of it, 0 to 1; negative when not known)
using StageProgress = std::function<void(std::string_view stage, double share)>;

// Throws learn::Cancelled, or what the store throws.
TrainReport train(origin::Store& store, const TrainOptions& options, const StageProgress& progress,
                  const std::atomic<bool>& cancel);

}  // namespace footlight::learn
