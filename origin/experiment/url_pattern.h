// Where an experiment runs: GrowthBook's URL targets -> a condition on the request's url.
#pragma once

#include <string>

#include "origin/experiment/compile_condition.h"

namespace footlight::experiment {

// `targets`: [{"type": "simple" | "regex", "pattern": "…", "include": true | false}, …]. An excluded address is out;
// where some are included, one of them must match. Simple patterns name host and path ("*" stands for anything, slashes
// at the path's ends do not count) and, where they matter, the query and the fragment.
[[nodiscard]] ConditionTree compile_url_targets(const Json& targets, const std::string& pointer,
                                                ConditionBuilder& conditions, Findings& findings);

}  // namespace footlight::experiment
