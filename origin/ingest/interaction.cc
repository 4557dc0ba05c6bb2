#include "origin/ingest/interaction.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/experiment/program.h"
#include "core/visitor/engagement.h"
#include "origin/experiment/answer.h"
#include "origin/ingest/context.h"
#include "origin/store/document.h"
#include "origin/store/personalized_content.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kClockSkewMs = 60'000;
constexpr std::int64_t kExposureAction = 4;
constexpr std::int64_t kMaxPast = 10'000;

template <typename Value, std::size_t N>
std::optional<Value> named(const std::pair<std::string_view, Value> (&names)[N], std::string_view text) {
  for (const auto& [name, value] : names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

constexpr std::pair<std::string_view, Action> kActions[] = {
    {"view", Action::kView}, {"click", Action::kClick}, {"engage", Action::kEngage}, {"convert", Action::kConvert}};
constexpr std::pair<std::string_view, Feedback> kFeedbacks[] = {
    {"positive", Feedback::kPositive}, {"negative", Feedback::kNegative}, {"neutral", Feedback::kNeutral}};

struct Item {
  std::uint32_t item_id = 0;
  std::string uuid;
  std::string type;
};

std::optional<Item> find_item(Database& db, const std::string& id) {
  auto query = db.prepare("SELECT item_id, uuid, type FROM content WHERE uuid = ?1 OR foreign_id = ?1 LIMIT 1");
  query->bindNoCopy(1, id);
  if (!query->executeStep()) return std::nullopt;
  return Item{.item_id = static_cast<std::uint32_t>(query.integer(0)),
              .uuid = std::string(query.text(1)),
              .type = std::string(query.text(2))};
}

Hash event_hash(Vault& vault, const Event& event) {
  if (!event.event_id.empty()) return vault.hash(HashOf::kEvent, event.event_id);
  Hash hash{};
  const Uuid random = random_uuid();
  std::copy(random.begin(), random.end(), hash.begin());
  return hash;
}

// In a table of its own: what nobody saw is no exposure to any rate, model or count.
bool insert_would_show(Database& db, Vault& vault, std::int64_t visitor, const Item& item, const Event& event) {
  const Hash hash = event_hash(vault, event);
  auto insert = db.prepare(
      "INSERT INTO would_show (event_id, visitor, item_id, occurred_at, slot, position, propensity, snapshot_version) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING");
  insert.bind_blob(1, std::as_bytes(std::span(hash)).first(16));
  insert->bind(2, visitor);
  insert->bind(3, static_cast<std::int64_t>(item.item_id));
  insert->bind(4, event.occurred_at_ms);
  if (!event.slot.empty()) insert->bind(5, event.slot);
  if (event.position) insert->bind(6, static_cast<std::int64_t>(*event.position));
  if (event.propensity) insert->bind(7, *event.propensity);
  if (event.snapshot_version) insert->bind(8, static_cast<std::int64_t>(*event.snapshot_version));
  return insert->exec() == 1;
}

bool insert_event(Database& db, Vault& vault, std::int64_t visitor, const Item& item, const Event& event,
                  std::int64_t now) {
  const Hash hash = event_hash(vault, event);
  auto insert = db.prepare(
      "INSERT INTO interactions (event_id, visitor, item_id, action, feedback, duration_ms, "
      "occurred_at, received_at, slot, position, propensity, snapshot_version, context) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING");
  insert.bind_blob(1, std::as_bytes(std::span(hash)).first(16));
  insert->bind(2, visitor);
  insert->bind(3, static_cast<std::int64_t>(item.item_id));
  insert->bind(4, event.exposure ? kExposureAction : static_cast<std::int64_t>(event.action));
  insert->bind(5, static_cast<std::int64_t>(event.feedback));
  insert->bind(6, static_cast<std::int64_t>(event.duration_ms));
  insert->bind(7, event.occurred_at_ms);
  insert->bind(8, now);
  if (!event.slot.empty()) insert->bind(9, event.slot);
  if (event.position) insert->bind(10, static_cast<std::int64_t>(*event.position));
  if (event.propensity) insert->bind(11, *event.propensity);
  if (event.snapshot_version) insert->bind(12, static_cast<std::int64_t>(*event.snapshot_version));
  // Elsewhere nothing was decided, so there is nothing that the surroundings could explain.
  if (event.context && (event.exposure || !event.slot.empty())) {
    insert->bind(13, static_cast<std::int64_t>(*event.context));
  }
  return insert->exec() == 1;
}

// A word of the sender's is kept as it is only where it is the site's own, too: whatever else it is may be a person's.
bool is_slot(Database& db, const std::string& name, const publish::LiveSnapshot* live) {
  if (name.empty() || (live != nullptr && live->view().find_slot(name) != snapshot::kNone)) return true;
  auto query = db.prepare(
      "SELECT 1 FROM json_each((SELECT document FROM site ORDER BY version DESC LIMIT 1), '$.slots') slot "
      "WHERE json_extract(slot.value, '$.name') = ?");
  query->bindNoCopy(1, name);
  return query->executeStep();
}

// Whether an exposure is worth keeping: to a variant of an experiment that the site has set up here, or that its live
// flags speak of.
bool is_variant(Database& db, const Event& event, const publish::LiveSnapshot* live) {
  auto query = db.prepare(
      "SELECT 1 FROM experiments e, json_each(e.document, '$.variants') v "
      "WHERE e.id = ?1 AND e.status <> 'draft' AND json_extract(v.value, '$.key') = ?2");
  query->bindNoCopy(1, event.experiment);
  query->bindNoCopy(2, event.variant);
  if (query->executeStep()) return true;
  if (live == nullptr) return false;
  const experiment::Program& program = live->flags();
  for (std::uint32_t index = 0; index < program.experiments.size(); ++index) {
    const experiment::ExperimentRow& row = program.experiments[index];
    if (program.text(row.key) != event.experiment) continue;
    for (std::uint32_t v = 0; v < row.variants.count; ++v) {
      const experiment::Assignment assignment{.experiment = index, .variant = v};
      if (experiment::variant_name(program, assignment) == event.variant) return true;
    }
  }
  return false;
}

// The first time that a visitor saw this variant stays.
bool insert_exposure(Database& db, std::int64_t visitor, const Event& event) {
  auto insert = db.prepare(
      "INSERT INTO exposures (experiment, visitor, variant, exposed_at) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (experiment, visitor, variant) DO UPDATE SET exposed_at = excluded.exposed_at "
      "WHERE excluded.exposed_at < exposed_at");
  insert->bindNoCopy(1, event.experiment);
  insert->bind(2, visitor);
  insert->bindNoCopy(3, event.variant);
  insert->bind(4, event.occurred_at_ms);
  return insert->exec() == 1;
}

using Profile = std::optional<std::pair<std::int64_t, Uuid>>;

bool insert_conversion(Database& db, Vault& vault, std::int64_t visitor, const Profile& profile, const Event& event) {
  const Hash hash = event_hash(vault, event);
  const auto event_id = std::as_bytes(std::span(hash)).first(16);
  auto insert = db.prepare(
      "INSERT INTO conversions (event_id, visitor, goal, value, occurred_at, sealed_goal) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (event_id) DO NOTHING");
  insert.bind_blob(1, event_id);
  insert->bind(2, visitor);
  insert->bind(3, vault.goal_hash(event.goal));
  if (event.value) insert->bind(4, *event.value);
  insert->bind(5, event.occurred_at_ms);
  // For the person's own export; analyses compare hashes.
  const auto key = profile ? vault.data_key(profile->second) : std::nullopt;
  if (key) insert.bind_blob(6, vault.seal(*key, {"conversions", "goal", to_base64url(event_id)}, event.goal));
  return insert->exec() == 1;
}

// An event about no content: kCounted or kDuplicate, or kUnknownExperiment.
Receipt apply_contentless(Database& db, Vault& vault, std::int64_t visitor, const Profile& profile, const Event& event,
                          const publish::LiveSnapshot* live) {
  if (event.experiment.empty()) {
    return insert_conversion(db, vault, visitor, profile, event) ? Receipt::kCounted : Receipt::kDuplicate;
  }
  if (!is_variant(db, event, live)) return Receipt::kUnknownExperiment;
  return insert_exposure(db, visitor, event) ? Receipt::kCounted : Receipt::kDuplicate;
}

// What edge and browser showed: one row a recommended item, like the origin's own decisions. A page is stable for a day
// (core/rank/decide.h), so what is shown again on that day is the same recommendation.
void insert_recommendation(Database& db, Vault& vault, std::int64_t visitor, const Profile& profile, const Item& item,
                           const Event& event) {
  auto known = db.prepare(
      "SELECT 1 FROM content_recommendations WHERE visitor = ?1 AND content_id = ?2 AND slot IS ?3 "
      "AND snapshot_version IS ?4 AND created_at / 86400000 = ?5 / 86400000");
  known->bind(1, visitor);
  known->bind(2, item.uuid);
  if (!event.slot.empty()) known->bind(3, event.slot);
  if (event.snapshot_version) known->bind(4, static_cast<std::int64_t>(*event.snapshot_version));
  known->bind(5, event.occurred_at_ms);
  if (known->executeStep()) return;
  auto insert = db.prepare(
      "INSERT INTO content_recommendations (id, user_profile_id, content_id, content_type, score, "
      "created_at, visitor, slot, position, propensity, snapshot_version, reason) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const std::string id = to_string(timed_uuid(event.occurred_at_ms));
  insert->bind(1, id);
  if (profile) insert->bind(2, to_string(profile->second));
  insert->bind(3, item.uuid);
  insert->bind(4, item.type);
  insert->bind(5, event.confidence.value_or(0));
  insert->bind(6, event.occurred_at_ms);
  insert->bind(7, visitor);
  if (!event.slot.empty()) insert->bind(8, event.slot);
  if (event.position) insert->bind(9, static_cast<std::int64_t>(*event.position));
  if (event.propensity) insert->bind(10, *event.propensity);
  if (event.snapshot_version) insert->bind(11, static_cast<std::int64_t>(*event.snapshot_version));
  // A reason repeats an answer, so it is kept only under its profile's key.
  const auto key = profile && !event.reason.empty() ? vault.data_key(profile->second) : std::nullopt;
  if (key) insert.bind_blob(12, vault.seal(*key, {"content_recommendations", "reason", id}, event.reason));
  insert->exec();
}

// The latest recommendation of this item to this visitor is the one that was clicked.
void mark_recommendation(Database& db, std::int64_t visitor, const Item& item, const Event& event) {
  if (event.action == Action::kView) return;
  auto update = db.prepare(
      "UPDATE content_recommendations SET clicked_at = coalesce(clicked_at, ?1), "
      "converted_at = CASE WHEN ?2 THEN coalesce(converted_at, ?1) ELSE converted_at END WHERE id "
      "= "
      "(SELECT id FROM content_recommendations WHERE visitor = ?3 AND content_id = ?4 "
      "ORDER BY created_at DESC LIMIT 1)");
  update->bind(1, event.occurred_at_ms);
  update->bind(2, event.action == Action::kConvert ? 1 : 0);
  update->bind(3, visitor);
  update->bind(4, item.uuid);
  update->exec();
}

std::string_view section_of(std::string_view type) {
  if (type == "project") return "featured_projects";
  if (type == "testimonial") return "testimonials";
  if (type == "service") return "services";
  return type;
}

std::uint16_t day_of(std::int64_t ms) {
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(ms / 86'400'000, 0, 65535));
}

std::uint32_t stored_score(Database& db, std::int64_t profile) {
  auto query = db.prepare("SELECT personalization_score FROM user_profiles WHERE seq = ?");
  query->bind(1, profile);
  return query->executeStep() ? static_cast<std::uint32_t>(query.integer(0)) : 0;
}

struct Past {
  std::vector<Interaction> interactions;  // oldest first
  std::int64_t latest_ms = 0;
};

// What a visitor did who has no profile yet: as much of it as a record can hold, and more counts for nothing.
Past past_of(Database& db, const Hash& visitor_hash) {
  auto query = db.prepare(
      "SELECT item_id, action, feedback, duration_ms, occurred_at FROM interactions "
      "WHERE visitor = (SELECT visitor FROM visitors WHERE hash = ? AND profile IS NULL) AND action <> ? "
      "ORDER BY occurred_at, id LIMIT ?");
  query.bind_blob(1, visitor_bytes(visitor_hash));
  query->bind(2, kExposureAction);
  query->bind(3, kMaxPast);
  Past past;
  while (query->executeStep()) {
    past.latest_ms = query.integer(4);
    past.interactions.push_back({.item_id = static_cast<std::uint32_t>(query.integer(0)),
                                 .action = static_cast<Action>(query.integer(1)),
                                 .feedback = static_cast<Feedback>(query.integer(2)),
                                 .duration_ms = static_cast<std::uint32_t>(query.integer(3)),
                                 .day = day_of(past.latest_ms)});
  }
  return past;
}

}  // namespace

std::optional<Action> action_from(std::string_view name) { return named(kActions, name); }

Event parse_event(const Json& document, const std::string& pointer, std::int64_t now, std::vector<Fault>& faults) {
  Fields fields(document, pointer, faults);
  fields.only({"eventId",   "contentId", "contentType", "action",   "duration",   "feedback",   "occurredAt",
               "visitorId", "profileId", "slot",        "position", "propensity", "confidence", "snapshotVersion",
               "reason",    "context",   "experiment",  "variant",  "goal",       "value"});
  Event event;
  event.event_id = fields.text_or("eventId", 255, "");
  event.experiment = fields.text_or("experiment", 255, "");
  event.goal = fields.text_or("goal", 100, "");
  const bool needs_content = event.experiment.empty() && event.goal.empty();
  event.content_id = needs_content ? fields.text("contentId", 255) : fields.text_or("contentId", 255, "");
  // A UUID is one in either case; foreign ids are taken literally.
  if (const auto uuid = parse_uuid(event.content_id)) event.content_id = to_string(*uuid);
  const std::string type = fields.text_or("contentType", 50, "");
  if (!type.empty()) {
    event.content_type = content_type_from(type);
    if (!event.content_type) fields.fault("unknown", "is not a content type", "contentType");
  }
  const std::string action = fields.text("action", 20);
  if (action == "exposure") {
    event.exposure = true;
  } else if (action == "would_show") {
    event.would_show = true;
  } else if (const auto known = named(kActions, action)) {
    event.action = *known;
  } else if (!action.empty()) {
    fields.fault("unknown", "must be view, click, engage, convert, exposure or would_show", "action");
  }
  if (!event.experiment.empty()) {
    event.variant = fields.text("variant", 255);
    if (!event.exposure && !action.empty()) fields.fault("unknown", "must be exposure for an experiment", "action");
    if (!event.content_id.empty()) fields.fault("unknown", "does not belong to an exposure to a variant", "contentId");
    if (!event.goal.empty()) fields.fault("unknown", "does not belong to an exposure to a variant", "goal");
  } else if (!event.goal.empty()) {
    if (action != "convert" && !action.empty()) fields.fault("unknown", "must be convert for a goal", "action");
    if (fields.find("value") != nullptr) event.value = fields.number("value", -1e12, 1e12);
  } else if (fields.find("value") != nullptr) {
    fields.fault("unknown", "belongs to a goal", "value");
  }
  const double duration = fields.number_or("duration", 0, 1e15, 0);
  event.duration_ms = static_cast<std::uint32_t>(std::min<double>(std::round(duration), kMaxDurationMs));
  const std::string feedback = fields.text_or("feedback", 20, "");
  if (const auto known = named(kFeedbacks, feedback)) {
    event.feedback = *known;
  } else if (!feedback.empty()) {
    fields.fault("unknown", "must be positive, negative or neutral", "feedback");
  }
  event.occurred_at_ms = now;
  const std::string occurred = fields.text_or("occurredAt", 64, "");
  if (!occurred.empty()) {
    const auto time = parse_time_ms(occurred);
    if (!time) {
      fields.fault("type", "must be a time such as 2026-01-02T10:00:00Z", "occurredAt");
    } else {
      // A clock that runs ahead is common in browsers; it must not make an event the latest for
      // ever.
      event.occurred_at_ms = std::min(*time, now + kClockSkewMs);
    }
  }
  event.visitor_id = fields.text_or("visitorId", 255, "");
  event.profile_id = fields.text_or("profileId", 255, "");
  event.slot = fields.text_or("slot", 100, "");
  event.reason = fields.text_or("reason", 500, "");
  if (fields.find("position") != nullptr) event.position = fields.whole_or("position", 0, 1000, 0);
  if (fields.find("propensity") != nullptr) event.propensity = fields.number("propensity", 0, 1);
  if (fields.find("confidence") != nullptr) event.confidence = fields.number("confidence", 0, 1);
  if (fields.find("snapshotVersion") != nullptr) {
    event.snapshot_version = static_cast<std::uint64_t>(fields.number("snapshotVersion", 0, 9e15));
  }
  if (const Json* context = fields.find("context")) {
    event.context = pack(context->is_number() ? unpack_surroundings(fields.whole_or("context", 0, 65535, 0))
                                              : parse_context(*context, pointer_to(pointer, "context"), faults));
  }
  return event;
}

Scores scores_of(const Visitor& visitor, const publish::LiveSnapshot* live, std::uint32_t score_before) {
  return {.engagement_level = engagement_level(visitor),
          .personalization_score = live != nullptr ? personalization_score(visitor, live->view()) : score_before};
}

std::optional<std::int64_t> adopt_past(Database& db, std::int64_t profile, const Hash& visitor_hash, Visitor& visitor) {
  const Past past = past_of(db, visitor_hash);
  link_visitor(db, profile, visitor_hash);
  if (past.interactions.empty() || visitor.opted_out || visitor.measurement == Choice::kDenied) return std::nullopt;
  for (const Interaction& interaction : past.interactions) interact(visitor, interaction);
  return past.latest_ms;
}

Outcome apply_events(Database& db, Vault& vault, const Who& who, std::span<const Event> events,
                     const publish::LiveSnapshot* live) {
  const std::int64_t now = now_ms();
  Outcome outcome;
  outcome.profile = who.profile;
  std::optional<std::int64_t> known =
      who.profile ? visitor_of_profile(db, who.profile->first) : find_visitor(db, *who.visitor_hash);
  if (!known && (who.signals_refusal || is_erased_visitor(db, *who.visitor_hash))) {  // no trace, not even an empty one
    outcome.receipts.assign(events.size(), Receipt::kNotWanted);
    return outcome;
  }
  const std::int64_t visitor_key = known ? *known : visitor_of_hash(db, *who.visitor_hash);
  // A visitor the edge knows by unit id alone may have a profile here: its questionnaire came with
  // the same unit id.
  if (!outcome.profile) outcome.profile = profile_of_visitor(db, visitor_key);
  if (!outcome.profile && who.segment_id != 0) set_segment(db, visitor_key, who.segment_id);

  std::optional<Visitor> visitor;
  bool changed = false;
  std::int64_t engaged_at = 0;
  if (outcome.profile) {
    visitor = load_visitor(db, vault, outcome.profile->first, outcome.profile->second);
    const bool refuses =
        visitor->measurement == Choice::kDenied || (visitor->measurement == Choice::kUnset && who.signals_refusal);
    if (visitor->opted_out || refuses) {
      outcome.receipts.assign(events.size(), Receipt::kNotWanted);
      outcome.scores = scores_of(*visitor, live, stored_score(db, outcome.profile->first));
      return outcome;
    }
  }
  if (!outcome.profile && who.signals_refusal) {
    outcome.receipts.assign(events.size(), Receipt::kNotWanted);
    return outcome;
  }
  std::string known_slot;
  std::string unknown_slot;
  for (Event event : events) {
    if (event.slot != known_slot && event.slot != unknown_slot) {
      (is_slot(db, event.slot, live) ? known_slot : unknown_slot) = event.slot;
    }
    if (event.slot == unknown_slot) event.slot.clear();
    if (event.content_id.empty()) {
      outcome.receipts.push_back(apply_contentless(db, vault, visitor_key, outcome.profile, event, live));
      continue;
    }
    const auto item = find_item(db, event.content_id);
    if (!event.goal.empty()) static_cast<void>(insert_conversion(db, vault, visitor_key, outcome.profile, event));
    if (!item) {
      outcome.receipts.push_back(Receipt::kUnknownContent);
      continue;
    }
    if (event.would_show) {
      const bool fresh = insert_would_show(db, vault, visitor_key, *item, event);
      outcome.receipts.push_back(fresh ? Receipt::kCounted : Receipt::kDuplicate);
      continue;
    }
    if (!insert_event(db, vault, visitor_key, *item, event, now)) {
      outcome.receipts.push_back(Receipt::kDuplicate);
      continue;
    }
    outcome.receipts.push_back(Receipt::kCounted);
    if (event.exposure || !event.slot.empty())
      insert_recommendation(db, vault, visitor_key, outcome.profile, *item, event);
    if (event.exposure) continue;
    mark_recommendation(db, visitor_key, *item, event);
    if (!outcome.profile) continue;
    changed = true;
    const Interaction interaction{.item_id = item->item_id,
                                  .action = event.action,
                                  .feedback = event.feedback,
                                  .duration_ms = event.duration_ms,
                                  .day = day_of(event.occurred_at_ms)};
    raise_engagement(db, outcome.profile->second, section_of(item->type), interact(*visitor, interaction));
    engaged_at = std::max(engaged_at, event.occurred_at_ms);
  }
  if (outcome.profile) {
    const auto& [seq, id] = *outcome.profile;
    outcome.scores = scores_of(*visitor, live, stored_score(db, seq));
    if (changed) save_visitor(db, vault, seq, id, *visitor, outcome.scores, engaged_at);
  }
  return outcome;
}

}  // namespace footlight::origin
