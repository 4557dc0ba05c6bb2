// Who changed what: an append-only log. Each row's `chain` is BLAKE2b-256 over the row and the chain before it, so that
// a row that was changed, taken out or moved shows (footlight audit verify).
//
// Whoever can write the database could also compute a new chain. So its head is signed now and then with the
// installation's attestation key, and the latest head is noted beside the wrapped keys as well, in another file: a log
// that was rewritten, or whose end was cut off, no longer fits. A copy of a checkpoint that is kept elsewhere proves it
// to others (`footlight audit checkpoint`).
//
// Personal data does not belong here. Where an action was about a person, `subject` is a salted commitment,
// "person:" + BLAKE2b-128(salt | profile id); salt and id are sealed with that profile's own key. After an erasure
// nobody can tell whom the row was about, and the chain holds.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "origin/privacy/vault.h"
#include "origin/store/database.h"

namespace footlight::origin {

struct AuditRow {
  std::int64_t seq = 0;  // from 1, without gaps
  std::int64_t at_ms = 0;
  std::string actor;    // "key:3f2a…", "cli:ada", "schedule"
  std::string action;   // "experiment.start"
  std::string subject;  // what was changed, by its id
  std::string detail;   // JSON, or empty
  std::string person;   // profile id behind a commitment, while the profile exists; empty otherwise
};

// Writer only: in the same job as the change, so that there is neither without the other.
void append_audit(Database& db, std::string_view actor, std::string_view action, std::string_view subject,
                  std::string_view detail);

// The subject of what is about a person who has no profile: nothing that would name them is kept.
inline constexpr std::string_view kWithoutProfile = "visitor without a profile";

// The same for an action about a person: what is kept names nobody once the profile is erased. The profile exists.
void append_personal_audit(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, std::string_view actor,
                           std::string_view action, std::string_view detail);

// Newest first, at most `limit`, with seq below `before` (0: from the newest on).
void for_each_audit(Database& db, Vault& vault, std::int64_t before, std::int64_t limit,
                    const std::function<void(const AuditRow&)>& visit);

// The head of the chain at a moment, signed with Vault::attestation_key().
struct AuditCheckpoint {
  std::int64_t seq = 0;
  std::int64_t at_ms = 0;
  std::string chain;      // hex
  std::string signature;  // base64
};

// Writer only: signs and notes the head, unless that has been done.
void checkpoint_audit(Database& db, Vault& vault);
[[nodiscard]] std::optional<AuditCheckpoint> latest_checkpoint(Database& db);

struct AuditCheck {
  std::int64_t rows = 0;
  std::int64_t checkpoints = 0;
  std::optional<std::int64_t> broken_at;  // seq of the first row that does not follow from what is before it
  std::string fault;                      // why; empty when there is none
};
// `kept`: a checkpoint from elsewhere that has to fit as well.
[[nodiscard]] AuditCheck verify_audit(Database& db, Vault& vault, const std::optional<AuditCheckpoint>& kept = {});

}  // namespace footlight::origin
