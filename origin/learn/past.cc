#include "origin/learn/past.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "core/visitor/record.h"
#include "origin/learn/visitor_items.h"

namespace footlight::learn {
namespace {

// Clocks of a browser's two messages may differ by this much: a click that arrives as a little earlier than the
// exposure it answers still answers it.
constexpr std::int64_t kSkewMs = 60'000;

struct Answered {
  std::vector<std::uint16_t> options;
  std::uint16_t segment_id = 0;
  bool wanted = true;
};

std::unordered_map<std::int64_t, Answered> read_answers(origin::Store& store, const StageProgress& progress,
                                                        const std::atomic<bool>& cancel) {
  std::unordered_map<std::int64_t, Answered> all;
  progress("reading profiles", -1);
  store.for_each_profile_record([&](std::int64_t profile, std::span<const std::byte> record) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    const auto visitor = decode_visitor(record);
    if (!visitor) return;
    Answered& answered = all[profile];
    answered.wanted = !visitor->opted_out && visitor->measurement != Choice::kDenied;
    answered.segment_id = visitor->segment_id;
    answered.options.assign(visitor->answers, visitor->answers + visitor->answer_count);
  });
  return all;
}

class Interned {
 public:
  explicit Interned(std::vector<std::uint32_t>& ids) : ids_(ids) {}
  std::uint32_t of(std::uint32_t id) {
    const auto [found, fresh] = index_.try_emplace(id, static_cast<std::uint32_t>(ids_.size()));
    if (fresh) ids_.push_back(id);
    return found->second;
  }

 private:
  std::vector<std::uint32_t>& ids_;
  std::unordered_map<std::uint32_t, std::uint32_t> index_;
};

class Slots {
 public:
  explicit Slots(std::vector<std::string>& names) : names_(names) {}
  std::uint16_t of(std::string_view name) {
    if (name.empty()) return 0;
    const auto at = std::find(names_.begin(), names_.end(), name);
    if (at != names_.end()) return static_cast<std::uint16_t>(at - names_.begin());
    if (names_.size() == kMost) return 0;  // a sender that invents slots does not fill the memory
    names_.emplace_back(name);
    return static_cast<std::uint16_t>(names_.size() - 1);
  }

 private:
  static constexpr std::size_t kMost = 256;
  std::vector<std::string>& names_;
};

std::uint8_t position_of(std::int32_t position) {
  return position < 0 ? kPositionUnknown : static_cast<std::uint8_t>(std::min(position, 254));
}

// What an event by itself says of the item.
std::uint8_t outcome_of(const PastEvent& event) {
  if (event.feedback == Feedback::kNegative) return kDisliked;
  std::uint8_t outcome = 0;
  if (event.action != Action::kView) {
    outcome = kClicked;
    if (event.action == Action::kEngage || event.duration_ms >= kEngagedMs) outcome |= kEngaged;
    if (event.action == Action::kConvert) outcome |= kEngaged | kConverted;
  }
  if (event.feedback == Feedback::kPositive) outcome |= kClicked | kEngaged;
  return outcome;
}

// The clusters of one item, by day.
struct Clusters {
  std::map<std::int64_t, PastImpression> by_day;

  // Merges one more sight of it.
  void show(const PastImpression& shown) {
    const auto [at, fresh] = by_day.try_emplace(shown.at_ms / kDayMs, shown);
    PastImpression& cluster = at->second;
    if (fresh) return;
    if (shown.at_ms < cluster.at_ms) cluster.at_ms = shown.at_ms;
    cluster.position = std::min(cluster.position, shown.position);
    if (cluster.propensity < 0) cluster.propensity = shown.propensity;
    if (cluster.context == 0) cluster.context = shown.context;
    if (cluster.slot == 0) cluster.slot = shown.slot;
    cluster.exposed = cluster.exposed || shown.exposed;
  }

  // The cluster that an event answers: of its day, or the latest within so many days before.
  PastImpression* before(std::int64_t at_ms, std::int64_t days) {
    auto at = by_day.upper_bound(at_ms / kDayMs);
    while (at != by_day.begin()) {
      --at;
      if (at_ms / kDayMs - at->first > days) return nullptr;
      if (at->second.at_ms <= at_ms + kSkewMs) return &at->second;
    }
    return nullptr;
  }
};

}  // namespace

std::span<const std::uint16_t> Past::answers_of(std::size_t visitor) const noexcept {
  return std::span(answers).subspan(visitors[visitor].first_answer, visitors[visitor].answers);
}

std::span<const PastEvent> Past::events_of(std::size_t visitor) const noexcept {
  const std::uint32_t first = visitors[visitor].first_event;
  return std::span(events).subspan(first, visitors[visitor + 1].first_event - first);
}

std::span<const PastImpression> Past::impressions_of(std::size_t visitor) const noexcept {
  const std::uint32_t first = visitors[visitor].first_impression;
  return std::span(impressions).subspan(first, visitors[visitor + 1].first_impression - first);
}

std::vector<PastImpression> impressions_of(std::span<const PastEvent> events,
                                           std::span<const PastImpression> exposures) {
  std::unordered_map<std::uint32_t, Clusters> items;
  for (const PastImpression& exposure : exposures) items[exposure.item].show(exposure);
  for (const PastEvent& event : events) {
    const std::uint8_t outcome = outcome_of(event);
    if (outcome == 0) continue;
    const auto found = items.find(event.item);
    if (found == items.end()) continue;
    const bool waits = (outcome & kConverted) != 0;
    if (PastImpression* cluster = found->second.before(event.at_ms, waits ? kConversionDays : 0)) {
      cluster->outcome |= outcome;
    }
  }
  std::vector<PastImpression> all;
  for (const auto& [item, clusters] : items) {
    for (const auto& [day, cluster] : clusters.by_day) all.push_back(cluster);
  }
  for (PastImpression& impression : all) {
    if ((impression.outcome & kDisliked) != 0) impression.outcome = kDisliked;
  }
  std::sort(all.begin(), all.end(), [](const PastImpression& a, const PastImpression& b) {
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.item < b.item;
  });
  return all;
}

Past read_past(origin::Store& store, const HoldOut& hold_out, const StageProgress& progress,
               const std::atomic<bool>& cancel) {
  const auto answered = read_answers(store, progress, cancel);
  Past past;
  Interned items(past.item_ids);
  Slots slots(past.slots);
  std::vector<PastImpression> shown;
  const auto open_visitor = [&](std::int64_t profile, std::uint16_t segment_id) {
    past.visitors.push_back({.profile = profile,
                             .segment_id = segment_id,
                             .answers = 0,
                             .first_answer = static_cast<std::uint32_t>(past.answers.size()),
                             .first_event = static_cast<std::uint32_t>(past.events.size()),
                             .first_impression = static_cast<std::uint32_t>(past.impressions.size())});
  };
  progress("reading interactions", -1);
  store.for_each_visitor_history([&](const origin::VisitorHistory& history) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    const auto profile = answered.find(history.profile);
    if (profile != answered.end() && !profile->second.wanted) return;
    const auto index = static_cast<std::uint32_t>(past.visitors.size());
    open_visitor(history.profile, static_cast<std::uint16_t>(history.segment_id));
    if (profile != answered.end()) {
      PastVisitor& visitor = past.visitors.back();
      if (profile->second.segment_id != 0) visitor.segment_id = profile->second.segment_id;
      visitor.answers = static_cast<std::uint16_t>(profile->second.options.size());
      past.answers.insert(past.answers.end(), profile->second.options.begin(), profile->second.options.end());
    }

    shown.clear();
    const auto exposures = history.exposures.last(std::min(history.exposures.size(), kMaxPerVisitor));
    for (const origin::HistoryExposure& exposure : exposures) {
      shown.push_back({.visitor = index,
                       .item = items.of(exposure.item_id),
                       .at_ms = exposure.occurred_at_ms,
                       .propensity = static_cast<float>(exposure.propensity),
                       .context = static_cast<std::uint16_t>(exposure.context),
                       .slot = slots.of(exposure.slot),
                       .position = position_of(exposure.position),
                       .exposed = true});
    }
    const auto events = history.events.last(std::min(history.events.size(), kMaxPerVisitor));
    for (const origin::HistoryEvent& event : events) {
      const std::uint32_t item = items.of(event.item_id);
      past.events.push_back({item, event.duration_ms, event.occurred_at_ms, event.action, event.feedback});
      if (event.action != Action::kView && event.slot.empty()) continue;
      shown.push_back({.visitor = index,
                       .item = item,
                       .at_ms = event.occurred_at_ms,
                       .context = static_cast<std::uint16_t>(event.context),
                       .slot = slots.of(event.slot),
                       .position = position_of(event.position)});
    }
    const std::span<const PastEvent> own = std::span(past.events).subspan(past.visitors.back().first_event);
    const std::vector<PastImpression> clusters = impressions_of(own, shown);
    past.impressions.insert(past.impressions.end(),
                            clusters.end() - static_cast<std::ptrdiff_t>(std::min(clusters.size(), kMaxPerVisitor)),
                            clusters.end());
  });
  open_visitor(0, 0);
  hold_out_latest(past, hold_out);
  return past;
}

void hold_out_latest(Past& past, const HoldOut& hold_out) {
  past.held_out_from_ms = 0;
  const std::size_t all = past.impressions.size();
  const auto wanted =
      std::min<std::uint64_t>(static_cast<std::uint64_t>(hold_out.share * static_cast<double>(all)), hold_out.most);
  if (wanted < std::max<std::uint64_t>(hold_out.least, 1)) return;
  std::vector<std::int64_t> times;
  times.reserve(all);
  for (const PastImpression& impression : past.impressions) times.push_back(impression.at_ms);
  const auto cut = times.begin() + static_cast<std::ptrdiff_t>(all - wanted);
  std::nth_element(times.begin(), cut, times.end());
  const std::int64_t from = *cut;
  std::uint64_t held = 0;
  std::uint64_t clicked = 0;
  for (const PastImpression& impression : past.impressions) {
    if (impression.at_ms < from) continue;
    ++held;
    clicked += impression.outcome & kClicked;
  }
  // An import that gives everything one time cannot be split by time.
  if (held > 3 * wanted || clicked < hold_out.least_each || held - clicked < hold_out.least_each) return;
  past.held_out_from_ms = from;
}

Visitor visitor_before(const Past& past, std::size_t visitor) noexcept {
  Visitor then;
  const auto answers = past.answers_of(visitor);
  then.segment_id = past.visitors[visitor].segment_id;
  then.answer_count = static_cast<std::uint32_t>(std::min<std::size_t>(answers.size(), kMaxAnswers));
  std::copy_n(answers.begin(), then.answer_count, then.answers);
  return then;
}

void take(Visitor& visitor, const Past& past, const PastEvent& event) noexcept {
  interact(visitor, {past.item_ids[event.item], event.action, event.feedback, event.duration_ms, day_of(event.at_ms)});
}

}  // namespace footlight::learn
