// SPEC.md's getPersonalizedContent / setPersonalizedContent for active users: the homepage as it
// was answered last.
//
// A page depends on the session (a new object after every change of the profile), the snapshot, the
// day (history decays by days, exploration is drawn by days), the locale, and on which items are in
// their active window. All of these are in the key, so a page that is found is the page that would
// be made. Thread rule: every method from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/snapshot/reader.h"
#include "origin/store/profiles.h"

namespace footlight::origin {

// The moments at which an item of a snapshot enters or leaves its active window.
struct ActiveWindows {
  explicit ActiveWindows(const snapshot::SnapshotView& snapshot);
  // Between two moments this number does not change.
  [[nodiscard]] std::uint32_t at(std::uint32_t now_s) const;

  std::uint64_t version = 0;
  std::vector<std::uint32_t> moments;  // ascending
};

struct PageKey {
  std::uint64_t version = 0;
  std::uint32_t day = 0;
  std::uint32_t locale = 0;
  std::uint32_t window = 0;
  bool operator==(const PageKey&) const = default;
};

class PageCache {
 public:
  explicit PageCache(std::size_t pages = 16384);  // about 8 kB each

  [[nodiscard]] std::shared_ptr<const std::string> get(const std::shared_ptr<const Session>& session,
                                                       const PageKey& key);
  void put(std::shared_ptr<const Session> session, const PageKey& key, std::shared_ptr<const std::string> page);

  void forget(const Uuid& user);  // one pass over everything: for erasures

  [[nodiscard]] std::uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kShards = 16;
  struct Entry {
    std::shared_ptr<const Session> session;  // held, so that its address stands for it
    PageKey key;
    std::shared_ptr<const std::string> page;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Entry> order;  // most recently used first
    std::unordered_map<std::int64_t, std::list<Entry>::iterator> by_profile;
  };
  Shard& shard(const Session& session) { return shards_[static_cast<std::uint64_t>(session.profile) % kShards]; }

  std::size_t limit_;  // of a shard
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> hits_{0};
};

}  // namespace footlight::origin
