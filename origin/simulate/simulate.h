// The simulation: days pass, visitors come, pages are filled, the world answers, the product learns.
//
//     const std::vector<Stage> stages = simulate(store, options, on_stage, progress, cancel);
//
// Each page view: somebody of the population comes (a few often, most seldom: visitor number = population * u^1.6),
// `pages_a_day` in all, mostly in the afternoon and evening. Footlight fills the page by core's decide() with
// exploration from the current snapshot and the visitor's own record; what it showed goes into the store as exposures
// with their propensities, what the visitor does as interactions (record.h). At each stage, and `trains_between` times
// between two, all that is in the store is trained on and a new snapshot is built: the same functions as `footlight
// train` and `footlight publish`. Each stage measures the new snapshot on a panel of visitors it has not seen
// (panel.h).
//
// An interaction is a row that a visitor made: view, click, engage or convert. Exposures, of which there are nearly
// twice as many, do not count. Stage N ends with the first page view that makes it N.
//
// Deterministic by seed, except for what training measures of time. Cost: 1,000,000 interactions are about 120,000 page
// views; README has figures.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "origin/learn/ease.h"  // Cancelled
#include "origin/learn/trainer.h"
#include "origin/simulate/panel.h"
#include "origin/simulate/world.h"
#include "origin/store/store.h"

namespace footlight::simulate {

enum class Filler {
  kFootlight,  // the product, learning as it goes
  kRandom,     // pages at random and no training: a past to learn from, made quickly
};

struct SimulateOptions {
  WorldOptions world;
  Filler filler = Filler::kFootlight;
  std::vector<std::uint64_t> interactions = {0, 1000, 10000, 100000};  // stages, ascending
  std::uint32_t visitors = 50000;                                      // of the population
  std::uint32_t panel = 3000;                                          // visitors of the panel
  std::uint32_t pages_a_day = 2000;
  std::uint32_t trains_between = 1;  // retrainings between two stages, at equal ratios
  learn::TrainOptions train;
};

struct Stage {
  std::uint64_t interactions = 0;
  std::uint64_t page_views = 0;
  std::uint64_t exposures = 0;
  std::uint64_t clicks = 0;
  std::uint64_t visitors = 0;  // who came so far
  double day = 0;
  double simulate_seconds = 0;  // since the stage before, without training and measuring
  double train_seconds = 0;     // of the training at this stage
  std::uint64_t snapshot_bytes = 0;
  PanelRates rates;
};

using OnStage = std::function<void(const Stage&)>;

// The first day, 2026-01-05 (a Monday), 00:00 UTC.
inline constexpr std::int64_t kStartMs = 1767571200000;

// Throws learn::Cancelled (the store then holds what was simulated so far), std::invalid_argument, or what store and
// training throw. `on_stage` is called as soon as a stage is measured; with Filler::kRandom nothing is measured.
[[nodiscard]] std::vector<Stage> simulate(origin::Store& store, const SimulateOptions& options, const OnStage& on_stage,
                                          const learn::StageProgress& progress, const std::atomic<bool>& cancel);

}  // namespace footlight::simulate
