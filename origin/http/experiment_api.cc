// The admin API of experiments. What visitors see follows by itself: each change that matters to them queues a publish
// of the flags, and the answer names that job.
#include <charconv>

#include "origin/experiment/results.h"
#include "origin/experiment/test_store.h"
#include "origin/http/handlers.h"
#include "origin/publish/segment_names.h"
#include "origin/report/experiment.h"
#include "origin/report/page.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"

namespace footlight::origin {
namespace {

using experiment::ABTest;
using experiment::StoredTest;

constexpr std::size_t kMaxNote = 500;
constexpr std::int64_t kMostAuditRows = 500;

template <typename Work>
auto or_problem(Work work) {
  try {
    return work();
  } catch (const experiment::CannotChange& error) {
    throw Problem{ProblemKind::kConflict, error.what()};  // written for the owner
  }
}

StoredTest existing(App& app, const std::string& id) {
  auto found = experiment::find_test(app.store, id);
  if (!found) throw Problem{ProblemKind::kNotFound, "There is no such experiment."};
  return std::move(*found);
}

ABTest read_test(const Json& document) {
  std::vector<Fault> faults;
  ABTest test = experiment::read_ab_test(document, faults);
  if (!faults.empty()) throw invalid(std::move(faults));
  return test;
}

// {"note"?, "winner"?} of a change; no body is an empty one.
struct Change {
  std::string note;
  std::string winner;
};
Change read_change(const Exchange& exchange, bool concludes) {
  Change change;
  if (exchange.body.empty()) return change;
  std::vector<Fault> faults;
  const Json document = exchange.json();
  Fields fields(document, "", faults);
  if (concludes) {
    fields.only({"note", "winner"});
    change.winner = fields.text_or("winner", 100, "");
  } else {
    fields.only({"note"});
  }
  change.note = fields.text_or("note", kMaxNote, "");
  if (!faults.empty()) throw invalid(std::move(faults));
  return change;
}

// The experiment as it is now, and the job that makes it so for visitors.
void answer_changed(App& app, Exchange& exchange, const std::string& id, schedule::Work work) {
  Json out = experiment::test_document(existing(app, id));
  if (app.store.live_snapshot()) {
    try {
      const auto job = app.jobs.submit({.kind = "publish_flags", .work = std::move(work)});
      out["publish"] = {{"job", job.id}};
    } catch (const schedule::Jobs::Busy& busy) {  // the watch makes good what that one came too early for
      out["publish"] = {{"job", busy.id}};
    }
  }
  exchange.answer(out);
}

}  // namespace

void list_experiments(App& app, Exchange& exchange) {
  Json list = Json::array();
  for (const StoredTest& stored : experiment::tests(app.store)) list.push_back(experiment::test_document(stored));
  exchange.answer({{"experiments", std::move(list)}});
}

void get_experiment(App& app, Exchange& exchange) {
  exchange.answer(experiment::test_document(existing(app, exchange.arguments.front())));
}

void create_experiment(App& app, Exchange& exchange) {
  const ABTest test = read_test(exchange.json());
  or_problem([&] { experiment::create_test(app.store, test, exchange.actor); });
  exchange.response.set_header("Location", "/api/admin/experiments/" + test.id);
  exchange.answer(experiment::test_document(existing(app, test.id)), 201);
}

void replace_experiment(App& app, Exchange& exchange) {
  const ABTest test = read_test(exchange.json());
  const std::string& id = exchange.arguments.front();
  if (test.id != id) throw invalid({{"conflict", "must be the id in the address", "/id"}});
  static_cast<void>(existing(app, id));
  or_problem([&] { experiment::replace_test(app.store, test, exchange.actor); });
  exchange.answer(experiment::test_document(existing(app, id)));
}

void delete_experiment(App& app, Exchange& exchange) {
  const std::string& id = exchange.arguments.front();
  static_cast<void>(existing(app, id));
  or_problem([&] { experiment::delete_test(app.store, id, exchange.actor); });
  exchange.response.status = 204;
}

void start_experiment(App& app, Exchange& exchange) {
  const std::string& id = exchange.arguments.front();
  static_cast<void>(existing(app, id));
  or_problem([&] { experiment::start_test(app.store, id, exchange.actor); });
  answer_changed(app, exchange, id, app.experiments.publish());
}

void stop_experiment(App& app, Exchange& exchange) {
  const std::string& id = exchange.arguments.front();
  static_cast<void>(existing(app, id));
  const Change change = read_change(exchange, false);
  or_problem([&] { experiment::stop_test(app.store, id, exchange.actor, change.note); });
  answer_changed(app, exchange, id, app.experiments.publish());
}

void conclude_experiment(App& app, Exchange& exchange) {
  const std::string& id = exchange.arguments.front();
  static_cast<void>(existing(app, id));
  const Change change = read_change(exchange, true);
  or_problem([&] { experiment::conclude_test(app.store, id, change.winner, exchange.actor, change.note); });
  answer_changed(app, exchange, id, app.experiments.publish());
}

void promote_experiment(App& app, Exchange& exchange) {
  const std::string& id = exchange.arguments.front();
  static_cast<void>(existing(app, id));
  or_problem([&] { experiment::promote_test(app.store, id, exchange.actor); });
  const StoredTest stored = existing(app, id);
  const bool is_canary =
      stored.test.kind == experiment::TestKind::kCanary && stored.winner == experiment::kCanaryVariant;
  answer_changed(app, exchange, id, is_canary ? app.experiments.promote_canary(id) : app.experiments.publish());
}

namespace {

experiment::Results results_of(App& app, const std::string& id) {
  static_cast<void>(existing(app, id));
  return or_problem(
      [&] { return experiment::analyze_test(app.store, id, publish::segment_names(app.live.get()), now_ms()); });
}

}  // namespace

void get_experiment_results(App& app, Exchange& exchange) {
  exchange.answer(experiment::results_document(results_of(app, exchange.arguments.front())));
}

void get_experiment_report(App& app, Exchange& exchange) {
  exchange.answer_text(report::experiment_page(results_of(app, exchange.arguments.front())),
                       "text/html; charset=utf-8");
  exchange.response.set_header("Content-Security-Policy", report::page_policy());
}

void list_audit(App& app, Exchange& exchange) {
  std::int64_t before = 0;
  if (const std::string text = exchange.parameter("before"); !text.empty()) {
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), before);
    if (status != std::errc() || end != text.data() + text.size() || before < 1) {
      throw Problem{ProblemKind::kBadParameter, "before must be the number of a row."};
    }
  }
  Json rows = Json::array();
  auto db = app.store.reader();
  for_each_audit(*db, app.store.vault(), before, kMostAuditRows, [&](const AuditRow& row) {
    Json detail = row.detail.empty() ? Json() : Json::parse(row.detail, nullptr, false);
    rows.push_back({{"seq", row.seq},
                    {"at", format_time(row.at_ms)},
                    {"actor", row.actor},
                    {"action", row.action},
                    {"subject", row.subject},
                    {"detail", detail.is_discarded() ? Json(row.detail) : std::move(detail)}});
    if (!row.person.empty()) rows.back()["person"] = row.person;
  });
  exchange.answer({{"audit", std::move(rows)}});
}

}  // namespace footlight::origin
