// Work in blocks over the threads: which thread does a block changes nothing, so neither does their number.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {

inline void stop_if(const std::atomic<bool>& cancel) {
  if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
}

// 0: as many as there are cores.
[[nodiscard]] inline unsigned thread_count(unsigned wanted) noexcept {
  return std::max(1U, wanted != 0 ? wanted : std::thread::hardware_concurrency());
}

// Runs work(begin, end, thread) for every block of `size` in [0, count), on `threads` threads, the caller's among them
// (thread 0, which alone reports progress). Throws what work throws, or Cancelled once the flag is seen; the other
// threads have ended by then.
template <typename Work>
void for_blocks(std::size_t count, std::size_t size, unsigned threads, const std::atomic<bool>& cancel,
                const Progress& progress, const Work& work) {
  const std::size_t blocks = (count + size - 1) / size;
  threads = static_cast<unsigned>(std::clamp<std::size_t>(blocks, 1, threads));
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  std::atomic<bool> failed{false};
  const auto run = [&](unsigned self) {
    for (;;) {
      const std::size_t block = next.fetch_add(1);
      if (block >= blocks || failed || cancel.load(std::memory_order_relaxed)) return;
      work(block * size, std::min(count, (block + 1) * size), self);
      const std::size_t finished = done.fetch_add(1) + 1;
      if (self == 0 && progress) progress(static_cast<double>(finished) / static_cast<double>(blocks));
    }
  };
  std::vector<std::exception_ptr> errors(threads);
  const auto guarded = [&](unsigned self) {
    try {
      run(self);
    } catch (...) {
      errors[self] = std::current_exception();
      failed = true;
    }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned t = 1; t < threads; ++t) pool.emplace_back(guarded, t);
    guarded(0);
  }
  for (const auto& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  stop_if(cancel);
}

}  // namespace footlight::learn
