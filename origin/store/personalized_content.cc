#include "origin/store/personalized_content.h"

namespace footlight::origin {
namespace {

struct Newest {
  std::string id;
  std::string json;
  std::int64_t expires_at = 0;
};

// Rows are numbered as they come; ids of one millisecond are in no order.
std::optional<Newest> newest(Database& db, Vault& vault, const SecretKey& key, const Uuid& profile,
                             std::string_view section) {
  const std::string user = to_string(profile);
  auto query = db.prepare(
      "SELECT id, content_data, expires_at FROM personalized_content WHERE user_profile_id = ? AND content_type = ? "
      "ORDER BY rowid DESC LIMIT 1");
  query->bind(1, user);
  query->bind(2, std::string(section));
  if (!query->executeStep()) return std::nullopt;
  auto json = vault.open_text(key, {"personalized_content", section, user}, query.blob(1));
  if (!json) return std::nullopt;
  return Newest{std::string(query.text(0)), std::move(*json), query.integer(2)};
}

}  // namespace

void keep_content(Database& db, Vault& vault, const SecretKey& key, const Uuid& profile, std::string_view section,
                  std::string_view json, std::uint64_t version, std::int64_t now) {
  if (const auto last = newest(db, vault, key, profile, section); last && last->json == json) {
    auto again = db.prepare("UPDATE personalized_content SET expires_at = ?, snapshot_version = ? WHERE id = ?");
    again->bind(1, now + kContentTtlMs);
    again->bind(2, static_cast<std::int64_t>(version));
    again->bind(3, last->id);
    again->exec();
    return;
  }
  const std::string user = to_string(profile);
  auto put = db.prepare(
      "INSERT INTO personalized_content (id, user_profile_id, content_type, content_data, created_at, expires_at, "
      "snapshot_version) VALUES (?, ?, ?, ?, ?, ?, ?)");
  put->bind(1, to_string(timed_uuid(now)));
  put->bind(2, user);
  put->bind(3, std::string(section));
  put.bind_blob(4, vault.seal(key, {"personalized_content", section, user}, json));
  put->bind(5, now);
  put->bind(6, now + kContentTtlMs);
  put->bind(7, static_cast<std::int64_t>(version));
  put->exec();
  auto prune = db.prepare(
      "DELETE FROM personalized_content WHERE user_profile_id = ?1 AND content_type = ?2 AND (expires_at <= ?3 OR "
      "rowid NOT IN (SELECT rowid FROM personalized_content WHERE user_profile_id = ?1 AND content_type = ?2 "
      "ORDER BY rowid DESC LIMIT ?4))");
  prune->bind(1, user);
  prune->bind(2, std::string(section));
  prune->bind(3, now);
  prune->bind(4, kKeptContents);
  prune->exec();
}

std::optional<std::string> newest_content(Database& db, Vault& vault, const SecretKey& key, const Uuid& profile,
                                          std::string_view section, std::int64_t now) {
  auto last = newest(db, vault, key, profile, section);
  if (!last || last->expires_at <= now) return std::nullopt;
  return std::move(last->json);
}

void raise_engagement(Database& db, const Uuid& profile, std::string_view section, std::uint32_t points) {
  if (points == 0) return;
  auto update = db.prepare(
      "UPDATE personalized_content SET engagement_score = engagement_score + ?1 WHERE rowid = "
      "(SELECT rowid FROM personalized_content WHERE user_profile_id = ?2 AND content_type = ?3 ORDER BY rowid DESC "
      "LIMIT "
      "1)");
  update->bind(1, static_cast<std::int64_t>(points));
  update->bind(2, to_string(profile));
  update->bind(3, std::string(section));
  update->exec();
}

void forget_contents(Database& db, const Uuid& profile) {
  auto forget = db.prepare("DELETE FROM personalized_content WHERE user_profile_id = ?");
  forget->bind(1, to_string(profile));
  forget->exec();
}

std::vector<SectionScore> section_scores(Database& db, std::int64_t now) {
  auto query = db.prepare(
      "SELECT content_type, count(*), count(DISTINCT user_profile_id), avg(engagement_score) FROM personalized_content "
      "WHERE expires_at > ? GROUP BY content_type ORDER BY content_type");
  query->bind(1, now);
  std::vector<SectionScore> scores;
  while (query->executeStep()) {
    scores.push_back({.section = std::string(query.text(0)),
                      .contents = static_cast<std::uint64_t>(query.integer(1)),
                      .visitors = static_cast<std::uint64_t>(query.integer(2)),
                      .mean_score = query.real(3)});
  }
  return scores;
}

}  // namespace footlight::origin
