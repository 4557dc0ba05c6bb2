// Who sits at the terminal, for the audit log.
#pragma once

#include <cstdlib>
#include <string>

namespace footlight::cli {

[[nodiscard]] inline std::string actor() {
  const char* user = std::getenv("USER");  // NOLINT(concurrency-mt-unsafe): before any thread
  return std::string("cli:") + (user == nullptr || *user == 0 ? "unknown" : user);
}

}  // namespace footlight::cli
