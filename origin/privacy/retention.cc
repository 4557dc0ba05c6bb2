#include "origin/privacy/retention.h"

#include <vector>

#include "origin/privacy/erasure.h"
#include "origin/store/audit.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kBatch = 2000;

struct Rule {
  std::uint64_t RetentionReport::*count;
  Sql counted;  // how many there are; ?1: the time before which they go
  Sql removed;  // the next batch of them; ?2: its size
};

constexpr Rule kRules[] = {
    {&RetentionReport::interactions, "SELECT count(*) FROM interactions WHERE occurred_at < ?1",
     "DELETE FROM interactions WHERE id IN (SELECT id FROM interactions WHERE occurred_at < ?1 LIMIT ?2)"},
    {&RetentionReport::recommendations, "SELECT count(*) FROM content_recommendations WHERE created_at < ?1",
     "DELETE FROM content_recommendations WHERE id IN "
     "(SELECT id FROM content_recommendations WHERE created_at < ?1 LIMIT ?2)"},
    {&RetentionReport::would_show, "SELECT count(*) FROM would_show WHERE occurred_at < ?1",
     "DELETE FROM would_show WHERE event_id IN (SELECT event_id FROM would_show WHERE occurred_at < ?1 LIMIT ?2)"},
    {&RetentionReport::exposures, "SELECT count(*) FROM exposures WHERE exposed_at < ?1",
     "DELETE FROM exposures WHERE (experiment, visitor, variant) IN "
     "(SELECT experiment, visitor, variant FROM exposures WHERE exposed_at < ?1 LIMIT ?2)"},
    {&RetentionReport::conversions, "SELECT count(*) FROM conversions WHERE occurred_at < ?1",
     "DELETE FROM conversions WHERE event_id IN (SELECT event_id FROM conversions WHERE occurred_at < ?1 LIMIT ?2)"},
};

// Their time is in the row itself.
constexpr Rule kExpiring[] = {
    {&RetentionReport::tokens, "SELECT count(*) FROM tokens WHERE expires_at < ?1",
     "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at < ?1 LIMIT ?2)"},
    {&RetentionReport::contents, "SELECT count(*) FROM personalized_content WHERE expires_at < ?1",
     "DELETE FROM personalized_content WHERE id IN "
     "(SELECT id FROM personalized_content WHERE expires_at < ?1 LIMIT ?2)"},
    // After the rows above: ?1 is not looked at.
    {&RetentionReport::visitors,
     "SELECT count(*) FROM visitors v WHERE v.profile IS NULL AND ?1 > 0 "
     "AND NOT EXISTS (SELECT 1 FROM interactions WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM would_show WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM exposures WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM conversions WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM content_recommendations WHERE visitor = v.visitor)",
     "DELETE FROM visitors WHERE visitor IN (SELECT v.visitor FROM visitors v WHERE v.profile IS NULL AND ?1 > 0 "
     "AND NOT EXISTS (SELECT 1 FROM interactions WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM would_show WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM exposures WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM conversions WHERE visitor = v.visitor) "
     "AND NOT EXISTS (SELECT 1 FROM content_recommendations WHERE visitor = v.visitor) LIMIT ?2)"},
};

std::uint64_t apply(Store& store, const Rule& rule, std::int64_t before_ms, bool dry_run,
                    const std::atomic<bool>& cancel) {
  if (dry_run) {
    auto db = store.reader();
    auto query = db->prepare(rule.counted);
    query->bind(1, before_ms);
    query->executeStep();
    return static_cast<std::uint64_t>(query.integer(0));
  }
  std::uint64_t removed = 0;
  while (!cancel.load()) {
    const int batch = store.writer()
                          .submit([&](Database& db) {
                            auto erase = db.prepare(rule.removed);
                            erase->bind(1, before_ms);
                            erase->bind(2, kBatch);
                            return erase->exec();
                          })
                          .get();
    removed += static_cast<std::uint64_t>(batch);
    if (batch < kBatch) break;
  }
  return removed;
}

std::vector<Uuid> inactive_profiles(Store& store, std::int64_t before_ms) {
  std::vector<Uuid> profiles;
  auto db = store.reader();
  auto query =
      db->prepare("SELECT id FROM user_profiles WHERE max(created_at, updated_at, coalesce(last_engaged_at, 0)) < ?");
  query->bind(1, before_ms);
  while (query->executeStep()) {
    if (const auto id = parse_uuid(query.text(0))) profiles.push_back(*id);
  }
  return profiles;
}

}  // namespace

Json retention_json(const RetentionReport& report) {
  return {{"interactions", report.interactions},
          {"recommendations", report.recommendations},
          {"wouldShow", report.would_show},
          {"exposures", report.exposures},
          {"conversions", report.conversions},
          {"visitors", report.visitors},
          {"profiles", report.profiles},
          {"tokens", report.tokens},
          {"personalizedContent", report.contents},
          {"complete", report.is_complete}};
}

RetentionReport apply_retention(Store& store, const SiteRetention& retention, std::int64_t now_ms,
                                const RetentionRun& run, const std::atomic<bool>& cancel) {
  RetentionReport report;
  const std::int64_t interactions_before = now_ms - std::int64_t{retention.interaction_days} * kDayMs;
  for (const Rule& rule : kRules) {
    report.*rule.count = apply(store, rule, interactions_before, run.dry_run, cancel);
  }
  for (const Uuid& id : inactive_profiles(store, now_ms - std::int64_t{retention.profile_days} * kDayMs)) {
    if (cancel.load()) break;
    if (run.dry_run || erase_profile(store, id, ErasureReason::kRetention, run.actor)) ++report.profiles;
  }
  for (const Rule& rule : kExpiring) report.*rule.count = apply(store, rule, now_ms, run.dry_run, cancel);
  report.is_complete = !cancel.load();
  if (run.dry_run) return report;
  store.writer()
      .submit([&](Database& db) {
        append_audit(db, run.actor, "privacy.retention", "site", retention_json(report).dump());
      })
      .get();
  return report;
}

bool begin_retention_day(Store& store, std::int64_t now_ms) {
  const std::int64_t day = now_ms / kDayMs;
  return store.writer()
      .submit([day](Database& db) {
        auto put = db.prepare(
            "INSERT INTO meta (name, value) VALUES ('retention_day', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1 "
            "WHERE CAST(value AS INTEGER) < CAST(?1 AS INTEGER)");
        put->bind(1, std::to_string(day));
        return put->exec() > 0;
      })
      .get();
}

}  // namespace footlight::origin
