// One JSON document named on the command line.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "origin/store/site.h"

namespace footlight::cli {

// Throws std::runtime_error that names the file and what is wrong with it.
[[nodiscard]] nlohmann::ordered_json read_json(const std::string& path);

// Says each fault on stderr, and ends the program with kExitRefused when there are any.
void refuse_faults(const std::string& path, const std::vector<origin::Fault>& faults);

}  // namespace footlight::cli
