// What looking at an experiment again and again does to its errors: by simulation, for `./dev bench peeking` and tests.
#pragma once

#include <cstdint>

namespace footlight::experiment {

struct PeekingOptions {
  std::uint64_t seed = 1;
  std::uint32_t runs = 4000;
  std::uint32_t looks = 40;            // of every run, evenly spaced
  std::uint32_t units_per_look = 250;  // in each of the two variants
  double rate = 0.1;                   // of conversion, in the control
  double lift = 0;                     // of the treatment, relative
  double alpha = 0.05;
  double tuning = 5000;
};

struct PeekingResult {
  double fixed_rejected = 0;       // share of runs that Welch's test calls at some look
  double sequential_rejected = 0;  // and the always-valid one
  double covered = 0;              // share of runs whose sequential intervals all hold the true difference
};

// Deterministic. O(runs * looks * units_per_look).
[[nodiscard]] PeekingResult simulate_peeking(const PeekingOptions& options);

}  // namespace footlight::experiment
