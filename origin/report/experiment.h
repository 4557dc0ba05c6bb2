// An experiment's results as one HTML page that needs nothing else.
#pragma once

#include <string>

#include "origin/experiment/results.h"

namespace footlight::report {

[[nodiscard]] std::string experiment_page(const experiment::Results& results);

}  // namespace footlight::report
