#include "origin/learn/replay.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/rank/decide.h"
#include "core/rank/score.h"
#include "origin/learn/cell_rates.h"
#include "origin/learn/logged_slates.h"

namespace footlight::learn {
namespace {

using snapshot::kNone;

// One snapshot, and the chances it gives the cards of the slate at hand.
class Side {
 public:
  explicit Side(const snapshot::SnapshotView& view) : view_(view), scratch_(decide_scratch_bytes(view)) {}

  [[nodiscard]] bool has(const LoggedSlate& slate) const {
    const std::uint32_t slot = view_.find_slot(slate.slot);
    return slot != kNone && slate.cards.back().position < view_.slots()[slot].max_limit;
  }

  void replay(const LoggedSlate& slate) {
    const std::size_t positions = slate.cards.back().position + 1;
    shown_.assign(positions, kNone);
    for (const LoggedCard& card : slate.cards) shown_[card.position] = view_.find_item(card.item_id);
    counts_.assign(positions, 0);
    chances_.resize(positions * kMaxChances);
    Context context;
    context.now_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(slate.shown_at_ms / 1000, 0, 0xFFFFFFFF));
    context.surroundings = slate.surroundings;
    folded_ = fold_request(slate.as_then, view_, context);
    const std::uint32_t slot = view_.find_slot(slate.slot);
    // How many the page asked for is not logged; the slot's own number, unless more were seen.
    const SlotRequest request{
        slot, std::max<std::uint32_t>(static_cast<std::uint32_t>(positions), view_.slots()[slot].limit)};
    const Status status =
        conditional_propensities(view_, slate.as_then, context, request, shown_, scratch_, chances_, counts_);
    if (status != Status::kOk) std::fill(counts_.begin(), counts_.end(), 0U);
  }

  [[nodiscard]] std::span<const Chance> chances(std::uint32_t position) const {
    return {chances_.data() + std::size_t{position} * kMaxChances, counts_[position]};
  }
  [[nodiscard]] double chance_of_shown(std::uint32_t position) const {
    for (const Chance& chance : chances(position)) {
      if (chance.item == shown_[position]) return static_cast<double>(chance.propensity);
    }
    return 0;
  }
  [[nodiscard]] std::uint32_t id_of(std::uint32_t item) const { return view_.items()[item].id; }
  [[nodiscard]] std::uint32_t find(std::uint32_t id) const { return view_.find_item(id); }
  // The calibrated probability of an item of the slate's slot, after replay(); kNone: of an item that is like any.
  [[nodiscard]] double probability(std::uint32_t item) const {
    const double z = item == kNone ? 0 : reinterpret_cast<const double*>(scratch_.data())[item];
    return footlight::probability(view_, folded_, z);
  }
  [[nodiscard]] const snapshot::SnapshotView& view() const { return view_; }

 private:
  const snapshot::SnapshotView& view_;
  std::vector<std::byte> scratch_;
  FoldedRequest folded_;
  std::vector<std::uint32_t> shown_;
  std::vector<std::uint32_t> counts_;
  std::vector<Chance> chances_;
};

// q of an item in a position of the slate at hand, by stable id.
class RewardModel {
 public:
  RewardModel(origin::Store& store, const Side& live, const Side& candidate, std::int64_t from_ms,
              const std::atomic<bool>& cancel)
      : live_(live) {
    calibrated_ = live.view().weights().calibrated != 0;
    if (calibrated_) return;
    std::vector<CellReward> rewards;
    for_each_logged_slate(
        store, from_ms,
        [&](const LoggedSlate& slate) {
          if (!live.has(slate) || !candidate.has(slate)) return;
          for (const LoggedCard& card : slate.cards) {
            rewards.push_back({cell(card.item_id, card.position), slate.visitor, card.reward});
          }
        },
        cancel);
    rates_.emplace(rewards);
  }

  [[nodiscard]] bool calibrated() const { return calibrated_; }
  // The round that is asked about next; what is said of it does not rest on it.
  void next_round() {
    if (rates_) fold_ = rates_->fold_of(round_++);
  }
  [[nodiscard]] double of(std::uint32_t item_id, std::uint32_t position) const {
    if (rates_) return rates_->of(cell(item_id, position), fold_);
    return live_.probability(live_.find(item_id));
  }

 private:
  static std::uint64_t cell(std::uint32_t item_id, std::uint32_t position) {
    return (static_cast<std::uint64_t>(position) << 32U) | item_id;
  }
  const Side& live_;
  bool calibrated_ = false;
  std::optional<CellRates> rates_;
  std::size_t round_ = 0;
  std::size_t fold_ = 0;
};

double expected(const Side& side, std::uint32_t position, const RewardModel& model) {
  double sum = 0;
  for (const Chance& chance : side.chances(position)) {
    sum += static_cast<double>(chance.propensity) * model.of(side.id_of(chance.item), position);
  }
  return sum;
}

}  // namespace

Replay replay_log(origin::Store& store, const snapshot::SnapshotView& live_view,
                  const snapshot::SnapshotView& candidate_view, const ReplayOptions& options,
                  const ReplayProgress& progress, const std::atomic<bool>& cancel) {
  Replay replay;
  Side live(live_view);
  Side candidate(candidate_view);
  progress("reading the log", -1);
  RewardModel model(store, live, candidate, options.from_ms, cancel);
  replay.calibrated = model.calibrated();
  for_each_logged_slate(
      store, options.from_ms,
      [&](const LoggedSlate& slate) {
        if (!live.has(slate) || !candidate.has(slate)) {
          replay.other_slots += slate.cards.size();
          return;
        }
        live.replay(slate);
        candidate.replay(slate);
        ++replay.slates;
        if (replay.slates % 256 == 0) progress("replaying what was shown", -1);
        for (const LoggedCard& card : slate.cards) {
          model.next_round();
          const bool known = !live.chances(card.position).empty() && !candidate.chances(card.position).empty();
          Round round{.cluster = slate.visitor,
                      .reward = card.reward,
                      .propensity = known ? card.propensity : 0,
                      .model = model.of(card.item_id, card.position)};
          const auto add = [&](const Side& side, std::vector<Round>& rounds) {
            // A float's rounding may leave a chance a hair above 1.
            round.target = std::min(side.chance_of_shown(card.position), 1.0);
            round.model_under_target = expected(side, card.position, model);
            rounds.push_back(round);
          };
          add(candidate, replay.candidate);
          add(live, replay.live);
        }
      },
      cancel);
  return replay;
}

}  // namespace footlight::learn
