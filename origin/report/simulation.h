// The page of `footlight simulate --html`: cold start, regret, lift and shares of the gain as curves.
#pragma once

#include <span>
#include <string>

#include "origin/simulate/simulate.h"

namespace footlight::report {

[[nodiscard]] std::string simulation_page(const simulate::SimulateOptions& options,
                                          std::span<const simulate::Stage> stages);

}  // namespace footlight::report
