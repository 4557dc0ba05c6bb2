// Apprentice mode: what would have been gained, before anything is shown?
//
// While a site is in apprentice mode the engine decides and logs what it would have shown (action "would_show"), and
// the page keeps its own content. What visitors then choose by themselves says how well the engine would have guessed:
//
//   case        a visitor's choice (click, engage or convert, and no negative word) of an item that the visitor had not
//               chosen before, on the same day (UTC) as and after a would-be slate of a slot that shows such items; the
//               slate is what stood in each position latest before the choice. A choice is one case for each such slot
//   hit         the chosen item was in the would-be slate
//   popular     it was in a slate of the same size of what most visitors had chosen before that day, among content
//               of the types that the slot shows and that the visitor had not chosen yet: what any site can have
//               without a model. Ties end at the lower item id
//
// Intervals are over visitors (off_policy.h); the difference is paired. The page's own content draws the eye to what it
// shows, whoever would have guessed it: both rates are lower bounds of what the slates would have earned on the page.
#pragma once

#include <atomic>
#include <cstdint>

#include "origin/learn/off_policy.h"
#include "origin/store/store.h"

namespace footlight::learn {

struct ApprenticeReport {
  std::uint64_t slates = 0;  // visitor, slot and day with something logged
  std::uint64_t cases = 0;
  std::uint64_t visitors = 0;  // with a case
  Interval would_show;         // share of the cases that the would-be slate held
  Interval popular;
  Interval gain;  // the first less the second
};

// Throws Cancelled, or what the store throws. Memory: every choice of every visitor, 24 bytes each.
[[nodiscard]] ApprenticeReport evaluate_apprentice(origin::Store& store, const std::atomic<bool>& cancel);

}  // namespace footlight::learn
