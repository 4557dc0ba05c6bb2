// The store's log of what was shown, slate by slate, with what the visitor was like then and chose afterwards.
//
// A **slate** is what one visitor saw in one slot of one snapshot version on one day (UTC): a page is stable for a day
// unless the visitor does something new, and then a position that holds another item than before begins a new slate.
// The same item in the same position again is the same draw and counts once. A card counts as shown when an exposure
// names slot and position, or a view or stronger of the visitor does (web/elements/watch.ts sends those: a card that
// was never in view was not seen by anybody).
//
// A card's **reward** is 1 when the visitor clicked, engaged with or converted on that item after it was shown and on
// the same day, and gave it no negative word; else 0.
//
// The visitor **as then**: the profile's answers of today (when they were given is not kept), and the interactions
// before the slate's first card. The unit id is not in the log; a replay draws as for anybody with one.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/model/engagement.h"
#include "core/visitor/visitor.h"
#include "origin/store/store.h"

namespace footlight::learn {

struct LoggedCard {
  std::uint32_t position = 0;  // of the slot, from 0
  std::uint32_t item_id = 0;
  double propensity = 0;  // 0: none was reported
  double reward = 0;
};

struct LoggedSlate {
  std::uint64_t visitor = 0;  // number in the store: rounds of one visitor are one cluster
  std::string slot;           // name
  std::uint64_t snapshot_version = 0;
  std::int64_t shown_at_ms = 0;   // the first card
  std::vector<LoggedCard> cards;  // by position, unique; positions may be missing
  Visitor as_then;
  Surroundings surroundings;  // of the first card, as far as they were reported
};

// In order of visitor, then of time. Memory: one visitor's past, and the records of all profiles (at most 768 bytes
// each). Exposures before `from_ms` are left out, the past is not. Throws Cancelled, or what the store throws.
void for_each_logged_slate(origin::Store& store, std::int64_t from_ms,
                           const std::function<void(const LoggedSlate&)>& visit, const std::atomic<bool>& cancel);

// A visitor's latest choice of those at or after `from_ms`, and the visitor just before it. `choice` is an item that
// was not chosen before.
struct HeldOutChoice {
  std::uint64_t visitor = 0;
  std::uint32_t choice = 0;  // item id
  std::int64_t at_ms = 0;
  Visitor as_then;
  Surroundings surroundings;
};
void for_each_held_out_choice(origin::Store& store, std::int64_t from_ms,
                              const std::function<void(const HeldOutChoice&)>& visit, const std::atomic<bool>& cancel);

}  // namespace footlight::learn
