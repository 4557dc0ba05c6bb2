#include "origin/cache/page_cache.h"

#include <algorithm>

namespace footlight::origin {

ActiveWindows::ActiveWindows(const snapshot::SnapshotView& snapshot) : version(snapshot.version()) {
  for (const auto& item : snapshot.items()) {
    if (item.active_from_s != 0) moments.push_back(item.active_from_s);
    if (item.active_until_s != snapshot::kNone) moments.push_back(item.active_until_s);
  }
  std::sort(moments.begin(), moments.end());
}

std::uint32_t ActiveWindows::at(std::uint32_t now_s) const {
  return static_cast<std::uint32_t>(std::upper_bound(moments.begin(), moments.end(), now_s) - moments.begin());
}

PageCache::PageCache(std::size_t pages) : limit_(std::max<std::size_t>(1, pages / kShards)) {}

std::shared_ptr<const std::string> PageCache::get(const std::shared_ptr<const Session>& session, const PageKey& key) {
  Shard& s = shard(*session);
  const std::lock_guard lock(s.mutex);
  const auto found = s.by_profile.find(session->profile);
  if (found == s.by_profile.end()) return nullptr;
  const Entry& entry = *found->second;
  if (entry.session != session || entry.key != key) return nullptr;
  s.order.splice(s.order.begin(), s.order, found->second);
  hits_.fetch_add(1, std::memory_order_relaxed);
  return entry.page;
}

void PageCache::put(std::shared_ptr<const Session> session, const PageKey& key,
                    std::shared_ptr<const std::string> page) {
  Shard& s = shard(*session);
  const std::lock_guard lock(s.mutex);
  const std::int64_t profile = session->profile;
  if (const auto found = s.by_profile.find(profile); found != s.by_profile.end()) s.order.erase(found->second);
  s.order.push_front({std::move(session), key, std::move(page)});
  s.by_profile[profile] = s.order.begin();
  if (s.order.size() > limit_) {
    s.by_profile.erase(s.order.back().session->profile);
    s.order.pop_back();
  }
}

void PageCache::forget(const Uuid& user) {
  for (Shard& s : shards_) {
    const std::lock_guard lock(s.mutex);
    for (auto entry = s.order.begin(); entry != s.order.end();) {
      if (entry->session->id != user) {
        ++entry;
        continue;
      }
      s.by_profile.erase(entry->session->profile);
      entry = s.order.erase(entry);
    }
  }
}

}  // namespace footlight::origin
