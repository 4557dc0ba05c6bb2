// Threads that do numbered tasks together, so that a result does not depend on how many of them there are.
//
//     Crew crew(threads);
//     std::vector<double> parts(kChunks);
//     crew.run(kChunks, [&](std::size_t chunk) { parts[chunk] = sum_of(chunk); });   // each writes what is its own
//     … add up parts in order …
//
// The caller works along. One run at a time, from one thread. A task that throws ends the run: the first error by task
// number among those that happened is thrown again once all threads are idle.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace footlight::learn {

// Long loops are cut into so many parts, however many threads there are: sums are then taken in the same order.
inline constexpr std::size_t kChunks = 16;

// Half-open range of part `chunk` of 0 to `count`.
struct ChunkRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
[[nodiscard]] constexpr ChunkRange chunk_of(std::size_t count, std::size_t chunk) noexcept {
  return {count * chunk / kChunks, count * (chunk + 1) / kChunks};
}

class Crew {
 public:
  explicit Crew(unsigned threads);  // 0: as many as there are cores
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void run(std::size_t tasks, const std::function<void(std::size_t task)>& work);

 private:
  void serve();
  void take_tasks();

  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable finished_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::size_t tasks_ = 0;
  std::atomic<std::size_t> next_{0};
  std::uint64_t round_ = 0;
  std::size_t busy_ = 0;
  std::size_t failed_task_ = 0;
  std::exception_ptr error_;
  bool ends_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace footlight::learn
