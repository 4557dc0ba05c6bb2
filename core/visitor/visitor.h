// What Footlight knows about one visitor, unpacked: fixed size, no pointers, copyable with memcpy.
//
// The compact form that travels (cookie, profile row, SDK storage) is core/visitor/record.h. Everything here names
// options, items and experiments by stable id, never by index, because a visitor outlives a snapshot.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/snapshot/reader.h"
#include "core/status.h"

namespace footlight {

inline constexpr std::uint32_t kMaxAnswers = 128;
inline constexpr std::uint32_t kMaxHistory = 64;
inline constexpr std::uint32_t kMaxSticky = 32;

// SPEC.md's actions, weakest first. Numbers are permanent (visitor records hold them).
enum class Action : std::uint8_t { kView = 0, kClick = 1, kEngage = 2, kConvert = 3 };
enum class Feedback : std::uint8_t { kNone = 0, kPositive = 1, kNegative = 2, kNeutral = 3 };
enum class Choice : std::uint8_t { kUnset = 0, kGranted = 1, kDenied = 2 };

struct HistoryEntry {  // one item; the strongest action and the latest feedback
  std::uint32_t item_id = 0;
  std::uint16_t day = 0;  // days since 1970-01-01 of the latest interaction
  Action action = Action::kView;
  Feedback feedback = Feedback::kNone;
};

struct StickyAssignment {
  std::uint32_t experiment_id = 0;
  std::uint16_t variant = 0;
  std::uint16_t bucket_version = 0;
};

struct Visitor {
  std::uint64_t unit_id = 0;  // random; 0: none, so no experiment and no exploration
  Choice personalization = Choice::kUnset;
  Choice measurement = Choice::kUnset;
  bool opted_out = false;
  std::uint8_t reserved = 0;
  std::uint16_t segment_id = 0;         // used while the answers do not decide (segment_of); 0: everyone
  std::uint16_t engagement_points = 0;  // saturating; see engagement.h
  std::uint32_t answer_count = 0;
  std::uint16_t answers[kMaxAnswers] = {};  // option ids, ascending, unique
  std::uint16_t texts_given = 0;            // bit b: the b-th question without options has an answer (kept elsewhere)
  std::uint16_t reserved2 = 0;
  std::uint32_t sticky_count = 0;
  StickyAssignment sticky[kMaxSticky] = {};
  std::uint32_t history_count = 0;
  HistoryEntry history[kMaxHistory] = {};  // latest first
};

// Replaces the visitor's answers to one question. `values` are labels or keys; for a text question any non-empty value
// only marks it as given. An empty list clears the answer. kUnknownQuestion, kUnknownOption, kTooLarge: nothing
// changed.
[[nodiscard]] Status answer(Visitor& visitor, const snapshot::SnapshotView& snapshot, std::string_view question,
                            std::span<const std::string_view> values) noexcept;

struct Interaction {
  std::uint32_t item_id = 0;
  Action action = Action::kView;
  Feedback feedback = Feedback::kNone;
  std::uint32_t duration_ms = 0;
  std::uint16_t day = 0;
};

// Takes one interaction into history and engagement points: one entry an item, moved to the front, with the strongest
// action and the latest feedback; a plain view of an item already there changes nothing in it. When the history is full
// the oldest plain view goes, else the oldest entry. Returns the points it was worth (engagement.h); the visitor's own
// stop at 65535. Idempotence is the caller's (event ids).
std::uint32_t interact(Visitor& visitor, const Interaction& interaction) noexcept;

// Index of the visitor's segment in this snapshot: the first whose conditions all hold; else that of segment_id, when
// it is known here and no answer contradicts it (an answered question of its conditions holds); else 0, everyone.
[[nodiscard]] std::uint32_t segment_of(const Visitor& visitor, const snapshot::SnapshotView& snapshot) noexcept;
// The same, from masks that answer_masks() has filled.
[[nodiscard]] std::uint32_t segment_of(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                                       std::span<const std::uint64_t> masks) noexcept;

// The visitor's answers to each question as a mask of option positions; `masks` has room for every question.
void answer_masks(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                  std::span<std::uint64_t> masks) noexcept;

// Fills the questions that are open in `masks` with what the segment's conditions say of its members: who is known by
// segment_id alone is matched as one who gave one of the options named.
void imply_answers(const snapshot::SnapshotView& snapshot, std::uint32_t segment,
                   std::span<std::uint64_t> masks) noexcept;

}  // namespace footlight
