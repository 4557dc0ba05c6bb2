#include "origin/learn/chosen.h"

#include <algorithm>
#include <unordered_map>

#include "core/model/item_item.h"

namespace footlight::learn {

std::vector<HistoryEntry> fold_events(std::span<const origin::HistoryEvent> events) {
  std::vector<HistoryEntry> entries;
  std::unordered_map<std::uint32_t, std::size_t> at;
  for (const origin::HistoryEvent& event : events) {
    const auto [found, fresh] = at.try_emplace(event.item_id, entries.size());
    if (fresh) entries.push_back({.item_id = event.item_id});
    HistoryEntry& entry = entries[found->second];
    entry.day = static_cast<std::uint16_t>(std::clamp<std::int64_t>(event.occurred_at_ms / 86400000, 0, 65535));
    entry.action = std::max(entry.action, event.action);
    if (event.feedback != Feedback::kNone) entry.feedback = event.feedback;
  }
  return entries;
}

bool is_chosen(const HistoryEntry& entry) noexcept { return interaction_strength(entry) > 0; }

}  // namespace footlight::learn
