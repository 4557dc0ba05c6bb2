#include "origin/store/writer.h"

#include <chrono>

namespace footlight::origin {
namespace {
constexpr std::chrono::milliseconds kGather{100};
}

Writer::Writer(std::unique_ptr<Database> database, Hooks hooks)
    : database_(std::move(database)), hooks_(std::move(hooks)), thread_([this] { loop(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Writer::enqueue(Entry entry) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(entry));
  }
  wake_.notify_one();
}

bool Writer::post(std::function<void(Database&)> job) {
  {
    const std::lock_guard lock(mutex_);
    if (behind_.size() >= kBehindLimit || stopping_) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    behind_.push_back(Entry{.run = std::move(job), .finish = {}});
    if (behind_.size() != 1) return true;  // the writer is awake, or will look soon
  }
  wake_.notify_one();
  return true;
}

void Writer::loop() {
  for (;;) {
    std::deque<Entry> batch;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty() || !behind_.empty(); });
      // Nobody waits for what is written behind: let some gather, so that it costs few commits.
      if (waiting_.empty() && !stopping_) {
        wake_.wait_for(lock, kGather, [this] { return stopping_ || !waiting_.empty() || behind_.size() >= kBatch; });
      }
      // Those who wait go first; what is written behind fills the rest of the batch.
      while (!waiting_.empty() && batch.size() < kBatch) {
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
      while (!behind_.empty() && batch.size() < kBatch) {
        batch.push_back(std::move(behind_.front()));
        behind_.pop_front();
      }
      if (batch.empty()) return;  // stopping, and everything is done
    }
    run_batch(batch);
  }
}

void Writer::run_batch(std::deque<Entry>& batch) {
  Database& db = *database_;
  std::vector<std::exception_ptr> errors(batch.size());
  try {
    db.execute("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < batch.size(); ++i) {
      db.prepare("SAVEPOINT job")->exec();
      try {
        batch[i].run(db);
      } catch (...) {
        errors[i] = std::current_exception();
        db.prepare("ROLLBACK TO job")->exec();
      }
      db.prepare("RELEASE job")->exec();
    }
    if (hooks_.before_commit) hooks_.before_commit();
    db.execute("COMMIT");
    commits_.fetch_add(1, std::memory_order_relaxed);
    jobs_.fetch_add(batch.size(), std::memory_order_relaxed);
  } catch (...) {
    // The commit itself failed (disk full, lock held too long): nothing of this batch is there.
    const std::exception_ptr error = std::current_exception();
    try {
      db.execute("ROLLBACK");
    } catch (const SQLite::Exception&) {
      // SQLite has rolled back already.
    }
    if (hooks_.after_rollback) hooks_.after_rollback();
    for (auto& one : errors) {
      if (!one) one = error;
    }
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].finish) batch[i].finish(errors[i]);
  }
}

}  // namespace footlight::origin
