// POST /api/profile and /api/profile/claim.
#include <algorithm>
#include <cstring>

#include "core/visitor/record.h"
#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"
#include "origin/http/obeyed_flags.h"
#include "origin/ingest/interaction.h"
#include "origin/ingest/questionnaire.h"
#include "origin/privacy/consent.h"
#include "origin/store/document.h"
#include "origin/store/personalized_content.h"

namespace footlight::origin {
namespace {

constexpr std::int64_t kClaimTtlMs = 24LL * 3600 * 1000;
constexpr std::int64_t kClaimPauseMs = 10LL * 60 * 1000;  // nobody can make us fill a stranger's mailbox

// The unit id behind a visitorId (base64url of its eight bytes), or 0 when it is some other name.
std::uint64_t unit_of(const std::string& visitor_id) {
  const auto bytes = from_base64url(visitor_id);
  std::uint64_t unit = 0;
  if (bytes && bytes->size() == sizeof unit) std::memcpy(&unit, bytes->data(), sizeof unit);
  return unit;
}

struct ProfileBody {
  std::string email;
  Answers answers;
  std::string visitor_id;
  ConsentChange consent;
  std::vector<Fault> refused;  // only where the caller asked for it: what was left out
};

ProfileBody parse_profile(const Json& document, const Site& site) {
  std::vector<Fault> faults;
  Fields fields(document, "", faults);
  // `next` is where the edge sends a plain form afterwards.
  fields.only({"email", "questionnaireData", "visitorId", "consent", "next", "lenient"});
  ProfileBody body;
  const bool lenient = fields.flag_or("lenient", false);
  const std::string email = fields.text_or("email", 254, "");
  body.email = normal_email(email);
  if (!email.empty() && body.email.empty()) fields.fault("type", "is not an e-mail address", "email");
  if (const Json* answers = fields.find("questionnaireData")) {
    body.answers = parse_answers(*answers, site, "/questionnaireData", faults);
  }
  body.visitor_id = fields.text_or("visitorId", 255, "");
  if (const Json* consent = fields.find("consent")) body.consent = parse_consent(*consent, "/consent", faults);
  if (!faults.empty() && !lenient) throw invalid(std::move(faults));
  for (const Fault& fault : faults) {
    std::erase_if(body.answers, [&](const Answer& answer) {
      const std::string own = pointer_to("/questionnaireData", answer.question);
      return fault.pointer == own || fault.pointer.starts_with(own + "/");
    });
  }
  body.refused = std::move(faults);
  return body;
}

StoredAnswers stored(const Answers& answers) {
  StoredAnswers texts;
  for (const Answer& answer : answers) texts.emplace_back(answer.question, stored_answer(answer));
  return texts;
}

Json recommendations(const publish::LiveSnapshot* live, const Visitor& visitor, std::uint32_t locale) {
  Json list = Json::array();
  if (live == nullptr) return list;
  const snapshot::SnapshotView& view = live->view();
  const std::uint32_t slot = view.find_slot("projects");
  if (slot == snapshot::kNone) return list;
  const SlotRequest request{.slot = slot, .limit = 0};
  Context context = context_for(visitor, false);
  const ObeyedFlags flags(*live, visitor, context);
  const Decision& decision = decide_here(flags.view(), visitor, context, std::span(&request, 1));
  for (std::uint32_t i = 0; i < decision.entry_count; ++i) {
    const Entry& entry = decision.entries[i];
    const auto& item = view.items()[entry.item];
    std::string id;
    append_uuid(item.uuid, id);
    const std::string_view type = content_type_name(item.type);
    list.push_back({{"type", type == "project" ? "featured_project" : type},
                    {"id", id},
                    {"reason", reason_text(view, entry, locale)},
                    {"confidence", entry.confidence / 10000.0}});
  }
  return list;
}

Json profile_answer(App& app, const Exchange& exchange, const Uuid& id, const Visitor& visitor, std::uint32_t score,
                    const std::string& token, const std::vector<Fault>& refused = {}) {
  const auto live = app.live.get();
  const std::uint32_t locale = live ? locale_of(exchange, live->view()) : 0;
  const bool enabled = !refuses_personalization(visitor);
  Json answer = {
      {"success", true},
      {"profileId", to_string(id)},
      {"personalization",
       {{"enabled", enabled}, {"score", score}, {"recommendations", recommendations(live.get(), visitor, locale)}}},
      {"token", token},
      {"record", record_text(visitor)}};
  for (const Fault& fault : refused) {
    answer["refused"].push_back({{"code", fault.code}, {"detail", fault.detail}, {"pointer", fault.pointer}});
  }
  return answer;
}

// What the homepage would show now, into personalized_content behind the answer, for the time when there is no
// snapshot.
void precompute_homepage(App& app, const Exchange& exchange, const std::shared_ptr<const publish::LiveSnapshot>& live,
                         std::int64_t profile, const Uuid& id, const Visitor& visitor) {
  if (!live || !may_measure(exchange, visitor)) return;
  const snapshot::SnapshotView& view = live->view();
  SlotRequest requests[4];
  const std::uint32_t count = homepage_requests(view, requests);
  Context context = context_for(visitor, true);
  const ObeyedFlags flags(*live, visitor, context);
  const Decision& decision = decide_here(flags.view(), visitor, context, std::span(requests, count));
  app.behind.decided(profile, id, live, decision, locale_of(exchange, view), false);
}

// The owner changes their own profile. An address that another profile holds is left alone, without
// a word.
void update_profile(App& app, Exchange& exchange, const Session& session, const ProfileBody& body) {
  const auto site = app.site();
  const auto live = app.live.get();
  Vault& vault = app.store.vault();
  struct Updated {
    Visitor visitor;
    Scores scores;
  };
  const Updated updated =
      app.store.writer()
          .submit([&](Database& db) {
            const Visitor before = load_visitor(db, vault, session.profile, session.id);
            Visitor visitor = before;
            apply_answers(visitor, body.answers, site->site);
            if (!body.consent.is_empty()) {
              apply_consent(visitor, body.consent, app.options.consent_opt_out);
              record_consent(db, session.profile, before, visitor, body.consent, "person");
            }
            std::optional<std::int64_t> engaged_at;
            if (!body.visitor_id.empty()) {
              engaged_at = adopt_past(db, session.profile, vault.hash(HashOf::kVisitor, body.visitor_id), visitor);
            }
            update_answers(db, vault, session.profile, session.id, stored(body.answers));
            if (!body.email.empty() && !find_by_email(db, vault.hash(HashOf::kEmail, body.email))) {
              set_email(db, vault, session.profile, session.id, body.email);
            }
            const Scores scores = scores_of(visitor, live.get(), 0);
            save_visitor(db, vault, session.profile, session.id, visitor, scores, engaged_at);
            if (refuses_personalization(visitor)) forget_contents(db, session.id);
            return Updated{visitor, scores};
          })
          .get();
  app.cache.invalidate_user(session.id);
  precompute_homepage(app, exchange, live, session.profile, session.id, updated.visitor);
  const std::string header = exchange.request.get_header_value("Authorization");
  exchange.answer(profile_answer(app, exchange, session.id, updated.visitor, updated.scores.personalization_score,
                                 header.substr(7), body.refused));
}

}  // namespace

std::string record_text(const Visitor& visitor) {
  std::array<std::byte, kMaxRecordBytes> record;
  const auto size = encode_visitor(visitor, record);
  return size ? to_base64url(std::span(record).first(*size)) : std::string();
}

void post_profile(App& app, Exchange& exchange) {
  const auto session = app.session_if_any(exchange);
  if (!session) app.check_profile_rate(exchange.request);
  const auto site = app.site();
  const ProfileBody body = parse_profile(exchange.json(), site->site);
  if (session) {
    update_profile(app, exchange, *session, body);
    return;
  }
  const auto live = app.live.get();
  Vault& vault = app.store.vault();
  NewProfile profile{.id = random_uuid(), .answers = stored(body.answers), .created_at_ms = now_ms()};
  apply_answers(profile.visitor, body.answers, site->site);
  apply_consent(profile.visitor, body.consent, app.options.consent_opt_out);
  // The edge sends a unit id only where measurement is allowed; with it, the same visitor draws the
  // same page here.
  const std::uint64_t unit = unit_of(body.visitor_id);
  if (unit != 0 && profile.visitor.measurement != Choice::kDenied && !profile.visitor.opted_out) {
    profile.visitor.unit_id = unit;
  }
  profile.personalization_score = scores_of(profile.visitor, live.get(), 0).personalization_score;

  const std::string token = random_secret("flt_");
  const std::string claim = random_secret("flc_");
  const Hash token_hash = vault.hash(HashOf::kToken, token);
  const Hash claim_hash = vault.hash(HashOf::kToken, claim);
  std::int64_t created = 0;
  const bool is_to_be_told =
      app.store.writer()
          .submit([&](Database& db) {
            // An address is not authority. Whether it is held already changes
            // nothing that the caller can see, the number of writes included: a
            // claim is written either way, and only that of a held address is
            // sent.
            const auto holder =
                body.email.empty() ? std::nullopt : find_by_email(db, vault.hash(HashOf::kEmail, body.email));
            profile.email = holder ? std::string() : body.email;
            const std::int64_t seq = insert_profile(db, vault, profile);
            record_consent(db, seq, std::nullopt, profile.visitor, body.consent, "person");
            const std::int64_t now = now_ms();
            insert_token(db, token_hash, seq, TokenPurpose::kBearer, now + app.options.token_ttl_ms);
            const bool is_told = has_claim_since(db, holder ? holder->first : seq, now - kClaimPauseMs);
            insert_token(db, claim_hash, holder ? holder->first : seq, TokenPurpose::kClaim,
                         holder ? now + kClaimTtlMs : now);
            created = seq;
            if (body.visitor_id.empty()) return holder.has_value() && !is_told;
            const Hash visitor_hash = vault.hash(HashOf::kVisitor, body.visitor_id);
            if (const auto engaged_at = adopt_past(db, seq, visitor_hash, profile.visitor)) {
              const Scores scores = scores_of(profile.visitor, live.get(), 0);
              profile.personalization_score = scores.personalization_score;
              save_visitor(db, vault, seq, profile.id, profile.visitor, scores, engaged_at);
            }
            return holder.has_value() && !is_told;
          })
          .get();
  precompute_homepage(app, exchange, live, created, profile.id, profile.visitor);
  if (is_to_be_told) app.mail.send({.to = body.email, .claim = claim});
  app.counters.profiles_created.fetch_add(1, std::memory_order_relaxed);
  exchange.answer(
      profile_answer(app, exchange, profile.id, profile.visitor, profile.personalization_score, token, body.refused));
}

void post_claim(App& app, Exchange& exchange) {
  std::vector<Fault> faults;
  const Json document = exchange.json();
  Fields fields(document, "", faults);
  fields.only({"claim"});
  const std::string claim = fields.text("claim", 128);
  if (!faults.empty()) throw invalid(std::move(faults));
  Vault& vault = app.store.vault();
  const Hash claim_hash = vault.hash(HashOf::kToken, claim);
  const std::string token = random_secret("flt_");
  const Hash token_hash = vault.hash(HashOf::kToken, token);
  struct Claimed {
    Uuid id{};
    Visitor visitor;
  };
  const auto claimed =
      app.store.writer()
          .submit([&](Database& db) -> std::optional<Claimed> {
            const auto profile = redeem_claim(db, claim_hash);
            if (!profile) return std::nullopt;
            insert_token(db, token_hash, profile->first, TokenPurpose::kBearer, now_ms() + app.options.token_ttl_ms);
            return Claimed{profile->second, load_visitor(db, vault, profile->first, profile->second)};
          })
          .get();
  if (!claimed) throw Problem{ProblemKind::kUnauthorized, "The link was used before, or has expired."};
  const auto live = app.live.get();
  exchange.answer(profile_answer(app, exchange, claimed->id, claimed->visitor,
                                 scores_of(claimed->visitor, live.get(), 0).personalization_score, token));
}

}  // namespace footlight::origin
