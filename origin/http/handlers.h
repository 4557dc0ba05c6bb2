// The handlers of routes(), one function a route.
#pragma once

#include <memory>
#include <optional>

#include "origin/http/app.h"

namespace footlight::origin {

// profile_api.cc
void post_profile(App& app, Exchange& exchange);
void post_claim(App& app, Exchange& exchange);
// privacy_api.cc
void get_consent(App& app, Exchange& exchange);
void post_consent(App& app, Exchange& exchange);
void get_settings(App& app, Exchange& exchange);
void put_settings(App& app, Exchange& exchange);
void get_export(App& app, Exchange& exchange);
void delete_profile(App& app, Exchange& exchange);
void find_profile(App& app, Exchange& exchange);
void admin_export(App& app, Exchange& exchange);
void admin_erase(App& app, Exchange& exchange);
void admin_consent(App& app, Exchange& exchange);
void list_erasures(App& app, Exchange& exchange);
void post_private_report(App& app, Exchange& exchange);
void list_private_counts(App& app, Exchange& exchange);
void get_gpc(App& app, Exchange& exchange);
// decision_api.cc
void get_homepage(App& app, Exchange& exchange);
// recommendation_api.cc
void get_recommendations(App& app, Exchange& exchange);
void get_similar_content(App& app, Exchange& exchange);
void list_similar_users(App& app, Exchange& exchange);
void list_profile_recommendations(App& app, Exchange& exchange);
void list_similar_content(App& app, Exchange& exchange);
// interaction_api.cc
void post_interaction(App& app, Exchange& exchange);
void post_interactions(App& app, Exchange& exchange);
// public_api.cc
void get_health(App& app, Exchange& exchange);
void get_metrics(App& app, Exchange& exchange);
void get_manifest(App& app, Exchange& exchange);
void get_published_file(App& app, Exchange& exchange);
void get_openapi(App& app, Exchange& exchange);
// content_api.cc
void list_content(App& app, Exchange& exchange);
void get_content(App& app, Exchange& exchange);
void create_content(App& app, Exchange& exchange);
void replace_content(App& app, Exchange& exchange);
void delete_content(App& app, Exchange& exchange);
void import_content(App& app, Exchange& exchange);
void get_site(App& app, Exchange& exchange);
void put_site(App& app, Exchange& exchange);
// prediction_api.cc
void get_prediction(App& app, Exchange& exchange);
void evaluate_flag(App& app, Exchange& exchange);
void evaluate_flags(App& app, Exchange& exchange);
void get_profile_prediction(App& app, Exchange& exchange);
void get_profile_features(App& app, Exchange& exchange);
// jobs_api.cc
void post_train(App& app, Exchange& exchange);
void post_precompute(App& app, Exchange& exchange);
void list_jobs(App& app, Exchange& exchange);
void get_job(App& app, Exchange& exchange);
// experiment_api.cc
void list_experiments(App& app, Exchange& exchange);
void get_experiment(App& app, Exchange& exchange);
void create_experiment(App& app, Exchange& exchange);
void replace_experiment(App& app, Exchange& exchange);
void delete_experiment(App& app, Exchange& exchange);
void start_experiment(App& app, Exchange& exchange);
void stop_experiment(App& app, Exchange& exchange);
void conclude_experiment(App& app, Exchange& exchange);
void promote_experiment(App& app, Exchange& exchange);
void get_experiment_results(App& app, Exchange& exchange);
void get_experiment_report(App& app, Exchange& exchange);
void list_audit(App& app, Exchange& exchange);
// publish_api.cc
void post_publish(App& app, Exchange& exchange);
void list_snapshots(App& app, Exchange& exchange);
void get_snapshot(App& app, Exchange& exchange);
void post_rollback(App& app, Exchange& exchange);
void get_stats(App& app, Exchange& exchange);

// What a decision for this visitor may use: nothing after an opt-out or a denial; no draw without
// leave to measure.
[[nodiscard]] inline Context context_for(const Visitor& visitor, bool explore) {
  const bool personalize = !visitor.opted_out && visitor.personalization != Choice::kDenied;
  return {.now_s = static_cast<std::uint32_t>(now_ms() / 1000),
          .explore = explore && personalize && visitor.measurement != Choice::kDenied,
          .personalize = personalize};
}

// Whether what is shown to this visitor may be written down. An unset choice is no refusal here: whoever holds the
// token asked for the service by submitting answers; a signal is.
[[nodiscard]] inline bool may_measure(const Exchange& exchange, const Visitor& visitor) {
  if (visitor.opted_out || visitor.personalization == Choice::kDenied) return false;
  return visitor.measurement == Choice::kGranted ||
         (visitor.measurement == Choice::kUnset && !exchange.signals_refusal());
}

// The visitor's record as a cookie or a client holds it, base64url.
[[nodiscard]] std::string record_text(const Visitor& visitor);

// Queues a job and answers 202 with it; kConflict while there is one of its kind.
void answer_job(App& app, Exchange& exchange, schedule::NewJob job);

// ?locale=de, else the first of Accept-Language, else the site's own: as the edge does.
[[nodiscard]] std::uint32_t locale_of(const Exchange& exchange, const snapshot::SnapshotView& snapshot);

}  // namespace footlight::origin
