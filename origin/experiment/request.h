// A request for the core's evaluator, from what the origin knows of a page view.
#pragma once

#include <string_view>

#include "core/experiment/value.h"
#include "origin/experiment/value_builder.h"

namespace footlight::experiment {

// The request's `url` (core/experiment/evaluate.h) of an absolute http or https address, or of a path; what a browser's
// URL would normalise beyond case and default port is left as it is.
[[nodiscard]] Json url_of(std::string_view address);

// A value of the core as JSON.
[[nodiscard]] Json json_of(Value value);

}  // namespace footlight::experiment
