// POST /api/personalization/interaction and /interactions.
#include <cstring>
#include <map>

#include "core/visitor/record.h"
#include "origin/http/handlers.h"
#include "origin/ingest/interaction.h"
#include "origin/store/document.h"

namespace footlight::origin {
namespace {

constexpr std::size_t kMaxEvents = 500;

// One event of a request, or why it is refused.
struct Parsed {
  Event event;
  std::vector<Fault> faults;
};

// What a visitor's record says about who they are, when it came along.
struct FromRecord {
  std::string visitor_id;
  std::uint32_t segment_id = 0;
};

FromRecord from_record(const std::string& text, std::vector<Fault>& faults) {
  FromRecord result;
  if (text.empty()) return result;
  const auto bytes = from_base64url(text);
  const auto visitor = bytes ? decode_visitor(*bytes) : Result<Visitor>(Unexpected(Status::kBadMagic));
  if (!visitor) {
    faults.push_back({"type", "is not a visitor record", "/record"});
    return result;
  }
  result.segment_id = visitor->segment_id;
  if (visitor->unit_id != 0) {
    result.visitor_id = to_base64url(std::as_bytes(std::span(&visitor->unit_id, 1)));
  }
  return result;
}

// Applies events, those of one visitor together, in one job: one commit for the whole request.
std::vector<Outcome> apply(App& app, const Exchange& exchange, const Session* session, const FromRecord& record,
                           const std::vector<const Event*>& events, std::vector<Receipt>& receipts) {
  const bool signals_refusal = exchange.signals_refusal();
  Vault& vault = app.store.vault();
  const auto live = app.live.get();
  std::map<std::string, std::vector<std::size_t>> by_visitor;
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::string visitor;
    if (session == nullptr) {
      visitor = events[i]->visitor_id.empty() ? record.visitor_id : events[i]->visitor_id;
    }
    by_visitor[visitor].push_back(i);
  }
  receipts.assign(events.size(), Receipt::kCounted);
  auto outcomes = app.store.writer()
                      .submit([&](Database& db) {
                        std::vector<Outcome> results;
                        for (const auto& [visitor, indexes] : by_visitor) {
                          Who who{.profile = {},
                                  .visitor_hash = {},
                                  .segment_id = record.segment_id,
                                  .signals_refusal = signals_refusal};
                          if (session != nullptr) {
                            who.profile = std::pair{session->profile, session->id};
                          } else if (!visitor.empty()) {
                            who.visitor_hash = vault.hash(HashOf::kVisitor, visitor);
                          } else {
                            // Nobody in particular: counts for the items, and is nobody's past.
                            who.visitor_hash = vault.hash(HashOf::kVisitor, "anonymous:" + to_string(random_uuid()));
                          }
                          std::vector<Event> own;
                          own.reserve(indexes.size());
                          for (const std::size_t i : indexes) own.push_back(*events[i]);
                          results.push_back(apply_events(db, vault, who, own, live.get()));
                          for (std::size_t k = 0; k < indexes.size(); ++k)
                            receipts[indexes[k]] = results.back().receipts[k];
                        }
                        return results;
                      })
                      .get();
  for (const Outcome& outcome : outcomes) {
    if (outcome.profile) app.cache.invalidate_user(outcome.profile->second);
  }
  for (const Receipt receipt : receipts) {
    auto& counter = receipt == Receipt::kCounted     ? app.counters.interactions_counted
                    : receipt == Receipt::kDuplicate ? app.counters.interactions_duplicate
                                                     : app.counters.interactions_refused;
    counter.fetch_add(1, std::memory_order_relaxed);
  }
  return outcomes;
}

Json updated_profile(const std::vector<Outcome>& outcomes) {
  const Scores scores = outcomes.size() == 1 && outcomes.front().profile ? outcomes.front().scores : Scores{};
  return {{"engagementLevel", scores.engagement_level}, {"personalizationScore", scores.personalization_score}};
}

}  // namespace

void post_interaction(App& app, Exchange& exchange) {
  const auto session = app.session_if_any(exchange);
  std::vector<Fault> faults;
  const Event event = parse_event(exchange.json(), "", now_ms(), faults);
  if (!event.profile_id.empty()) faults.push_back({"unknown", "is for imports: send the token", "/profileId"});
  if (!faults.empty()) throw invalid(std::move(faults));
  std::vector<Receipt> receipts;
  const auto outcomes = apply(app, exchange, session.get(), {}, {&event}, receipts);
  if (receipts.front() == Receipt::kUnknownContent) {
    throw invalid({{"unknown_content", "there is no such content", "/contentId"}});
  }
  if (receipts.front() == Receipt::kUnknownExperiment) {
    throw invalid({{"unknown_experiment", "there is no such experiment", "/experiment"}});
  }
  exchange.answer({{"success", true}, {"updatedProfile", updated_profile(outcomes)}});
}

void post_interactions(App& app, Exchange& exchange) {
  const auto session = app.session_if_any(exchange);
  const Json document = exchange.json();
  std::vector<Fault> faults;
  Fields fields(document, "", faults);
  fields.only({"interactions", "events", "record"});
  const bool by_events = fields.find("interactions") == nullptr && fields.find("events") != nullptr;
  const std::string_view name = by_events ? "events" : "interactions";
  const Json& list = fields.list(name, kMaxEvents, true);
  const FromRecord record = from_record(fields.text_or("record", 1024, ""), faults);
  if (!faults.empty()) throw invalid(std::move(faults));

  const std::int64_t now = now_ms();
  std::vector<Parsed> parsed(list.size());
  std::vector<const Event*> good;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Parsed& one = parsed[i];
    one.event = parse_event(list[i], pointer_to(pointer_to("", name), i), now, one.faults);
    if (one.faults.empty()) good.push_back(&one.event);
  }
  std::vector<Receipt> receipts;
  std::vector<Outcome> outcomes;
  if (!good.empty()) outcomes = apply(app, exchange, session.get(), record, good, receipts);

  // A receipt says that sending this event again is of no use: counted now, counted before, or
  // refused for good.
  Json ids = Json::array();
  Json refused = Json::array();
  std::uint64_t counted = 0;
  std::uint64_t duplicates = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    const Parsed& one = parsed[i];
    if (!one.event.event_id.empty()) ids.push_back(one.event.event_id);
    if (!one.faults.empty()) {
      const Fault& fault = one.faults.front();
      refused.push_back({{"index", i},
                         {"eventId", one.event.event_id},
                         {"code", fault.code},
                         {"detail", fault.detail},
                         {"pointer", fault.pointer}});
      app.counters.interactions_refused.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    switch (receipts[at++]) {
      case Receipt::kCounted:
        ++counted;
        break;
      case Receipt::kDuplicate:
        ++duplicates;
        break;
      case Receipt::kNotWanted:
        break;  // the visitor's choice is no fault of the sender's
      case Receipt::kUnknownContent:
      case Receipt::kUnknownExperiment: {
        const bool content = receipts[at - 1] == Receipt::kUnknownContent;
        refused.push_back(
            {{"index", i},
             {"eventId", one.event.event_id},
             {"code", content ? "unknown_content" : "unknown_experiment"},
             {"detail", content ? "there is no such content" : "there is no such experiment"},
             {"pointer", pointer_to(pointer_to(pointer_to("", name), i), content ? "contentId" : "experiment")}});
        break;
      }
    }
  }
  Json answer = {{"success", true},
                 {"receipts", std::move(ids)},
                 {"counted", counted},
                 {"duplicates", duplicates},
                 {"refused", std::move(refused)}};
  if (outcomes.size() == 1 && outcomes.front().profile) answer["updatedProfile"] = updated_profile(outcomes);
  exchange.answer(answer);
}

}  // namespace footlight::origin
