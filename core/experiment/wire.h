// All flags and experiments of a page view in one go, as bytes: what leaves the engine, and what parity compares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/experiment/evaluate.h"

namespace footlight::experiment {

inline constexpr std::uint32_t kInExperiment = 1;
inline constexpr std::uint32_t kHashUsed = 2;
inline constexpr std::uint32_t kStickyUsed = 4;
inline constexpr std::uint32_t kValueOfRequest = 8;  // `value` is a row of the request, not of the program
inline constexpr std::uint32_t kOn = 16;             // the value is truthy
inline constexpr std::uint32_t kByFallback = 32;     // the unit is the fallback attribute's

struct FlagRow {
  std::uint32_t source;      // Source; of an experiment by itself kExperiment
  std::uint32_t value;       // kNone: null
  std::uint32_t rule;        // kNone: none
  std::uint32_t experiment;  // kNone: none gave the value
  std::uint32_t variant;     // position
  std::uint32_t bits;
  double bucket;       // negative: none was drawn
  std::uint32_t unit;  // row of the request; kNone: the visitor has none
  std::int32_t leaf;
  std::uint32_t context;  // of a bandit; kNone: its own weights
  std::uint32_t reserved;
};
static_assert(sizeof(FlagRow) == 48);

// One row a feature, in the program's order, then one for each listed experiment. `rows` has room for them all.
void evaluate_all(const Program& program, const Request& request, std::span<FlagRow> rows) noexcept;

[[nodiscard]] inline std::size_t flag_rows(const Program& program) noexcept {
  return program.features.size() + program.listed;
}

}  // namespace footlight::experiment
