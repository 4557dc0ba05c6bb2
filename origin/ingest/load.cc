#include "origin/ingest/load.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "origin/ingest/interaction.h"
#include "origin/ingest/questionnaire.h"
#include "origin/store/document.h"
#include "origin/store/profiles.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

// Reads rows, gives the good ones to `take` (which appends to its batch or reports faults) and
// calls `write` for every full batch.
template <typename Take, typename Write>
LoadReport run(const Load& load, CellKinds kinds, Take take, Write write) {
  LoadReport report;
  RowReader rows(load.input, load.format, std::move(kinds));
  Json row;
  std::string error;
  std::vector<Fault> faults;
  while (rows.next(row, error)) {
    if (load.cancel.load(std::memory_order_relaxed)) {
      report.interrupted = true;
      break;
    }
    ++report.rows;
    faults.clear();
    if (!error.empty()) {
      faults.push_back({.code = "syntax", .detail = error, .pointer = ""});
    } else {
      take(row, rows.line(), faults);
    }
    if (!faults.empty()) {
      ++report.refused;
      for (const Fault& fault : faults) load.refused(rows.line(), fault);
    }
    if (report.rows % kBatchRows == 0) {
      write(report);
      if (load.progress) load.progress(report.rows);
    }
  }
  write(report);
  return report;
}

CellKind content_cell(const Site& site, std::string_view field) {
  if (field.starts_with("attributes.")) {
    return field.ends_with(".min") || field.ends_with(".max") ? CellKind::kNumber : CellKind::kList;
  }
  if (field == "body.genre") return CellKind::kList;
  if (field == "body.highlight") return CellKind::kBoolean;
  static_cast<void>(site);
  return CellKind::kText;
}

CellKind profile_cell(const Site& site, std::string_view field) {
  const SiteQuestion* question = site.find_question(field);
  if (question != nullptr && question->kind == snapshot::QuestionKind::kMultiple) return CellKind::kList;
  return CellKind::kText;
}

CellKind interaction_cell(std::string_view field) {
  const bool number = field == "duration" || field == "position" || field == "propensity" || field == "confidence" ||
                      field == "snapshotVersion";
  return number ? CellKind::kNumber : CellKind::kText;
}

struct ProfileRow {
  std::string foreign_id;
  std::optional<Uuid> uuid;
  std::string email;
  std::int64_t created_at_ms = 0;
  Answers answers;
};

ProfileRow parse_profile_row(const Json& document, const Site& site, bool flat, std::int64_t now,
                             std::vector<Fault>& faults) {
  Fields fields(document, "", faults);
  ProfileRow row;
  row.foreign_id = fields.text("id", 255);
  row.uuid = parse_uuid(row.foreign_id);
  const std::string email = fields.text_or("email", 254, "");
  row.email = normal_email(email);
  if (!email.empty() && row.email.empty()) fields.fault("type", "is not an e-mail address", "email");
  row.created_at_ms = now;
  const std::string created = fields.text_or("created_at", 64, "");
  if (!created.empty()) {
    const auto time = parse_time_ms(created);
    if (!time) {
      fields.fault("type", "must be a time such as 2026-01-02T10:00:00Z", "created_at");
    } else {
      row.created_at_ms = std::min(*time, now);
    }
  }
  if (flat) {  // CSV carries the questions in columns of their own
    Json answers = Json::object();
    for (const auto& [name, value] : document.items()) {
      if (name == "questionnaireData" && value.is_object()) {
        answers.update(value);
      } else if (name != "id" && name != "email" && name != "created_at") {
        answers[name] = value;
      }
    }
    row.answers = parse_answers(answers, site, "", faults);
  } else {
    fields.only({"id", "email", "created_at", "questionnaireData"});
    const Json* answers = fields.find("questionnaireData");
    if (answers != nullptr) row.answers = parse_answers(*answers, site, "/questionnaireData", faults);
  }
  return row;
}

// True when the profile is new. An address that another profile holds is left out: it says nothing
// about this one.
bool put_profile(Database& db, Vault& vault, const ProfileRow& row, const Site& site,
                 const publish::LiveSnapshot* live) {
  const Hash foreign = vault.hash(HashOf::kForeignId, row.foreign_id);
  auto found = find_by_foreign(db, foreign);
  if (!found && row.uuid) found = find_by_id(db, *row.uuid);
  const bool free_email = !row.email.empty() && !find_by_email(db, vault.hash(HashOf::kEmail, row.email));
  StoredAnswers stored;
  for (const Answer& answer : row.answers) stored.emplace_back(answer.question, stored_answer(answer));
  if (!found) {
    NewProfile profile{.id = row.uuid.value_or(random_uuid()),
                       .email = free_email ? row.email : std::string(),
                       .foreign_hash = foreign,
                       .answers = std::move(stored),
                       .created_at_ms = row.created_at_ms};
    apply_answers(profile.visitor, row.answers, site);
    profile.personalization_score = scores_of(profile.visitor, live, 0).personalization_score;
    static_cast<void>(insert_profile(db, vault, profile));
    return true;
  }
  const auto& [seq, id] = *found;
  Visitor visitor = load_visitor(db, vault, seq, id);
  apply_answers(visitor, row.answers, site);
  update_answers(db, vault, seq, id, stored);
  if (free_email) set_email(db, vault, seq, id, row.email);
  save_visitor(db, vault, seq, id, visitor, scores_of(visitor, live, 0), std::nullopt);
  return false;
}

}  // namespace

LoadReport load_content(Store& store, const Site& site, const Load& load) {
  std::vector<ContentRow> batch;
  return run(
      load, [&](std::string_view field) { return content_cell(site, field); },
      [&](const Json& row, std::size_t, std::vector<Fault>& faults) {
        ContentRow content = parse_content(row, site, faults);
        if (faults.empty()) batch.push_back(std::move(content));
      },
      [&](LoadReport& report) {
        if (batch.empty()) return;
        const auto done = store.upsert_content(batch);
        report.created += done.created;
        report.updated += done.updated;
        batch.clear();
      });
}

LoadReport load_profiles(Store& store, const Site& site, const Load& load, const publish::LiveSnapshot* live) {
  std::vector<ProfileRow> batch;
  const std::int64_t now = now_ms();
  return run(
      load, [&](std::string_view field) { return profile_cell(site, field); },
      [&](const Json& row, std::size_t, std::vector<Fault>& faults) {
        ProfileRow profile = parse_profile_row(row, site, load.format == RowFormat::kCsv, now, faults);
        if (faults.empty()) batch.push_back(std::move(profile));
      },
      [&](LoadReport& report) {
        if (batch.empty()) return;
        const auto created = store.writer()
                                 .submit([&](Database& db) {
                                   std::uint64_t count = 0;
                                   for (const ProfileRow& row : batch) {
                                     if (put_profile(db, store.vault(), row, site, live)) ++count;
                                   }
                                   return count;
                                 })
                                 .get();
        report.created += created;
        report.updated += batch.size() - created;
        batch.clear();
      });
}

LoadReport load_interactions(Store& store, const Load& load, const publish::LiveSnapshot* live) {
  struct Row {
    Event event;
    std::size_t line;
  };
  std::vector<Row> batch;
  const std::int64_t now = now_ms();
  Vault& vault = store.vault();
  const auto write_batch = [&](Database& db, LoadReport& report) {
    // One visitor's events together and in the file's order: their record is read and written once
    // a batch.
    std::map<std::string, std::vector<std::size_t>> by_visitor;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Event& event = batch[i].event;
      by_visitor[event.profile_id.empty() ? "v" + event.visitor_id : "p" + event.profile_id].push_back(i);
    }
    for (const auto& [key, indexes] : by_visitor) {
      Who who;
      const Event& first = batch[indexes.front()].event;
      if (!first.profile_id.empty()) {
        who.profile = find_by_foreign(db, vault.hash(HashOf::kForeignId, first.profile_id));
        if (const auto uuid = parse_uuid(first.profile_id); !who.profile && uuid) who.profile = find_by_id(db, *uuid);
        if (!who.profile) {
          for (const std::size_t i : indexes) {
            ++report.refused;
            load.refused(batch[i].line, {"unknown_profile", "there is no such profile", "/profileId"});
          }
          continue;
        }
      } else {
        who.visitor_hash = vault.hash(HashOf::kVisitor, first.visitor_id);
      }
      std::vector<Event> events;
      for (const std::size_t i : indexes) events.push_back(batch[i].event);
      const Outcome outcome = apply_events(db, vault, who, events, live);
      for (std::size_t i = 0; i < indexes.size(); ++i) {
        switch (outcome.receipts[i]) {
          case Receipt::kCounted:
            ++report.created;
            break;
          case Receipt::kDuplicate:
            ++report.updated;
            break;
          case Receipt::kNotWanted:
            ++report.refused;
            load.refused(batch[indexes[i]].line,
                         {"not_wanted", "the visitor has opted out or was erased", "/profileId"});
            break;
          case Receipt::kUnknownContent:
            ++report.refused;
            load.refused(batch[indexes[i]].line, {"unknown_content", "there is no such content", "/contentId"});
            break;
          case Receipt::kUnknownExperiment:
            ++report.refused;
            load.refused(batch[indexes[i]].line, {"unknown_experiment", "there is no such experiment", "/experiment"});
            break;
        }
      }
    }
  };
  return run(
      load, interaction_cell,
      [&](const Json& row, std::size_t line, std::vector<Fault>& faults) {
        Event event = parse_event(row, "", now, faults);
        if (event.profile_id.empty() == event.visitor_id.empty()) {
          faults.push_back({"required", "needs either profileId or visitorId", ""});
        }
        if (event.event_id.empty()) {
          // From what the row says, so that the same row twice is one event.
          event.event_id = "row:" + row.dump();
        }
        if (faults.empty()) batch.push_back({std::move(event), line});
      },
      [&](LoadReport& report) {
        if (batch.empty()) return;
        LoadReport part;
        store.writer().submit([&](Database& db) { write_batch(db, part); }).get();
        report.created += part.created;
        report.updated += part.updated;
        report.refused += part.refused;
        batch.clear();
      });
}

}  // namespace footlight::origin
