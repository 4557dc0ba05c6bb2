#include "origin/learn/off_policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <unordered_map>

#include <boost/math/distributions/students_t.hpp>
#include <fmt/format.h>

namespace footlight::learn {
namespace {

constexpr std::size_t kCandidates = 20;  // ranks of the weights that tau is chosen from

// An estimate before it has an interval: its value, and each round's term of the influence function, centred.
struct Influence {
  double value = 0;
  std::vector<double> terms;
};

// The rounds used, their weights, and which cluster each is in (0, 1, … in order of first appearance).
struct Used {
  std::vector<Round> rounds;
  std::vector<double> weights;
  std::vector<std::size_t> clusters;
  std::size_t cluster_count = 0;
  std::uint64_t left_out = 0;
};

bool is_known(double propensity) { return propensity > 0 && propensity <= 1; }

void check(std::span<const Round> rounds, const OffPolicyOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw std::invalid_argument(fmt::format("confidence {} is not between 0 and 1", options.confidence));
  }
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    const Round& round = rounds[i];
    const char* wrong = nullptr;
    if (!std::isfinite(round.reward)) wrong = "reward";
    if (!std::isfinite(round.model) || !std::isfinite(round.model_under_target)) wrong = "model";
    if (!(round.target >= 0 && round.target <= 1)) wrong = "target probability";
    if (wrong != nullptr) throw std::invalid_argument(fmt::format("round {}: the {} is not one", i, wrong));
  }
}

Used usable(std::span<const Round> rounds) {
  Used used;
  std::unordered_map<std::uint64_t, std::size_t> index;
  for (const Round& round : rounds) {
    if (!is_known(round.propensity)) {
      ++used.left_out;
      continue;
    }
    used.rounds.push_back(round);
    used.weights.push_back(round.target / round.propensity);
    used.clusters.push_back(index.try_emplace(round.cluster, index.size()).first->second);
  }
  used.cluster_count = index.size();
  return used;
}

double mean(std::span<const double> values) {
  return values.empty() ? 0.0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

template <typename Term>
std::vector<double> terms_of(const Used& used, Term term) {
  std::vector<double> terms(used.rounds.size());
  for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = term(used.rounds[i], used.weights[i]);
  return terms;
}

void center(std::vector<double>& terms, double value) {
  for (double& term : terms) term -= value;
}

Influence mean_of(std::vector<double> terms) {
  const double value = mean(terms);
  center(terms, value);
  return {value, std::move(terms)};
}

Influence snips(const Used& used) {
  const double weight = mean(used.weights);
  if (weight <= 0) return {0, std::vector<double>(used.rounds.size(), 0.0)};
  const double value = mean(terms_of(used, [](const Round& round, double w) { return w * round.reward; })) / weight;
  return {value, terms_of(used, [&](const Round& round, double w) { return w * (round.reward - value) / weight; })};
}

Influence switch_dr(const Used& used, double tau) {
  return mean_of(terms_of(used, [tau](const Round& round, double w) {
    return round.model_under_target + (w <= tau ? w * (round.reward - round.model) : 0.0);
  }));
}

Influence direct(const Used& used) {
  Influence made;
  made.value = mean(terms_of(used, [](const Round& round, double) { return round.model_under_target; }));
  made.terms = switch_dr(used, std::numeric_limits<double>::infinity()).terms;
  return made;
}

double choose_tau(const Used& used, std::span<const TargetMass> mass) {
  const std::size_t n = used.rounds.size();
  std::vector<double> sorted = used.weights;
  std::sort(sorted.begin(), sorted.end());
  double largest_reward = 0;
  for (const Round& round : used.rounds) largest_reward = std::max(largest_reward, std::abs(round.reward));
  double best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k <= kCandidates; ++k) {
    const double tau = k == 0 ? 0.0 : sorted[(k * n + kCandidates - 1) / kCandidates - 1];
    double variance = 0;
    for (const double term : switch_dr(used, tau).terms) variance += term * term;
    variance /= static_cast<double>(n) * static_cast<double>(n);
    double switched = 0;
    for (const TargetMass& part : mass) switched += part.weight > tau ? part.mass : 0.0;
    if (mass.empty()) {
      for (const double w : used.weights) switched += w > tau ? w : 0.0;
      switched /= static_cast<double>(n);
    }
    const double bias = largest_reward * switched;
    const double error = variance + bias * bias;
    if (error <= least) {
      least = error;
      best = tau;
    }
  }
  return best;
}

double quantile(double degrees, double confidence) {
  return boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), (1 - confidence) / 2));
}

Interval interval(const Used& used, const Influence& influence, double confidence) {
  Interval made{.value = influence.value, .low = influence.value, .high = influence.value};
  if (used.cluster_count < 2) return made;
  std::vector<double> sums(used.cluster_count, 0.0);
  for (std::size_t i = 0; i < influence.terms.size(); ++i) sums[used.clusters[i]] += influence.terms[i];
  double squares = 0;
  for (const double sum : sums) squares += sum * sum;
  const auto clusters = static_cast<double>(used.cluster_count);
  made.standard_error = std::sqrt(clusters / (clusters - 1) * squares) / static_cast<double>(used.rounds.size());
  made.degrees = clusters - 1;
  return with_confidence(made, confidence);
}

Influence minus(Influence a, const Influence& b) {
  a.value -= b.value;
  for (std::size_t i = 0; i < a.terms.size(); ++i) a.terms[i] -= b.terms[i];
  return a;
}

// What the weights alone say.
void describe(const Used& used, const OffPolicyOptions& options, OffPolicy& report) {
  double sum = 0;
  double squares = 0;
  double greedy = 0;
  for (std::size_t i = 0; i < used.weights.size(); ++i) {
    const double w = used.weights[i];
    sum += w;
    squares += w * w;
    report.largest_weight = std::max(report.largest_weight, w);
    greedy += used.rounds[i].propensity >= 1 ? 1 : 0;
    report.rewarded += w > 0 && used.rounds[i].reward != 0 ? 1 : 0;
  }
  const auto n = static_cast<double>(used.rounds.size());
  report.rounds = used.rounds.size();
  report.left_out = used.left_out;
  report.clusters = used.cluster_count;
  report.unknown_share = static_cast<double>(used.left_out) / std::max(1.0, n + static_cast<double>(used.left_out));
  if (used.rounds.empty()) return;
  report.effective_sample_size = squares > 0 ? sum * sum / squares : 0;
  report.greedy_share = greedy / n;
  report.mean_weight = sum / n;
  if (options.unsupported) {
    report.unsupported = *options.unsupported;
  } else {
    const Interval weight = interval(used, mean_of(used.weights), options.confidence);
    if (1 - weight.value > 3 * weight.standard_error) report.unsupported = 1 - weight.value;
  }
}

double share_of_few(const Used& used) {
  std::vector<double> parts = terms_of(used, [](const Round& round, double w) { return w * std::abs(round.reward); });
  const double all = std::accumulate(parts.begin(), parts.end(), 0.0);
  if (all <= 0) return 0;
  const std::size_t few = std::min(kFew, parts.size());
  std::partial_sort(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(few), parts.end(), std::greater<>());
  return std::accumulate(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(few), 0.0) / all;
}

void warn(const Used& used, OffPolicy& report) {
  const auto add = [&](Caution caution, std::string text) { report.warnings.push_back({caution, std::move(text)}); };
  if (report.rounds == 0) {
    add(Caution::kNothing, "No round has a known propensity: nothing can be estimated from this log.");
    return;
  }
  if (report.greedy_share >= 1) {
    add(Caution::kNoExploration,
        "Nothing was explored: every propensity is 1, so the log says nothing about what was not shown.");
  } else if (report.greedy_share > kGreedyShare) {
    add(Caution::kGreedyRounds, fmt::format("{:.0f} % of the rounds were not drawn (propensity 1): they say nothing "
                                            "about what was not shown.",
                                            100 * report.greedy_share));
  }
  if (report.unknown_share > kUnknownShare) {
    add(Caution::kUnknownPropensity, fmt::format("{} rounds ({:.0f} %) have no usable propensity and were left out.",
                                                 report.left_out, 100 * report.unknown_share));
  }
  if (report.unsupported > kUnsupportedMass) {
    add(Caution::kSupport, fmt::format("{:.1f} % of what the target would show was never drawn in this log: IPS and DR "
                                       "leave it out or take the model's word for it.",
                                       100 * report.unsupported));
  }
  const double wanted = std::max(kEffectiveSize, kEffectiveShare * static_cast<double>(report.rounds));
  if (report.effective_sample_size < wanted) {
    add(Caution::kEffectiveSize,
        fmt::format("The {} rounds are worth only {:.1f} of the target's own (wanted: {:.0f}).", report.rounds,
                    report.effective_sample_size, wanted));
  }
  const double few = share_of_few(used);
  if (report.rounds > kFew && few > kFewCarryShare) {
    add(Caution::kFewCarry,
        fmt::format("{} of {} rounds carry {:.0f} % of the estimate.", kFew, report.rounds, 100 * few));
  }
  if (report.rewarded < kFewRewards) {
    add(Caution::kFewRewards,
        fmt::format("Rounds with a reward: {}. Fewer than {} make no honest interval.", report.rewarded, kFewRewards));
  }
  if (report.clusters < kFewClusters) {
    add(Caution::kFewClusters, fmt::format("Only {} independent units: fewer than {} make no honest interval.",
                                           report.clusters, kFewClusters));
  }
}

}  // namespace

Interval with_confidence(const Interval& estimate, double confidence) {
  Interval made = estimate;
  if (estimate.degrees <= 0) return made;
  const double reach = quantile(estimate.degrees, confidence) * estimate.standard_error;
  made.low = estimate.value - reach;
  made.high = estimate.value + reach;
  return made;
}

double p_of_at_least_zero(const Interval& estimate) {
  if (estimate.degrees <= 0) return 1;
  if (estimate.standard_error <= 0) return estimate.value < 0 ? 0 : 1;
  return boost::math::cdf(boost::math::students_t(estimate.degrees), estimate.value / estimate.standard_error);
}

std::string_view caution_name(Caution caution) noexcept {
  constexpr std::array<std::string_view, 9> kNames = {
      "nothing",          "no_exploration", "greedy_rounds", "unknown_propensity", "support", "effective_sample_size",
      "few_rounds_carry", "few_rewards",    "few_clusters"};
  return kNames[static_cast<std::size_t>(caution)];
}

OffPolicy estimate(std::span<const Round> rounds, const OffPolicyOptions& options) {
  check(rounds, options);
  const Used used = usable(rounds);
  OffPolicy report;
  describe(used, options, report);
  warn(used, report);
  if (used.rounds.empty()) return report;
  report.tau = choose_tau(used, options.mass);
  const auto make = [&](const Influence& influence) { return interval(used, influence, options.confidence); };
  report.logged = make(mean_of(terms_of(used, [](const Round& round, double) { return round.reward; })));
  report.ips = make(mean_of(terms_of(used, [](const Round& round, double w) { return w * round.reward; })));
  report.snips = make(snips(used));
  report.dm = make(direct(used));
  report.dr = make(switch_dr(used, std::numeric_limits<double>::infinity()));
  report.switch_dr = make(switch_dr(used, report.tau));
  return report;
}

OffPolicy estimate_difference(std::span<const Round> candidate, std::span<const Round> baseline,
                              const OffPolicyOptions& options) {
  check(candidate, options);
  check(baseline, options);
  if (candidate.size() != baseline.size()) {
    throw std::invalid_argument(fmt::format("{} rounds against {}", candidate.size(), baseline.size()));
  }
  for (std::size_t i = 0; i < candidate.size(); ++i) {
    const Round& a = candidate[i];
    const Round& b = baseline[i];
    const bool same = a.cluster == b.cluster && a.reward == b.reward &&
                      is_known(a.propensity) == is_known(b.propensity) &&
                      (!is_known(a.propensity) || a.propensity == b.propensity) && a.model == b.model;
    if (!same) throw std::invalid_argument(fmt::format("round {} is not the same in both", i));
  }
  const Used ours = usable(candidate);
  const Used theirs = usable(baseline);
  OffPolicy report;
  describe(ours, options, report);
  warn(ours, report);
  if (ours.rounds.empty()) return report;
  report.tau = choose_tau(ours, options.mass);
  const double their_tau = choose_tau(theirs, options.baseline_mass);
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const auto make = [&](Influence a, const Influence& b) {
    return interval(ours, minus(std::move(a), b), options.confidence);
  };
  const auto ips = [](const Used& used) {
    return mean_of(terms_of(used, [](const Round& round, double w) { return w * round.reward; }));
  };
  report.logged = interval(ours, mean_of(terms_of(ours, [](const Round& round, double) { return round.reward; })),
                           options.confidence);
  report.ips = make(ips(ours), ips(theirs));
  report.snips = make(snips(ours), snips(theirs));
  report.dm = make(direct(ours), direct(theirs));
  report.dr = make(switch_dr(ours, kNever), switch_dr(theirs, kNever));
  report.switch_dr = make(switch_dr(ours, report.tau), switch_dr(theirs, their_tau));
  return report;
}

}  // namespace footlight::learn
