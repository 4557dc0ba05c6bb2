#include "origin/learn/counts.h"

#include <algorithm>

#include "origin/learn/chosen.h"

namespace footlight::learn {

Counts count_visitors(const Past& past, const snapshot::SnapshotView& view, const std::atomic<bool>& cancel) {
  Counts counts;
  counts.overall.resize(past.item_ids.size());
  counts.shown.resize(past.item_ids.size());
  counts.segments.resize(view.segments().size());
  counts.chosen.item_count = static_cast<std::uint32_t>(past.item_ids.size());
  std::unordered_map<std::uint32_t, HistoryEntry> contacts;
  std::vector<std::uint32_t> order;  // items, by first contact
  std::vector<std::uint32_t> chosen;
  for (std::size_t v = 0; v < past.visitor_count(); ++v) {
    if (v % 1024 == 0 && cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    contacts.clear();
    order.clear();
    const auto meet = [&](std::uint32_t item) -> HistoryEntry& {
      const auto [at, fresh] = contacts.try_emplace(item);
      if (fresh) order.push_back(item);
      return at->second;
    };
    for (const PastEvent& event : past.events_of(v)) {
      if (past.is_held_out(event.at_ms)) break;
      HistoryEntry& entry = meet(event.item);
      entry.action = std::max(entry.action, event.action);
      if (event.feedback != Feedback::kNone) entry.feedback = event.feedback;
    }
    for (const PastImpression& impression : past.impressions_of(v)) {
      if (past.is_held_out(impression.at_ms)) break;
      (void)meet(impression.item);
      counts.shown[impression.item] = true;
    }
    if (order.empty()) continue;
    ++counts.visitors;
    const std::uint32_t segment = segment_of(visitor_before(past, v), view);
    chosen.clear();
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
      const bool chose = is_chosen(contacts.at(*at));
      if (chose && chosen.size() < kMaxChosen) chosen.push_back(*at);
      const auto add = [&](Count& count) {
        ++count.seen;
        count.chosen += chose ? 1 : 0;
      };
      add(counts.overall[*at]);
      if (segment != 0) add(counts.segments[segment][*at]);
    }
    if (!chosen.empty()) counts.chosen.add(chosen);
  }
  return counts;
}

std::vector<SegmentPriors> segment_priors(const Past& past, const Counts& counts, const snapshot::SnapshotView& view,
                                          std::uint32_t min_visitors, double strength) {
  std::vector<Count> known;
  for (const Count& count : counts.overall) {
    // Everybody who is known to have seen it chose it: nobody counted the others.
    if (count.seen > count.chosen) known.push_back(count);
  }
  const RatePrior site = fit_rate_prior(known);
  std::vector<SegmentPriors> all;
  for (std::size_t s = 1; s < counts.segments.size(); ++s) {
    SegmentPriors priors{view.segments()[s].id, {}};
    for (const auto& [item, within] : counts.segments[s]) {
      const Count& overall = counts.overall[item];
      if (within.seen < min_visitors || overall.seen == overall.chosen) continue;
      const double rate = shrunk_rate(overall, site);
      const double special = shrunk_rate(within, {rate, strength});
      priors.log_odds.emplace_back(past.item_ids[item], static_cast<float>(logit(special) - logit(rate)));
    }
    if (priors.log_odds.empty()) continue;
    std::sort(priors.log_odds.begin(), priors.log_odds.end());
    all.push_back(std::move(priors));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.segment_id < b.segment_id; });
  return all;
}

}  // namespace footlight::learn
