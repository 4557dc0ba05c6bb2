// Interactions: the one way in, for the API, the batch API and the import alike.
//
//     Event event = parse_event(json, "/interactions/0", now, faults);     // strict: SPEC.md's
//     body auto outcome = ingest.apply(db, who, events);                       // on the writer's
//     thread, in one job
//
// An event id counts once, however often and by whichever way it arrives. In the same commit a
// counted event goes into the profile's visitor record (core's interact()), engagement_level,
// last_engaged_at, personalization_score, the recommendation it answers (clicked_at, converted_at)
// and the engagement_score of the personalised content.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/visitor/visitor.h"
#include "origin/publish/live.h"
#include "origin/store/profiles.h"

namespace footlight::origin {

// What an event says: an interaction, that something was shown, that a visitor saw a variant of an experiment, or that
// a goal of the site's own was reached.
struct Event {
  std::string event_id;    // empty: the caller gave none, so a repetition counts again
  std::string content_id;  // UUID or foreign id; empty: about no content
  std::string experiment;  // of an exposure to a variant: it has no content
  std::string variant;
  std::string goal;  // of a conversion, by the site's own name: "signup"
  std::optional<double> value;
  std::optional<snapshot::ContentType> content_type;
  bool exposure = false;    // action "exposure": shown, not yet acted on
  bool would_show = false;  // action "would_show": apprentice mode's; never an exposure
  Action action = Action::kView;
  Feedback feedback = Feedback::kNone;
  std::uint32_t duration_ms = 0;
  std::int64_t occurred_at_ms = 0;
  std::string visitor_id;  // of a visitor without a token; kept only as a keyed hash
  std::string profile_id;  // imports only: a profile's id or foreign id
  // where it was shown and why, as the decision said
  std::string reason;
  std::string slot;
  std::optional<std::uint32_t> position;
  std::optional<double> propensity;
  std::optional<double> confidence;
  std::optional<std::uint64_t> snapshot_version;
  std::optional<std::uint32_t> context;  // packed Surroundings (ingest/context.h); kept with exposures and slots alone
};

inline constexpr std::uint32_t kMaxDurationMs = 86'400'000;  // a day; more is cut

// `now_ms`: the time of an event that names none, and the latest that one may name (give or take a
// minute).
[[nodiscard]] std::optional<Action> action_from(std::string_view name);  // view, click, engage, convert

[[nodiscard]] Event parse_event(const nlohmann::ordered_json& document, const std::string& pointer, std::int64_t now_ms,
                                std::vector<Fault>& faults);

// Whose events these are. Exactly one of the two.
struct Who {
  std::optional<std::pair<std::int64_t, Uuid>> profile;
  std::optional<Hash> visitor_hash;
  std::uint32_t segment_id = 0;  // as the visitor's record says, for visitors without a profile
  bool signals_refusal = false;  // Sec-GPC or DNT: stands where the visitor has not chosen by themselves
};

enum class Receipt : std::uint8_t {
  kCounted,
  kDuplicate,          // counted before
  kUnknownContent,     // there is no such content: sending it again is useless
  kUnknownExperiment,  // nor such an experiment
  kNotWanted,          // the visitor has opted out, denied measurement or was erased: nothing was kept
};

struct Outcome {
  std::vector<Receipt> receipts;                         // one an event
  std::optional<std::pair<std::int64_t, Uuid>> profile;  // of the visitor, if there is one
  Scores scores;                                         // of that profile, afterwards
};

// Writer only. `live` may be null: scores that need a snapshot then stay as they are.
[[nodiscard]] Outcome apply_events(Database& db, Vault& vault, const Who& who, std::span<const Event> events,
                                   const publish::LiveSnapshot* live);

// Writer only. From now on the unit id behind the hash is this profile's: what it did while nobody knew whose it was
// goes into `visitor`, the profile's record, for the caller to save. Returns when it last did something, if it did.
[[nodiscard]] std::optional<std::int64_t> adopt_past(Database& db, std::int64_t profile, const Hash& visitor_hash,
                                                     Visitor& visitor);

// SPEC.md's scores of a visitor under a snapshot (null: as far as they can be said without).
[[nodiscard]] Scores scores_of(const Visitor& visitor, const publish::LiveSnapshot* live, std::uint32_t score_before);

}  // namespace footlight::origin
