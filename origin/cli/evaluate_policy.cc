// footlight evaluate policy: what another policy would have earned on a log of what one policy showed.
#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/csv.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/off_policy_report.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/learn/ease.h"
#include "origin/learn/logged_bandit.h"
#include "origin/learn/replay.h"
#include "origin/store/document.h"

namespace footlight::cli {
namespace {

struct Wanted {
  std::string log;
  std::string target;
  std::string target_log;
  std::string item = "item";
  std::string position = "position";
  std::string reward = "reward";
  std::string propensity = "propensity";
  std::string cluster;
  double confidence = 0.95;
  std::string json;
  std::string snapshot;  // the candidate, on the store's own log
  std::string against;
  std::string since;
};

// Words of a file as numbers, in order of first appearance.
class Numbers {
 public:
  std::uint32_t of(const std::string& word) {
    return numbers_.try_emplace(word, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

struct Names {
  Numbers items;
  Numbers positions;
};

void stop_if_interrupted() {
  if (interrupted()) throw learn::Cancelled{};
}

// `full`: rewards and propensities have to be there, as in the log itself.
std::vector<learn::LoggedRow> read_log(const std::string& file, const Wanted& wanted, bool full, Names& names) {
  CsvFile csv(file);
  constexpr auto kAbsent = static_cast<std::size_t>(-1);
  const std::size_t item = csv.column(wanted.item);
  const std::size_t position = csv.column(wanted.position);
  const std::size_t reward = full || csv.has(wanted.reward) ? csv.column(wanted.reward) : kAbsent;
  const std::size_t propensity = full ? csv.column(wanted.propensity) : kAbsent;
  const bool clustered = !wanted.cluster.empty() && (full || csv.has(wanted.cluster));
  const std::size_t cluster = clustered ? csv.column(wanted.cluster) : kAbsent;
  Numbers clusters;
  std::vector<learn::LoggedRow> rows;
  Progress progress("evaluate policy");
  while (csv.next()) {
    if (rows.size() % 4096 == 0) stop_if_interrupted();
    learn::LoggedRow row;
    row.item = names.items.of(csv.text(item));
    row.position = names.positions.of(csv.text(position));
    row.cluster = cluster == kAbsent ? rows.size() : clusters.of(csv.text(cluster));
    if (reward != kAbsent) row.reward = csv.number(reward);
    if (propensity != kAbsent && !csv.text(propensity).empty()) {
      row.propensity = csv.number(propensity);
      if (row.propensity < 0 || row.propensity > 1) {
        throw std::runtime_error(csv.at(propensity, fmt::format("{} is no probability", csv.text(propensity))));
      }
    }
    rows.push_back(row);
    progress(fmt::format("{} line {}", file, csv.line()), -1);
  }
  if (rows.empty()) throw std::runtime_error(file + ": holds no row");
  if (full && std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row.propensity <= 0; })) {
    throw std::runtime_error(
        fmt::format("{}: no row has a {}, so nothing can be estimated from it", file, wanted.propensity));
  }
  return rows;
}

learn::PositionTarget read_target(const std::string& file, const Wanted& wanted, Names& names) {
  CsvFile csv(file);
  const std::size_t item = csv.column(wanted.item);
  const std::size_t position = csv.column(wanted.position);
  const std::size_t probability = csv.column("probability");
  learn::PositionTarget target;
  std::unordered_map<std::uint32_t, std::string> position_names;
  while (csv.next()) {
    const double value = csv.number(probability);
    if (value < 0 || value > 1) {
      throw std::runtime_error(csv.at(probability, fmt::format("{} is no probability", csv.text(probability))));
    }
    const std::uint32_t at = names.positions.of(csv.text(position));
    const std::uint32_t what = names.items.of(csv.text(item));
    auto& items = target[at];
    if (std::any_of(items.begin(), items.end(), [&](const auto& known) { return known.item == what; })) {
      throw std::runtime_error(csv.at(item, fmt::format("'{}' stands twice in this position", csv.text(item))));
    }
    items.push_back({what, value});
    position_names.try_emplace(at, csv.text(position));
  }
  for (const auto& [at, items] : target) {
    double sum = 0;
    for (const learn::TargetItem& known : items) sum += known.probability;
    if (std::abs(sum - 1) > 1e-6) {
      throw std::runtime_error(
          fmt::format("{}: the probabilities of position {} sum to {}, not 1", file, position_names.at(at), sum));
    }
  }
  return target;
}

learn::Interval mean_reward(const std::vector<learn::LoggedRow>& log, double confidence) {
  std::vector<learn::Round> rounds;
  rounds.reserve(log.size());
  for (const learn::LoggedRow& row : log) {
    rounds.push_back({.cluster = row.cluster, .reward = row.reward, .propensity = 1, .target = 1});
  }
  return learn::estimate(rounds, {.confidence = confidence}).logged;
}

void run_files(const Wanted& wanted) {
  if (!wanted.snapshot.empty() || !wanted.against.empty() || !wanted.since.empty()) {
    throw std::runtime_error("a snapshot, --against and --since are about the database's log: leave out --log");
  }
  if (!wanted.target.empty() && !wanted.target_log.empty()) {
    throw std::runtime_error("one of --target and --target-log, not both");
  }
  if (wanted.target.empty() && wanted.target_log.empty()) {
    throw std::runtime_error("say which policy is asked about: --target FILE or --target-log FILE");
  }
  Names names;
  const auto log = read_log(wanted.log, wanted, true, names);
  learn::PositionTarget target;
  std::vector<learn::LoggedRow> target_log;
  if (wanted.target.empty()) {
    target_log = read_log(wanted.target_log, wanted, false, names);
    target = learn::frequencies(target_log);
  } else {
    target = read_target(wanted.target, wanted, names);
  }
  stop_if_interrupted();
  const learn::LoggedBandit made = learn::to_rounds(log, target);
  const learn::OffPolicy report = learn::estimate(
      made.rounds, {.confidence = wanted.confidence, .unsupported = made.unsupported, .mass = made.mass});
  const bool on_policy = !target_log.empty() && CsvFile(wanted.target_log).has(wanted.reward);
  const learn::Interval played = on_policy ? mean_reward(target_log, wanted.confidence) : learn::Interval{};

  if (!wanted.json.empty()) {
    nlohmann::ordered_json json = {{"log", wanted.log}, {"confidence", wanted.confidence}};
    put_off_policy(json, report);
    json["other_positions"] = made.other_positions;
    if (on_policy) put_interval(json, "on_policy", played);
    write_json(wanted.json, json);
    if (wanted.json == "-") return;
  }
  fmt::print("Mean of {} for each row, {:.0f} % intervals:\n", wanted.reward, 100 * wanted.confidence);
  print_off_policy(report);
  if (made.other_positions > 0) {
    fmt::print("  {} rows are in positions that the target does not name, and were left out\n", made.other_positions);
  }
  if (on_policy) {
    fmt::print("What the target's own log earned: {:.6f} ({:.6f} to {:.6f})\n", played.value, played.low, played.high);
  }
}

std::int64_t since_ms(const std::string& text) {
  if (text.empty()) return 0;
  const auto time = origin::parse_time_ms(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (!time) throw std::runtime_error(fmt::format("--since: '{}' is no date or time; as in 2026-11-25", text));
  return *time;
}

void run_store(const Globals& globals, const Wanted& wanted) {
  const auto candidate = find_snapshot(globals, wanted.snapshot);
  const auto live = find_snapshot(globals, wanted.against);
  const auto store = open_existing_store(globals);
  learn::Replay replay;
  {
    Progress progress("evaluate policy");
    replay = learn::replay_log(*store, live->view(), candidate->view(), {.from_ms = since_ms(wanted.since)},
                               std::ref(progress), interrupted());
  }
  if (replay.slates == 0) {
    throw std::runtime_error(wanted.since.empty()
                                 ? "nothing to judge by: no slate was logged with its propensities"
                                 : fmt::format("nothing to judge by: no slate was logged since {}", wanted.since));
  }
  const learn::OffPolicyOptions options{.confidence = wanted.confidence};
  const learn::OffPolicy ours = learn::estimate(replay.candidate, options);
  const learn::OffPolicy theirs = learn::estimate(replay.live, options);
  const learn::OffPolicy gain = learn::estimate_difference(replay.candidate, replay.live, options);

  if (!wanted.json.empty()) {
    nlohmann::ordered_json json = {{"version", candidate->version()},   {"against", live->version()},
                                   {"confidence", wanted.confidence},   {"slates", replay.slates},
                                   {"other_slots", replay.other_slots}, {"calibrated_model", replay.calibrated}};
    put_off_policy(json, ours);
    put_off_policy(json, theirs, "against_");
    put_off_policy(json, gain, "difference_");
    write_json(wanted.json, json);
    if (wanted.json == "-") return;
  }
  fmt::print("Choices for each card shown, {:.0f} % intervals; {} slates, reward model: {}\n", 100 * wanted.confidence,
             replay.slates, replay.calibrated ? "the calibrated snapshot" : "rates of this log, cross-fitted");
  fmt::print("Version {}:\n", candidate->version());
  print_off_policy(ours);
  fmt::print("Version {}:\n", live->version());
  print_off_policy(theirs);
  fmt::print("The first less the second, on the same rounds:\n");
  print_off_policy(gain, true);
  if (replay.other_slots > 0) {
    fmt::print("  {} cards are of slots that one of the two does not have, and were left out\n", replay.other_slots);
  }
  if (wanted.since.empty()) {
    fmt::print("What a model was trained on flatters it; --since takes what came after.\n");
  }
}

}  // namespace

void add_evaluate_policy(CLI::App& evaluate, const Globals& globals) {
  auto* command = evaluate.add_subcommand("policy", "Estimate what another policy would have earned on a log");
  command->footer(
      R"(A log of what was shown, drawn with known probabilities (propensities), can tell what another choice would have
earned: rows that the other policy would have shown more often count more. Printed are
  ips, snips   reweighted rewards, as they are and normalised by the weights
  dm           what a reward model (shrunk rate of each item in each position, cross-fitted) expects
  dr           the model, corrected by the reweighted rewards it did not foresee
  switch_dr    the same, leaving to the model what has a weight so large that it would only add noise
each with an interval, and a warning where this log cannot say.

Without --log the database's own log of what was shown is replayed: what a snapshot (file or version) would have earned
on it, beside --against, the live one. A card counts as chosen when it was clicked or more on the same day.

With --log, a CSV with a header line and one row for each item shown, of any system. The target is a CSV with the
columns of item and position and `probability`, or --target-log: how often each item stands in each position of another log.

Examples:
  footlight evaluate policy 12 --since 2026-11-01
  footlight evaluate policy --log random.csv --item item_id --reward click --propensity action_prob \
      --target-log other.csv
  footlight evaluate policy --log shown.csv --target wanted.csv --cluster visitor --json report.json)");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("candidate", wanted->snapshot, "Snapshot asked about: file or version (default: the live one)");
  command->add_option("--against", wanted->against, "Snapshot to compare with (default: the live one)");
  command->add_option("--since", wanted->since, "Leave out what was shown before this day or time");
  command->add_option("--log", wanted->log, "CSV of what was shown, instead of the database")->check(CLI::ExistingFile);
  command->add_option("--item", wanted->item, "Column of the item")->capture_default_str();
  command->add_option("--position", wanted->position, "Column of the position")->capture_default_str();
  command->add_option("--reward", wanted->reward, "Column of the reward")->capture_default_str();
  command->add_option("--propensity", wanted->propensity, "Column of the probability that this item was drawn here")
      ->capture_default_str();
  command->add_option("--cluster", wanted->cluster,
                      "Column whose equal values are not independent, as a visitor's (default: every row is)");
  command->add_option("--target", wanted->target, "CSV of item, position, probability")->check(CLI::ExistingFile);
  command->add_option("--target-log", wanted->target_log, "CSV whose item frequencies are the target")
      ->check(CLI::ExistingFile);
  command->add_option("--confidence", wanted->confidence, "Of the intervals")
      ->check(CLI::Range(0.5, 0.9999))
      ->capture_default_str();
  command->add_option("--json", wanted->json, "Write the figures to this file; - for standard output");
  command->callback([&globals, wanted] {
    if (!wanted->log.empty()) return run_files(*wanted);
    if (!wanted->target.empty() || !wanted->target_log.empty()) {
      throw std::runtime_error("--target is about a log in a file: --log FILE");
    }
    run_store(globals, *wanted);
  });
}

}  // namespace footlight::cli
