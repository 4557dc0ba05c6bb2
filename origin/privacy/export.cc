#include "origin/privacy/export.h"

#include <array>

#include "core/visitor/record.h"
#include "origin/privacy/consent.h"
#include "origin/store/document.h"
#include "origin/store/profiles.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kActions[] = {"view", "click", "engage", "convert", "exposure"};
constexpr std::string_view kFeedbacks[] = {"none", "positive", "negative", "neutral"};

Json time_or_null(Prepared& query, int column) {
  return query.is_null(column) ? Json() : Json(format_time(query.integer(column)));
}
Json text_or_null(Prepared& query, int column) { return query.is_null(column) ? Json() : Json(query.text(column)); }
Json integer_or_null(Prepared& query, int column) {
  return query.is_null(column) ? Json() : Json(query.integer(column));
}
Json real_or_null(Prepared& query, int column) { return query.is_null(column) ? Json() : Json(query.real(column)); }

// One person's rows, read in one transaction.
class Export {
 public:
  Export(Store& store, Database& db, const Uuid& id, std::int64_t profile, const SecretKey& key)
      : store_(store), db_(db), id_(id), text_(to_string(id)), profile_(profile), key_(key) {
    auto query = db_.prepare("SELECT visitor, segment_id FROM visitors WHERE profile = ?");
    query->bind(1, profile_);
    if (query->executeStep()) {
      visitor_ = query.integer(0);
      segment_ = query.integer(1);
    }
  }
  // Without a profile.
  Export(Store& store, Database& db, std::int64_t visitor)
      : store_(store), db_(db), id_{}, profile_(0), key_{}, visitor_(visitor) {}

  Json document() {
    const bool has_profile = profile_ != 0;
    const Visitor visitor = has_profile ? load_visitor(db_, store_.vault(), profile_, id_) : Visitor{};
    return {{"format", "footlight-export"},
            {"formatVersion", kExportVersion},
            {"exportedAt", format_time(now_ms())},
            {"profile", has_profile ? profile(visitor) : Json()},
            {"answers", answers()},
            {"consent", has_profile ? consent_now(db_, profile_, visitor) : Json()},
            {"consentHistory", consent_history(db_, profile_)},
            {"interactions", interactions()},
            {"recommendations", recommendations()},
            {"personalizedContent", contents()},
            {"experiments", exposures()},
            {"conversions", conversions()},
            {"wouldShow", would_show()},
            {"tokens", tokens()}};
  }

 private:
  Json profile(const Visitor& visitor) {
    auto query = db_.prepare(
        "SELECT created_at, updated_at, last_engaged_at, engagement_level, personalization_score, "
        "foreign_hash IS NOT NULL, email FROM user_profiles WHERE seq = ?");
    query->bind(1, profile_);
    query->executeStep();
    Json email;
    if (!query.is_null(6)) {
      if (auto opened = store_.vault().open_text(key_, {"user_profiles", "email", text_}, query.blob(6))) {
        email = std::move(*opened);
      }
    }
    Json history = Json::array();
    for (std::uint32_t i = 0; i < visitor.history_count; ++i) {
      const HistoryEntry& entry = visitor.history[i];
      history.push_back({{"contentId", content_id(entry.item_id)},
                         {"action", kActions[static_cast<std::size_t>(entry.action)]},
                         {"feedback", kFeedbacks[static_cast<std::size_t>(entry.feedback)]},
                         {"day", format_time(std::int64_t{entry.day} * 86'400'000).substr(0, 10)}});
    }
    return {{"id", text_},
            {"email", email},
            {"createdAt", format_time(query.integer(0))},
            {"updatedAt", format_time(query.integer(1))},
            {"lastEngagedAt", time_or_null(query, 2)},
            {"engagementLevel", query.integer(3)},
            {"personalizationScore", query.integer(4)},
            {"hasForeignId", query.integer(5) != 0},
            {"segmentId", segment_},
            {"engagementPoints", visitor.engagement_points},
            {"hasUnitId", visitor.unit_id != 0},
            {"history", std::move(history)}};
  }

  Json answers() {
    Json document = Json::object();
    for (auto& [name, text] : read_answers(db_, store_.vault(), profile_, id_)) {
      if (name == "email") continue;
      if (name == "further_answers") {  // of questions that have no column of their own
        const Json further = Json::parse(text, nullptr, false);
        if (further.is_object()) document.update(further);
        continue;
      }
      document[name] = std::move(text);
    }
    return document;
  }

  Json interactions() {
    Json list = Json::array();
    auto query = db_.prepare(
        "SELECT c.uuid, i.item_id, i.action, i.feedback, i.duration_ms, i.occurred_at, i.received_at, i.slot, "
        "i.position, i.propensity, i.snapshot_version, i.context FROM interactions i "
        "LEFT JOIN content c ON c.item_id = i.item_id WHERE i.visitor = ? ORDER BY i.occurred_at, i.id");
    query->bind(1, visitor_);
    while (query->executeStep()) {
      list.push_back({{"contentId", text_or_null(query, 0)},
                      {"itemId", query.integer(1)},
                      {"action", kActions[static_cast<std::size_t>(query.integer(2))]},
                      {"feedback", kFeedbacks[static_cast<std::size_t>(query.integer(3))]},
                      {"durationMs", query.integer(4)},
                      {"occurredAt", format_time(query.integer(5))},
                      {"receivedAt", format_time(query.integer(6))},
                      {"slot", text_or_null(query, 7)},
                      {"position", integer_or_null(query, 8)},
                      {"propensity", real_or_null(query, 9)},
                      {"snapshotVersion", integer_or_null(query, 10)},
                      {"context", integer_or_null(query, 11)}});
    }
    return list;
  }

  Json recommendations() {
    Json list = Json::array();
    auto query = db_.prepare(
        "SELECT id, content_id, content_type, reason, score, created_at, clicked_at, converted_at, slot, position, "
        "propensity, snapshot_version FROM content_recommendations WHERE visitor = ? ORDER BY created_at, id");
    query->bind(1, visitor_);
    while (query->executeStep()) {
      Json reason;
      if (!query.is_null(3)) {
        const std::string row(query.text(0));
        if (auto text = store_.vault().open_text(key_, {"content_recommendations", "reason", row}, query.blob(3))) {
          reason = std::move(*text);
        }
      }
      list.push_back({{"contentId", query.text(1)},
                      {"contentType", query.text(2)},
                      {"reason", std::move(reason)},
                      {"score", query.real(4)},
                      {"createdAt", format_time(query.integer(5))},
                      {"clickedAt", time_or_null(query, 6)},
                      {"convertedAt", time_or_null(query, 7)},
                      {"slot", text_or_null(query, 8)},
                      {"position", integer_or_null(query, 9)},
                      {"propensity", real_or_null(query, 10)},
                      {"snapshotVersion", integer_or_null(query, 11)}});
    }
    return list;
  }

  Json contents() {
    Json list = Json::array();
    auto query = db_.prepare(
        "SELECT content_type, content_data, created_at, expires_at, engagement_score FROM personalized_content "
        "WHERE user_profile_id = ? ORDER BY rowid");
    query->bind(1, text_);
    while (query->executeStep()) {
      const std::string section(query.text(0));
      const auto text = store_.vault().open_text(key_, {"personalized_content", section, text_}, query.blob(1));
      Json data = text ? Json::parse(*text, nullptr, false) : Json();
      if (data.is_discarded()) data = *text;
      list.push_back({{"section", section},
                      {"content", std::move(data)},
                      {"createdAt", format_time(query.integer(2))},
                      {"expiresAt", format_time(query.integer(3))},
                      {"engagementScore", query.integer(4)}});
    }
    return list;
  }

  Json exposures() {
    Json list = Json::array();
    auto query = db_.prepare(
        "SELECT experiment, variant, exposed_at FROM exposures WHERE visitor = ? ORDER BY exposed_at, experiment");
    query->bind(1, visitor_);
    while (query->executeStep()) {
      list.push_back(
          {{"experiment", query.text(0)}, {"variant", query.text(1)}, {"exposedAt", format_time(query.integer(2))}});
    }
    return list;
  }

  Json conversions() {
    Json list = Json::array();
    auto query = db_.prepare(
        "SELECT sealed_goal, value, occurred_at, event_id FROM conversions WHERE visitor = ? ORDER BY occurred_at");
    query->bind(1, visitor_);
    while (query->executeStep()) {
      Json goal;
      const std::string row = to_base64url(query.blob(3));
      if (!query.is_null(0)) {
        if (auto text = store_.vault().open_text(key_, {"conversions", "goal", row}, query.blob(0))) {
          goal = std::move(*text);
        }
      }
      list.push_back({{"goal", std::move(goal)},
                      {"value", real_or_null(query, 1)},
                      {"occurredAt", format_time(query.integer(2))}});
    }
    return list;
  }

  Json would_show() {
    Json list = Json::array();
    auto query = db_.prepare(
        "SELECT c.uuid, w.item_id, w.occurred_at, w.slot, w.position FROM would_show w "
        "LEFT JOIN content c ON c.item_id = w.item_id WHERE w.visitor = ? ORDER BY w.occurred_at");
    query->bind(1, visitor_);
    while (query->executeStep()) {
      list.push_back({{"contentId", text_or_null(query, 0)},
                      {"itemId", query.integer(1)},
                      {"occurredAt", format_time(query.integer(2))},
                      {"slot", text_or_null(query, 3)},
                      {"position", integer_or_null(query, 4)}});
    }
    return list;
  }

  Json tokens() {
    Json list = Json::array();
    auto query =
        db_.prepare("SELECT purpose, created_at, expires_at FROM tokens WHERE profile = ? ORDER BY created_at");
    query->bind(1, profile_);
    while (query->executeStep()) {
      list.push_back({{"purpose", query.integer(0) == 0 ? "bearer" : "claim"},
                      {"createdAt", format_time(query.integer(1))},
                      {"expiresAt", format_time(query.integer(2))}});
    }
    return list;
  }

  Json content_id(std::uint32_t item_id) {
    auto query = db_.prepare("SELECT uuid FROM content WHERE item_id = ?");
    query->bind(1, static_cast<std::int64_t>(item_id));
    return query->executeStep() ? Json(query.text(0)) : Json();
  }

  Store& store_;
  Database& db_;
  const Uuid id_;
  const std::string text_;
  const std::int64_t profile_;
  const SecretKey key_;
  std::int64_t visitor_ = 0;
  std::int64_t segment_ = 0;
};

}  // namespace

std::optional<Json> export_profile(Store& store, const Uuid& profile) {
  auto db = store.reader();
  const ReadTransaction transaction(*db);
  const auto found = find_by_id(*db, profile);
  if (!found) return std::nullopt;
  const auto key = store.vault().data_key(profile);
  if (!key) return std::nullopt;
  return Export(store, *db, profile, found->first, *key).document();
}

std::optional<Json> export_visitor(Store& store, const Hash& visitor) {
  auto db = store.reader();
  const ReadTransaction transaction(*db);
  const auto found = find_visitor(*db, visitor);
  if (!found || profile_of_visitor(*db, *found)) return std::nullopt;
  return Export(store, *db, *found).document();
}

}  // namespace footlight::origin
