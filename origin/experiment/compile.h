// A site's flags and experiments as JSON -> the program that goes into the snapshot (core/experiment/program.h).
//
// The document has GrowthBook's shape, so that an existing one works as it is:
//     {"features": {key: {"defaultValue": v, "rules": [rule, …]}},
//     "experiments": [experiment, …],
//      "savedGroups": {id: [v, …]}, "contextualBandits": {id: {"banditVersion":
//      n, "contexts": [context, …]}}}
// and beyond it, in rules and experiments, "active_from" and "active_until" (RFC 3339), and in rules that force a value
// "schedule": [{"from": time, "coverage": share}, …], a rollout that grows by itself.
//
// Everything is checked: what would be read differently here than elsewhere, or cannot be bounded, is a fault with the
// place it is at; what never holds (an unknown operator, an unknown group) is a warning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/experiment/program.h"
#include "origin/experiment/compile_condition.h"
#include "origin/experiment/value_builder.h"

namespace footlight::experiment {

inline constexpr std::size_t kMaxFeatures = 5000;
inline constexpr std::size_t kMaxRules = 50000;

struct Compiled {
  std::vector<std::uint64_t> words;  // the program's bytes, aligned; empty when there are faults
  Findings findings;
  // Where the rows come from: rule -> JSON pointer into the document. The document's experiments are the program's
  // first experiments, in their order.
  std::vector<std::string> rule_pointers;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(words)); }
};

[[nodiscard]] Compiled compile(const Json& document);

// Shares of coverage for each variant, as every SDK computes them: equal ones where `weights` do not fit.
[[nodiscard]] std::vector<double> equal_weights(int variants);
[[nodiscard]] std::vector<Range> bucket_ranges(std::size_t variants, double coverage, std::vector<double> weights);

}  // namespace footlight::experiment
