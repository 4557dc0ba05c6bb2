#include "origin/experiment/test_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "origin/experiment/compile.h"
#include "origin/experiment/flag_store.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

using origin::Database;
using origin::Prepared;

constexpr const char* kFlagsName = "flags";

StoredTest row_of(Prepared& query) {
  StoredTest stored;
  std::vector<origin::Fault> faults;  // it was checked when it came in
  stored.test = read_ab_test(Json::parse(query.text(1)), faults);
  stored.status = status_from(query.text(2)).value_or(TestStatus::kDraft);
  stored.winner = query.text(3);
  stored.note = query.text(4);
  if (!query.is_null(5)) stored.allocation = read_allocation(Json::parse(query.text(5)));
  stored.created_at_ms = query.integer(6);
  stored.updated_at_ms = query.integer(7);
  stored.started_at_ms = query.is_null(8) ? 0 : query.integer(8);
  stored.stopped_at_ms = query.is_null(9) ? 0 : query.integer(9);
  return stored;
}

std::optional<StoredTest> find(Database& db, std::string_view id) {
  auto query = db.prepare(
      "SELECT id, document, status, winner, note, allocation, created_at, updated_at, started_at, stopped_at "
      "FROM experiments WHERE id = ?");
  query->bind(1, std::string(id));
  if (!query->executeStep()) return std::nullopt;
  return row_of(query);
}

StoredTest existing(Database& db, std::string_view id) {
  auto found = find(db, id);
  if (!found) throw CannotChange(fmt::format("there is no experiment '{}'", id));
  return std::move(*found);
}

std::vector<StoredTest> all(Database& db) {
  auto query = db.prepare(
      "SELECT id, document, status, winner, note, allocation, created_at, updated_at, started_at, stopped_at "
      "FROM experiments ORDER BY id");
  std::vector<StoredTest> out;
  while (query->executeStep()) out.push_back(row_of(query));
  return out;
}

void need(const StoredTest& stored, std::initializer_list<TestStatus> allowed, const char* what) {
  if (std::find(allowed.begin(), allowed.end(), stored.status) != allowed.end()) return;
  throw CannotChange(
      fmt::format("experiment '{}' is {} and cannot be {}", stored.test.id, status_name(stored.status), what));
}

void set_status(Database& db, std::string_view id, TestStatus status, std::string_view note) {
  const std::int64_t now = origin::now_ms();
  auto update = db.prepare(
      "UPDATE experiments SET status = ?2, note = ?3, updated_at = ?4, "
      "started_at = CASE WHEN ?2 = 'running' THEN coalesce(started_at, ?4) ELSE started_at END, "
      "stopped_at = CASE WHEN ?2 = 'running' THEN NULL ELSE coalesce(stopped_at, ?4) END WHERE id = ?1");
  update->bind(1, std::string(id));
  update->bind(2, status_name(status));
  update->bind(3, std::string(note));
  update->bind(4, now);
  update->exec();
}

// Two that set one flag: the second would never be asked, and its results would be those of what is left.
void check_alone(Database& db, const ABTest& test) {
  if (test.kind == TestKind::kRedirect || test.kind == TestKind::kCanary) return;
  for (const StoredTest& other : all(db)) {
    if (other.status != TestStatus::kRunning || other.test.id == test.id || other.test.flag != test.flag) continue;
    const bool apart = !test.space.empty() && test.space == other.test.space &&
                       (test.space_range.until <= other.test.space_range.from ||
                        other.test.space_range.until <= test.space_range.from);
    if (!apart && (test.condition.is_null() || other.test.condition.is_null())) {
      throw CannotChange(
          fmt::format("experiment '{}' runs on the flag '{}' already: stop it, give both a part of one namespace, or "
                      "tell their visitors apart by conditions",
                      other.test.id, test.flag));
    }
  }
}

template <typename Job>
void run(origin::Store& store, Job job) {
  store.writer().submit([&](Database& db) { job(db); }).get();
}

}  // namespace

std::vector<StoredTest> tests(origin::Store& store) { return all(*store.reader()); }

std::optional<StoredTest> find_test(origin::Store& store, std::string_view id) { return find(*store.reader(), id); }

Json test_document(const StoredTest& stored) {
  Json out = stored.test.document;
  out["status"] = status_name(stored.status);
  out["winner"] = stored.winner.empty() ? Json() : Json(stored.winner);
  if (!stored.note.empty()) out["note"] = stored.note;
  if (stored.allocation) out["shares"] = allocation_json(*stored.allocation);
  out["createdAt"] = origin::format_time(stored.created_at_ms);
  out["updatedAt"] = origin::format_time(stored.updated_at_ms);
  if (stored.started_at_ms != 0) out["startedAt"] = origin::format_time(stored.started_at_ms);
  if (stored.stopped_at_ms != 0) out["stoppedAt"] = origin::format_time(stored.stopped_at_ms);
  return out;
}

void create_test(origin::Store& store, const ABTest& test, std::string_view actor) {
  run(store, [&](Database& db) {
    if (find(db, test.id)) throw CannotChange(fmt::format("there is an experiment '{}' already", test.id));
    const std::int64_t now = origin::now_ms();
    auto insert = db.prepare(
        "INSERT INTO experiments (id, document, status, created_at, updated_at) VALUES (?, ?, 'draft', ?3, ?3)");
    insert->bind(1, test.id);
    insert->bind(2, test.document.dump());
    insert->bind(3, now);
    insert->exec();
    append_audit(db, actor, "experiment.create", test.id, test.document.dump());
  });
}

void replace_test(origin::Store& store, const ABTest& test, std::string_view actor) {
  run(store, [&](Database& db) {
    need(existing(db, test.id), {TestStatus::kDraft}, "changed: what it compares must stay what it was");
    auto update = db.prepare("UPDATE experiments SET document = ?2, updated_at = ?3 WHERE id = ?1");
    update->bind(1, test.id);
    update->bind(2, test.document.dump());
    update->bind(3, origin::now_ms());
    update->exec();
    append_audit(db, actor, "experiment.replace", test.id, test.document.dump());
  });
}

void delete_test(origin::Store& store, std::string_view id, std::string_view actor) {
  run(store, [&](Database& db) {
    need(existing(db, id), {TestStatus::kDraft}, "deleted: its results would be nobody's");
    auto erase = db.prepare("DELETE FROM experiments WHERE id = ?");
    erase->bind(1, std::string(id));
    erase->exec();
    append_audit(db, actor, "experiment.delete", id, "");
  });
}

void start_test(origin::Store& store, std::string_view id, std::string_view actor) {
  run(store, [&](Database& db) {
    const StoredTest stored = existing(db, id);
    need(stored, {TestStatus::kDraft, TestStatus::kStopped}, "started");
    if (stored.test.end_ms != 0 && stored.test.end_ms <= origin::now_ms()) {
      throw CannotChange(fmt::format("experiment '{}' has an endDate that is past", id));
    }
    check_alone(db, stored.test);
    set_status(db, id, TestStatus::kRunning, "");
    append_audit(db, actor, "experiment.start", id, "");
  });
}

void stop_test(origin::Store& store, std::string_view id, std::string_view actor, std::string_view note) {
  run(store, [&](Database& db) {
    need(existing(db, id), {TestStatus::kRunning}, "stopped");
    set_status(db, id, TestStatus::kStopped, note);
    append_audit(db, actor, "experiment.stop", id, note.empty() ? "" : Json{{"note", note}}.dump());
  });
}

void conclude_test(origin::Store& store, std::string_view id, std::string_view winner, std::string_view actor,
                   std::string_view note) {
  run(store, [&](Database& db) {
    const StoredTest stored = existing(db, id);
    need(stored, {TestStatus::kRunning, TestStatus::kStopped}, "concluded");
    const auto& variants = stored.test.variants;
    const bool known = winner.empty() || std::any_of(variants.begin(), variants.end(),
                                                     [&](const TestVariant& variant) { return variant.key == winner; });
    if (!known) throw CannotChange(fmt::format("experiment '{}' has no variant '{}'", id, winner));
    set_status(db, id, TestStatus::kConcluded, note);
    auto update = db.prepare("UPDATE experiments SET winner = ?2 WHERE id = ?1");
    update->bind(1, std::string(id));
    if (!winner.empty()) update->bind(2, std::string(winner));
    update->exec();
    append_audit(db, actor, "experiment.conclude", id, Json{{"winner", winner}, {"note", note}}.dump());
  });
}

void promote_test(origin::Store& store, std::string_view id, std::string_view actor) {
  run(store, [&](Database& db) {
    const StoredTest stored = existing(db, id);
    need(stored, {TestStatus::kConcluded}, "promoted");
    if (stored.winner.empty()) throw CannotChange(fmt::format("experiment '{}' has no winner", id));
    if (stored.test.kind == TestKind::kCanary) {  // the publisher makes it live (promote_canary)
      append_audit(db, actor, "experiment.promote", id, Json{{"winner", stored.winner}}.dump());
      return;
    }
    if (stored.test.flag.empty() || stored.test.kind == TestKind::kHoldout) {
      throw CannotChange(fmt::format("a {} has no flag to promote: what it compared is the site's own to change",
                                     kind_name(stored.test.kind)));
    }
    Json document = Json::object();
    {
      auto query = db.prepare("SELECT value FROM meta WHERE name = ?");
      query->bind(1, kFlagsName);
      if (query->executeStep()) document = Json::parse(query.text(0));
    }
    if (!document.contains("features")) document["features"] = Json::object();
    Json& features = document["features"];
    if (!features.contains(stored.test.flag)) features[stored.test.flag] = Json::object();
    const auto variant = std::find_if(stored.test.variants.begin(), stored.test.variants.end(),
                                      [&](const TestVariant& one) { return one.key == stored.winner; });
    features[stored.test.flag]["defaultValue"] = variant->value;
    if (const auto compiled = compile(document); !compiled.findings.faults.empty()) {
      const origin::Fault& fault = compiled.findings.faults.front();
      throw CannotChange(fmt::format("the flags would not compile: {} {}", fault.pointer, fault.detail));
    }
    auto write = db.prepare(
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    write->bind(1, kFlagsName);
    write->bind(2, document.dump());
    write->exec();
    append_audit(db, actor, "experiment.promote", id, Json{{"winner", stored.winner}}.dump());
  });
}

void set_allocation(origin::Store& store, std::string_view id, const Allocation& allocation, std::string_view actor) {
  run(store, [&](Database& db) {
    need(existing(db, id), {TestStatus::kRunning}, "given new shares");
    auto update = db.prepare("UPDATE experiments SET allocation = ?2, updated_at = ?3 WHERE id = ?1");
    update->bind(1, std::string(id));
    update->bind(2, allocation_json(allocation).dump());
    update->bind(3, origin::now_ms());
    update->exec();
    append_audit(db, actor, "experiment.shares", id, allocation_json(allocation).dump());
  });
}

}  // namespace footlight::experiment
