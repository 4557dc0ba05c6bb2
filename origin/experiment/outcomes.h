// What the units of an experiment did: exposures joined with what followed them.
//
// A unit is a visitor with an exposure. Its events count from its first exposure on, for the attribution window; the
// same events in the days before it adjust (CUPED). Left out, and counted: units that saw more than one variant (of a
// rollout, where that is its course, they count for the first until they see the second), and units that behave like
// programs. Cost: two look-ups a unit, and memory for one row a unit and metric.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "origin/experiment/ab_test.h"
#include "origin/experiment/analysis.h"
#include "origin/privacy/vault.h"
#include "origin/store/database.h"

namespace footlight::experiment {

// More events of its own in one hour than this and a unit is taken for a program. What cards it was shown is not
// counted: that is the pages' doing.
inline constexpr std::int64_t kMostEventsAnHour = 600;

struct SegmentOutcomes {
  std::uint32_t segment = 0;  // id
  ExperimentData data;
};

// The deciding metric at the end of a day, of every treatment against the control.
struct DayOutcomes {
  std::int64_t until_ms = 0;
  std::vector<double> units;   // by variant
  std::vector<Sums> variants;  // of the deciding metric
};

struct Outcomes {
  ExperimentData data;
  std::vector<SegmentOutcomes> segments;  // by id; only where there are at least two
  std::vector<DayOutcomes> days;          // at most kMostDays, the last one is now
  std::size_t deciding = 0;               // position of the deciding metric
  double bots = 0;                        // units left out
  double unknown = 0;                     // units with variants that the experiment does not have
  std::int64_t first_ms = 0;              // exposure; 0: none
  std::int64_t last_ms = 0;
};
inline constexpr std::size_t kMostDays = 60;

// As of `now_ms`: later events are not known yet.
[[nodiscard]] Outcomes collect_outcomes(origin::Database& db, const origin::Vault& vault, ABTest test,
                                        std::int64_t now_ms);

}  // namespace footlight::experiment
