// What a flag says, in the words of its callers: for the command line, the API and OFREP.
#pragma once

#include <string>
#include <string_view>

#include "core/experiment/evaluate.h"
#include "origin/experiment/value_builder.h"

namespace footlight::experiment {

[[nodiscard]] std::string_view source_name(Source source) noexcept;  // "defaultValue"
// The variant's key; its position where it has none.
[[nodiscard]] std::string variant_name(const Program& program, const Assignment& assignment);

// {"value", "on", "source", "ruleId"?, "experiment"?: {"key", "variant", "inExperiment", "hashUsed", "bucket", …}}
[[nodiscard]] Json answer_of(const Program& program, const Feature& feature);

}  // namespace footlight::experiment
