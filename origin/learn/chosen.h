// What "chosen" means, in one place: for training and for evaluation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/visitor/visitor.h"
#include "origin/store/store.h"

namespace footlight::learn {

// One entry an item as a visitor record would hold it, in order of first contact: the strongest action, the latest
// feedback.
[[nodiscard]] std::vector<HistoryEntry> fold_events(std::span<const origin::HistoryEvent> events);

// interaction_strength() of core is above 0: a click, an engagement, a conversion or a positive word, and no negative
// one.
[[nodiscard]] bool is_chosen(const HistoryEntry& entry) noexcept;

}  // namespace footlight::learn
