#include "origin/publish/gate.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "core/rank/decide.h"
#include "origin/learn/ease.h"
#include "origin/learn/logged_slates.h"
#include "origin/learn/replay.h"
#include "origin/publish/live.h"
#include "origin/publish/sha256.h"

namespace footlight::publish {
namespace {

using learn::Caution;
using learn::Round;
using snapshot::kNone;

// Scores every item of a snapshot for one visitor at one time.
class Scorer {
 public:
  explicit Scorer(const snapshot::SnapshotView& view) : view_(view), scratch_(decide_scratch_bytes(view)) {}

  void score(const learn::HeldOutChoice& held) {
    Context context;
    context.now_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(held.at_ms / 1000, 0, 0xFFFFFFFF));
    context.surroundings = held.surroundings;
    score_items(view_, held.as_then, context, scratch_);
  }
  [[nodiscard]] double of(std::uint32_t item) const { return reinterpret_cast<const double*>(scratch_.data())[item]; }

 private:
  const snapshot::SnapshotView& view_;
  std::vector<std::byte> scratch_;
};

// 1 / place of `target` among the pairs (index in live, index in candidate) by `scores`; ties share their places' mean,
// so that two models that know nothing are equal whatever the order of ids.
double reciprocal_rank(std::span<const std::uint32_t> others, const Scorer& scores, std::uint32_t target) {
  double above = 0;
  double equal = 0;
  for (const std::uint32_t item : others) {
    if (scores.of(item) > scores.of(target)) above += 1;
    if (scores.of(item) == scores.of(target)) equal += 1;
  }
  return 1 / (1 + above + equal / 2);
}

std::string sentence(const char* what, const GateFinding& finding) {
  return fmt::format(
      "{}: {:.5f} against {:.5f} live, a difference of {:+.5f} ({:+.5f} to {:+.5f}) on {} cases, p = {:.4f}", what,
      finding.candidate, finding.live, finding.difference.value, finding.difference.low, finding.difference.high,
      finding.cases, finding.p);
}

void conclude(const char* what, GateFinding& finding) {
  finding.p = learn::p_of_at_least_zero(finding.difference);
  finding.verdict = finding.p < kGateLevel ? Verdict::kWorse : Verdict::kPasses;
  finding.why = sentence(what, finding);
}

GateFinding held_out(origin::Store& store, const snapshot::SnapshotView& live, const snapshot::SnapshotView& candidate,
                     std::int64_t from_ms, const GateProgress& progress, const std::atomic<bool>& cancel) {
  Scorer before(live);
  Scorer after(candidate);
  std::vector<Round> live_cases;  // the reciprocal rank as m: then DM is its mean
  std::vector<Round> candidate_cases;
  std::vector<std::uint32_t> live_items;
  std::vector<std::uint32_t> candidate_items;
  learn::for_each_held_out_choice(
      store, from_ms,
      [&](const learn::HeldOutChoice& held) {
        const std::uint32_t target = live.find_item(held.choice);
        const std::uint32_t new_target = candidate.find_item(held.choice);
        if (target == kNone || new_target == kNone) return;
        live_items.clear();
        candidate_items.clear();
        const auto range = live.items_of(live.items()[target].type);
        for (std::uint32_t i = range.begin; i < range.end; ++i) {
          const std::uint32_t id = live.items()[i].id;
          const std::uint32_t item = candidate.find_item(id);
          const auto history = std::span(held.as_then.history).first(held.as_then.history_count);
          const bool known = std::any_of(history.begin(), history.end(), [&](const HistoryEntry& entry) {
            return entry.item_id == id && entry.action != Action::kView;
          });
          if (i == target || item == kNone || known) continue;
          live_items.push_back(i);
          candidate_items.push_back(item);
        }
        if (live_items.empty()) return;
        before.score(held);
        after.score(held);
        Round round{.cluster = held.visitor, .propensity = 1, .target = 0};
        round.model_under_target = reciprocal_rank(live_items, before, target);
        live_cases.push_back(round);
        round.model_under_target = reciprocal_rank(candidate_items, after, new_target);
        candidate_cases.push_back(round);
        if (live_cases.size() % 256 == 0) progress("judging held-out choices", -1);
      },
      cancel);
  GateFinding finding;
  finding.cases = live_cases.size();
  if (finding.cases < kMinCases) {
    finding.why = fmt::format("held-out: {} visitors have made a choice since the models' data ends, fewer than {}",
                              finding.cases, kMinCases);
    return finding;
  }
  finding.live = learn::estimate(live_cases).dm.value;
  finding.candidate = learn::estimate(candidate_cases).dm.value;
  finding.difference = learn::estimate_difference(candidate_cases, live_cases).dm;
  conclude("held-out choices, mean of 1/place", finding);
  return finding;
}

// Where one of these is said, the difference is no ground for a refusal.
bool is_hopeless(const learn::Warning& warning) {
  constexpr std::array kHopeless = {Caution::kNothing,  Caution::kNoExploration, Caution::kEffectiveSize,
                                    Caution::kFewCarry, Caution::kFewRewards,    Caution::kFewClusters};
  return std::find(kHopeless.begin(), kHopeless.end(), warning.caution) != kHopeless.end();
}

GateFinding off_policy(origin::Store& store, const snapshot::SnapshotView& live,
                       const snapshot::SnapshotView& candidate, std::int64_t from_ms, const GateProgress& progress,
                       const std::atomic<bool>& cancel) {
  const learn::Replay replay = learn::replay_log(store, live, candidate, {.from_ms = from_ms}, progress, cancel);
  const learn::OffPolicy difference = learn::estimate_difference(replay.candidate, replay.live);
  GateFinding finding;
  finding.cases = difference.rounds;
  const auto hopeless = std::find_if(difference.warnings.begin(), difference.warnings.end(), is_hopeless);
  if (hopeless != difference.warnings.end()) {
    finding.why = "off-policy: " + hopeless->text;
    return finding;
  }
  finding.live = learn::estimate(replay.live).switch_dr.value;
  finding.candidate = learn::estimate(replay.candidate).switch_dr.value;
  finding.difference = difference.switch_dr;
  conclude("off-policy estimate, choices a card", finding);
  return finding;
}

nlohmann::ordered_json finding_json(const GateFinding& finding) {
  nlohmann::ordered_json json = {{"verdict", verdict_name(finding.verdict)}, {"cases", finding.cases}};
  if (finding.verdict != Verdict::kCannotJudge) {
    json["live"] = finding.live;
    json["candidate"] = finding.candidate;
    json["difference"] = finding.difference.value;
    json["low"] = finding.difference.low;
    json["high"] = finding.difference.high;
    json["p"] = finding.p;
  }
  json["why"] = finding.why;
  return json;
}

std::shared_ptr<const LiveSnapshot> open_live(const std::string& directory, const origin::SnapshotRow& row) {
  std::error_code error;
  const std::filesystem::path beside = std::filesystem::path(directory) / row.sha256;
  const std::filesystem::path file = std::filesystem::exists(beside, error) ? beside : std::filesystem::path(row.path);
  if (!std::filesystem::exists(file, error)) return nullptr;
  try {
    return load_snapshot_file(file);
  } catch (const std::invalid_argument&) {  // of an older format: nothing to compare with
    return nullptr;
  }
}

}  // namespace

std::string_view verdict_name(Verdict verdict) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"passes", "cannot_judge", "worse"};
  return kNames[static_cast<std::size_t>(verdict)];
}

// A model that held nothing out was fitted to everything there was when it was trained.
std::int64_t fitted_until_ms(const learn::Model& model) {
  const auto until = [](const auto& any) -> std::int64_t {
    if constexpr (requires { any.held_out_from_ms; }) {
      if (any.held_out_from_ms > 0) return any.held_out_from_ms;
    }
    return any.trained_at_s * 1000;
  };
  return until(model);
}

GateReport judge(origin::Store& store, const snapshot::SnapshotView& live, const snapshot::SnapshotView& candidate,
                 std::int64_t from_ms, const GateProgress& progress, const std::atomic<bool>& cancel) {
  GateReport report;
  report.judged_from_ms = from_ms;
  progress("judging held-out choices", -1);
  report.held_out = held_out(store, live, candidate, from_ms, progress, cancel);
  progress("replaying what was shown", -1);
  report.off_policy = off_policy(store, live, candidate, from_ms, progress, cancel);
  const std::array findings = {&*report.held_out, &*report.off_policy};
  for (const Verdict verdict : {Verdict::kWorse, Verdict::kPasses, Verdict::kCannotJudge}) {
    const auto is = [&](const GateFinding* finding) { return finding->verdict == verdict; };
    if (std::none_of(findings.begin(), findings.end(), is)) continue;
    report.verdict = verdict;
    break;
  }
  report.why = fmt::format("{}; {}", report.held_out->why, report.off_policy->why);
  return report;
}

GateReport pass_gate(origin::Store& store, const std::string& directory, const snapshot::SnapshotView& candidate,
                     std::span<const std::byte> model, const GateProgress& progress, const std::atomic<bool>& cancel) {
  GateReport nothing;
  if (model.empty()) {
    nothing.why = "there is no trained model to judge";
    return nothing;
  }
  nothing.model_sha256 = sha256_hex(model);
  nothing.fitted_until_ms = fitted_until_ms(learn::decode_model(model));
  const auto row = store.live_snapshot();
  if (!row) {
    nothing.why = "nothing is live yet to compare with";
    return nothing;
  }
  nothing.live_version = row->version;
  const auto kept = nlohmann::json::parse(row->gate, nullptr, false);
  const bool has_kept = kept.is_object();
  if (has_kept && kept.value("model", "") == nothing.model_sha256) {
    nothing.why =
        fmt::format("the model is that of the live version {}: only content or settings change", row->version);
    return nothing;
  }
  const auto live = open_live(directory, *row);
  if (!live) {
    nothing.why = fmt::format("the files of the live version {} are gone: nothing to compare with", row->version);
    return nothing;
  }
  const std::int64_t live_until = has_kept ? kept.value("fittedUntil", std::int64_t{0}) : row->created_at_s * 1000;
  GateReport report =
      judge(store, live->view(), candidate, std::max(nothing.fitted_until_ms, live_until), progress, cancel);
  report.live_version = row->version;
  report.fitted_until_ms = nothing.fitted_until_ms;
  report.model_sha256 = nothing.model_sha256;
  return report;
}

nlohmann::ordered_json gate_json(const GateReport& report) {
  nlohmann::ordered_json json = {{"verdict", verdict_name(report.verdict)},
                                 {"forced", report.forced},
                                 {"why", report.why},
                                 {"liveVersion", report.live_version},
                                 {"judgedFrom", report.judged_from_ms},
                                 {"fittedUntil", report.fitted_until_ms},
                                 {"model", report.model_sha256}};
  if (report.held_out) json["heldOut"] = finding_json(*report.held_out);
  if (report.off_policy) json["offPolicy"] = finding_json(*report.off_policy);
  return json;
}

}  // namespace footlight::publish
