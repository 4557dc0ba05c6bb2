// bench_peeking: one JSON line of what looking again and again does; `./dev bench peeking` runs it.
#include "origin/experiment/peeking.h"

#include <cmath>

#include <fmt/format.h>

int main() {
  using namespace footlight::experiment;
  const PeekingOptions none{};
  PeekingOptions planted = none;
  planted.seed = 2;
  planted.lift = 0.05;
  const PeekingResult under_none = simulate_peeking(none);
  const PeekingResult under_planted = simulate_peeking(planted);
  const double error = std::sqrt(none.alpha * (1 - none.alpha) / none.runs);
  fmt::print(
      R"({{"runs": {}, "looks": {}, "units": {}, "alpha": {}, "standard_error": {}, "fixed_fpr": {}, "sequential_fpr": {}, "coverage": {}, "found_share": {}}})"
      "\n",
      none.runs, none.looks, 2 * none.looks * none.units_per_look, none.alpha, error, under_none.fixed_rejected,
      under_none.sequential_rejected, under_planted.covered, under_planted.sequential_rejected);
}
