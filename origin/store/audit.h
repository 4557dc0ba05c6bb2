// Who changed what: an append-only log. Each row's `chain` is BLAKE2b-256 over the row and the chain before it, so that
// a row that was changed, taken out or moved shows (footlight audit verify). Personal data does not belong here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "origin/store/database.h"

namespace footlight::origin {

struct AuditRow {
  std::int64_t seq = 0;  // from 1, without gaps
  std::int64_t at_ms = 0;
  std::string actor;    // "key:3f2a…", "cli:ada", "schedule"
  std::string action;   // "experiment.start"
  std::string subject;  // what was changed, by its id
  std::string detail;   // JSON, or empty
};

// Writer only: in the same job as the change, so that there is neither without the other.
void append_audit(Database& db, std::string_view actor, std::string_view action, std::string_view subject,
                  std::string_view detail);

// Newest first, at most `limit`, with seq below `before` (0: from the newest on).
void for_each_audit(Database& db, std::int64_t before, std::int64_t limit,
                    const std::function<void(const AuditRow&)>& visit);

struct AuditCheck {
  std::int64_t rows = 0;
  std::optional<std::int64_t> broken_at;  // seq of the first row that does not follow from what is before it
};
[[nodiscard]] AuditCheck verify_audit(Database& db);

}  // namespace footlight::origin
