// The admin API for long work: train, precompute, and how it goes.
#include <fmt/format.h>

#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"
#include "origin/publish/precompute.h"
#include "origin/store/document.h"

namespace footlight::origin {
namespace {

Json time_or_null(std::int64_t ms) { return ms == 0 ? Json(nullptr) : Json(format_time(ms)); }

Json job_document(const schedule::JobStatus& job) {
  return {{"id", job.id},
          {"kind", job.kind},
          {"state", schedule::job_state_name(job.state)},
          {"stage", job.stage},
          {"progress", job.share < 0 ? Json(nullptr) : Json(job.share)},
          {"queuedAt", format_time(job.queued_at_ms)},
          {"dueAt", format_time(job.due_at_ms)},
          {"startedAt", time_or_null(job.started_at_ms)},
          {"finishedAt", time_or_null(job.finished_at_ms)},
          {"report", job.report},
          {"error", job.error.empty() ? Json(nullptr) : Json(job.error)}};
}

struct PrecomputeBody {
  std::string user;
  std::uint32_t segment = 0;
  bool has_segment = false;
  publish::PrecomputeOptions options;
  bool off_peak = false;
};

PrecomputeBody parse_precompute(const Json& document, const publish::PrecomputeOptions& defaults) {
  std::vector<Fault> faults;
  Fields fields(document, "", faults);
  fields.only({"userId", "segmentId", "activeDays", "maxProfiles", "when"});
  PrecomputeBody body{.options = defaults};
  body.user = fields.text_or("userId", 64, "");
  body.has_segment = fields.find("segmentId") != nullptr;
  body.segment = fields.whole_or("segmentId", 0, 65535, 0);
  body.options.active_days = fields.number_or("activeDays", 0.01, 3650, defaults.active_days);
  body.options.max_profiles = fields.whole_or("maxProfiles", 1, 1e9, static_cast<std::uint32_t>(defaults.max_profiles));
  const std::string when = fields.text_or("when", 16, "now");
  if (when != "now" && when != "off-peak") fields.fault("unknown", "must be now or off-peak", "when");
  body.off_peak = when == "off-peak";
  const bool has_days = fields.find("activeDays") != nullptr || fields.find("maxProfiles") != nullptr;
  if ((body.user.empty() ? 0 : 1) + (body.has_segment ? 1 : 0) + (has_days ? 1 : 0) > 1) {
    fields.fault("unknown", "take one of userId, segmentId and activeDays");
  }
  if (!faults.empty()) throw invalid(std::move(faults));
  return body;
}

Json slates(const snapshot::SnapshotView& view, std::uint32_t segment_id) {
  std::uint32_t segment = 0;
  while (segment < view.segments().size() && view.segments()[segment].id != segment_id) ++segment;
  if (segment == view.segments().size()) throw Problem{ProblemKind::kNotFound, "There is no such segment."};
  Json list = Json::array();
  for (const publish::Slate& slate : publish::slates_of(view, segment)) {
    Json items = Json::array();
    for (const std::uint32_t item : slate.items) {
      std::string id;
      append_uuid(view.items()[item].uuid, id);
      items.push_back(
          {{"id", id}, {"type", content_type_name(view.items()[item].type)}, {"name", view.item_name(item, 0)}});
    }
    list.push_back({{"slot", slate.slot}, {"items", std::move(items)}});
  }
  return {{"segmentId", segment_id},
          {"name", view.segment_name(segment, 0)},
          {"snapshotVersion", view.version()},
          {"slates", std::move(list)}};
}

}  // namespace

void answer_job(App& app, Exchange& exchange, schedule::NewJob job) {
  try {
    const schedule::JobStatus queued = app.jobs.submit(std::move(job));
    exchange.response.set_header("Location", "/api/admin/jobs/" + queued.id);
    exchange.answer(job_document(queued), 202);
  } catch (const schedule::Jobs::Busy& busy) {
    throw Problem{ProblemKind::kConflict, fmt::format("Job {} is doing this already, or waits for its turn.", busy.id)};
  }
}

void post_train(App& app, Exchange& exchange) {
  answer_job(app, exchange, {.kind = "train", .work = app.learning.train()});
}

void post_precompute(App& app, Exchange& exchange) {
  const PrecomputeBody body = parse_precompute(exchange.json(), app.options.precompute);
  const auto live = app.snapshot();
  if (body.has_segment) {
    exchange.answer(slates(live->view(), body.segment));
    return;
  }
  if (!body.user.empty()) {
    const auto known = learn::find_profile(app.store, body.user);
    if (!known) throw Problem{ProblemKind::kNotFound, "There is no such profile."};
    const bool computed = publish::precompute_for_user(app.store, live, known->id, now_ms());
    exchange.answer({{"userId", to_string(known->id)}, {"snapshotVersion", live->version()}, {"computed", computed}});
    return;
  }
  schedule::NewJob job{.kind = "precompute", .work = app.learning.precompute(body.options, now_ms)};
  if (body.off_peak) {
    if (!app.options.off_peak) {
      throw Problem{ProblemKind::kConflict, "No off-peak hours are set: footlight serve --off-peak."};
    }
    job.due_at_ms = schedule::window_from(*app.options.off_peak, now_ms());
  }
  answer_job(app, exchange, std::move(job));
}

void list_jobs(App& app, Exchange& exchange) {
  Json list = Json::array();
  for (const schedule::JobStatus& job : app.jobs.list()) list.push_back(job_document(job));
  exchange.answer({{"jobs", std::move(list)}});
}

void get_job(App& app, Exchange& exchange) {
  const auto job = app.jobs.find(exchange.arguments.front());
  if (!job) throw Problem{ProblemKind::kNotFound, "There is no such job here: ask the origin that took it."};
  exchange.answer(job_document(*job));
}

}  // namespace footlight::origin
