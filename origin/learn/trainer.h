// Training: from the visitors' past in the store to the model in the store.
//
//     const TrainReport report = train(store, {}, progress, cancel);
//
// In this order, each on what came before:
//   past          read once (past.h), the latest part held out for choosing and checking
//   segments      which answers tell visitors apart, and how many groups are worth having (segments.h)
//   item-item     what the choice of one item says about others (item_item.h)
//   rates         empirical-Bayes rates of items, and what is special about each segment (rates.h, counts.h)
//   engagement    every visitor replayed through core, then the model of clicking, staying, converting (engagement.h)
//   stack         how much each of these counts, and what probability their sum stands for (stack.h)
//   temperature   how far each slot explores (temperature.h)
//
// What goes in. An item is *chosen* by a visitor as chosen.h says: a click, an engagement, a conversion or a positive
// word, and no negative one; a plain view is an impression. The rule is core's own (interaction_strength), so that what
// is learned and what is scored cannot drift apart. Of a visitor's chosen items the latest kMaxChosen count: a crawler
// that opened everything says nothing about taste and would cost its square.
//
// From day 0 on. With too few impressions to hold any out (past.h) there is no engagement model and no learned weight:
// nobody could say where to stop or how far to trust it. The documented defaults stand, and what needs no held-out part
// (item-item, rates, segments) is learned from all there is.
//
// Who stands behind a number. An item chosen by fewer than `min_visitors` visitors has neither its own row nor a weight
// in others; a rate, a prior, an item's own part of the engagement model rest on at least as many visitors who saw it
// (in that segment), and a learned segment on five times as many. Rates need impressions: a log of clicks alone would
// say 100 %.
//
// The model is written in one transaction at the very end. Cancelled or failed, the store is as it was: start it again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "origin/learn/counts.h"
#include "origin/learn/item_item.h"
#include "origin/learn/model.h"
#include "origin/learn/past.h"
#include "origin/store/store.h"

namespace footlight::learn {

struct TrainOptions {
  ItemItemMethod method = ItemItemMethod::kAutomatic;
  double lambda = 20;
  std::uint32_t neighbours = 32;
  std::uint32_t min_visitors = 5;
  std::uint32_t max_items = 65536;  // those chosen by most; bounds time and memory (item_item.h)
  double segment_strength = 20;     // visitors that an item's overall rate is worth within a segment (rates.h)
  std::uint32_t max_segments = 32;  // learned; 0: the owner's alone
  bool engagement = true;
  HoldOut hold_out;
  unsigned threads = 0;
};

struct SegmentReport {
  std::uint32_t id = 0;
  std::string name;  // in the default locale
  std::uint64_t visitors = 0;
};

struct QuestionReport {
  std::string name;
  double weight = 0;  // learned
  double guess = 0;   // the site's
};

struct TemperatureReport {
  std::string slot;
  double temperature = 0;
  double cap = 0;  // the site's setting
};

struct TrainReport {
  std::uint64_t visitors = 0;      // in the store, with any interaction
  std::uint64_t learned_from = 0;  // who chose at least one item that is in the model
  std::uint64_t choices = 0;       // (visitor, item) pairs
  std::uint64_t impressions = 0;
  std::uint64_t held_out = 0;  // of those
  std::uint32_t items_learned = 0;
  std::uint32_t items_too_few = 0;   // chosen by fewer than min_visitors
  std::uint32_t items_too_many = 0;  // beyond max_items
  std::string item_item_method;
  std::uint32_t rates = 0;
  std::uint32_t segments = 0;  // with at least one prior
  std::vector<SegmentReport> learned_segments;
  std::vector<QuestionReport> question_weights;  // none: the site's stand
  bool engagement = false;
  std::uint64_t engagement_rows = 0;
  std::uint32_t engagement_trees = 0;
  std::array<double, kHeads> engagement_log_loss{};  // held out
  StackWeights default_weights{};                    // match, engagement, item_item, prior
  std::optional<StackFit> stack;
  std::vector<TemperatureReport> temperatures;
  std::uint64_t model_bytes = 0;
  double seconds = 0;
  // Of the parts, in the order above.
  struct Stage {
    std::string name;
    double seconds = 0;
    double peak_mb = 0;  // resident, of the whole process, while the part ran
  };
  std::vector<Stage> stages;
};

// Throws learn::Cancelled, publish::CannotPublish when there is no site or its content fits no snapshot, or what the
// store throws.
TrainReport train(origin::Store& store, const TrainOptions& options, const StageProgress& progress,
                  const std::atomic<bool>& cancel);

}  // namespace footlight::learn
