#include "origin/publish/precompute.h"

#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "core/rank/decide.h"
#include "core/visitor/visitor.h"
#include "origin/http/homepage_json.h"
#include "origin/learn/ease.h"
#include "origin/privacy/vault.h"
#include "origin/store/personalized_content.h"
#include "origin/store/profiles.h"

namespace footlight::publish {
namespace {

using origin::Database;
using origin::Store;
using origin::Uuid;

constexpr std::size_t kBatch = 64;  // profiles to a commit
constexpr std::uint32_t kSiteLocale = 0;

struct Page {
  Uuid profile{};
  std::vector<std::pair<const char*, std::string>> sections;  // content_type, JSON
};

std::optional<std::pair<std::int64_t, Uuid>> find(Store& store, const Uuid& profile) {
  auto db = store.reader();
  return find_by_id(*db, profile);
}

// nullopt: not to be precomputed.
std::optional<Page> page_of(Store& store, const LiveSnapshot& snapshot, std::int64_t seq, const Uuid& id,
                            std::int64_t now_ms) {
  if ((snapshot.view().weights().flags & snapshot::kApprentice) != 0) return std::nullopt;
  const auto key = store.vault().data_key(id);
  if (!key) return std::nullopt;
  Visitor visitor;
  {
    auto db = store.reader();
    visitor = load_visitor(*db, store.vault(), seq, id);
    if (visitor.opted_out || visitor.personalization == Choice::kDenied || visitor.measurement == Choice::kDenied) {
      return std::nullopt;
    }
    const char* const first = origin::kHomepage[0].content_type;
    if (visitor.measurement != Choice::kGranted && !newest_content(*db, store.vault(), *key, id, first, now_ms)) {
      return std::nullopt;
    }
  }
  const snapshot::SnapshotView& view = snapshot.view();
  SlotRequest requests[4];
  const std::uint32_t count = origin::homepage_requests(view, requests);
  const Context context{.now_s = static_cast<std::uint32_t>(now_ms / 1000)};
  const Decision& decision = origin::decide_here(view, visitor, context, std::span(requests, count));
  Page page{.profile = id};
  for (const origin::HomepageSection& section : origin::kHomepage) {
    std::string json;
    append_section(view, decision, section, kSiteLocale, json);
    page.sections.emplace_back(section.content_type, std::move(json));
  }
  return page;
}

// Returns how many were written: a profile may have gone, or refused, since its page was made.
std::size_t write(Store& store, std::uint64_t version, const std::vector<Page>& pages, std::int64_t now_ms) {
  return store.writer()
      .submit([&](Database& db) {
        std::size_t written = 0;
        for (const Page& page : pages) {
          {
            auto query = db.prepare("SELECT personalization_enabled FROM user_profiles WHERE id = ?");
            query->bind(1, origin::to_string(page.profile));
            if (!query->executeStep() || query.integer(0) == 0) continue;
          }
          const auto key = store.vault().data_key(page.profile);
          if (!key) continue;
          for (const auto& [section, json] : page.sections) {
            keep_content(db, store.vault(), *key, page.profile, section, json, version, now_ms);
          }
          ++written;
        }
        return written;
      })
      .get();
}

std::vector<std::pair<std::int64_t, Uuid>> active_profiles(Store& store, const PrecomputeOptions& options,
                                                           std::int64_t now_ms) {
  auto db = store.reader();
  auto query = db->prepare(
      "SELECT seq, id FROM user_profiles WHERE personalization_enabled = 1 AND "
      "max(updated_at, coalesce(last_engaged_at, 0)) >= ?1 "
      "ORDER BY max(updated_at, coalesce(last_engaged_at, 0)) DESC, seq LIMIT ?2");
  query->bind(1, now_ms - static_cast<std::int64_t>(options.active_days * 86'400'000));
  query->bind(2, static_cast<std::int64_t>(options.max_profiles));
  std::vector<std::pair<std::int64_t, Uuid>> found;
  while (query->executeStep()) {
    if (const auto id = origin::parse_uuid(query.text(1))) found.emplace_back(query.integer(0), *id);
  }
  return found;
}

}  // namespace

bool precompute_for_user(Store& store, const Shown& snapshot, const Uuid& profile, std::int64_t now_ms) {
  const auto found = find(store, profile);
  if (!found) return false;
  auto page = page_of(store, *snapshot, found->first, found->second, now_ms);
  if (!page) return false;
  return write(store, snapshot->version(), {std::move(*page)}, now_ms) == 1;
}

PrecomputeReport precompute_for_active(Store& store, const Shown& snapshot, const PrecomputeOptions& options,
                                       std::int64_t now_ms,
                                       const std::function<void(std::string_view stage, double share)>& progress,
                                       const std::atomic<bool>& cancel) {
  const auto start = std::chrono::steady_clock::now();
  PrecomputeReport report{.snapshot_version = snapshot->version()};
  const auto profiles = active_profiles(store, options, now_ms);
  report.active = profiles.size();
  std::vector<Page> pages;
  const auto flush = [&] {
    if (!pages.empty()) report.computed += write(store, snapshot->version(), pages, now_ms);
    pages.clear();
  };
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (cancel.load(std::memory_order_relaxed)) throw learn::Cancelled{};
    if (auto page = page_of(store, *snapshot, profiles[i].first, profiles[i].second, now_ms)) {
      pages.push_back(std::move(*page));
    }
    if (pages.size() == kBatch) flush();
    progress("precomputing homepages", static_cast<double>(i + 1) / static_cast<double>(profiles.size()));
  }
  flush();
  report.left_out = report.active - report.computed;
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

std::vector<Slate> slates_of(const snapshot::SnapshotView& snapshot, std::uint32_t segment) {
  std::vector<Slate> slates;
  for (std::uint32_t slot = 0; slot < snapshot.slots().size(); ++slot) {
    slates.push_back({snapshot.text(snapshot.slots()[slot].name), snapshot.slate(segment, slot)});
  }
  return slates;
}

}  // namespace footlight::publish
