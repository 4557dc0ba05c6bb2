#include "core/rank/decide.h"

#include <algorithm>
#include <bit>

#include "core/model/item_item.h"
#include "core/model/similarity.h"
#include "core/numeric/elementary.h"
#include "core/numeric/random.h"
#include "core/rank/pool.h"
#include "core/rank/score.h"
#include "core/visitor/engagement.h"

namespace footlight {
namespace {

static_assert(kMaxChances == Pool::kCapacity);

using snapshot::kNone;
using snapshot::ReasonKind;

// Per item, while one page is decided.
constexpr std::uint8_t kChosenBefore = 1;  // in the visitor's history by more than a view
constexpr std::uint8_t kDisliked = 2;
constexpr std::uint8_t kTaken = 4;      // on this page already
constexpr std::uint8_t kExcluded = 8;   // by a rule for the slot at hand
constexpr std::uint8_t kReserved = 16;  // a pin puts it on this page, here or in a later slot

const Visitor kNobody{};

class Page {
 public:
  Page(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context, std::span<double> scores,
       std::span<std::uint8_t> state, Decision& out) noexcept
      : snapshot_(snapshot),
        visitor_(visitor),
        context_(context),
        folded_(fold_request(visitor, snapshot, context)),
        scores_(scores),
        state_(state),
        out_(out) {
    out.snapshot_version = snapshot.version();
    out.segment = folded_.visitor.segment;
    out.engagement_level = engagement_level(visitor);
    out.personalization_score = personalization_score(visitor, snapshot, folded_.visitor.masks);
    out.flags = snapshot.weights().flags;
    out.slot_count = 0;
    out.entry_count = 0;
  }

  void score(std::span<const SlotRequest> requests) noexcept {
    std::fill(scores_.begin(), scores_.end(), 0.0);
    std::fill(state_.begin(), state_.end(), std::uint8_t{0});
    add_item_item(folded_.visitor.recent, snapshot_, static_cast<double>(snapshot_.weights().item_item), scores_);
    std::uint32_t types = 0;
    for (const SlotRequest& request : requests) types |= snapshot_.slots()[request.slot].type_mask;
    for (std::uint32_t type = 0; type < snapshot::kContentTypes; ++type) {
      if (((types >> type) & 1U) == 0) continue;
      score_range(snapshot_, folded_, snapshot_.items_of(static_cast<snapshot::ContentType>(type)), scores_);
    }
    for (std::uint32_t h = 0; h < visitor_.history_count; ++h) {
      const HistoryEntry& entry = visitor_.history[h];
      const std::uint32_t item = snapshot_.find_item(entry.item_id);
      if (item == kNone) continue;
      if (entry.action != Action::kView) state_[item] |= kChosenBefore;
      if (entry.feedback == Feedback::kNegative) state_[item] |= kDisliked;
    }
  }

  // Settles which item each pin puts where, for every slot before the first is filled, so that no slot takes what is
  // pinned in a later one. Slots in the page's order, then rules in theirs: an item is pinned once, and of two pins for
  // one place the first that may be shown counts. The visitor's "not for me" is stronger than a pin; "hide what was
  // seen" is not.
  void reserve_pins(std::span<const SlotRequest> requests) noexcept {
    std::uint32_t first = 0;
    for (const SlotRequest& request : requests) {
      const auto& slot = snapshot_.slots()[request.slot];
      const std::uint32_t limit = limit_of(request, slot);
      mark_excluded(request.slot, true);
      for (const auto& rule : snapshot_.rules()) {
        if (rule.kind != snapshot::RuleKind::kPin || rule.position >= limit || !rule_holds(rule, request.slot))
          continue;
        std::uint32_t& place = pins_[first + rule.position];
        const auto type = static_cast<std::uint32_t>(snapshot_.items()[rule.item].type);
        if (place != 0 || ((slot.type_mask >> type) & 1U) == 0) continue;
        if (!available(rule.item, kReserved | kExcluded | kDisliked)) continue;
        place = rule.item + 1;
        state_[rule.item] |= kReserved;
      }
      mark_excluded(request.slot, false);
      first += limit;
    }
  }

  void fill(const SlotRequest& request) noexcept {
    const auto& slot = snapshot_.slots()[request.slot];
    const std::uint32_t limit = limit_of(request, slot);
    SlotDecision& made = out_.slots[out_.slot_count++];
    made = {request.slot, out_.entry_count, 0};
    const std::span<const std::uint32_t> pins{pins_ + next_pin_, limit};
    next_pin_ += limit;
    mark_excluded(request.slot, true);
    gather(slot, limit);
    mark_excluded(request.slot, false);
    Random random(seed_with(seed_with(seed_with(visitor_.unit_id, snapshot_.version()), slot.id), context_.day()));
    const bool explores = context_.explore && visitor_.unit_id != 0 && slot.temperature > 0.0F;
    const auto diversity = static_cast<double>(slot.diversity);
    const auto temperature = static_cast<double>(slot.temperature);
    if (explores) weigh(diversity, temperature);
    // Where candidates run out, the pins that are left move up. `pin` is the first place not yet looked at for one.
    for (std::uint32_t pin = 0; made.count < limit; ++made.count) {
      if (pool_.size() == 0) {
        while (pin < limit && pins[pin] == 0) ++pin;
        if (pin == limit) break;
      }
      float propensity = 1;
      std::uint32_t item = 0;
      const bool pinned = pins[pin] != 0;
      if (pinned) {
        item = pins[pin] - 1;
      } else {
        const std::uint32_t at = explores ? draw(random, diversity, temperature, propensity) : best(diversity);
        item = pool_[at].item;
        pool_.remove(at);
      }
      ++pin;
      place(item, propensity, pinned);
      if (diversity > 0.0) compare_with(item, diversity, explores ? temperature : 0.0);
    }
  }

  // fill(), with every chance told and the shown item placed instead of a drawn one.
  void replay(const SlotRequest& request, std::span<const std::uint32_t> shown, std::span<Chance> chances,
              std::span<std::uint32_t> counts) noexcept {
    const auto& slot = snapshot_.slots()[request.slot];
    const std::uint32_t limit = limit_of(request, slot);
    mark_excluded(request.slot, true);
    gather(slot, limit);
    mark_excluded(request.slot, false);
    const bool explores = context_.explore && visitor_.unit_id != 0 && slot.temperature > 0.0F;
    const auto diversity = static_cast<double>(slot.diversity);
    const auto temperature = static_cast<double>(slot.temperature);
    if (explores) weigh(diversity, temperature);
    std::uint32_t pin = 0;
    for (std::uint32_t position = 0; position < counts.size() && position < limit; ++position) {
      if (pool_.size() == 0) {
        while (pin < limit && pins_[pin] == 0) ++pin;
        if (pin == limit) return;
      }
      const std::span<Chance> row = chances.subspan(std::size_t{position} * kMaxChances, kMaxChances);
      if (pins_[pin] != 0) {
        row[0] = {pins_[pin] - 1, 1.0F};
        counts[position] = 1;
      } else if (explores) {
        counts[position] = tell_chances(diversity, temperature, row);
      } else {
        row[0] = {pool_[best(diversity)].item, 1.0F};
        counts[position] = 1;
      }
      ++pin;
      const std::uint32_t item = shown[position];
      if (item >= snapshot_.items().size()) return;
      for (std::uint32_t i = 0; i < pool_.size(); ++i) {
        if (pool_[i].item == item) pool_.remove(i);
      }
      if (diversity > 0.0) compare_with(item, diversity, explores ? temperature : 0.0);
    }
  }

 private:
  [[nodiscard]] static std::uint32_t limit_of(const SlotRequest& request, const snapshot::SlotRow& slot) noexcept {
    return request.limit == 0 ? slot.limit : std::min<std::uint32_t>(request.limit, slot.max_limit);
  }

  [[nodiscard]] bool rule_holds(const snapshot::RuleRow& rule, std::uint32_t slot) const noexcept {
    return (rule.slot == kNone || rule.slot == slot) &&
           (rule.segment == kNone || rule.segment == folded_.visitor.segment);
  }

  void mark_excluded(std::uint32_t slot, bool on) noexcept {
    for (const auto& rule : snapshot_.rules()) {
      if (rule.kind != snapshot::RuleKind::kExclude || !rule_holds(rule, slot)) continue;
      auto& state = state_[rule.item];
      state = static_cast<std::uint8_t>(on ? state | kExcluded : state & ~kExcluded);
    }
  }

  [[nodiscard]] bool available(std::uint32_t item, std::uint8_t barred) const noexcept {
    const auto& row = snapshot_.items()[item];
    return (row.flags & snapshot::kHistoryOnly) == 0 && (state_[item] & barred) == 0 &&
           row.active_from_s <= context_.now_s && (context_.now_s < row.active_until_s || row.active_until_s == kNone);
  }

  void gather(const snapshot::SlotRow& slot, std::uint32_t limit) noexcept {
    pool_.reset(std::max<std::uint32_t>(16, 4 * limit));
    const auto barred = static_cast<std::uint8_t>(kTaken | kReserved | kExcluded | kDisliked |
                                                  ((slot.flags & snapshot::kHideSeen) != 0 ? kChosenBefore : 0));
    for (std::uint32_t type = 0; type < snapshot::kContentTypes; ++type) {
      if (((slot.type_mask >> type) & 1U) == 0) continue;
      const auto range = snapshot_.items_of(static_cast<snapshot::ContentType>(type));
      for (std::uint32_t i = range.begin; i < range.end; ++i) {
        if (available(i, barred)) pool_.offer(scores_[i], i, snapshot_.items()[i].id);
      }
    }
  }

  // The largest z'; the pool is in order of (z, id), so the first of equals has the lower id when z is equal too.
  [[nodiscard]] std::uint32_t best(double diversity) noexcept {
    std::uint32_t at = 0;
    double top = 0;
    for (std::uint32_t i = 0; i < pool_.size(); ++i) {
      const double value = pool_[i].score - diversity * pool_[i].nearest;
      if (i == 0 || value > top || (value == top && pool_[i].item_id < pool_[at].item_id)) {
        at = i;
        top = value;
      }
    }
    return at;
  }

  // Odds of every candidate relative to the best one that is left.
  void weigh(double diversity, double temperature) noexcept {
    top_ = 0;
    for (std::uint32_t i = 0; i < pool_.size(); ++i) {
      const double value = pool_[i].score - diversity * pool_[i].nearest;
      if (i == 0 || value > top_) top_ = value;
    }
    for (std::uint32_t i = 0; i < pool_.size(); ++i) pool_[i].odds = odds_of(pool_[i], diversity, temperature);
  }

  [[nodiscard]] double odds_of(const Candidate& candidate, double diversity, double temperature) const noexcept {
    return exp_exact((candidate.score - diversity * candidate.nearest - top_) / temperature);
  }

  // The chances that draw() would draw with.
  [[nodiscard]] std::uint32_t tell_chances(double diversity, double temperature, std::span<Chance> row) noexcept {
    double total = sum_of_odds();
    if (total < 1e-200) {
      weigh(diversity, temperature);
      total = sum_of_odds();
    }
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < pool_.size(); ++i) {
      if (pool_[i].odds > 0.0) row[count++] = {pool_[i].item, static_cast<float>(pool_[i].odds / total)};
    }
    return count;
  }

  // One draw from softmax(z' / temperature) over what is left.
  [[nodiscard]] std::uint32_t draw(Random& random, double diversity, double temperature, float& propensity) noexcept {
    double total = sum_of_odds();
    if (total <
        1e-200) {  // those that are left are so far below the best at first that a double cannot tell them apart
      weigh(diversity, temperature);
      total = sum_of_odds();
    }
    const double target = random.uniform() * total;
    double sum = 0;
    std::uint32_t at = 0;
    for (std::uint32_t i = 0; i < pool_.size(); ++i) {
      if (pool_[i].odds <= 0.0) continue;  // never drawn, so its propensity is never asked for
      at = i;
      sum += pool_[i].odds;
      if (target < sum) break;
    }
    propensity = static_cast<float>(pool_[at].odds / total);
    return at;
  }

  [[nodiscard]] double sum_of_odds() noexcept {
    double total = 0;
    for (std::uint32_t i = 0; i < pool_.size(); ++i) total += pool_[i].odds;
    return total;
  }

  // Takes the new card into account; temperature 0 when nothing is drawn.
  void compare_with(std::uint32_t item, double diversity, double temperature) noexcept {
    for (std::uint32_t i = 0; i < pool_.size(); ++i) {
      const double similarity = content_similarity(snapshot_, item, pool_[i].item);
      if (similarity <= pool_[i].nearest) continue;
      pool_[i].nearest = similarity;
      if (temperature > 0.0) pool_[i].odds = odds_of(pool_[i], diversity, temperature);
    }
  }

  void place(std::uint32_t item, float propensity, bool pinned) noexcept {
    state_[item] |= kTaken;
    MatchFactor factors[kMaxFactors];
    const std::size_t count = explain(snapshot_, folded_, item, factors);
    const double confidence =
        calculate_confidence({factors, count}, static_cast<double>(snapshot_.weights().confidence_slope));
    Entry& entry = out_.entries[out_.entry_count++];
    entry = {};
    entry.item = item;
    entry.item_id = snapshot_.items()[item].id;
    entry.score = scores_[item];
    entry.propensity = propensity;
    entry.confidence = static_cast<std::uint16_t>(std::min(confidence * 10000.0 + 0.5, 9999.0));
    entry.engagement_rate = engagement_rate(item);
    if (pinned) {
      entry.reason = ReasonKind::kPinned;
    } else if (count > 0) {
      entry.reason = factors[0].kind;
      entry.reason_question = factors[0].question;
      entry.reason_argument = factors[0].argument;
    }
  }

  // The model's word for this visitor, where there is one; else the item's own rate, moved by what the visitor's
  // segment does, on the log-odds scale.
  [[nodiscard]] std::uint16_t engagement_rate(std::uint32_t item) const noexcept {
    if (snapshot_.engagement() != nullptr) {
      return static_cast<std::uint16_t>(predict_engagement(folded_.engagement, snapshot_, item).heads[1] * 10000.0 +
                                        0.5);
    }
    const auto rate = static_cast<double>(snapshot_.items()[item].engagement_rate);
    if (rate < 0.0) return kRateUnknown;
    if (rate <= 0.0 || rate >= 1.0) return static_cast<std::uint16_t>(rate * 10000.0);
    const double odds = log_exact(rate / (1.0 - rate)) + snapshot_.segment_priors(folded_.visitor.segment)[item] / 32.0;
    return static_cast<std::uint16_t>(sigmoid(odds) * 10000.0 + 0.5);
  }

  const snapshot::SnapshotView& snapshot_;
  const Visitor& visitor_;
  const Context& context_;
  FoldedRequest folded_;
  std::span<double> scores_;
  std::span<std::uint8_t> state_;
  Decision& out_;
  Pool pool_;
  double top_ = 0;                        // what odds are relative to
  std::uint32_t pins_[kMaxEntries] = {};  // by place on the page: item index + 1, or 0
  std::uint32_t next_pin_ = 0;            // first place of the next slot
};

}  // namespace

std::size_t decide_scratch_bytes(const snapshot::SnapshotView& snapshot) noexcept {
  return (snapshot.items().size() * (sizeof(double) + 1) + 15) / 16 * 16;
}

Status decide(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
              std::span<const SlotRequest> requests, std::span<std::byte> scratch, Decision& decision) noexcept {
  const std::size_t items = snapshot.items().size();
  if (requests.size() > kMaxSlotRequests || scratch.size() < decide_scratch_bytes(snapshot)) return Status::kTooLarge;
  std::size_t cards = 0;
  for (const SlotRequest& request : requests) {
    if (request.slot >= snapshot.slots().size()) return Status::kUnknownSlot;
    const auto& slot = snapshot.slots()[request.slot];
    cards += request.limit == 0 ? slot.limit : std::min<std::size_t>(request.limit, slot.max_limit);
  }
  if (cards > kMaxEntries) return Status::kTooLarge;

  auto* scores = reinterpret_cast<double*>(scratch.data());
  auto* state = reinterpret_cast<std::uint8_t*>(scratch.data() + items * sizeof(double));
  const Visitor& known = context.personalize ? visitor : kNobody;
  Page page(snapshot, known, context, {scores, items}, {state, items}, decision);
  page.score(requests);
  page.reserve_pins(requests);
  for (const SlotRequest& request : requests) page.fill(request);
  return Status::kOk;
}

Status conditional_propensities(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
                                const SlotRequest& request, std::span<const std::uint32_t> shown,
                                std::span<std::byte> scratch, std::span<Chance> chances,
                                std::span<std::uint32_t> counts) noexcept {
  const std::size_t items = snapshot.items().size();
  if (request.slot >= snapshot.slots().size()) return Status::kUnknownSlot;
  if (scratch.size() < decide_scratch_bytes(snapshot) || shown.size() < counts.size() ||
      chances.size() / kMaxChances < counts.size() || counts.size() > snapshot.slots()[request.slot].max_limit) {
    return Status::kTooLarge;
  }
  std::fill(counts.begin(), counts.end(), 0U);
  auto* scores = reinterpret_cast<double*>(scratch.data());
  auto* state = reinterpret_cast<std::uint8_t*>(scratch.data() + items * sizeof(double));
  const Visitor& known = context.personalize ? visitor : kNobody;
  Decision decision;
  Page page(snapshot, known, context, {scores, items}, {state, items}, decision);
  page.score({&request, 1});
  page.reserve_pins({&request, 1});
  page.replay(request, shown, chances, counts);
  return Status::kOk;
}

void score_items(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
                 std::span<std::byte> scratch) noexcept {
  const std::span<double> scores{reinterpret_cast<double*>(scratch.data()), snapshot.items().size()};
  std::fill(scores.begin(), scores.end(), 0.0);
  const FoldedRequest folded = fold_request(visitor, snapshot, context);
  add_item_item(folded.visitor.recent, snapshot, static_cast<double>(snapshot.weights().item_item), scores);
  score_range(snapshot, folded, {0, static_cast<std::uint32_t>(scores.size())}, scores);
}

namespace {

// What the engagement model says of one item, in log-odds, by whom it speaks of.
struct EngagementParts {
  double questions[snapshot::kMaxQuestions] = {};  // answers given
  double segment = 0;
  double item = 0;
  double visit = 0;
};

EngagementParts engagement_parts(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded,
                                 std::uint32_t item) noexcept {
  EngagementParts parts;
  double shares[snapshot::kMaxFields + 1] = {};
  engagement_shares(folded.features, folded.engagement, snapshot, item, shares);
  const auto weight = static_cast<double>(snapshot.weights().engagement);
  const auto fields = snapshot.fields();
  for (std::size_t f = 0; f < fields.size(); ++f) {
    double* part = &parts.visit;
    if (fields[f].source == snapshot::FieldSource::kAnswers && folded.visitor.masks[fields[f].argument] != 0) {
      part = &parts.questions[fields[f].argument];
    } else if (fields[f].source == snapshot::FieldSource::kSegment) {
      part = &parts.segment;
    }
    *part += weight * shares[f];
  }
  parts.item = weight * shares[fields.size()];
  return parts;
}

}  // namespace

std::size_t explain(const snapshot::SnapshotView& snapshot, const FoldedRequest& folded, std::uint32_t item,
                    std::span<MatchFactor, kMaxFactors> factors) noexcept {
  const auto& weights = snapshot.weights();
  const FoldedVisitor& visitor = folded.visitor;
  EngagementParts model = engagement_parts(snapshot, folded, item);
  MatchFactor matched[kMaxFactors];
  const auto of_match = static_cast<double>(weights.match);
  // A weight of 0 leaves no question factor: what adds nothing is no reason.
  const std::size_t matches = of_match > 0.0 ? match_factors(visitor, snapshot, item, matched) : 0;
  std::size_t count = 0;
  const auto insert = [&](ReasonKind kind, std::uint16_t question, std::uint32_t argument, double log_odds) {
    const MatchFactor factor{kind, question, argument, log_odds / kLogOddsPerUnit};
    if (factor.score <= 0.0) return;
    std::size_t at = count++;
    for (; at > 0 && factors[at - 1].score < factor.score; --at) factors[at] = factors[at - 1];
    factors[at] = factor;
  };
  for (std::size_t f = 0; f < matches; ++f) {
    double& own = model.questions[matched[f].question];
    insert(ReasonKind::kQuestion, matched[f].question, matched[f].argument, of_match * matched[f].score + own);
    own = 0;
  }
  for (std::uint32_t q = 0; q < snapshot.questions().size(); ++q) {
    if (model.questions[q] <= 0.0) continue;
    const auto first = static_cast<std::uint32_t>(std::countr_zero(visitor.masks[q]));
    insert(ReasonKind::kQuestion, static_cast<std::uint16_t>(q), snapshot.questions()[q].first_option + first,
           model.questions[q]);
  }
  const Contribution history = strongest_history(visitor.recent, snapshot, item);
  if (history.item != kNone) {
    insert(ReasonKind::kHistory, 0, history.item, static_cast<double>(weights.item_item) * history.total);
  }
  const auto preferred = static_cast<double>(snapshot.items()[item].preferred);
  double popular = static_cast<double>(snapshot.items()[item].bias) - preferred + model.item;
  const double segment =
      static_cast<double>(weights.prior) * (snapshot.segment_priors(visitor.segment)[item] / 32.0) + model.segment;
  if (visitor.segment == 0) {
    popular += segment;  // everyone's prior and the item's own bias are one thing: how popular it is here
  } else {
    insert(ReasonKind::kSegment, 0, visitor.segment, segment);
  }
  insert(ReasonKind::kPopular, 0, 0, popular);
  insert(ReasonKind::kPinned, 0, 0, preferred);
  insert(ReasonKind::kVisit, 0, 0, model.visit);
  return count;
}

std::size_t write_reason(const snapshot::SnapshotView& snapshot, const Entry& entry, std::uint32_t locale,
                         std::span<char> out) noexcept {
  std::string_view words = snapshot.reason_template(entry.reason, locale);
  std::string_view argument;
  if (entry.reason == ReasonKind::kQuestion && entry.reason_question < snapshot.questions().size() &&
      entry.reason_argument < snapshot.options().size()) {
    words = snapshot.question_reason(entry.reason_question, locale);
    argument = snapshot.option_noun(entry.reason_argument, locale);
  } else if (entry.reason == ReasonKind::kHistory && entry.reason_argument < snapshot.items().size()) {
    argument = snapshot.item_name(entry.reason_argument, locale);
  } else if (entry.reason == ReasonKind::kSegment && entry.reason_argument < snapshot.segments().size()) {
    argument = snapshot.segment_name(entry.reason_argument, locale);
  }
  std::size_t size = 0;
  const auto put = [&](std::string_view part) {
    for (const char c : part) {
      if (size < out.size()) out[size] = c;
      ++size;
    }
  };
  const std::size_t hole = words.find("{}");
  put(words.substr(0, hole));
  if (hole != std::string_view::npos) {
    put(argument);
    words.remove_prefix(hole + 2);
    put(words);
  }
  return size;
}

}  // namespace footlight
