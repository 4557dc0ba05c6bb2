// The admin API for publishing, snapshots and figures.
#include <charconv>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/http/handlers.h"
#include "origin/privacy/erasure.h"
#include "origin/store/document.h"
#include "origin/store/personalized_content.h"

namespace footlight::origin {
namespace {

constexpr std::size_t kMaxNote = 500;

// One long work at a time; whoever comes second is told so instead of waiting on a thread.
std::unique_lock<std::mutex> begin_long_work(App& app) {
  std::unique_lock lock(app.long_work, std::try_to_lock);
  if (!lock) throw Problem{ProblemKind::kConflict, "Training or publishing is going on already."};
  return lock;
}

void no_progress(std::string_view, double) {}

std::uint64_t version_of(const Exchange& exchange) {
  const std::string& text = exchange.arguments.front();
  std::uint64_t version = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (status != std::errc() || end != text.data() + text.size()) {
    throw Problem{ProblemKind::kBadParameter, "The version must be a number."};
  }
  return version;
}

Json snapshot_document(const SnapshotRow& row) {
  return {{"version", row.version}, {"createdAt", format_time(row.created_at_s * 1000)},
          {"sha256", row.sha256},   {"state", row.state},
          {"note", row.note},       {"gate", row.gate.empty() ? Json() : Json::parse(row.gate, nullptr, false)}};
}

template <typename Work>
auto or_problem(Work work) {
  try {
    return work();
  } catch (const publish::PublishRefused& error) {
    throw Problem{ProblemKind::kWorse, error.what()};
  } catch (const publish::CannotPublish& error) {
    throw Problem{ProblemKind::kConflict, error.what()};  // written for the owner
  }
}

// A number by a literal query.
std::int64_t count(App& app, Sql sql) {
  auto db = app.store.reader();
  auto query = db->prepare(sql);
  return query->executeStep() ? query.integer(0) : 0;
}

}  // namespace

void post_publish(App& app, Exchange& exchange) {
  publish::PublishOptions options = app.options.publish;
  options.note = exchange.parameter("note");
  if (options.note.size() > kMaxNote) throw Problem{ProblemKind::kBadParameter, "note has at most 500 bytes."};
  const std::string force = exchange.parameter("force");
  if (!force.empty() && force != "true" && force != "false") {
    throw Problem{ProblemKind::kBadParameter, "force is true or false."};
  }
  options.force = force == "true";
  const std::string background = exchange.parameter("background");
  if (background == "true") {
    answer_job(app, exchange, {.kind = "publish", .work = app.learning.publish(options.note, options.force)});
    return;
  }
  if (!background.empty() && background != "false") {
    throw Problem{ProblemKind::kBadParameter, "background must be true or false."};
  }
  const auto lock = begin_long_work(app);
  const auto report = or_problem([&] { return publish::publish(app.store, options, no_progress, cli::interrupted()); });
  app.tick();
  exchange.answer(schedule::publish_report(report));
}

void post_rollback(App& app, Exchange& exchange) {
  const std::uint64_t version = version_of(exchange);
  const auto lock = begin_long_work(app);
  if (!app.store.snapshot(version)) throw Problem{ProblemKind::kNotFound, "There is no such version."};
  const auto report = or_problem([&] { return publish::rollback(app.store, version, app.options.publish); });
  app.tick();
  exchange.answer(schedule::publish_report(report));
}

void list_snapshots(App& app, Exchange& exchange) {
  Json list = Json::array();
  for (const SnapshotRow& row : app.store.snapshots()) list.push_back(snapshot_document(row));
  exchange.answer({{"snapshots", std::move(list)}});
}

void get_snapshot(App& app, Exchange& exchange) {
  const auto row = app.store.snapshot(version_of(exchange));
  if (!row) throw Problem{ProblemKind::kNotFound, "There is no such version."};
  Json document = snapshot_document(*row);
  document["manifest"] = Json::parse(row->manifest, nullptr, false);
  std::error_code error;
  const auto file = app.options.publish.directory / row->sha256;
  if (std::filesystem::exists(file, error)) {
    const auto loaded = publish::load_snapshot_file(file);
    const snapshot::SnapshotView& view = loaded->view();
    Json slots = Json::array();
    for (const auto& slot : view.slots()) slots.push_back(view.text(slot.name));
    document["contents"] = {{"items", view.items().size()},       {"questions", view.questions().size()},
                            {"segments", view.segments().size()}, {"slots", std::move(slots)},
                            {"rules", view.rules().size()},       {"locales", view.locale_count()},
                            {"bytes", loaded->bytes().size()}};
  }
  exchange.answer(document);
}

void get_stats(App& app, Exchange& exchange) {
  Json items = Json::array();
  app.store.for_each_item_counts([&](const ItemCounts& item) {
    items.push_back({{"itemId", item.item_id},
                     {"exposures", item.exposures},
                     {"views", item.views},
                     {"clicks", item.clicks},
                     {"engagements", item.engagements},
                     {"conversions", item.conversions},
                     {"visitors", item.visitors_seen}});
  });
  Json sections = Json::array();
  for (const SectionScore& score : section_scores(*app.store.reader(), now_ms())) {
    sections.push_back({{"section", score.section},
                        {"contents", score.contents},
                        {"visitors", score.visitors},
                        {"engagementScore", score.mean_score}});
  }
  const std::int64_t since = retraining_wanted_since(app.store);
  exchange.answer({{"profiles", count(app, "SELECT count(*) FROM user_profiles")},
                   {"visitors", count(app, "SELECT count(*) FROM visitors")},
                   {"interactions", count(app, "SELECT count(*) FROM interactions WHERE action < 4")},
                   {"exposures", count(app, "SELECT count(*) FROM interactions WHERE action = 4")},
                   {"recommendations", count(app, "SELECT count(*) FROM content_recommendations")},
                   {"recommendationsClicked",
                    count(app, "SELECT count(*) FROM content_recommendations WHERE clicked_at IS NOT NULL")},
                   {"recommendationsConverted",
                    count(app, "SELECT count(*) FROM content_recommendations WHERE converted_at IS NOT NULL")},
                   {"sections", std::move(sections)},
                   {"items", std::move(items)},
                   {"retrainingWantedSince", since == 0 ? Json() : Json(format_time(since))}});
}

}  // namespace footlight::origin
