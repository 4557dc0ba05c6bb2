// What an analysis says, for a terminal.
#pragma once

#include "origin/experiment/analysis.h"

namespace footlight::cli {

void print_analysis(const experiment::ExperimentData& data, const experiment::AnalysisResult& result);

}  // namespace footlight::cli
