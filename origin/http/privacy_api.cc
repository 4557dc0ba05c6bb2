// /api/privacy/…: consent, settings, export and erasure by the person's own token; the same by an admin's key, audited;
// and private reports, which come from nobody in particular.
#include <cmath>

#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"
#include "origin/ingest/interaction.h"
#include "origin/ingest/questionnaire.h"
#include "origin/privacy/consent.h"
#include "origin/privacy/erasure.h"
#include "origin/privacy/export.h"
#include "origin/privacy/private_counts.h"
#include "origin/privacy/retention.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"
#include "origin/store/personalized_content.h"

namespace footlight::origin {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

Uuid profile_argument(const Exchange& exchange) {
  const auto id = parse_uuid(exchange.arguments.front());
  if (!id) throw Problem{ProblemKind::kNotFound};
  return *id;
}

// What a change of choices does, in one transaction. nullopt: the profile is gone.
std::optional<Visitor> change_consent(App& app, const Uuid& id, const ConsentChange& change, std::string_view source,
                                      std::string_view audited_actor) {
  Vault& vault = app.store.vault();
  const auto live = app.live.get();
  auto visitor =
      app.store.writer()
          .submit([&](Database& db) -> std::optional<Visitor> {
            const auto profile = find_by_id(db, id);
            if (!profile) return std::nullopt;
            const Visitor before = load_visitor(db, vault, profile->first, id);
            Visitor changed = before;
            apply_consent(changed, change, app.options.consent_opt_out);
            save_visitor(db, vault, profile->first, id, changed, scores_of(changed, live.get(), 0), std::nullopt);
            record_consent(db, profile->first, before, changed, change, source);
            if (refuses_personalization(changed)) forget_contents(db, id);
            if (!audited_actor.empty()) {
              append_personal_audit(db, vault, profile->first, id, audited_actor, "privacy.consent",
                                    consent_now(db, profile->first, changed).dump());
            }
            return changed;
          })
          .get();
  app.cache.invalidate_user(id);
  return visitor;
}

ConsentChange consent_body(const Exchange& exchange) {
  std::vector<Fault> faults;
  const ConsentChange change = parse_consent(exchange.json(), "", faults);
  if (!faults.empty()) throw invalid(std::move(faults));
  return change;
}

Json consent_of(App& app, std::int64_t profile, const Visitor& visitor) {
  auto db = app.store.reader();
  return consent_now(*db, profile, visitor);
}

// The settings: the choices, what is kept how long, and what is known.
Json settings_document(App& app, const Session& session, const Visitor& visitor) {
  const auto site = app.site();
  return {{"settings", consent_of(app, session.profile, visitor)},
          {"retention",
           {{"interactionDays", site->site.retention.interaction_days},
            {"profileDays", site->site.retention.profile_days}}}};
}

Json erased_answer(App& app, const Uuid& id, ErasureReason reason, std::string_view actor) {
  const auto erased = erase_profile(app.store, id, reason, actor);
  if (!erased) throw Problem{ProblemKind::kNotFound};
  app.forget(id);
  Json receipt = Json::parse(erased->receipt);
  return {{"success", true},
          {"erasure", erased->id},
          {"erasedAt", format_time(erased->at_ms)},
          {"removedRows", erased->rows},
          {"receipt", std::move(receipt)},
          {"publicKey", publish::to_base64(app.store.vault().attestation_key())}};
}

// A download, not a page: whatever is in it, no browser renders it.
void answer_export(Exchange& exchange, const Json& document) {
  exchange.response.set_header("Content-Disposition", "attachment; filename=\"footlight-export.json\"");
  exchange.answer(document);
}

void audit_person(App& app, const Uuid& id, std::string_view actor, std::string_view action) {
  Vault& vault = app.store.vault();
  app.store.writer()
      .submit([&](Database& db) {
        const auto profile = find_by_id(db, id);
        if (profile) append_personal_audit(db, vault, profile->first, id, actor, action, "");
      })
      .get();
}

}  // namespace

void post_consent(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  const auto visitor = change_consent(app, session->id, consent_body(exchange), "person", "");
  if (!visitor) throw Problem{ProblemKind::kUnauthorized};
  exchange.answer(
      {{"success", true}, {"consent", consent_of(app, session->profile, *visitor)}, {"record", record_text(*visitor)}});
}

void get_consent(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  auto db = app.store.reader();
  exchange.answer({{"consent", consent_now(*db, session->profile, session->visitor)},
                   {"history", consent_history(*db, session->profile)}});
}

void get_settings(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  exchange.answer(settings_document(app, *session, session->visitor));
}

void put_settings(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  const auto visitor = change_consent(app, session->id, consent_body(exchange), "person", "");
  if (!visitor) throw Problem{ProblemKind::kUnauthorized};
  Json answer = settings_document(app, *session, *visitor);
  answer["record"] = record_text(*visitor);
  exchange.answer(answer);
}

void get_export(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  const auto document = export_profile(app.store, session->id);
  if (!document) throw Problem{ProblemKind::kUnauthorized};
  audit_person(app, session->id, "person", "privacy.export");
  answer_export(exchange, *document);
}

void delete_profile(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  exchange.answer(erased_answer(app, session->id, ErasureReason::kPerson, "person"));
}

// -- by an admin

void find_profile(App& app, Exchange& exchange) {
  std::vector<Fault> faults;
  const Json document = exchange.json();
  Fields fields(document, "", faults);
  fields.only({"email"});
  const std::string email = normal_email(fields.text("email", 254));
  if (faults.empty() && email.empty()) fields.fault("type", "is not an e-mail address", "email");
  if (!faults.empty()) throw invalid(std::move(faults));
  auto db = app.store.reader();
  const auto found = find_by_email(*db, app.store.vault().hash(HashOf::kEmail, email));
  if (!found) throw Problem{ProblemKind::kNotFound};
  audit_person(app, found->second, exchange.actor, "privacy.find");
  exchange.answer({{"profileId", to_string(found->second)}});
}

void admin_export(App& app, Exchange& exchange) {
  const Uuid id = profile_argument(exchange);
  const auto document = export_profile(app.store, id);
  if (!document) throw Problem{ProblemKind::kNotFound};
  audit_person(app, id, exchange.actor, "privacy.export");
  answer_export(exchange, *document);
}

void admin_erase(App& app, Exchange& exchange) {
  exchange.answer(erased_answer(app, profile_argument(exchange), ErasureReason::kAdmin, exchange.actor));
}

void admin_consent(App& app, Exchange& exchange) {
  const Uuid id = profile_argument(exchange);
  const auto visitor = change_consent(app, id, consent_body(exchange), "admin", exchange.actor);
  if (!visitor) throw Problem{ProblemKind::kNotFound};
  auto db = app.store.reader();
  const auto profile = find_by_id(*db, id);
  if (!profile) throw Problem{ProblemKind::kNotFound};
  exchange.answer({{"success", true}, {"consent", consent_now(*db, profile->first, *visitor)}});
}

void list_erasures(App& app, Exchange& exchange) {
  Json list = Json::array();
  for_each_erasure(app.store, 0, [&](const Erasure& erasure) { list.push_back(erasure_json(erasure)); });
  exchange.answer({{"erasures", std::move(list)}});
}

// -- private reports

void post_private_report(App& app, Exchange& exchange) {
  std::vector<Fault> faults;
  const Json document = exchange.json();
  Fields fields(document, "", faults);
  fields.only({"contentId", "action", "bit", "epsilon"});
  PrivateReport report{.content_id = fields.text("contentId", 255), .day = now_ms() / kDayMs};
  const std::string action = fields.text("action", 20);
  if (const auto known = action_from(action)) {
    report.action = *known;
  } else if (!action.empty()) {
    fields.fault("unknown", "must be view, click, engage or convert", "action");
  }
  const Json* bit = fields.find("bit");
  if (bit == nullptr) fields.fault("required", "is missing", "bit");
  report.bit = fields.flag_or("bit", false);
  report.epsilon = fields.number("epsilon", kMinEpsilon, kMaxEpsilon);
  if (!faults.empty()) throw invalid(std::move(faults));
  if (!insert_private_report(app.store, report)) {
    throw invalid({{"unknown_content", "there is no such content", "/contentId"}});
  }
  exchange.answer({{"success", true}});
}

void list_private_counts(App& app, Exchange& exchange) {
  std::int64_t days = 30;
  if (const std::string text = exchange.parameter("days"); !text.empty()) {
    days = std::strtoll(text.c_str(), nullptr, 10);
    if (days < 1 || days > 3650) throw Problem{ProblemKind::kBadParameter, "days must be from 1 to 3650."};
  }
  Json list = Json::array();
  for_each_private_estimate(app.store, now_ms() / kDayMs - days + 1, [&](const PrivateEstimate& one) {
    list.push_back({{"contentId", one.content_id},
                    {"action", one.action},
                    {"reports", one.reports},
                    {"share", one.share},
                    {"standardError", std::isfinite(one.standard_error) ? Json(one.standard_error) : Json()}});
  });
  exchange.answer({{"estimates", std::move(list)}});
}

// https://www.w3.org/TR/gpc/ section 4: the signal is honoured here.
void get_gpc(App&, Exchange& exchange) {
  exchange.response.set_header("Cache-Control", "public, max-age=86400");
  exchange.answer({{"gpc", true}, {"lastUpdate", "2026-11-27"}});
}

}  // namespace footlight::origin
