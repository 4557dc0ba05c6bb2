// Long work of a running service: one job after the other, on a thread of low priority, with progress and a report.
//
//     Jobs jobs(store, long_work, now_ms);
//     const auto job = jobs.submit({.kind = "train", .work = …});     // throws Busy while there is one of its kind
//     jobs.tick();                                                    // once a second: leases, jobs that come due
//     jobs.find(job.id);                                              // queued, running, done, failed
//
// A job waits until it is due, until `long_work` is free (somebody publishes by the API) and until no other process on
// this database works (lease.h). stop(), and the destructor, cancel what runs and drop what waits. Jobs are kept in
// memory, the latest kKept of them: a status is asked of the origin that took the request. Thread rule: every method
// from any thread; `work` runs on the thread of the jobs, `now` on any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "origin/schedule/lease.h"
#include "origin/store/store.h"

namespace footlight::schedule {

using Json = nlohmann::ordered_json;
using Progress = std::function<void(std::string_view stage, double share)>;  // as learn::StageProgress
// Returns the report. Throws learn::Cancelled when `cancel` was seen, or what failed.
using Work = std::function<Json(const Progress& progress, const std::atomic<bool>& cancel)>;

enum class JobState { kQueued, kRunning, kDone, kFailed };
[[nodiscard]] std::string_view job_state_name(JobState state);  // "queued", …

struct JobStatus {
  std::string id;  // UUID
  std::string kind;
  JobState state = JobState::kQueued;
  std::string stage;  // what is being done
  double share = -1;  // of the stage, 0 to 1; negative: not known
  Json report;        // of a job that is done
  std::string error;  // of one that has failed
  std::int64_t queued_at_ms = 0;
  std::int64_t due_at_ms = 0;
  std::int64_t started_at_ms = 0;   // 0: not yet
  std::int64_t finished_at_ms = 0;  // 0: not yet
};

struct NewJob {
  std::string kind;
  Work work;
  std::int64_t due_at_ms = 0;  // not before
  std::int64_t until_ms = 0;   // fails if it has not begun by then; 0: whenever
};

class Jobs {
 public:
  static constexpr std::size_t kKept = 100;

  // A job of this kind waits or runs already.
  struct Busy {
    std::string id;  // of that one
  };

  // `long_work` is held while a job runs. `log` gets a line about each job that ends.
  Jobs(origin::Store& store, std::mutex& long_work, std::function<std::int64_t()> now,
       std::function<void(const JobStatus&)> log = {});
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  JobStatus submit(NewJob job);  // throws Busy
  [[nodiscard]] std::optional<JobStatus> find(std::string_view id) const;
  [[nodiscard]] std::vector<JobStatus> list() const;                       // newest first
  [[nodiscard]] std::optional<JobStatus> wait(std::string_view id) const;  // until it has ended

  // Renews the lease of what runs and looks at what has come due. Throws what the store throws.
  void tick();
  void stop();

 private:
  struct Job {
    JobStatus status;
    Work work;
    std::int64_t until_ms = 0;
  };
  [[nodiscard]] static bool has_ended(const JobStatus& status);
  [[nodiscard]] Job* due();                        // under mutex_
  [[nodiscard]] Job* job_of(std::string_view id);  // under mutex_
  [[nodiscard]] bool take_lease();
  void give_lease_back();
  void run(const std::string& id, const Work& work);
  void loop();

  std::mutex& long_work_;
  const std::function<std::int64_t()> now_;
  const std::function<void(const JobStatus&)> log_;
  std::atomic<bool> cancel_{false};
  std::mutex lease_mutex_;  // guards the two below: what was given back is not renewed
  Lease lease_;
  bool holds_lease_ = false;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable changed_;
  std::deque<Job> jobs_;  // oldest first
  std::uint64_t ticks_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace footlight::schedule
