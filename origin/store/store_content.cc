// Store: content, site, and what training reads.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "core/visitor/record.h"
#include "origin/privacy/vault.h"
#include "origin/store/store.h"

namespace footlight::origin {
namespace {

constexpr std::int64_t kExposureAction = 4;

ContentRow content_row(Prepared& query) {
  ContentRow row;
  row.item_id = static_cast<std::uint32_t>(query.integer(0));
  row.uuid = query.text(1);
  row.foreign_id = query.text(2);
  row.type = content_type_from(query.text(3)).value_or(snapshot::ContentType::kProject);
  row.status = query.text(4) == "live" ? ContentStatus::kLive : ContentStatus::kDraft;
  row.attributes = query.text(5);
  row.body = query.text(6);
  row.locales = query.text(7);
  if (!query.is_null(8)) row.active_from_s = query.integer(8);
  if (!query.is_null(9)) row.active_until_s = query.integer(9);
  row.created_at_ms = query.integer(10);
  row.updated_at_ms = query.integer(11);
  return row;
}

void bind_optional(Prepared& query, int index, const std::optional<std::int64_t>& value) {
  if (value) {
    query->bind(index, *value);
  } else {
    query->bind(index);
  }
}

// Foreign ids stay with the UUID they first got, whatever the site is called now.
bool upsert(Database& db, ContentRow& row, std::int64_t now) {
  {
    auto find = db.prepare(
        "SELECT item_id, uuid, created_at FROM content WHERE foreign_id = ? OR uuid = ? "
        "ORDER BY foreign_id = ? DESC LIMIT 1");
    find->bind(1, row.foreign_id);
    find->bind(2, row.uuid);
    find->bind(3, row.foreign_id);
    row.item_id = 0;
    row.created_at_ms = now;
    if (find->executeStep()) {
      row.item_id = static_cast<std::uint32_t>(find.integer(0));
      row.uuid = find.text(1);
      row.created_at_ms = find.integer(2);
    }
  }
  row.updated_at_ms = now;
  const bool created = row.item_id == 0;
  auto put = db.prepare(
      "INSERT INTO content (item_id, uuid, foreign_id, type, status, attributes, body, locales, "
      "active_from, active_until, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?) "
      "ON CONFLICT (item_id) DO UPDATE SET foreign_id = excluded.foreign_id, type = excluded.type, "
      "status = excluded.status, attributes = excluded.attributes, body = excluded.body, "
      "locales = excluded.locales, active_from = excluded.active_from, "
      "active_until = excluded.active_until, updated_at = excluded.updated_at");
  if (created) {
    put->bind(1);
  } else {
    put->bind(1, static_cast<std::int64_t>(row.item_id));
  }
  put->bind(2, row.uuid);
  put->bind(3, row.foreign_id);
  put->bind(4, std::string(content_type_name(row.type)));
  put->bind(5, row.status == ContentStatus::kLive ? "live" : "draft");
  put->bind(6, row.attributes);
  put->bind(7, row.body);
  put->bind(8, row.locales);
  bind_optional(put, 9, row.active_from_s);
  bind_optional(put, 10, row.active_until_s);
  put->bind(11, row.created_at_ms);
  put->bind(12, row.updated_at_ms);
  put->exec();
  if (created) row.item_id = static_cast<std::uint32_t>(db.last_id());
  return created;
}

}  // namespace

void Store::for_each_content(const std::function<void(const ContentRow&)>& visit) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT item_id, uuid, foreign_id, type, status, attributes, body, locales, active_from, "
      "active_until, created_at, updated_at FROM content ORDER BY item_id");
  while (query->executeStep()) visit(content_row(query));
}

std::optional<ContentRow> Store::content_by_uuid(std::string_view uuid) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT item_id, uuid, foreign_id, type, status, attributes, body, locales, active_from, "
      "active_until, created_at, updated_at FROM content WHERE uuid = ?");
  query->bind(1, std::string(uuid));
  if (!query->executeStep()) return std::nullopt;
  return content_row(query);
}

std::optional<ContentRow> Store::content_by_foreign(std::string_view foreign_id) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT item_id, uuid, foreign_id, type, status, attributes, body, locales, active_from, "
      "active_until, created_at, updated_at FROM content WHERE foreign_id = ?");
  query->bind(1, std::string(foreign_id));
  if (!query->executeStep()) return std::nullopt;
  return content_row(query);
}

std::optional<ContentRow> Store::content_by_any(std::string_view uuid_or_foreign_id) {
  if (auto row = content_by_foreign(uuid_or_foreign_id)) return row;
  return content_by_uuid(uuid_or_foreign_id);
}

std::vector<ContentRow> Store::content_page(std::uint32_t after_item_id, std::uint32_t limit) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT item_id, uuid, foreign_id, type, status, attributes, body, locales, active_from, "
      "active_until, created_at, updated_at FROM content WHERE item_id > ? ORDER BY item_id LIMIT "
      "?");
  query->bind(1, static_cast<std::int64_t>(after_item_id));
  query->bind(2, static_cast<std::int64_t>(limit));
  std::vector<ContentRow> rows;
  while (query->executeStep()) rows.push_back(content_row(query));
  return rows;
}

Store::Upserted Store::upsert_content(std::vector<ContentRow>& rows) {
  return writer_
      ->submit([&rows](Database& db) {
        Upserted result;
        const std::int64_t now = now_ms();
        for (ContentRow& row : rows) {
          if (upsert(db, row, now)) {
            ++result.created;
          } else {
            ++result.updated;
          }
        }
        return result;
      })
      .get();
}

bool Store::delete_content(std::string_view uuid) {
  return writer_
      ->submit([uuid = std::string(uuid)](Database& db) {
        auto erase = db.prepare("DELETE FROM content WHERE uuid = ?");
        erase->bind(1, uuid);
        return erase->exec() > 0;
      })
      .get();
}

std::uint64_t Store::content_count() {
  auto db = reader();
  auto query = db->prepare("SELECT count(*) FROM content");
  query->executeStep();
  return static_cast<std::uint64_t>(query.integer(0));
}

std::optional<SiteDocument> Store::site() {
  SiteDocument document;
  {
    auto db = reader();
    auto query = db->prepare("SELECT version, document, updated_at FROM site ORDER BY version DESC LIMIT 1");
    if (!query->executeStep()) return std::nullopt;
    document.version = static_cast<std::uint64_t>(query.integer(0));
    document.json = query.text(1);
    document.updated_at_ms = query.integer(2);
  }
  std::vector<Fault> faults;
  document.site = parse_site(nlohmann::ordered_json::parse(document.json), faults);
  if (!faults.empty()) {
    throw std::runtime_error("The stored site document is not valid: " + faults.front().pointer + " " +
                             faults.front().detail);
  }
  return document;
}

std::uint64_t Store::put_site(std::string_view json) {
  return writer_
      ->submit([json = std::string(json)](Database& db) {
        auto insert = db.prepare("INSERT INTO site (document, updated_at) VALUES (?, ?)");
        insert->bind(1, json);
        insert->bind(2, now_ms());
        insert->exec();
        return static_cast<std::uint64_t>(db.last_id());
      })
      .get();
}

// -- what training reads
// -----------------------------------------------------------------------------------------------

void Store::for_each_visitor_history(const std::function<void(const VisitorHistory&)>& visit) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT i.visitor, coalesce(v.profile, 0), v.segment_id, i.item_id, i.action, i.feedback, "
      "i.duration_ms, i.occurred_at, i.slot, coalesce(i.position, -1), coalesce(i.propensity, -1.0), "
      "coalesce(i.snapshot_version, 0), coalesce(i.context, 0) "
      "FROM interactions i JOIN visitors v ON v.visitor = i.visitor "
      "LEFT JOIN user_profiles p ON p.seq = v.profile "
      "WHERE coalesce(p.training_opt_out, 0) = 0 AND coalesce(p.personalization_opt_out, 0) = 0 "
      "ORDER BY i.visitor, i.occurred_at, i.id");
  std::vector<HistoryEvent> events;
  std::vector<HistoryExposure> exposures;
  std::unordered_set<std::string> slots;  // of this visitor; what the views point into
  VisitorHistory history;
  std::int64_t visitor = 0;
  const auto flush = [&] {
    history.events = events;
    history.exposures = exposures;
    if (!events.empty() || !exposures.empty()) visit(history);
    events.clear();
    exposures.clear();
    slots.clear();
  };
  while (query->executeStep()) {
    if (query.integer(0) != visitor) {
      flush();
      visitor = query.integer(0);
      history.profile = query.integer(1);
      history.segment_id = static_cast<std::uint32_t>(query.integer(2));
    }
    const auto item_id = static_cast<std::uint32_t>(query.integer(3));
    const std::string_view slot = query.is_null(8) ? std::string_view{} : *slots.emplace(query.text(8)).first;
    const auto position = static_cast<std::int32_t>(query.integer(9));
    const auto context = static_cast<std::uint32_t>(query.integer(12));
    if (query.integer(4) == kExposureAction) {
      exposures.push_back({.item_id = item_id,
                           .occurred_at_ms = query.integer(7),
                           .slot = slot,
                           .position = position,
                           .propensity = query.real(10),
                           .snapshot_version = static_cast<std::uint64_t>(query.integer(11)),
                           .context = context});
      continue;
    }
    events.push_back({.item_id = item_id,
                      .action = static_cast<Action>(query.integer(4)),
                      .feedback = static_cast<Feedback>(query.integer(5)),
                      .duration_ms = static_cast<std::uint32_t>(query.integer(6)),
                      .occurred_at_ms = query.integer(7),
                      .slot = slot,
                      .position = position,
                      .context = context});
  }
  flush();
}

void Store::for_each_profile_record(const std::function<void(std::int64_t, std::span<const std::byte>)>& visit) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT seq, id, visitor_record FROM user_profiles "
      "WHERE training_opt_out = 0 AND personalization_opt_out = 0 ORDER BY seq");
  std::array<std::byte, kMaxRecordBytes> record;
  while (query->executeStep()) {
    const auto id = parse_uuid(query.text(1));
    const auto key = id ? vault_->data_key(*id) : std::nullopt;
    if (!key) continue;  // erased: there is nothing left to learn from
    const auto size = vault_->open(*key, {"user_profiles", "visitor_record", query.text(1)}, query.blob(2), record);
    if (size) visit(query.integer(0), std::span(record).first(*size));
  }
}

void Store::for_each_item_counts(const std::function<void(const ItemCounts&)>& visit) {
  auto db = reader();
  auto query = db->prepare(
      "SELECT i.item_id, sum(action = 4), sum(action = 0), sum(action = 1), sum(action = 2), "
      "sum(action = 3), sum(feedback = 1), sum(feedback = 2), count(DISTINCT i.visitor), "
      "count(DISTINCT CASE WHEN action BETWEEN 1 AND 3 AND feedback <> 2 THEN i.visitor END) "
      "FROM interactions i JOIN visitors v ON v.visitor = i.visitor "
      "LEFT JOIN user_profiles p ON p.seq = v.profile "
      "WHERE coalesce(p.training_opt_out, 0) = 0 AND coalesce(p.personalization_opt_out, 0) = 0 "
      "GROUP BY i.item_id ORDER BY i.item_id");
  const auto count = [&](int column) { return static_cast<std::uint64_t>(query.integer(column)); };
  while (query->executeStep()) {
    visit({.item_id = static_cast<std::uint32_t>(query.integer(0)),
           .exposures = count(1),
           .views = count(2),
           .clicks = count(3),
           .engagements = count(4),
           .conversions = count(5),
           .positive = count(6),
           .negative = count(7),
           .visitors_seen = count(8),
           .visitors_engaged = count(9)});
  }
}

}  // namespace footlight::origin
