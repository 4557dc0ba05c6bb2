#include "origin/store/schema.h"

#include <iterator>
#include <span>
#include <stdexcept>

namespace footlight::origin {
namespace {

// SPEC.md's tables have its columns under its names. What SPEC.md has as UUID is TEXT, times are
// INTEGER (milliseconds since 1970, UTC), and what holds ciphertext is BLOB: privacy/vault.h draws
// the bytes. Columns in plain text are those that the service has to search by or that say nothing
// about the person: times, levels, flags. `seq` and `visitor` are keys inside this file; they are
// short, so that 1M interactions a day stay small. In user_profiles visitor_record comes before the
// long columns: a decision reads that one alone.
constexpr Sql kSchema = R"sql(
CREATE TABLE meta (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE site (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  document TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE content (
  item_id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (item_id BETWEEN 1 AND 4294967294),
  uuid TEXT NOT NULL UNIQUE,
  foreign_id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('live', 'draft')),
  attributes TEXT NOT NULL,
  body TEXT NOT NULL,
  locales TEXT NOT NULL,
  active_from INTEGER,
  active_until INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE user_profiles (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  visitor_record BLOB NOT NULL,
  personalization_enabled INTEGER NOT NULL DEFAULT 1 CHECK (personalization_enabled IN (0, 1)),
  personalization_opt_out INTEGER NOT NULL DEFAULT 0 CHECK (personalization_opt_out IN (0, 1)),
  engagement_level INTEGER NOT NULL DEFAULT 1 CHECK (engagement_level BETWEEN 1 AND 5),
  personalization_score INTEGER NOT NULL DEFAULT 0 CHECK (personalization_score BETWEEN 0 AND 100),
  last_engaged_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  email_hash BLOB UNIQUE,
  foreign_hash BLOB UNIQUE,
  email BLOB,
  timeline BLOB,
  personal_meaning BLOB,
  project_for BLOB,
  format BLOB,
  materials BLOB,
  excited_parts BLOB,
  involvement BLOB,
  start_timing BLOB,
  budget BLOB,
  logline BLOB,
  description BLOB,
  want_consult BLOB,
  preferred_format BLOB,
  preferred_genres BLOB,
  further_answers BLOB,
  training_opt_out INTEGER NOT NULL DEFAULT 0 CHECK (training_opt_out IN (0, 1))
) STRICT;

CREATE TABLE personalized_content (
  id TEXT PRIMARY KEY NOT NULL,
  user_profile_id TEXT NOT NULL REFERENCES user_profiles(id) ON DELETE CASCADE,
  content_type TEXT NOT NULL,
  content_data BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  engagement_score INTEGER NOT NULL DEFAULT 0,
  snapshot_version INTEGER
) STRICT;
CREATE INDEX personalized_content_section ON personalized_content(user_profile_id, content_type);
CREATE INDEX personalized_content_expiry ON personalized_content(expires_at);

CREATE TABLE visitors (
  visitor INTEGER PRIMARY KEY AUTOINCREMENT,
  profile INTEGER UNIQUE REFERENCES user_profiles(seq) ON DELETE CASCADE,
  hash BLOB UNIQUE,
  segment_id INTEGER NOT NULL DEFAULT 0,
  CHECK (profile IS NOT NULL OR hash IS NOT NULL)
) STRICT;

CREATE TABLE content_recommendations (
  id TEXT PRIMARY KEY NOT NULL,
  user_profile_id TEXT REFERENCES user_profiles(id) ON DELETE CASCADE,
  content_id TEXT NOT NULL,
  content_type TEXT NOT NULL,
  reason BLOB,
  score REAL NOT NULL,
  created_at INTEGER NOT NULL,
  clicked_at INTEGER,
  converted_at INTEGER,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  slot TEXT,
  position INTEGER,
  propensity REAL,
  snapshot_version INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX content_recommendations_visitor ON content_recommendations(visitor, content_id);
CREATE INDEX content_recommendations_profile ON content_recommendations(user_profile_id);

CREATE TABLE interactions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id BLOB NOT NULL UNIQUE,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  item_id INTEGER NOT NULL,
  action INTEGER NOT NULL CHECK (action BETWEEN 0 AND 4),
  feedback INTEGER NOT NULL DEFAULT 0 CHECK (feedback BETWEEN 0 AND 3),
  duration_ms INTEGER NOT NULL DEFAULT 0,
  occurred_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  slot TEXT,
  position INTEGER,
  propensity REAL,
  snapshot_version INTEGER,
  context INTEGER
) STRICT;
CREATE INDEX interactions_visitor ON interactions(visitor, occurred_at, id);

CREATE TABLE would_show (
  event_id BLOB PRIMARY KEY NOT NULL,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  item_id INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  slot TEXT,
  position INTEGER,
  propensity REAL,
  snapshot_version INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX would_show_visitor ON would_show(visitor, occurred_at);

CREATE TABLE tokens (
  hash BLOB PRIMARY KEY NOT NULL,
  profile INTEGER NOT NULL REFERENCES user_profiles(seq) ON DELETE CASCADE,
  purpose INTEGER NOT NULL CHECK (purpose IN (0, 1)),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_profile ON tokens(profile);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  label TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  version INTEGER PRIMARY KEY,
  created_at INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  manifest TEXT NOT NULL,
  state TEXT NOT NULL,
  note TEXT NOT NULL,
  path TEXT NOT NULL,
  gate TEXT
) STRICT;

CREATE TABLE models (
  name TEXT PRIMARY KEY NOT NULL,
  bytes BLOB NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE experiments (
  id TEXT PRIMARY KEY NOT NULL,
  document TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('draft', 'running', 'stopped', 'concluded')),
  winner TEXT,
  note TEXT NOT NULL DEFAULT '',
  allocation TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  started_at INTEGER,
  stopped_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE exposures (
  experiment TEXT NOT NULL,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  variant TEXT NOT NULL,
  exposed_at INTEGER NOT NULL,
  PRIMARY KEY (experiment, visitor, variant)
) STRICT, WITHOUT ROWID;
CREATE INDEX exposures_visitor ON exposures(visitor);

CREATE TABLE conversions (
  event_id BLOB PRIMARY KEY NOT NULL,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  goal TEXT NOT NULL,
  value REAL,
  occurred_at INTEGER NOT NULL,
  sealed_goal BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX conversions_visitor ON conversions(visitor, occurred_at);

CREATE TABLE audit_log (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  chain BLOB NOT NULL,
  profile INTEGER REFERENCES user_profiles(seq) ON DELETE SET NULL,
  personal BLOB
) STRICT;
CREATE INDEX audit_log_profile ON audit_log(profile) WHERE profile IS NOT NULL;

CREATE TABLE erasures (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  profile TEXT NOT NULL UNIQUE,
  visitor_hash BLOB,
  reason TEXT NOT NULL CHECK (reason IN ('person', 'admin', 'retention', 'restore')),
  erased_at INTEGER NOT NULL,
  key_destroyed INTEGER NOT NULL DEFAULT 0 CHECK (key_destroyed IN (0, 1))
) STRICT;
CREATE INDEX erasures_visitor ON erasures(visitor_hash) WHERE visitor_hash IS NOT NULL;

CREATE TABLE consents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  profile INTEGER NOT NULL REFERENCES user_profiles(seq) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('personalization', 'measurement', 'training', 'optedOut')),
  choice TEXT NOT NULL CHECK (choice IN ('unset', 'granted', 'denied')),
  source TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_profile ON consents(profile, seq);

CREATE TABLE audit_checkpoints (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  chain BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT;

CREATE TABLE private_counts (
  item_id INTEGER NOT NULL,
  action INTEGER NOT NULL CHECK (action BETWEEN 0 AND 3),
  day INTEGER NOT NULL,
  epsilon_hundredths INTEGER NOT NULL,
  reports INTEGER NOT NULL,
  ones INTEGER NOT NULL,
  PRIMARY KEY (item_id, action, day, epsilon_hundredths)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 4;
)sql";

// From 1 to 2: the surroundings of a page view, packed (core/model/engagement.h, pack()); what the publish gate found
// (publish/gate.h); what apprentice mode would have shown (learn/apprentice.h); the
// snapshot that made a content.
constexpr Sql kToVersion2 = R"sql(
ALTER TABLE interactions ADD COLUMN context INTEGER;
ALTER TABLE snapshots ADD COLUMN gate TEXT;
CREATE TABLE would_show (
  event_id BLOB PRIMARY KEY NOT NULL,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  item_id INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  slot TEXT,
  position INTEGER,
  propensity REAL,
  snapshot_version INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX would_show_visitor ON would_show(visitor, occurred_at);
ALTER TABLE personalized_content ADD COLUMN snapshot_version INTEGER;
PRAGMA user_version = 2;
)sql";

// From 2 to 3: experiments, who was exposed to which variant, conversions by goal, and who changed what.
constexpr Sql kToVersion3 = R"sql(CREATE TABLE experiments (
  id TEXT PRIMARY KEY NOT NULL,
  document TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('draft', 'running', 'stopped', 'concluded')),
  winner TEXT,
  note TEXT NOT NULL DEFAULT '',
  allocation TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  started_at INTEGER,
  stopped_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE exposures (
  experiment TEXT NOT NULL,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  variant TEXT NOT NULL,
  exposed_at INTEGER NOT NULL,
  PRIMARY KEY (experiment, visitor, variant)
) STRICT, WITHOUT ROWID;
CREATE INDEX exposures_visitor ON exposures(visitor);

CREATE TABLE conversions (
  event_id BLOB PRIMARY KEY NOT NULL,
  visitor INTEGER NOT NULL REFERENCES visitors(visitor) ON DELETE CASCADE,
  goal TEXT NOT NULL,
  value REAL,
  occurred_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversions_visitor ON conversions(visitor, occurred_at);

CREATE TABLE audit_log (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  chain BLOB NOT NULL
) STRICT;
PRAGMA user_version = 3;
)sql";

// From 3 to 4: erasures, which outlive what they erased; the choices that were made; who an audited action was about,
// under their own key; signed checkpoints; keys that expire; counts that came by randomised response; the goals of
// conversions (hashed by Store, under the key that SQL does not have).
constexpr Sql kToVersion4 = R"sql(
ALTER TABLE user_profiles ADD COLUMN training_opt_out INTEGER NOT NULL DEFAULT 0 CHECK (training_opt_out IN (0, 1));
CREATE INDEX content_recommendations_profile ON content_recommendations(user_profile_id);
ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
ALTER TABLE conversions ADD COLUMN sealed_goal BLOB;
ALTER TABLE audit_log ADD COLUMN profile INTEGER REFERENCES user_profiles(seq) ON DELETE SET NULL;
ALTER TABLE audit_log ADD COLUMN personal BLOB;
CREATE INDEX audit_log_profile ON audit_log(profile) WHERE profile IS NOT NULL;

CREATE TABLE erasures (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  profile TEXT NOT NULL UNIQUE,
  visitor_hash BLOB,
  reason TEXT NOT NULL CHECK (reason IN ('person', 'admin', 'retention', 'restore')),
  erased_at INTEGER NOT NULL,
  key_destroyed INTEGER NOT NULL DEFAULT 0 CHECK (key_destroyed IN (0, 1))
) STRICT;
CREATE INDEX erasures_visitor ON erasures(visitor_hash) WHERE visitor_hash IS NOT NULL;

CREATE TABLE consents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  profile INTEGER NOT NULL REFERENCES user_profiles(seq) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('personalization', 'measurement', 'training', 'optedOut')),
  choice TEXT NOT NULL CHECK (choice IN ('unset', 'granted', 'denied')),
  source TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_profile ON consents(profile, seq);

CREATE TABLE audit_checkpoints (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  chain BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT;

CREATE TABLE private_counts (
  item_id INTEGER NOT NULL,
  action INTEGER NOT NULL CHECK (action BETWEEN 0 AND 3),
  day INTEGER NOT NULL,
  epsilon_hundredths INTEGER NOT NULL,
  reports INTEGER NOT NULL,
  ones INTEGER NOT NULL,
  PRIMARY KEY (item_id, action, day, epsilon_hundredths)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 4;
)sql";

constexpr Sql kKeysSchema = R"sql(
CREATE TABLE profile_keys (
  profile BLOB PRIMARY KEY NOT NULL,
  wrapped BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  master INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
  name TEXT PRIMARY KEY NOT NULL,
  master INTEGER NOT NULL,
  wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
  name TEXT PRIMARY KEY NOT NULL,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
)sql";

// From 1 to 2: which version of the master key wraps a key, and what is the installation's own (privacy/vault.h).
constexpr Sql kKeysToVersion2 = R"sql(
ALTER TABLE profile_keys ADD COLUMN master INTEGER NOT NULL DEFAULT 1;

CREATE TABLE secrets (
  name TEXT PRIMARY KEY NOT NULL,
  master INTEGER NOT NULL,
  wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
  name TEXT PRIMARY KEY NOT NULL,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
)sql";

// `steps[k]` brings version k + 1 to k + 2.
void migrate_with(Database& db, Sql schema, std::span<const Sql> steps) {
  // Under the write lock, so that two programs starting at once do not both create the tables.
  db.execute("BEGIN IMMEDIATE");
  try {
    std::int64_t version = 0;
    {
      auto query = db.prepare("PRAGMA user_version");
      if (query->executeStep()) version = query.integer(0);
    }
    if (version > static_cast<std::int64_t>(steps.size()) + 1) {
      throw std::runtime_error("The database was written by a newer Footlight than this one.");
    }
    if (version == 0) {
      db.execute(schema);
    } else {
      for (const Sql step : steps.subspan(static_cast<std::size_t>(version - 1))) db.execute(step);
    }
    db.execute("COMMIT");
  } catch (...) {
    db.execute("ROLLBACK");
    throw;
  }
}

}  // namespace

void migrate(Database& db) {
  constexpr Sql kSteps[] = {kToVersion2, kToVersion3, kToVersion4};
  static_assert(std::size(kSteps) + 1 == kSchemaVersion);
  migrate_with(db, kSchema, kSteps);
}

void migrate_keys(Database& db) {
  constexpr Sql kSteps[] = {kKeysToVersion2};
  static_assert(std::size(kSteps) + 1 == kKeysSchemaVersion);
  migrate_with(db, kKeysSchema, kSteps);
}

}  // namespace footlight::origin
