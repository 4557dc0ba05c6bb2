// An experiment's numbers and what they say as JSON, for files and the API.
//
//     {"name", "variants": [{"key", "weight"?, "units"}, …], "multipleExposed"?,
//      "metrics": [{"name", "kind": "proportion" | "mean" | "ratio", "lessIsBetter"?, "guardrail"?,
//                   "variants": [{"n", "sum", "sumSquares", "base"?: {"sum", "sumSquares", "product"},
//                                 "before"?: {"sum", "sumSquares", "product"}}, …]}, …]}
// A proportion needs no sums of squares; `product` is the sum of products with the value.
#pragma once

#include "origin/experiment/analysis.h"
#include "origin/experiment/compile_condition.h"

namespace footlight::experiment {

// Faults name what is wrong and where; then what comes back means nothing.
[[nodiscard]] ExperimentData read_experiment_data(const Json& document, std::vector<origin::Fault>& faults);
[[nodiscard]] Json analysis_document(const ExperimentData& data, const AnalysisResult& result);

}  // namespace footlight::experiment
