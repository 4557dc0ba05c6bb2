// Off-policy estimates: what would another policy have earned on the rounds that a logging policy played?
//
//     std::vector<Round> rounds = …;                       // one a logged (visitor, position)
//     const OffPolicy report = estimate(rounds);
//     report.dr.value, report.dr.low, report.dr.high       // mean reward a round, 95 % interval
//     for (const Warning& warning : report.warnings) …     // what this log cannot say
//
// Letters, of round i = 1 … n (rounds whose propensity is not known are left out and counted):
//
//     r_i   reward, usually 1 or 0: the visitor chose the item
//     mu_i  probability with which the logging policy put the logged item into this position, given the cards above
//     pi_i  probability with which the target policy would have, given the same cards above
//     w_i   pi_i / mu_i, the importance weight
//     q_i   what a reward model says of the logged item
//     m_i   sum over items a of pi(a) q(a): what the model says of the target's choice
//
//                                                              term of round i in the influence function (centred)
//     IPS        mean of w r                                                        w r
//     SNIPS      sum of w r / sum of w                                              w (r - SNIPS) / mean of w
//     DM         mean of m                                                          m + w (r - q)
//     DR         mean of m + w (r - q)                                              m + w (r - q)
//     switch-DR  mean of m + [w <= tau] w (r - q)                                   m + [w <= tau] w (r - q)
//
//   IPS and SNIPS: Swaminathan & Joachims, "The Self-Normalized Estimator for Counterfactual Learning", NIPS 2015.
//   DM and DR: Dudik, Langford, Li, "Doubly Robust Policy Evaluation and Learning", ICML 2011 (arXiv:1103.4601).
//   switch-DR: Wang, Agarwal, Dudik, "Optimal and Adaptive Off-policy Evaluation in Contextual Bandits", ICML 2017.
//   All of them side by side: Saito et al., "Open Bandit Dataset and Pipeline", NeurIPS 2021 (arXiv:2008.07146).
//
// Each position of a slate is one round: the estimate is of the mean reward of a position whose cards above are those
// of the log. It does not say what the target's own cards above would change.
//
// **Intervals.** With S_c the sum of the centred terms of cluster c, C clusters: standard error =
// sqrt(C / (C - 1) * sum of S_c^2) / n, interval = value -+ t * standard error, t the quantile of Student's
// distribution with C - 1 degrees of freedom. SNIPS is a ratio: its term is the delta method's. DM's interval takes
// DR's terms: the terms m alone would make it the narrower the cruder the model, while a model of rates that was fitted
// to this very log has, to first order, DR's influence function. What a wrong model adds to DM as bias no interval
// tells. Intervals are not cut to the range of the reward. Coverage at few rewards is checked by
// tests/unit/origin/learn_off_policy_test.cc.
//
// **tau** minimises an estimate of the mean squared error (Wang et al., section 4.1):
//
//     V(tau) + B(tau)^2,  V = sum over rounds of (centred term of switch-DR at tau)^2 / n^2,
//                         B = R * mass of the target on weights above tau,  R = largest |reward| of the rounds
//
// over the candidates: 0, and the weights of rank ceil(k n / 20) in ascending order, k = 1 … 20; the last one, the
// largest weight, is plain DR. Of equal ones the largest counts. The mass takes the weights of the items that were
// *not* logged as well, so a caller that knows both policies gives it (OffPolicyOptions::mass). Without it, the mean of
// [w > tau] w stands for it, which has the mass as its expectation and is so rough that it nearly always keeps DR.
//
// Everything is summed in the order of the rounds. Cost: O(n log n). Thread-safe, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace footlight::learn {

struct Round {
  std::uint64_t cluster = 0;  // any number; rounds with the same one are not independent (one visitor's, one day's)
  double reward = 0;
  double propensity = 0;          // mu, in (0, 1]; anything else, NaN too: not known
  double target = 0;              // pi, 0 to 1
  double model = 0;               // q
  double model_under_target = 0;  // m
};

struct Interval {
  double value = 0;
  double low = 0;
  double high = 0;
  double standard_error = 0;
  double degrees = 0;  // of freedom, clusters - 1; 0: fewer than two clusters, and low = high = value says nothing
};

// The same estimate with another confidence (0 to 1, both sides together).
[[nodiscard]] Interval with_confidence(const Interval& estimate, double confidence);
// Probability, under "the true value is at least 0", of an estimate as low as this one: 0.5 at value 0. 1 when there is
// nothing to tell by (fewer than two clusters; no spread and a value of at least 0).
[[nodiscard]] double p_of_at_least_zero(const Interval& estimate);

enum class Caution : std::uint8_t {
  kNothing,            // no round has a known propensity
  kNoExploration,      // no round was drawn: every propensity is 1
  kGreedyRounds,       // a share of the rounds has propensity 1: they say nothing about what was not shown
  kUnknownPropensity,  // a share of the rounds was left out
  kSupport,            // the target puts mass where the log has none
  kEffectiveSize,      // few rounds' worth of information is left
  kFewCarry,           // a handful of rounds carries the estimate
  kFewRewards,         // too few rewards for a normal interval
  kFewClusters,        // too few independent units for one
};
[[nodiscard]] std::string_view caution_name(Caution caution) noexcept;  // "no_exploration"

// When a caution is said.
inline constexpr double kGreedyShare = 0.1;       // of the rounds, above
inline constexpr double kUnknownShare = 0.05;     // of all rounds, above
inline constexpr double kUnsupportedMass = 0.02;  // of the target, above; see OffPolicy::unsupported
inline constexpr double kEffectiveSize = 100;     // effective sample size, below
inline constexpr double kEffectiveShare = 0.01;   // of the rounds, below
inline constexpr std::size_t kFew = 5;            // the rounds with the largest w |r| …
inline constexpr double kFewCarryShare = 0.5;     // … hold more than this of the sum of w |r|
inline constexpr std::uint64_t kFewRewards = 10;  // rounds with w |r| above 0, fewer
inline constexpr std::uint64_t kFewClusters = 30;

struct Warning {
  Caution caution;
  std::string text;  // a sentence with the number that led to it
};

struct OffPolicy {
  Interval logged;  // mean reward of the log itself, over the rounds used
  Interval ips;
  Interval snips;
  Interval dm;
  Interval dr;
  Interval switch_dr;
  double tau = 0;

  std::uint64_t rounds = 0;  // used
  std::uint64_t left_out = 0;
  std::uint64_t clusters = 0;
  std::uint64_t rewarded = 0;        // rounds used with a reward other than 0 and a weight above 0
  double effective_sample_size = 0;  // (sum of w)^2 / sum of w^2
  double unknown_share = 0;          // of all rounds: left out
  double greedy_share = 0;           // of the rounds used: propensity 1
  double largest_weight = 0;
  double mean_weight = 0;  // 1 in expectation where the log supports the target
  // Share of the target's mass on what the log never draws: as the caller knows it, else 1 - mean weight where that is
  // more than three standard errors above 0, else 0.
  double unsupported = 0;
  std::vector<Warning> warnings;  // in the order of Caution
};

// A part of the target's probability, averaged over the rounds, and the weight that an item there has or would have
// had; infinite where the log never draws it. All masses sum to 1.
struct TargetMass {
  double weight = 0;
  double mass = 0;
};

struct OffPolicyOptions {
  double confidence = 0.95;
  // Share of the target's mass on items without any propensity, where the whole target is at hand (0 to 1).
  std::optional<double> unsupported = {};
  // For tau; see above. Empty: estimated from the log.
  std::span<const TargetMass> mass = {};
  std::span<const TargetMass> baseline_mass = {};  // of estimate_difference()
};

// Throws std::invalid_argument naming the round when a number is not finite, a target is outside 0 to 1, or the
// confidence is not between 0 and 1.
[[nodiscard]] OffPolicy estimate(std::span<const Round> rounds, const OffPolicyOptions& options = {});

// The same estimates of `candidate` - `baseline`: two targets on the same rounds (same cluster, reward, propensity and
// q, one by one), so that what they have in common cancels. tau is each one's own; `logged`, weights and cautions are
// the candidate's. Throws std::invalid_argument also when the rounds are not the same.
[[nodiscard]] OffPolicy estimate_difference(std::span<const Round> candidate, std::span<const Round> baseline,
                                            const OffPolicyOptions& options = {});

}  // namespace footlight::learn
