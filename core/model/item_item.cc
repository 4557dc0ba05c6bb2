#include "core/model/item_item.h"

#include <algorithm>

#include "core/numeric/elementary.h"

namespace footlight {
namespace {

constexpr double kLn2 = 0.69314718055994530942;

}  // namespace

double interaction_strength(const HistoryEntry& entry) noexcept {
  if (entry.feedback == Feedback::kNegative) return -1.0;
  if (entry.feedback == Feedback::kPositive) return 1.5;
  return entry.action == Action::kView ? 0.0 : 1.0;
}

double interaction_weight(const HistoryEntry& entry, std::uint16_t today, float half_life_days) noexcept {
  const double strength = interaction_strength(entry);
  if (half_life_days <= 0.0F || today <= entry.day) return strength;
  const auto age = static_cast<double>(today - entry.day);
  return strength * exp_exact(-kLn2 * age / static_cast<double>(half_life_days));
}

RecentItems recent_items(const Visitor& visitor, const snapshot::SnapshotView& snapshot, std::uint16_t today) noexcept {
  RecentItems recent;
  double chosen = 0;
  for (std::uint32_t h = 0; h < visitor.history_count; ++h) {
    const double weight = interaction_weight(visitor.history[h], today, snapshot.weights().half_life_days);
    chosen += std::max(weight, 0.0);
    const std::uint32_t item = snapshot.find_item(visitor.history[h].item_id);
    if (weight == 0.0 || item == snapshot::kNone) continue;
    recent.items[recent.count] = item;
    recent.weights[recent.count++] = weight;
  }
  const auto exponent = static_cast<double>(snapshot.weights().history_exponent);
  if (exponent > 0.0 && chosen > 1.0) recent.damping = exp_exact(-exponent * log_exact(chosen));
  return recent;
}

void add_item_item(const RecentItems& recent, const snapshot::SnapshotView& snapshot, double factor,
                   std::span<double> scores) noexcept {
  const double damped = factor * recent.damping;
  for (std::uint32_t h = 0; h < recent.count; ++h) {
    const auto row = snapshot.neighbours(recent.items[h]);
    const double unit = damped * recent.weights[h] * static_cast<double>(row.scale);
    for (std::size_t n = 0; n < row.items.size(); ++n) scores[row.items[n]] += unit * row.weights[n];
  }
}

Contribution strongest_history(const RecentItems& recent, const snapshot::SnapshotView& snapshot,
                               std::uint32_t item) noexcept {
  Contribution best;
  for (std::uint32_t h = 0; h < recent.count; ++h) {
    const auto row = snapshot.neighbours(recent.items[h]);
    const auto at = std::lower_bound(row.items.begin(), row.items.end(), item);
    if (at == row.items.end() || *at != item) continue;
    const double value = recent.damping * recent.weights[h] * static_cast<double>(row.scale) *
                         row.weights[static_cast<std::size_t>(at - row.items.begin())];
    best.total += value;
    if (value > best.value) {
      best.value = value;
      best.item = recent.items[h];
    }
  }
  return best;
}

}  // namespace footlight
