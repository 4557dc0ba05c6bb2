#include "origin/learn/apprentice.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "origin/learn/ease.h"

namespace footlight::learn {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

struct Choice {
  std::int64_t at_ms = 0;
  std::uint64_t visitor = 0;
  std::uint32_t item_id = 0;
};

// A choice and the slate that stood beside it.
struct Case {
  Choice choice;
  std::string slot;
  std::size_t size = 0;
  bool hit = false;
};

struct Log {
  std::vector<Choice> choices;                                        // first ones of each visitor and item; by time
  std::vector<Case> cases;                                            // by time
  std::unordered_map<std::uint64_t, std::vector<Choice>> of_visitor;  // choices of visitors with a case, by time
  std::map<std::string, std::set<snapshot::ContentType>> types;       // of a slot: of what it would have shown
  std::uint64_t slates = 0;
};

// Types of content by item id; deleted items are not there.
using Types = std::unordered_map<std::uint32_t, snapshot::ContentType>;

class Reader {
 public:
  Reader(const Types& types, Log& log) : types_(types), log_(log) {}

  void begin(std::uint64_t visitor) {
    end();
    visitor_ = visitor;
  }

  void would_show(std::int64_t at_ms, std::uint32_t item, const std::string& slot, std::int64_t position) {
    Slate& slate = slates_[slot];
    if (slate.day != at_ms / kDayMs) {
      slate = {at_ms / kDayMs, {}};
      ++log_.slates;
    }
    slate.items[position] = item;
    if (const auto type = types_.find(item); type != types_.end()) log_.types[slot].insert(type->second);
  }

  void chose(std::int64_t at_ms, std::uint32_t item) {
    if (!chosen_.insert(item).second) return;
    const Choice choice{at_ms, visitor_, item};
    choices_.push_back(choice);
    for (const auto& [slot, slate] : slates_) {
      if (slate.day != at_ms / kDayMs) continue;
      const bool hit = std::any_of(slate.items.begin(), slate.items.end(),
                                   [&](const auto& placed) { return placed.second == item; });
      log_.cases.push_back({choice, slot, slate.items.size(), hit});
      has_case_ = true;
    }
  }

  void end() {
    log_.choices.insert(log_.choices.end(), choices_.begin(), choices_.end());
    if (has_case_) log_.of_visitor.emplace(visitor_, choices_);
    choices_.clear();
    chosen_.clear();
    slates_.clear();
    has_case_ = false;
  }

 private:
  struct Slate {
    std::int64_t day = -1;
    std::map<std::int64_t, std::uint32_t> items;  // by position
  };
  const Types& types_;
  Log& log_;
  std::uint64_t visitor_ = 0;
  std::vector<Choice> choices_;
  std::unordered_set<std::uint32_t> chosen_;
  std::map<std::string, Slate> slates_;
  bool has_case_ = false;
};

Log read_log(origin::Store& store, const Types& types, const std::atomic<bool>& cancel) {
  Log log;
  Reader reader(types, log);
  auto db = store.reader();
  // Of equal times the slate comes first: it was decided before anything could be chosen.
  auto query = db->prepare(
      "SELECT visitor, occurred_at AS at, 0 AS kind, item_id, slot, position FROM would_show "
      "WHERE slot IS NOT NULL AND position IS NOT NULL "
      "UNION ALL SELECT visitor, occurred_at, 1, item_id, NULL, NULL FROM interactions "
      "WHERE action BETWEEN 1 AND 3 AND feedback <> 2 ORDER BY 1, 2, 3, 6");
  std::uint64_t visitor = 0;
  while (query->executeStep()) {
    if (static_cast<std::uint64_t>(query.integer(0)) != visitor) {
      if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
      visitor = static_cast<std::uint64_t>(query.integer(0));
      reader.begin(visitor);
    }
    const auto item = static_cast<std::uint32_t>(query.integer(3));
    if (query.integer(2) == 0) {
      reader.would_show(query.integer(1), item, std::string(query.text(4)), query.integer(5));
    } else {
      reader.chose(query.integer(1), item);
    }
  }
  reader.end();
  const auto earlier = [](const Choice& a, const Choice& b) {
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.visitor < b.visitor;
  };
  std::stable_sort(log.choices.begin(), log.choices.end(), earlier);
  std::stable_sort(log.cases.begin(), log.cases.end(),
                   [&](const Case& a, const Case& b) { return earlier(a.choice, b.choice); });
  return log;
}

}  // namespace

ApprenticeReport evaluate_apprentice(origin::Store& store, const std::atomic<bool>& cancel) {
  Types types;
  store.for_each_content([&](const origin::ContentRow& row) {
    if (row.status == origin::ContentStatus::kLive) types.emplace(row.item_id, row.type);
  });
  const Log log = read_log(store, types, cancel);
  std::unordered_map<std::uint32_t, std::uint64_t> choosers;  // before the day of the case at hand
  std::size_t counted = 0;
  std::vector<Round> ours;  // a hit as m: then DM is the share of hits
  std::vector<Round> popular;
  std::map<std::string, std::vector<std::uint32_t>> ranked;  // by slot: items, the most chosen first
  std::int64_t day = -1;
  for (const Case& at : log.cases) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    const auto& shown_types = log.types.find(at.slot)->second;
    const auto type = types.find(at.choice.item_id);
    if (type == types.end() || !shown_types.contains(type->second)) continue;
    if (day != at.choice.at_ms / kDayMs) {
      day = at.choice.at_ms / kDayMs;
      ranked.clear();
      for (; counted < log.choices.size() && log.choices[counted].at_ms / kDayMs < day; ++counted) {
        ++choosers[log.choices[counted].item_id];
      }
    }
    std::vector<std::uint32_t>& order = ranked[at.slot];
    if (order.empty()) {
      for (const auto& [item, item_type] : types) {
        if (shown_types.contains(item_type)) order.push_back(item);
      }
      const auto count = [&](std::uint32_t item) {
        const auto found = choosers.find(item);
        return found == choosers.end() ? 0 : found->second;
      };
      std::sort(order.begin(), order.end(),
                [&](std::uint32_t a, std::uint32_t b) { return count(a) != count(b) ? count(a) > count(b) : a < b; });
    }
    std::unordered_set<std::uint32_t> had;
    for (const Choice& before : log.of_visitor.at(at.choice.visitor)) {
      if (before.item_id == at.choice.item_id) break;  // by time: this is the choice itself
      had.insert(before.item_id);
    }
    std::size_t left = at.size;
    bool hit = false;
    for (auto item = order.begin(); item != order.end() && left > 0; ++item) {
      if (had.contains(*item)) continue;
      --left;
      hit = hit || *item == at.choice.item_id;
    }
    Round round{.cluster = at.choice.visitor, .propensity = 1, .target = 0};
    round.model_under_target = at.hit ? 1 : 0;
    ours.push_back(round);
    round.model_under_target = hit ? 1 : 0;
    popular.push_back(round);
  }
  ApprenticeReport report;
  report.slates = log.slates;
  report.cases = ours.size();
  if (ours.empty()) return report;
  const OffPolicy hits = estimate(ours);
  report.visitors = hits.clusters;
  report.would_show = hits.dm;
  report.popular = estimate(popular).dm;
  report.gain = estimate_difference(ours, popular).dm;
  return report;
}

}  // namespace footlight::learn
