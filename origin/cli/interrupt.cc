// SIGINT and SIGTERM as one flag (see commands.h).
#include "origin/cli/interrupt.h"

#include <atomic>
#include <csignal>

#include "origin/cli/commands.h"

namespace footlight::cli {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the handler may only touch lock-free state");

extern "C" void on_signal(int signal_number) {
  flag.store(true);
  // The next one of the same kind ends the program: somebody is in a hurry.
  std::signal(signal_number, SIG_DFL);
}

}  // namespace

void catch_interrupts() noexcept {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  // A pipe that was closed (`footlight inspect | head`) is an error of write(), not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
}

const std::atomic<bool>& interrupted() noexcept { return flag; }

}  // namespace footlight::cli
