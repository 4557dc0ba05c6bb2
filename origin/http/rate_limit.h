// A token bucket per client address.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

namespace footlight::origin {

class RateLimit {
 public:
  // `per_s` 0: no limit.
  RateLimit(double per_s, double burst) : per_s_(per_s), burst_(burst) {}

  // Whether this client may make one more request now.
  [[nodiscard]] bool take(const std::string& client) {
    if (per_s_ <= 0) return true;
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    // Whoever comes with ever new addresses makes the table forget, not grow.
    if (buckets_.size() >= kMaxClients) buckets_.clear();
    auto [entry, is_new] = buckets_.try_emplace(client, Bucket{burst_, now});
    Bucket& bucket = entry->second;
    const double elapsed_s = std::chrono::duration<double>(now - bucket.at).count();
    bucket.tokens = std::min(burst_, bucket.tokens + elapsed_s * per_s_);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

 private:
  static constexpr std::size_t kMaxClients = 100'000;
  struct Bucket {
    double tokens;
    std::chrono::steady_clock::time_point at;
  };
  double per_s_;
  double burst_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace footlight::origin
