#include "origin/http/record_behind.h"

#include <algorithm>

#include "core/numeric/random.h"
#include "origin/http/homepage_json.h"
#include "origin/store/personalized_content.h"
#include "origin/store/site.h"

namespace footlight::origin {
namespace {

constexpr double kBurstS = 10;  // what was not used of so many seconds may be used at once
constexpr std::size_t kRemembered = 1 << 17;

struct Shown {
  std::uint32_t item_id = 0;
  std::string content_id;
  std::string content_type;
  std::string slot;
  std::string reason;
  std::uint32_t position = 0;
  double score = 0;
  double propensity = 1;
};

std::uint64_t fingerprint(std::int64_t profile, const Decision& decision) {
  std::uint64_t hash = seed_with(static_cast<std::uint64_t>(profile), decision.snapshot_version);
  for (std::uint32_t i = 0; i < decision.entry_count; ++i) hash = seed_with(hash, decision.entries[i].item_id);
  return hash;
}

}  // namespace

RecordBehind::RecordBehind(Store& store, double per_s)
    : store_(store), per_s_(per_s), tokens_(per_s * kBurstS), at_ms_(now_ms()), seen_(kRemembered) {}

bool RecordBehind::take() {
  const std::int64_t now = now_ms();
  const std::lock_guard lock(mutex_);
  tokens_ = std::min(per_s_ * kBurstS, tokens_ + static_cast<double>(now - at_ms_) * per_s_ / 1000);
  at_ms_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void RecordBehind::decided(std::int64_t profile, const Uuid& id,
                           const std::shared_ptr<const publish::LiveSnapshot>& snapshot, const Decision& decision,
                           std::uint32_t locale, bool was_shown) {
  const std::uint64_t print = seed_with(fingerprint(profile, decision), was_shown ? 1 : 0);
  auto& seen = seen_[static_cast<std::uint64_t>(profile) % kRemembered];
  if (seen.load(std::memory_order_relaxed) == print) return;
  if (!take()) {
    skipped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const snapshot::SnapshotView& view = snapshot->view();
  std::vector<Shown> shown;
  for (std::uint32_t s = 0; was_shown && s < decision.slot_count; ++s) {
    const auto& slot = decision.slots[s];
    std::uint32_t position = 0;
    for (const Entry& entry : decision.entries_of(slot)) {
      const auto& item = view.items()[entry.item];
      Shown row{.item_id = item.id,
                .content_type = std::string(content_type_name(item.type)),
                .slot = std::string(view.text(view.slots()[slot.slot].name)),
                .reason = reason_text(view, entry, locale),
                .position = position++,
                .score = entry.confidence / 10000.0,
                .propensity = entry.propensity};
      append_uuid(item.uuid, row.content_id);
      shown.push_back(std::move(row));
    }
  }
  // In apprentice mode nobody saw it: no recommendation and no page for later, but what evaluate_apprentice() reads.
  const bool is_apprentice = (decision.flags & snapshot::kApprentice) != 0;
  std::vector<std::pair<std::string, std::string>> sections;
  for (const HomepageSection& section : kHomepage) {
    if (is_apprentice) break;
    std::string json;
    append_section(view, decision, section, locale, json);
    sections.emplace_back(section.content_type, std::move(json));
  }
  const bool queued =
      store_.writer().post([&vault = store_.vault(), profile, id, version = decision.snapshot_version,
                            shown = std::move(shown), sections = std::move(sections), is_apprentice](Database& db) {
        const auto key = vault.data_key(id);
        if (!key || !find_by_id(db, id)) return;  // erased meanwhile
        const std::int64_t visitor = visitor_of_profile(db, profile);
        const std::string user = to_string(id);
        const std::int64_t now = now_ms();
        for (const Shown& row : shown) {
          if (is_apprentice) {
            const Uuid event = random_uuid();
            auto insert = db.prepare(
                "INSERT INTO would_show (event_id, visitor, item_id, occurred_at, slot, position, propensity, "
                "snapshot_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
            insert.bind_blob(1, std::as_bytes(std::span(event)));
            insert->bind(2, visitor);
            insert->bind(3, static_cast<std::int64_t>(row.item_id));
            insert->bind(4, now);
            insert->bind(5, row.slot);
            insert->bind(6, static_cast<std::int64_t>(row.position));
            insert->bind(7, row.propensity);
            insert->bind(8, static_cast<std::int64_t>(version));
            insert->exec();
            continue;
          }
          const std::string row_id = to_string(timed_uuid(now));
          auto insert = db.prepare(
              "INSERT INTO content_recommendations (id, user_profile_id, content_id, content_type, "
              "reason, score, "
              "created_at, visitor, slot, position, propensity, snapshot_version) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
          insert->bind(1, row_id);
          insert->bind(2, user);
          insert->bind(3, row.content_id);
          insert->bind(4, row.content_type);
          insert.bind_blob(5, vault.seal(*key, {"content_recommendations", "reason", row_id}, row.reason));
          insert->bind(6, row.score);
          insert->bind(7, now);
          insert->bind(8, visitor);
          insert->bind(9, row.slot);
          insert->bind(10, static_cast<std::int64_t>(row.position));
          insert->bind(11, row.propensity);
          insert->bind(12, static_cast<std::int64_t>(version));
          insert->exec();
        }
        for (const auto& [section, json] : sections) keep_content(db, vault, *key, id, section, json, version, now);
      });
  if (!queued) {
    skipped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  seen.store(print, std::memory_order_relaxed);
  written_.fetch_add(1, std::memory_order_relaxed);
}

std::string stored_homepage(Store& store, const Session& session) {
  if (session.visitor.opted_out || session.visitor.personalization == Choice::kDenied) return {};
  const auto key = store.vault().data_key(session.id);
  if (!key) return {};
  auto db = store.reader();
  std::string page;
  for (const HomepageSection& section : kHomepage) {
    const auto json = newest_content(*db, store.vault(), *key, session.id, section.content_type, now_ms());
    if (!json) return {};
    page += page.empty() ? "{\"" : ",\"";
    page += section.name;
    page += "\":";
    page += *json;
  }
  return page + "}";
}

}  // namespace footlight::origin
