#include "origin/learn/tastes.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include <fmt/format.h>

#include "core/visitor/record.h"
#include "origin/learn/chosen.h"
#include "origin/learn/ease.h"
#include "origin/learn/trainer.h"
#include "origin/schedule/priority.h"

namespace footlight::learn {
namespace {

bool refuses(const Visitor& visitor) { return visitor.opted_out || visitor.personalization == Choice::kDenied; }

struct Seen {
  std::vector<std::uint32_t> chosen;
  std::vector<std::uint32_t> disliked;
};

// `entries` in any order; the latest kMaxChosen choices count.
Seen past_of(std::vector<HistoryEntry> entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.day > b.day; });
  Seen past;
  for (const HistoryEntry& entry : entries) {
    if (is_chosen(entry)) {
      if (past.chosen.size() < kMaxChosen) past.chosen.push_back(entry.item_id);
    } else if (entry.feedback == Feedback::kNegative) {
      past.disliked.push_back(entry.item_id);
    }
  }
  return past;
}

// The record says what holds now, and it reaches back only so far; the interactions know the rest.
Taste merged(std::int64_t profile, const Visitor& visitor, const Seen& stored) {
  const std::span<const HistoryEntry> history(visitor.history, visitor.history_count);
  Seen past = past_of({history.begin(), history.end()});
  const auto is_known = [&](std::uint32_t id) {
    return std::any_of(history.begin(), history.end(), [&](const auto& entry) { return entry.item_id == id; });
  };
  for (const std::uint32_t id : stored.chosen) {
    if (!is_known(id) && past.chosen.size() < kMaxChosen) past.chosen.push_back(id);
  }
  for (const std::uint32_t id : stored.disliked) {
    if (!is_known(id)) past.disliked.push_back(id);
  }
  return {.profile = profile,
          .answers = {visitor.answers, visitor.answers + visitor.answer_count},
          .chosen = std::move(past.chosen),
          .disliked = std::move(past.disliked)};
}

}  // namespace

Taste taste_of(origin::Store& store, std::int64_t profile, const Visitor& visitor) {
  auto db = store.reader();
  auto query = db->prepare(
      "SELECT i.item_id, i.action, i.feedback, i.duration_ms, i.occurred_at FROM visitors v "
      "JOIN interactions i ON i.visitor = v.visitor WHERE v.profile = ? AND i.action < 4 ORDER BY i.occurred_at, i.id");
  query->bind(1, profile);
  std::vector<origin::HistoryEvent> events;
  while (query->executeStep()) {
    events.push_back({.item_id = static_cast<std::uint32_t>(query.integer(0)),
                      .action = static_cast<Action>(query.integer(1)),
                      .feedback = static_cast<Feedback>(query.integer(2)),
                      .duration_ms = static_cast<std::uint32_t>(query.integer(3)),
                      .occurred_at_ms = query.integer(4)});
  }
  return merged(profile, visitor, past_of(fold_events(events)));
}

std::optional<KnownProfile> find_profile(origin::Store& store, std::string_view id) {
  KnownProfile known;
  {
    auto db = store.reader();
    std::optional<std::pair<std::int64_t, origin::Uuid>> found;
    if (const auto uuid = origin::parse_uuid(id)) found = find_by_id(*db, *uuid);
    if (!found) found = find_by_foreign(*db, store.vault().hash(origin::HashOf::kForeignId, id));
    if (!found || !store.vault().data_key(found->second)) return std::nullopt;
    known.profile = found->first;
    known.id = found->second;
    known.visitor = load_visitor(*db, store.vault(), known.profile, known.id);
  }
  known.taste = taste_of(store, known.profile, known.visitor);
  return known;
}

std::shared_ptr<const SimilarUsers> index_tastes(origin::Store& store, const origin::Site& site,
                                                 const std::atomic<bool>& cancel) {
  std::unordered_map<std::int64_t, Seen> pasts;
  store.for_each_visitor_history([&](const origin::VisitorHistory& history) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    if (history.profile == 0) return;
    Seen past = past_of(fold_events(history.events));
    if (!past.chosen.empty() || !past.disliked.empty()) pasts[history.profile] = std::move(past);
  });
  auto index = std::make_shared<SimilarUsers>(site);
  const Seen nothing;
  store.for_each_profile_record([&](std::int64_t profile, std::span<const std::byte> record) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    const auto visitor = decode_visitor(record);
    if (!visitor || refuses(*visitor)) return;
    const auto past = pasts.find(profile);
    index->add(merged(profile, *visitor, past == pasts.end() ? nothing : past->second));
  });
  index->finish();
  return index;
}

std::vector<SimilarProfile> similar_to(origin::Store& store, const SimilarUsers& index, const Taste& target,
                                       std::size_t limit) {
  // Some to spare for those who have gone since; should more have gone, ask for all.
  std::size_t asked = limit + limit / 4 + 8;
  auto db = store.reader();
  for (;;) {
    const std::vector<SimilarUser> found = index.find(target, asked);
    std::vector<SimilarProfile> similar;
    for (const SimilarUser& user : found) {
      if (similar.size() == limit) break;
      auto query = db->prepare(
          "SELECT id, engagement_level FROM user_profiles WHERE seq = ? AND personalization_enabled = 1 "
          "AND personalization_opt_out = 0");
      query->bind(1, user.profile);
      if (!query->executeStep()) continue;
      similar.push_back({user, std::string(query.text(0)), static_cast<std::uint32_t>(query.integer(1))});
    }
    if (similar.size() == limit || found.size() < asked) return similar;
    asked = index.size();
  }
}

std::vector<LikedItem> liked_by_similar(origin::Store& store, const SimilarUsers& index, const Taste& target) {
  std::vector<SimilarUser> neighbours;
  for (SimilarProfile& one : similar_to(store, index, target, kNeighbours)) neighbours.push_back(one.user);
  return index.liked(target, neighbours);
}

FreshSimilarUsers::~FreshSimilarUsers() {
  cancel_.store(true);
  if (builder_.joinable()) builder_.join();
}

void FreshSimilarUsers::build(const origin::SiteDocument& site, std::int64_t now_ms) {
  std::shared_ptr<const SimilarUsers> users;
  try {
    users = index_tastes(store_, site.site, cancel_);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    building_ = false;
    throw;
  }
  const std::lock_guard lock(mutex_);
  // Where somebody was erased meanwhile it serves this once, for whoever waits for it, and is built anew at once.
  index_ = {std::move(users), expired_ ? 0 : now_ms};
  site_version_ = site.version;
  building_ = false;
  expired_ = false;
}

void FreshSimilarUsers::expire() {
  const std::lock_guard lock(mutex_);
  expired_ = building_;
  index_ = {};
}

std::optional<FreshSimilarUsers::Index> FreshSimilarUsers::get(const std::shared_ptr<const origin::SiteDocument>& site,
                                                               std::int64_t now_ms) {
  std::unique_lock lock(mutex_);
  if (index_.users) {
    const bool fresh = now_ms - index_.built_at_ms < max_age_ms_ && site_version_ == site->version;
    if (!fresh && !building_) {
      building_ = true;
      if (builder_.joinable()) builder_.join();  // it has ended: building_ was false
      builder_ = std::thread([this, site, now_ms] {
        schedule::lower_priority();
        try {
          build(*site, now_ms);
        } catch (const Cancelled&) {
        } catch (const std::exception& error) {
          fmt::print(stderr, "footlight: similar users: {}\n", error.what());
        }
      });
    }
    return index_;
  }
  if (building_) return std::nullopt;
  building_ = true;
  lock.unlock();
  build(*site, now_ms);
  lock.lock();
  return index_;
}

}  // namespace footlight::learn
