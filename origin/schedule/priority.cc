#include "origin/schedule/priority.h"

#include <unistd.h>

#include <sys/resource.h>
#include <sys/syscall.h>

namespace footlight::schedule {
namespace {

constexpr int kNice = 15;

}  // namespace

void lower_priority() noexcept {
  // Linux keeps the nice value by thread, and `who` is then a thread's id.
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  static_cast<void>(::setpriority(PRIO_PROCESS, thread, kNice));
}

}  // namespace footlight::schedule
