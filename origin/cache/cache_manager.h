// SPEC.md's CacheManager, in this process: what a decision needs of the visitors who are active
// now.
//
//     if (auto session = cache.get(user, token)) decide(session->visitor, …);
//     cache.invalidate_user(user);                      // after every change of a profile
//
// A bounded LRU in shards; a look-up is one lock and one hash. A reader that fetched from the store
// before a change must not put what it fetched after it: it takes an epoch first and put() drops
// what is older than the last invalidation. Thread rule: every method from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "origin/store/profiles.h"

namespace footlight::origin {

class CacheManager {
 public:
  explicit CacheManager(std::size_t sessions = 50'000);  // about 1.5 kB each

  // nullptr: not here, or here under another token, or too old.
  [[nodiscard]] std::shared_ptr<const Session> get(const Uuid& user, const Hash& token);
  [[nodiscard]] std::uint64_t epoch(const Uuid& user);
  void put(std::shared_ptr<const Session> session, std::uint64_t epoch);
  void invalidate_user(const Uuid& user);

  [[nodiscard]] std::uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kShards = 16;
  // Another process (an import) may change a profile without telling this one.
  static constexpr std::int64_t kMaxAgeMs = 30'000;

  struct Entry {
    std::shared_ptr<const Session> session;
    std::int64_t put_at_ms = 0;
  };
  struct UuidHash {
    std::size_t operator()(const Uuid& uuid) const noexcept;
  };
  struct Shard {
    std::mutex mutex;
    std::uint64_t epoch = 0;
    std::list<Entry> order;  // most recently used first
    std::unordered_map<Uuid, std::list<Entry>::iterator, UuidHash> entries;
  };
  Shard& shard(const Uuid& user) { return shards_[user[0] % kShards]; }

  std::size_t limit_;  // of a shard
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
};

}  // namespace footlight::origin
