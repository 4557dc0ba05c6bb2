// What a matching answer is worth: the questions' weights, learned from impressions.
//
// core/match/match.h adds, for each question q, weight_q * share_q(v, i): the share of a visitor's answers that an item
// has. On day 0 weight_q is the owner's guess (site.json). With impressions it is fitted:
//
//     log-odds of clicked = base + item_i + a log2(1 + position) + sum over q of (b_q [q is answered] + e_q share_q)
//
// and weight_q = e_q / w_match, so that the whole counts as much as before: w_match is the day-0 weight of a match in
// log-odds. b_q, item_i and a are nuisances: who answers clicks more, and what is popular and stands high is clicked
// more, whatever it matches.
//
// Maximum a posteriori, each e_q at least 0 and with a Gaussian prior around the owner's guess (sd kGuessSd of it, and
// at least kLeastSd): without data the guess stands, with little it moves little. Newton's method; the many item_i are
// eliminated from each step (Schur complement), so that a step costs O(N Q^2 + I Q^2).
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/snapshot/reader.h"
#include "origin/learn/past.h"

namespace footlight::learn {

inline constexpr double kGuessSd = 0.5;
inline constexpr double kLeastSd = 0.3;                 // log-odds
inline constexpr double kMaxQuestionWeight = 3.9;       // what core's fold holds
inline constexpr std::size_t kMostMatchRows = 400'000;  // evenly spread: more tell no more about so few numbers

// Of every impression, N: how each question matched; Q questions.
struct MatchShares {
  std::size_t questions = 0;
  std::vector<float> shares;            // [N, Q]: 0 to 1; up to the number of answers where each counts
  std::vector<std::uint64_t> answered;  // [N]: bit q: something is known of the visitor's answer

  [[nodiscard]] std::span<const float> of(std::size_t row) const noexcept {
    return std::span(shares).subspan(row * questions, questions);
  }
};

// `unit`: a snapshot in which every question has the weight 1. An item that it does not have matches nothing. Throws
// Cancelled.
[[nodiscard]] MatchShares match_shares(const Past& past, const snapshot::SnapshotView& unit,
                                       const StageProgress& progress, const std::atomic<bool>& cancel);

struct MatchCase {
  std::uint32_t row = 0;   // of the shares
  std::uint32_t item = 0;  // any number below `items`
  std::uint8_t position = kPositionUnknown;
  bool clicked = false;
};

// e_q, [Q], each at least 0. `guess`: what e_q is before any data, [Q], at least 0. Deterministic.
[[nodiscard]] std::vector<double> fit_question_log_odds(const MatchShares& shares, std::span<const MatchCase> cases,
                                                        std::size_t items, std::span<const double> guess,
                                                        const std::atomic<bool>& cancel);

}  // namespace footlight::learn
