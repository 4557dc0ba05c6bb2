// A snapshot named on the command line: a file, a version, or nothing for the live one.
#pragma once

#include <memory>
#include <string>

#include "origin/cli/commands.h"
#include "origin/publish/live.h"

namespace footlight::cli {

// Throws std::runtime_error that says what was looked for. A name of digits alone is a version unless such a file is
// there; "live" or "" is the version in use.
[[nodiscard]] std::shared_ptr<const publish::LiveSnapshot> find_snapshot(const Globals& globals,
                                                                         const std::string& name);

}  // namespace footlight::cli
