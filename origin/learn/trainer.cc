#include "origin/learn/trainer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/visitor/visitor.h"
#include "origin/learn/chosen.h"
#include "origin/learn/ease.h"
#include "origin/learn/rates.h"

namespace footlight::learn {
namespace {

using origin::VisitorHistory;

// All of the past that the models need, one pass over the store.
struct Past {
  std::uint64_t visitors = 0;
  VisitorItems chosen;                                                         // by item id here, not by index
  std::unordered_map<std::uint32_t, Count> overall;                            // item
  std::map<std::uint32_t, std::unordered_map<std::uint32_t, Count>> segments;  // segment -> item
};

Past read_past(origin::Store& store, const StageProgress& progress, const std::atomic<bool>& cancel) {
  Past past;
  std::vector<std::uint32_t> chosen;
  progress("reading interactions", -1);
  store.for_each_visitor_history([&](const VisitorHistory& history) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    if (history.events.empty()) return;
    ++past.visitors;
    const std::vector<HistoryEntry> entries = fold_events(history.events);
    auto* segment = history.segment_id == 0 ? nullptr : &past.segments[history.segment_id];
    chosen.clear();
    // Latest first, so that kMaxChosen keeps what the visitor cares for now.
    for (auto at = entries.rbegin(); at != entries.rend(); ++at) {
      const HistoryEntry& entry = *at;
      const bool chose = is_chosen(entry);
      if (chose && chosen.size() < kMaxChosen) chosen.push_back(entry.item_id);
      Count& count = past.overall[entry.item_id];
      ++count.seen;
      count.chosen += chose ? 1 : 0;
      if (segment == nullptr) continue;
      Count& within = (*segment)[entry.item_id];
      ++within.seen;
      within.chosen += chose ? 1 : 0;
    }
    if (!chosen.empty()) past.chosen.add(chosen);
  });
  return past;
}

// The items that EASE is fitted on, by id, and everybody's choices among them by index.
struct LearnSet {
  std::vector<std::uint32_t> item_ids;  // ascending
  std::vector<std::uint32_t> visitors;  // who chose it
  VisitorItems choices;
};

LearnSet learn_set(origin::Store& store, const Past& past, const TrainOptions& options, TrainReport& report) {
  std::unordered_map<std::uint32_t, std::uint32_t> choosers;
  for (const std::uint32_t item : past.chosen.items) ++choosers[item];
  std::vector<std::pair<std::uint32_t, std::uint32_t>> items;  // visitors, id
  store.for_each_content([&](const origin::ContentRow& row) {  // what was deleted since is not learned
    const auto found = choosers.find(row.item_id);
    if (found == choosers.end()) return;
    if (found->second < options.min_visitors) {
      ++report.items_too_few;
    } else {
      items.emplace_back(found->second, row.item_id);
    }
  });
  std::sort(items.begin(), items.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  if (items.size() > options.max_items) {
    report.items_too_many = static_cast<std::uint32_t>(items.size()) - options.max_items;
    items.resize(options.max_items);
  }
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.second < b.second; });

  LearnSet set;
  std::unordered_map<std::uint32_t, std::uint32_t> index;
  for (const auto& [visitors, id] : items) {
    index.emplace(id, static_cast<std::uint32_t>(set.item_ids.size()));
    set.item_ids.push_back(id);
    set.visitors.push_back(visitors);
  }
  set.choices.item_count = static_cast<std::uint32_t>(items.size());
  std::vector<std::uint32_t> chosen;
  for (std::size_t v = 0; v < past.chosen.visitor_count(); ++v) {
    chosen.clear();
    for (const std::uint32_t item : past.chosen.of(v)) {
      if (const auto found = index.find(item); found != index.end()) chosen.push_back(found->second);
    }
    if (!chosen.empty()) set.choices.add(chosen);
  }
  return set;
}

LearnedItem& item_of(std::map<std::uint32_t, LearnedItem>& items, std::uint32_t id) {
  LearnedItem& item = items[id];
  item.item_id = id;
  return item;
}

void learn_rates(origin::Store& store, const TrainOptions& options, std::map<std::uint32_t, LearnedItem>& items,
                 TrainReport& report) {
  std::vector<std::uint32_t> ids;
  std::vector<Count> counts;
  store.for_each_item_counts([&](const origin::ItemCounts& row) {
    if (row.exposures + row.views == 0 || row.visitors_seen < options.min_visitors) return;
    ids.push_back(row.item_id);
    counts.push_back({row.visitors_seen, std::min(row.visitors_engaged, row.visitors_seen)});
  });
  const RatePrior prior = fit_rate_prior(counts);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const double rate = shrunk_rate(counts[i], prior);
    LearnedItem& item = item_of(items, ids[i]);
    item.engagement_rate = static_cast<float>(rate);
    item.popularity = static_cast<float>(logit(rate) - logit(prior.mean));
  }
  report.rates = static_cast<std::uint32_t>(ids.size());
}

// Both sides of the difference are counted in the same way, over the visitors' own events: an exposure report names no
// segment.
std::vector<SegmentPriors> learn_priors(const Past& past, const TrainOptions& options) {
  std::vector<Count> counts;
  counts.reserve(past.overall.size());
  for (const auto& [id, count] : past.overall) {
    // Everybody who is known to have seen it chose it: nobody counted the others.
    if (count.seen > count.chosen) counts.push_back(count);
  }
  const RatePrior site = fit_rate_prior(counts);
  std::vector<SegmentPriors> all;
  for (const auto& [segment_id, items] : past.segments) {
    SegmentPriors priors{segment_id, {}};
    for (const auto& [id, within] : items) {
      const Count& overall = past.overall.at(id);
      if (within.seen < options.min_visitors || overall.seen == overall.chosen) continue;
      const double rate = shrunk_rate(overall, site);
      const double special = shrunk_rate(within, {rate, options.segment_strength});
      priors.log_odds.emplace_back(id, static_cast<float>(logit(special) - logit(rate)));
    }
    if (priors.log_odds.empty()) continue;
    std::sort(priors.log_odds.begin(), priors.log_odds.end());
    all.push_back(std::move(priors));
  }
  return all;
}

}  // namespace

TrainReport train(origin::Store& store, const TrainOptions& options, const StageProgress& progress,
                  const std::atomic<bool>& cancel) {
  const auto start = std::chrono::steady_clock::now();
  TrainReport report;
  const Past past = read_past(store, progress, cancel);
  const LearnSet set = learn_set(store, past, options, report);
  report.visitors = past.visitors;
  report.learned_from = set.choices.visitor_count();
  report.choices = set.choices.items.size();
  report.items_learned = set.choices.item_count;

  Model model;
  model.trained_at_s = origin::now_ms() / 1000;
  model.visitors = report.learned_from;
  model.lambda = options.lambda;
  model.min_visitors = options.min_visitors;
  std::map<std::uint32_t, LearnedItem> items;
  if (set.choices.item_count > 0) {
    const EaseModel ease = fit_ease(
        set.choices, {options.lambda, options.neighbours, options.threads},
        [&](double share) { progress("fitting the item-item model", share); }, cancel);
    for (std::size_t j = 0; j < set.item_ids.size(); ++j) {
      LearnedItem& item = item_of(items, set.item_ids[j]);
      item.visitors = set.visitors[j];
      item.bias = ease.bias[j];
      for (const ItemNeighbour& neighbour : ease.neighbours[j]) {
        item.neighbours.emplace_back(set.item_ids[neighbour.item], neighbour.weight);
      }
    }
  }
  progress("estimating rates", -1);
  learn_rates(store, options, items, report);
  model.segments = learn_priors(past, options);
  report.segments = static_cast<std::uint32_t>(model.segments.size());
  for (auto& [id, item] : items) model.items.push_back(std::move(item));

  if (cancel.load()) throw Cancelled{};
  const std::vector<std::byte> bytes = encode_model(model);
  store.put_model(kModelName, bytes);
  report.model_bytes = bytes.size();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace footlight::learn
