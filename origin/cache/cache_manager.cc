#include "origin/cache/cache_manager.h"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace footlight::origin {

std::size_t CacheManager::UuidHash::operator()(const Uuid& uuid) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, uuid.data() + 8, sizeof value);
  return value;
}

CacheManager::CacheManager(std::size_t sessions) : limit_(std::max<std::size_t>(1, sessions / kShards)) {}

std::shared_ptr<const Session> CacheManager::get(const Uuid& user, const Hash& token) {
  Shard& s = shard(user);
  {
    const std::lock_guard lock(s.mutex);
    if (const auto found = s.entries.find(user); found != s.entries.end()) {
      const Entry& entry = *found->second;
      const std::int64_t now = now_ms();
      const bool fresh = now - entry.put_at_ms < kMaxAgeMs && now < entry.session->token_expires_at_ms;
      if (fresh && sodium_memcmp(entry.session->token.data(), token.data(), token.size()) == 0) {
        s.order.splice(s.order.begin(), s.order, found->second);
        hits_.fetch_add(1, std::memory_order_relaxed);
        return entry.session;
      }
    }
  }
  misses_.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

std::uint64_t CacheManager::epoch(const Uuid& user) {
  Shard& s = shard(user);
  const std::lock_guard lock(s.mutex);
  return s.epoch;
}

void CacheManager::put(std::shared_ptr<const Session> session, std::uint64_t epoch) {
  Shard& s = shard(session->id);
  const std::lock_guard lock(s.mutex);
  if (s.epoch != epoch) return;  // something of this shard changed meanwhile; the next request asks again
  const Uuid user = session->id;
  if (const auto found = s.entries.find(user); found != s.entries.end()) s.order.erase(found->second);
  s.order.push_front({std::move(session), now_ms()});
  s.entries[user] = s.order.begin();
  if (s.order.size() > limit_) {
    s.entries.erase(s.order.back().session->id);
    s.order.pop_back();
  }
}

void CacheManager::invalidate_user(const Uuid& user) {
  Shard& s = shard(user);
  const std::lock_guard lock(s.mutex);
  ++s.epoch;
  if (const auto found = s.entries.find(user); found != s.entries.end()) {
    s.order.erase(found->second);
    s.entries.erase(found);
  }
}

}  // namespace footlight::origin
