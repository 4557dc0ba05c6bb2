// All of the past that the models are learned from, read once and kept compactly (32 bytes an impression, 24 an event).
//
//     const Past past = read_past(store, {}, progress, cancel);
//     replay(past, v, [&](std::uint32_t i, const Visitor& then) { … past.impressions[i] … });
//
// An *impression* is one cluster: (visitor, item, day of UTC). decide() shows a visitor the same page for a whole day,
// so what is shown again that day is one trial and not two; the cluster holds the first time it was shown, the best
// position it had, and what became of it:
//
//   shown       an exposure report; or, where the day has none for the item, a view, or anything that names a slot.
//               What was merely clicked was shown somewhere nobody recorded: it is no impression, else a log of clicks
//               alone would say that everything is clicked. (For the item-item model it is a choice all the same.)
//   clicked     chosen at all: a click, an engagement, a conversion or a positive word (chosen.h), that day
//   engaged     an engagement, or a stay of at least kEngagedMs, or a positive word, or a conversion
//   converted   a conversion within kConversionDays of the impression: the latest impression before it has it, also
//               when the visitor came back by another way
//   disliked    a negative word. It takes clicked, engaged and converted back, as interaction_strength() of core does.
//
// Labels are nested: converted implies engaged, engaged implies clicked. A view of 10 s is a view: only what was chosen
// can be stayed with.
//
// Position and exposure. An item that was never shown is no negative example. What stood lower was seen less; so
// position and propensity stay with the impression, and whoever fits to impressions accounts for position
// (engagement.h, stack.h) rather than learn that last cards are bad ones.
//
// The visitor at that time is what core would have seen: replay() rebuilds it event by event through core's interact().
// Answers are those of the profile's record today; there is no history of answers, and few people change theirs.
//
// Who is left out: profiles that have opted out or denied measurement since. Of a visitor's past the latest
// kMaxPerVisitor impressions and events count: a crawler says nothing about taste.
//
// Time split: impressions from `held_out_from_ms` on are for choosing and checking (early stopping, weights,
// calibration, the gate), those before for fitting. 0: there is too little to set any aside, and all is for fitting.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/visitor/visitor.h"
#include "origin/learn/engagement.h"
#include "origin/store/store.h"

namespace footlight::learn {

inline constexpr std::uint32_t kEngagedMs = 10'000;
inline constexpr std::int64_t kConversionDays = 7;
inline constexpr std::size_t kMaxPerVisitor = 2'048;
inline constexpr std::int64_t kDayMs = 86'400'000;

struct PastEvent {
  std::uint32_t item = 0;  // index into Past::item_ids
  std::uint32_t duration_ms = 0;
  std::int64_t at_ms = 0;
  Action action = Action::kView;
  Feedback feedback = Feedback::kNone;
};

// Beside kClicked, kEngaged and kConverted of engagement.h.
inline constexpr std::uint8_t kDisliked = 8;

struct PastImpression {
  std::uint32_t visitor = 0;                 // index
  std::uint32_t item = 0;                    // index into Past::item_ids
  std::int64_t at_ms = 0;                    // shown first
  float propensity = -1;                     // of the first exposure that says one; -1: not known
  std::uint16_t context = 0;                 // packed Surroundings; 0: not known
  std::uint16_t slot = 0;                    // index into Past::slots; 0: not known
  std::uint8_t position = kPositionUnknown;  // the best, from 0; 254 and more is 254
  std::uint8_t outcome = 0;                  // kClicked | …
  bool exposed = false;                      // an exposure report stands behind it
};

struct PastVisitor {
  std::int64_t profile = 0;  // 0: none
  std::uint16_t segment_id = 0;
  std::uint16_t answers = 0;  // how many, from first_answer on
  std::uint32_t first_answer = 0;
  std::uint32_t first_event = 0;
  std::uint32_t first_impression = 0;
};

struct Past {
  std::vector<std::uint32_t> item_ids;      // stable ids, in order of first sight
  std::vector<std::string> slots = {""};    // names
  std::vector<PastVisitor> visitors;        // and one more, whose `first_…` are the ends
  std::vector<std::uint16_t> answers;       // option ids, ascending within a visitor
  std::vector<PastEvent> events;            // of each visitor by time
  std::vector<PastImpression> impressions;  // of each visitor by time, then item
  std::int64_t held_out_from_ms = 0;        // 0: nothing is held out

  [[nodiscard]] std::size_t visitor_count() const noexcept { return visitors.empty() ? 0 : visitors.size() - 1; }
  [[nodiscard]] std::span<const std::uint16_t> answers_of(std::size_t visitor) const noexcept;
  [[nodiscard]] std::span<const PastEvent> events_of(std::size_t visitor) const noexcept;
  [[nodiscard]] std::span<const PastImpression> impressions_of(std::size_t visitor) const noexcept;
  [[nodiscard]] bool is_held_out(std::int64_t at_ms) const noexcept {
    return held_out_from_ms != 0 && at_ms >= held_out_from_ms;
  }
};

struct HoldOut {
  double share = 0.1;             // of the impressions, the latest
  std::uint64_t most = 50'000;    // more would not make a weight or a calibration better, but the models older
  std::uint64_t least = 200;      // fewer say nothing
  std::uint64_t least_each = 20;  // clicked, and not clicked
};

// One visitor's impressions, by time and then item; `item` and `visitor` as `history` has them. For read_past and
// tests.
[[nodiscard]] std::vector<PastImpression> impressions_of(std::span<const PastEvent> events,
                                                         std::span<const PastImpression> exposures);

// Told (stage, share); share is negative: not known beforehand.
using StageProgress = std::function<void(std::string_view stage, double share)>;

// Throws Cancelled, or what the store throws.
[[nodiscard]] Past read_past(origin::Store& store, const HoldOut& hold_out, const StageProgress& progress,
                             const std::atomic<bool>& cancel);

// Sets held_out_from_ms by the rule of `hold_out`.
void hold_out_latest(Past& past, const HoldOut& hold_out);

// The visitor before anything happened.
[[nodiscard]] Visitor visitor_before(const Past& past, std::size_t visitor) noexcept;

// Takes one event into a visitor, as the edge or the origin did then.
void take(Visitor& visitor, const Past& past, const PastEvent& event) noexcept;

// Calls visit(index into past.impressions, the visitor just before) for each impression of a visitor, by time.
template <typename Visit>
void replay(const Past& past, std::size_t visitor, const Visit& visit) {
  Visitor then = visitor_before(past, visitor);
  const auto events = past.events_of(visitor);
  std::size_t next = 0;
  const std::uint32_t end = past.visitors[visitor + 1].first_impression;
  for (std::uint32_t i = past.visitors[visitor].first_impression; i < end; ++i) {
    while (next < events.size() && events[next].at_ms < past.impressions[i].at_ms) take(then, past, events[next++]);
    visit(i, static_cast<const Visitor&>(then));
  }
}

[[nodiscard]] inline std::uint16_t day_of(std::int64_t ms) noexcept {
  const std::int64_t day = ms / kDayMs;
  return static_cast<std::uint16_t>(day < 0 ? 0 : (day > 65535 ? 65535 : day));
}

}  // namespace footlight::learn
