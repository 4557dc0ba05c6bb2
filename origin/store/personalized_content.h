// SPEC.md's personalized_content: what each section of a visitor's page showed, and how well that did.
//
// A row is one content of one section; the newest is what the visitor sees. Content that stays the same keeps its row,
// other content begins a new one, so that engagement_score tells what this very content earned. Rows go seven days
// after they were last shown, and beyond the newest kKeptContents of a section. content_data is sealed with the
// profile's key, bound to profile and section. Thread rule: the writer's, newest_content() any reader's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "origin/privacy/vault.h"
#include "origin/store/database.h"
#include "origin/store/uuid.h"

namespace footlight::origin {

inline constexpr std::int64_t kContentTtlMs = 7LL * 86'400'000;  // personalized_content.expires_at
inline constexpr int kKeptContents = 8;

// `section` is the column content_type, "featured_projects",
// and `version` that of the snapshot that made it.
void keep_content(Database& db, Vault& vault, const SecretKey& key, const Uuid& profile, std::string_view section,
                  std::string_view json, std::uint64_t version, std::int64_t now);
// The newest content of a section that has not expired.
[[nodiscard]] std::optional<std::string> newest_content(Database& db, Vault& vault, const SecretKey& key,
                                                        const Uuid& profile, std::string_view section,
                                                        std::int64_t now);
// Adds to what the newest content of the section has earned.
void raise_engagement(Database& db, const Uuid& profile, std::string_view section, std::uint32_t points);
// All of a profile's, after an opt-out.
void forget_contents(Database& db, const Uuid& profile);

struct SectionScore {
  std::string section;
  std::uint64_t contents = 0;
  std::uint64_t visitors = 0;
  double mean_score = 0;  // engagement points a content
};
// Of every section, over what has not expired.
[[nodiscard]] std::vector<SectionScore> section_scores(Database& db, std::int64_t now);

}  // namespace footlight::origin
