// The one writer: every change of the database goes through its thread, many changes to a commit.
//
//     auto done = writer.submit([=](Database& db) { …; return id; });
//     id = done.get();            // after COMMIT: what was answered is on disk
//
// While one commit waits for the disk, the next jobs gather; they share the next commit (group
// commit), so n clients that wait for their acknowledgement cost one fsync and not n. Each job runs
// inside a savepoint of its own: one that throws is undone alone, and its future carries the
// exception.
//
// Thread rule: submit() and post() from any thread; the jobs run on the writer's thread and must
// not wait for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "origin/store/database.h"

namespace footlight::origin {

class Writer {
 public:
  struct Hooks {
    // Runs on the writer's thread right before and after a batch: the second database commits first
    // (privacy/keys.h).
    std::function<void()> before_commit;
    std::function<void()> after_rollback;
  };

  explicit Writer(std::unique_ptr<Database> database, Hooks hooks = {});
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();  // finishes what was submitted

  // Runs `job` in the next batch. The future is ready after COMMIT, or carries what the job or the
  // commit threw.
  template <typename Job>
  [[nodiscard]] auto submit(Job job) -> std::future<std::invoke_result_t<Job&, Database&>> {
    using Value = std::invoke_result_t<Job&, Database&>;
    struct State {
      std::promise<Value> promise;
      std::conditional_t<std::is_void_v<Value>, char, std::optional<Value>> value{};
    };
    auto state = std::make_shared<State>();
    auto future = state->promise.get_future();
    enqueue(Entry{.run =
                      [state, job = std::move(job)](Database& db) mutable {
                        if constexpr (std::is_void_v<Value>) {
                          job(db);
                        } else {
                          state->value.emplace(job(db));
                        }
                      },
                  .finish =
                      [state](std::exception_ptr error) {
                        if (error) {
                          state->promise.set_exception(error);
                        } else if constexpr (std::is_void_v<Value>) {
                          state->promise.set_value();
                        } else {
                          state->promise.set_value(std::move(*state->value));
                        }
                      }});
    return future;
  }

  // Write-behind: runs `job` some time soon, nobody waits. False (and counted) when `behind_limit`
  // such jobs wait already: what is written behind may be lost, the answer may not be late.
  bool post(std::function<void(Database&)> job);

  [[nodiscard]] std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t jobs() const { return jobs_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  static constexpr std::size_t kBatch = 512;         // jobs to a commit, at most
  static constexpr std::size_t kBehindLimit = 4096;  // write-behind jobs waiting, at most

 private:
  struct Entry {
    std::function<void(Database&)> run;
    std::function<void(std::exception_ptr)> finish;  // empty for post()
  };

  void enqueue(Entry entry);
  void loop();
  void run_batch(std::deque<Entry>& batch);

  std::unique_ptr<Database> database_;
  Hooks hooks_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> waiting_;
  std::deque<Entry> behind_;
  bool stopping_ = false;
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> jobs_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::thread thread_;
};

}  // namespace footlight::origin
