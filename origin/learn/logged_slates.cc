#include "origin/learn/logged_slates.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "core/visitor/record.h"
#include "origin/learn/ease.h"

namespace footlight::learn {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kExposure = 4;

struct Event {
  std::int64_t occurred_at_ms = 0;
  std::uint32_t item_id = 0;
  bool exposure = false;
  Action action = Action::kView;
  Feedback feedback = Feedback::kNone;
  std::uint32_t duration_ms = 0;
  std::string slot;
  std::int64_t position = -1;
  double propensity = 0;
  std::uint64_t snapshot_version = 0;
  Surroundings surroundings;
};

struct Past {
  std::uint64_t visitor = 0;
  Visitor known;  // answers, no history
  std::vector<Event> events;
};

using Records = std::unordered_map<std::int64_t, std::vector<std::byte>>;

Records read_records(origin::Store& store, const std::atomic<bool>& cancel) {
  Records records;
  store.for_each_profile_record([&](std::int64_t profile, std::span<const std::byte> record) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    records.emplace(profile, std::vector<std::byte>(record.begin(), record.end()));
  });
  return records;
}

Visitor without_past(const Records& records, std::int64_t profile, std::uint32_t segment_id) {
  Visitor visitor;
  if (const auto found = records.find(profile); found != records.end()) {
    if (const auto decoded = decode_visitor(found->second)) visitor = *decoded;
  }
  visitor.unit_id = 1;
  visitor.history_count = 0;
  visitor.engagement_points = 0;
  if (visitor.segment_id == 0) visitor.segment_id = static_cast<std::uint16_t>(segment_id);
  return visitor;
}

void for_each_past(origin::Store& store, const std::function<void(const Past&)>& visit,
                   const std::atomic<bool>& cancel) {
  const Records records = read_records(store, cancel);
  auto db = store.reader();
  auto query = db->prepare(
      "SELECT i.visitor, coalesce(v.profile, 0), v.segment_id, i.item_id, i.action, i.feedback, i.duration_ms, "
      "i.occurred_at, i.slot, i.position, i.propensity, i.snapshot_version, i.context "
      "FROM interactions i JOIN visitors v ON v.visitor = i.visitor ORDER BY i.visitor, i.occurred_at, i.id");
  Past past;
  const auto flush = [&] {
    if (!past.events.empty()) visit(past);
    past.events.clear();
  };
  while (query->executeStep()) {
    const auto visitor = static_cast<std::uint64_t>(query.integer(0));
    if (visitor != past.visitor) {
      flush();
      if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
      past.visitor = visitor;
      past.known = without_past(records, query.integer(1), static_cast<std::uint32_t>(query.integer(2)));
    }
    Event event;
    event.item_id = static_cast<std::uint32_t>(query.integer(3));
    event.exposure = query.integer(4) == kExposure;
    event.action = event.exposure ? Action::kView : static_cast<Action>(query.integer(4));
    event.feedback = static_cast<Feedback>(query.integer(5));
    event.duration_ms = static_cast<std::uint32_t>(query.integer(6));
    event.occurred_at_ms = query.integer(7);
    if (!query.is_null(8)) event.slot = std::string(query.text(8));
    if (!query.is_null(9)) event.position = query.integer(9);
    if (!query.is_null(10)) event.propensity = query.real(10);
    if (!query.is_null(11)) event.snapshot_version = static_cast<std::uint64_t>(query.integer(11));
    if (!query.is_null(12)) event.surroundings = unpack_surroundings(static_cast<std::uint32_t>(query.integer(12)));
    past.events.push_back(std::move(event));
  }
  flush();
}

void take(Visitor& visitor, const Event& event) {
  interact(visitor,
           {.item_id = event.item_id,
            .action = event.action,
            .feedback = event.feedback,
            .duration_ms = event.duration_ms,
            .day = static_cast<std::uint16_t>(std::clamp<std::int64_t>(event.occurred_at_ms / kDayMs, 0, 65535))});
}

bool is_choice(const Event& event) {
  return !event.exposure && event.feedback != Feedback::kNegative &&
         (event.action != Action::kView || event.feedback == Feedback::kPositive);
}

double reward_of(const Past& past, std::size_t exposure) {
  const Event& shown = past.events[exposure];
  double reward = 0;
  for (std::size_t i = exposure; i < past.events.size(); ++i) {
    const Event& event = past.events[i];
    if (event.occurred_at_ms / kDayMs != shown.occurred_at_ms / kDayMs) break;
    if (event.exposure || event.item_id != shown.item_id) continue;
    if (event.feedback == Feedback::kNegative) return 0;
    if (event.action != Action::kView) reward = 1;
  }
  return reward;
}

// One visitor's slates, each closed when its day is over or another item stands in one of its positions.
void slates_of(const Past& past, std::int64_t from_ms, const std::function<void(const LoggedSlate&)>& visit) {
  using Key = std::tuple<std::string, std::uint64_t, std::int64_t>;  // slot, snapshot version, day
  std::map<Key, LoggedSlate> open;
  std::vector<LoggedSlate> closed;
  Visitor now = past.known;
  for (std::size_t i = 0; i < past.events.size(); ++i) {
    const Event& event = past.events[i];
    const Visitor before = now;
    if (!event.exposure) take(now, event);
    if (event.occurred_at_ms < from_ms || event.slot.empty() || event.position < 0 || event.position > 255) continue;
    const auto position = static_cast<std::uint32_t>(event.position);
    LoggedSlate& slate = open[{event.slot, event.snapshot_version, event.occurred_at_ms / kDayMs}];
    const auto at = std::lower_bound(slate.cards.begin(), slate.cards.end(), position,
                                     [](const LoggedCard& card, std::uint32_t p) { return card.position < p; });
    const bool taken = at != slate.cards.end() && at->position == position;
    if (taken && at->item_id == event.item_id) continue;
    const LoggedCard card{position, event.item_id, event.propensity, reward_of(past, i)};
    if (taken) {
      closed.push_back(slate);
      slate.cards.clear();
    }
    if (slate.cards.empty()) {
      slate = {.visitor = past.visitor,
               .slot = event.slot,
               .snapshot_version = event.snapshot_version,
               .shown_at_ms = event.occurred_at_ms,
               .cards = {card},
               .as_then = before,
               .surroundings = event.surroundings};
    } else {
      slate.cards.insert(at, card);
    }
  }
  for (auto& [key, slate] : open) closed.push_back(std::move(slate));
  std::stable_sort(closed.begin(), closed.end(), [](const LoggedSlate& a, const LoggedSlate& b) {
    return std::tie(a.shown_at_ms, a.slot) < std::tie(b.shown_at_ms, b.slot);
  });
  for (const LoggedSlate& slate : closed) visit(slate);
}

}  // namespace

void for_each_logged_slate(origin::Store& store, std::int64_t from_ms,
                           const std::function<void(const LoggedSlate&)>& visit, const std::atomic<bool>& cancel) {
  for_each_past(
      store, [&](const Past& past) { slates_of(past, from_ms, visit); }, cancel);
}

void for_each_held_out_choice(origin::Store& store, std::int64_t from_ms,
                              const std::function<void(const HeldOutChoice&)>& visit, const std::atomic<bool>& cancel) {
  for_each_past(
      store,
      [&](const Past& past) {
        std::unordered_set<std::uint32_t> chosen;
        std::optional<HeldOutChoice> latest;
        Visitor now = past.known;
        for (const Event& event : past.events) {
          if (event.exposure) continue;
          if (is_choice(event) && chosen.insert(event.item_id).second && event.occurred_at_ms >= from_ms) {
            // What was seen of the item in the same visit would give the answer away.
            latest = {past.visitor, event.item_id, event.occurred_at_ms, now, event.surroundings};
          }
          take(now, event);
        }
        if (!latest) return;
        Visitor& then = latest->as_then;
        const auto end = std::remove_if(then.history, then.history + then.history_count,
                                        [&](const HistoryEntry& entry) { return entry.item_id == latest->choice; });
        then.history_count = static_cast<std::uint32_t>(end - then.history);
        visit(*latest);
      },
      cancel);
}

}  // namespace footlight::learn
