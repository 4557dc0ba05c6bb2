// predictEngagement and prepareFeatures: of one's own profile, and for administrators of any that allows it.
#include "origin/http/asked.h"
#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"
#include "origin/learn/prediction.h"

namespace footlight::origin {
namespace {

Json named(std::string_view name, const Uuid& profile, const snapshot::SnapshotView& view, std::uint32_t item) {
  std::string content;
  append_uuid(view.items()[item].uuid, content);
  return {{name, to_string(profile)}, {"contentId", content}};
}

}  // namespace

void get_prediction(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  const auto live = app.snapshot();
  const std::uint32_t item = item_asked(app, exchange, live->view());
  Json document = named("profileId", session->id, live->view(), item);
  document.update(learn::prediction_document(
      live->view(), learn::foresee(live->view(), session->visitor, context_for(session->visitor, false), item)));
  exchange.answer(document);
}

void get_profile_prediction(App& app, Exchange& exchange) {
  const auto known = profile_asked(app, exchange);
  const auto live = app.snapshot();
  const std::uint32_t item = item_asked(app, exchange, live->view());
  Json document = named("profileId", known.id, live->view(), item);
  document.update(learn::prediction_document(
      live->view(), learn::foresee(live->view(), known.visitor, context_for(known.visitor, false), item)));
  exchange.answer(document);
}

void get_profile_features(App& app, Exchange& exchange) {
  const auto known = profile_asked(app, exchange);
  const auto live = app.snapshot();
  std::optional<std::uint32_t> item;
  if (!exchange.parameter("contentId").empty()) item = item_asked(app, exchange, live->view());
  Json document = {{"profileId", to_string(known.id)}};
  document.update(learn::features_document(
      live->view(), learn::named_features(live->view(), known.visitor, context_for(known.visitor, false), item)));
  exchange.answer(document);
}

}  // namespace footlight::origin
