// The page of `footlight report`.
#pragma once

#include <string>

#include "origin/report/findings.h"

namespace footlight::report {

[[nodiscard]] std::string model_page(const Findings& findings);

}  // namespace footlight::report
