#include "origin/schedule/jobs.h"

#include <algorithm>
#include <exception>

#include "origin/learn/ease.h"
#include "origin/schedule/priority.h"
#include "origin/store/uuid.h"

namespace footlight::schedule {

std::string_view job_state_name(JobState state) {
  constexpr std::string_view kNames[] = {"queued", "running", "done", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

Jobs::Jobs(origin::Store& store, std::mutex& long_work, std::function<std::int64_t()> now,
           std::function<void(const JobStatus&)> log)
    : long_work_(long_work), now_(std::move(now)), log_(std::move(log)), lease_(store) {
  thread_ = std::thread([this] { loop(); });
}

Jobs::~Jobs() { stop(); }

bool Jobs::has_ended(const JobStatus& status) {
  return status.state == JobState::kDone || status.state == JobState::kFailed;
}

JobStatus Jobs::submit(NewJob job) {
  JobStatus status{.id = origin::to_string(origin::random_uuid()), .kind = std::move(job.kind)};
  status.queued_at_ms = now_();
  status.due_at_ms = std::max(job.due_at_ms, status.queued_at_ms);
  {
    const std::lock_guard lock(mutex_);
    for (const Job& other : jobs_) {
      if (other.status.kind == status.kind && !has_ended(other.status)) throw Busy{other.status.id};
    }
    jobs_.push_back({status, std::move(job.work), job.until_ms});
    while (jobs_.size() > kKept && has_ended(jobs_.front().status)) jobs_.pop_front();
  }
  changed_.notify_all();
  return status;
}

Jobs::Job* Jobs::job_of(std::string_view id) {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.status.id == id; });
  return found == jobs_.end() ? nullptr : &*found;
}

std::optional<JobStatus> Jobs::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  for (const Job& job : jobs_) {
    if (job.status.id == id) return job.status;
  }
  return std::nullopt;
}

std::vector<JobStatus> Jobs::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<JobStatus> all;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) all.push_back(job->status);
  return all;
}

std::optional<JobStatus> Jobs::wait(std::string_view id) const {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.status.id == id; });
    if (found == jobs_.end()) return std::nullopt;
    if (has_ended(found->status)) return found->status;
    changed_.wait(lock);
  }
}

void Jobs::tick() {
  {
    const std::lock_guard lock(lease_mutex_);
    if (holds_lease_) static_cast<void>(lease_.take(now_()));
  }
  {
    const std::lock_guard lock(mutex_);
    ++ticks_;
  }
  changed_.notify_all();
}

void Jobs::stop() {
  cancel_.store(true);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// The first that is due; those whose time is over fail on the way.
Jobs::Job* Jobs::due() {
  const std::int64_t now = now_();
  for (Job& job : jobs_) {
    if (job.status.state != JobState::kQueued) continue;
    if (job.until_ms != 0 && now >= job.until_ms) {
      job.status.state = JobState::kFailed;
      job.status.finished_at_ms = now;
      job.status.error = "its time was over before it could begin: another process was at work";
      changed_.notify_all();
      if (log_) log_(job.status);
      continue;
    }
    if (job.status.due_at_ms <= now) return &job;
  }
  return nullptr;
}

bool Jobs::take_lease() {
  const std::lock_guard lock(lease_mutex_);
  try {
    holds_lease_ = lease_.take(now_());
  } catch (const std::exception&) {  // the database is busy: the next tick tries again
  }
  return holds_lease_;
}

void Jobs::give_lease_back() {
  const std::lock_guard lock(lease_mutex_);
  holds_lease_ = false;
  try {
    lease_.release();
  } catch (const std::exception&) {  // it runs out by itself
  }
}

void Jobs::run(const std::string& id, const Work& work) {
  const auto progress = [&](std::string_view stage, double share) {
    const std::lock_guard lock(mutex_);
    if (Job* job = job_of(id)) {
      job->status.stage = stage;
      job->status.share = share;
    }
  };
  Json report;
  std::string error;
  try {
    report = work(progress, cancel_);
  } catch (const learn::Cancelled&) {
    error = "interrupted: the service was stopped";
  } catch (const std::exception& failed) {
    error = failed.what();
  }
  JobStatus ended;
  {
    const std::lock_guard lock(mutex_);
    Job* job = job_of(id);
    job->status.state = error.empty() ? JobState::kDone : JobState::kFailed;
    job->status.report = std::move(report);
    job->status.error = std::move(error);
    job->status.finished_at_ms = now_();
    ended = job->status;
  }
  if (log_) log_(ended);
}

void Jobs::loop() {
  lower_priority();
  std::unique_lock lock(mutex_);
  std::uint64_t seen = 0;
  for (;;) {
    Job* next = stopping_ ? nullptr : due();
    if (stopping_) break;
    if (next == nullptr) {
      changed_.wait(lock);
      continue;
    }
    const std::string id = next->status.id;
    lock.unlock();
    std::unique_lock free(long_work_);
    const bool has_lease = take_lease();
    lock.lock();
    if (!has_lease) {
      free.unlock();
      seen = ticks_;
      changed_.wait(lock, [&] { return stopping_ || ticks_ != seen; });
      continue;
    }
    Job* job = job_of(id);
    job->status.state = JobState::kRunning;
    job->status.started_at_ms = now_();
    Work work = std::move(job->work);
    lock.unlock();
    run(id, work);
    give_lease_back();
    free.unlock();
    lock.lock();
    changed_.notify_all();
  }
  for (Job& job : jobs_) {
    if (has_ended(job.status)) continue;
    job.status.state = JobState::kFailed;
    job.status.error = "the service was stopped before it began";
    job.status.finished_at_ms = now_();
  }
  changed_.notify_all();
}

}  // namespace footlight::schedule
