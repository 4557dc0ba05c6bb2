// A fixed number of threads and a bounded queue: what cpp-httplib's own pool is not.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <httplib.h>
#include <mutex>
#include <thread>
#include <vector>

namespace footlight::origin {

class WorkerPool final : public httplib::TaskQueue {
 public:
  WorkerPool(std::size_t threads, std::size_t queue);
  ~WorkerPool() override;

  // For new connections. When the queue is full the task runs at once on the calling (accepting)
  // thread with overloaded() true, so that it can refuse: a task owns a socket and cannot just be
  // dropped.
  void enqueue(std::function<void()> task) override;
  // For connections that are let in already: always queued.
  void resume(std::function<void()> task);
  void shutdown() override;

  // Whether nothing waits for a thread.
  [[nodiscard]] bool idle() const;
  // Of the task that runs on this thread.
  [[nodiscard]] static bool overloaded();

 private:
  void work();

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace footlight::origin
