#include "origin/learn/crew.h"

#include <algorithm>
#include <utility>

namespace footlight::learn {

Crew::Crew(unsigned threads) {
  const unsigned count = std::max(1U, threads != 0 ? threads : std::thread::hardware_concurrency());
  for (unsigned t = 1; t < count; ++t) threads_.emplace_back([this] { serve(); });
}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  start_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::run(std::size_t tasks, const std::function<void(std::size_t)>& work) {
  if (threads_.empty() || tasks < 2) {
    for (std::size_t task = 0; task < tasks; ++task) work(task);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    tasks_ = tasks;
    next_ = 0;
    error_ = nullptr;
    busy_ = threads_.size();
    ++round_;
  }
  start_.notify_all();
  take_tasks();
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [this] { return busy_ == 0; });
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Crew::serve() {
  std::uint64_t seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return ends_ || round_ != seen; });
      if (ends_) return;
      seen = round_;
    }
    take_tasks();
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0) finished_.notify_one();
  }
}

void Crew::take_tasks() {
  for (std::size_t task = next_++; task < tasks_; task = next_++) {
    try {
      (*work_)(task);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_ || task < failed_task_) {
        error_ = std::current_exception();
        failed_task_ = task;
      }
      next_ = tasks_;
    }
  }
}

}  // namespace footlight::learn
