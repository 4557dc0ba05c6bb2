#include "origin/simulate/record.h"

#include <cstring>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/store/profiles.h"

namespace footlight::simulate {
namespace {

using origin::Database;
using origin::Event;

std::string unit_text(std::uint64_t unit_id) { return origin::to_base64url(std::as_bytes(std::span(&unit_id, 1))); }

origin::Uuid profile_id(const World& world, const Person& person) {
  Random random(seed_with(seed_with(world.options().seed, 0x50524F46U), person.number));
  origin::Uuid id;
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint64_t bits = random.next();
    std::memcpy(id.data() + 8 * half, &bits, 8);
  }
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0FU) | 0x40U);  // version 4
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3FU) | 0x80U);
  return id;
}

}  // namespace

std::uint32_t interactions_of(const PageView& page) noexcept {
  std::uint32_t count = 0;
  for (const Shown& shown : page.cards) {
    const Reaction& r = shown.reaction;
    count += (r.viewed ? 1U : 0U) + (r.clicked ? 1U : 0U) + (r.engaged ? 1U : 0U) + (r.converted ? 1U : 0U);
  }
  return count;
}

origin::Answers answers_of(const World& world, const Person& person) {
  nlohmann::ordered_json data = nlohmann::ordered_json::object();
  const auto& questions = world.site().questions;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    for (const std::uint32_t o : person.told[q]) {
      const std::string& key = questions[q].options[o].key;
      if (questions[q].kind == snapshot::QuestionKind::kMultiple) {
        data[questions[q].name].push_back(key);
      } else {
        data[questions[q].name] = key;
      }
    }
  }
  std::vector<origin::Fault> faults;
  origin::Answers answers = origin::parse_answers(data, world.site(), "", faults);
  if (!faults.empty()) throw std::logic_error("simulated answers: " + faults[0].pointer + " " + faults[0].detail);
  return answers;
}

std::vector<Interaction> reactions_of(const Reaction& reaction, std::uint32_t item_id, std::uint16_t day) {
  std::vector<Interaction> list;
  // The last event of a card carries the time spent on it and the judgement.
  const auto add = [&](Action action, bool last) {
    list.push_back({.item_id = item_id,
                    .action = action,
                    .feedback = last ? reaction.feedback : Feedback::kNone,
                    .duration_ms = last ? reaction.duration_ms : 0,
                    .day = day});
  };
  if (reaction.viewed) add(Action::kView, false);
  if (reaction.clicked) add(Action::kClick, !reaction.engaged);
  if (reaction.engaged) add(Action::kEngage, true);
  if (reaction.converted) add(Action::kConvert, false);
  return list;
}

Recorder::Recorder(origin::Store& store, const World& world) : store_(store), world_(world) {
  static_cast<void>(store.put_site(site_document(world.default_items()).dump()));
  std::vector<origin::ContentRow> rows;
  std::vector<origin::Fault> faults;
  for (std::uint32_t i = 0; i < world.item_count(); ++i) {
    const auto document = content_document(world.site(), i, world.type(i), world.attributes(i));
    rows.push_back(origin::parse_content(document, world.site(), faults));
  }
  if (!faults.empty()) throw std::logic_error("simulated content: " + faults[0].pointer + " " + faults[0].detail);
  static_cast<void>(store.upsert_content(rows));
  for (const origin::ContentRow& row : rows) {
    item_ids_.push_back(row.item_id);
    uuids_.push_back(row.uuid);
  }
}

Recorder::~Recorder() {
  if (running_.valid()) running_.wait();
}

void Recorder::write(std::vector<PageView> pages, std::shared_ptr<const publish::LiveSnapshot> live) {
  finish();
  auto shared = std::make_shared<std::vector<PageView>>(std::move(pages));
  running_ = store_.writer().submit(
      [this, shared, live = std::move(live)](Database& db) { write_now(db, *shared, live.get()); });
}

void Recorder::finish() {
  if (running_.valid()) running_.get();
}

origin::Who Recorder::meet(Database& db, const PageView& page, const publish::LiveSnapshot* live) {
  const Person& person = *page.person;
  origin::Vault& vault = store_.vault();
  origin::Who who;
  const origin::Hash hash = vault.hash(origin::HashOf::kVisitor, unit_text(person.unit_id));
  if (person.is_anonymous()) {
    who.visitor_hash = hash;
    return who;
  }
  const origin::Uuid id = profile_id(world_, person);
  if (met_.insert(person.number).second) {
    const origin::Answers answers = answers_of(world_, person);
    origin::NewProfile profile{.id = id, .created_at_ms = page.at_ms};
    for (const origin::Answer& answer : answers) {
      profile.answers.emplace_back(answer.question, origin::stored_answer(answer));
    }
    origin::apply_answers(profile.visitor, answers, world_.site());
    profile.visitor.unit_id = person.unit_id;
    profile.visitor.personalization = Choice::kGranted;
    profile.visitor.measurement = Choice::kGranted;
    profile.personalization_score = origin::scores_of(profile.visitor, live, 0).personalization_score;
    const std::int64_t seq = origin::insert_profile(db, vault, profile);
    origin::link_visitor(db, seq, hash);
    who.profile = {seq, id};
    return who;
  }
  who.profile = origin::find_by_id(db, id);
  if (!who.profile) throw std::logic_error("a simulated profile is gone");
  return who;
}

void Recorder::write_now(Database& db, const std::vector<PageView>& pages, const publish::LiveSnapshot* live) {
  std::vector<Event> events;
  for (const PageView& page : pages) {
    const origin::Who who = meet(db, page, live);
    events.clear();
    for (const Shown& shown : page.cards) {
      Event event;
      event.content_id = uuids_[shown.card.item];
      event.content_type = world_.type(shown.card.item);
      event.slot = kPage[shown.card.slot].name;
      event.position = shown.card.position;
      event.propensity = shown.propensity;
      event.confidence = shown.confidence;
      if (page.snapshot_version != 0) event.snapshot_version = page.snapshot_version;
      event.context = pack(page.surroundings);
      event.occurred_at_ms = page.at_ms;
      event.exposure = true;
      event.event_id = fmt::format("sim-{}-{}-{}-shown", page.number, shown.card.slot, shown.card.position);
      event.reason = shown.reason;
      events.push_back(event);
      event.exposure = false;
      event.reason.clear();
      for (const Interaction& one : reactions_of(shown.reaction, item_ids_[shown.card.item], 0)) {
        event.action = one.action;
        event.feedback = one.feedback;
        event.duration_ms = one.duration_ms;
        event.occurred_at_ms = page.at_ms + 1000 * (1 + static_cast<std::int64_t>(one.action));
        event.event_id = fmt::format("sim-{}-{}-{}-{}", page.number, shown.card.slot, shown.card.position,
                                     static_cast<unsigned>(one.action));
        events.push_back(event);
      }
    }
    const origin::Outcome outcome = origin::apply_events(db, store_.vault(), who, events, live);
    for (const origin::Receipt receipt : outcome.receipts) {
      if (receipt != origin::Receipt::kCounted) throw std::logic_error("a simulated event was not counted");
    }
  }
}

}  // namespace footlight::simulate
