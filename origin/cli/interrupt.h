// Ctrl-C without harm: the first SIGINT or SIGTERM sets a flag, the second ends the program.
#pragma once

namespace footlight::cli {

// Called once by main, before any thread is started.
void catch_interrupts() noexcept;

}  // namespace footlight::cli
