#include "origin/cli/progress.h"

#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

namespace footlight::cli {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

}  // namespace

Progress::Progress(std::string_view command)
    : command_(command), terminal_(::isatty(STDERR_FILENO) == 1), next_(Clock::now() + (terminal_ ? 100ms : 5000ms)) {}

Progress::~Progress() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::operator()(std::string_view stage, double share) {
  if (Clock::now() < next_) return;
  show(share < 0 ? fmt::format("{}: {} …", command_, stage)
                 : fmt::format("{}: {} {:.0f} %", command_, stage, 100 * share));
}

void Progress::count(std::string_view stage, std::size_t done, std::size_t all) {
  if (Clock::now() < next_) return;
  show(fmt::format("{}: {} {} of {} ({:.0f} %)", command_, stage, done, all,
                   all == 0 ? 100.0 : 100.0 * static_cast<double>(done) / static_cast<double>(all)));
}

void Progress::show(const std::string& text) {
  next_ = Clock::now() + (terminal_ ? 100ms : 5000ms);
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", text);
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

}  // namespace footlight::cli
