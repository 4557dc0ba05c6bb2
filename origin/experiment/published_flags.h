// The flags that publishing puts into the snapshot: the imported document, and on top of it what the running
// experiments make of it.
//
// An experiment's rule comes before the flag's own ones, experiments in the order of their ids: what is to win over one
// is its `condition`. A flag that the document does not have gets the control's value for its default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "origin/experiment/ab_test.h"
#include "origin/store/store.h"

namespace footlight::experiment {

// The shares of a bandit's variants, in all and by segment.
struct Allocation {
  struct Leaf {
    std::string segment;  // its name
    std::vector<double> weights;
  };
  std::int64_t version = 0;  // counts up
  std::vector<double> weights;
  std::vector<Leaf> leaves;
};
[[nodiscard]] Json allocation_json(const Allocation& allocation);
[[nodiscard]] std::optional<Allocation> read_allocation(const Json& json);

// Shares of the variants at a time: a rollout's follow its schedule.
[[nodiscard]] std::vector<double> weights_at(const ABTest& test, std::int64_t now_ms);

// What is known beside the experiment itself.
struct Running {
  std::optional<Allocation> allocation;
  std::vector<std::string> holdouts;  // flags of the holdouts that run
  std::int64_t now_ms = 0;
};
void add_to_flags(const ABTest& test, const Running& running, Json& flags);

// What the running experiments alone make of the flags.
[[nodiscard]] Json experiment_flags(origin::Store& store, std::int64_t now_ms);
// Nothing when there are neither imported flags nor running experiments.
[[nodiscard]] std::optional<Json> published_flags(origin::Store& store, std::int64_t now_ms);

}  // namespace footlight::experiment
