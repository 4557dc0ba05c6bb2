// GET /api/personalization/homepage and /recommendations.
#include <algorithm>
#include <charconv>
#include <string_view>

#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"

namespace footlight::origin {
namespace {

constexpr std::uint32_t kDefaultLimit = 6;
constexpr std::uint32_t kMaxLimit = 24;

// SPEC.md's types, and the slot that chooses among each; the edge has the same list.
constexpr std::pair<std::string_view, std::string_view> kSlotOfType[] = {
    {"project", "projects"},         {"featured_project", "projects"}, {"service", "services"},
    {"testimonial", "testimonials"}, {"resource", "resources"},        {"deck", "decks"},
    {"case_study", "case_studies"}};
constexpr std::size_t kDefaultTypes[] = {0, 2, 3, 4};

bool is_tag(std::string_view text) {
  return text.size() >= 2 && text.size() <= 35 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::uint32_t limit_of(const std::string& text) {
  if (text.empty()) return kDefaultLimit;
  std::uint32_t limit = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (status != std::errc() || end != text.data() + text.size() || limit < 1) {
    throw Problem{ProblemKind::kBadParameter, "limit must be a number from 1 to 24."};
  }
  return std::min(limit, kMaxLimit);
}

std::vector<std::string_view> slots_of(const std::vector<std::string>& types) {
  std::vector<std::string_view> slots;
  for (const std::string& type : types) {
    const auto found = std::find_if(std::begin(kSlotOfType), std::end(kSlotOfType),
                                    [&](const auto& row) { return row.first == type; });
    if (found == std::end(kSlotOfType)) {
      throw Problem{ProblemKind::kBadParameter,
                    "type must be project, service, testimonial, resource, deck or case_study."};
    }
    if (std::find(slots.begin(), slots.end(), found->second) == slots.end()) slots.push_back(found->second);
  }
  return slots;
}

std::vector<std::string> asked_types(const httplib::Request& request) {
  std::vector<std::string> types;
  for (std::size_t i = 0; i < request.get_param_value_count("type"); ++i) {
    const std::string list = request.get_param_value("type", i);
    std::size_t from = 0;
    for (std::size_t comma = list.find(','); from <= list.size(); comma = list.find(',', from)) {
      const std::size_t to = std::min(comma, list.size());
      types.push_back(list.substr(from, to - from));
      from = to + 1;
    }
  }
  if (types.empty()) {
    for (const std::size_t i : kDefaultTypes) types.emplace_back(kSlotOfType[i].first);
  }
  return types;
}

}  // namespace

std::uint32_t locale_of(const Exchange& exchange, const snapshot::SnapshotView& snapshot) {
  if (snapshot.locale_count() == 1) return 0;
  const std::string asked = exchange.parameter("locale");
  if (is_tag(asked)) return snapshot.find_locale(asked);
  const std::string accepted = exchange.request.get_header_value("Accept-Language");
  std::string_view first(accepted);
  first = first.substr(0, std::min(first.find_first_of(",;"), first.size()));
  while (!first.empty() && first.front() == ' ') first.remove_prefix(1);
  while (!first.empty() && first.back() == ' ') first.remove_suffix(1);
  return is_tag(first) ? snapshot.find_locale(first) : 0;
}

void get_homepage(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  const auto live = app.live.get();
  if (!live) {
    std::string stored = stored_homepage(app.store, *session);
    if (stored.empty()) throw Problem{ProblemKind::kNoSnapshot};
    exchange.answer_text(std::move(stored), "application/json");
    return;
  }
  const snapshot::SnapshotView& view = live->view();
  const Context context = context_for(session->visitor, true);
  const std::uint32_t locale = locale_of(exchange, view);
  app.counters.decisions.fetch_add(1, std::memory_order_relaxed);
  std::optional<PageKey> key;
  if (session->asked_before.exchange(true, std::memory_order_relaxed)) {
    if (const auto windows = app.windows(); windows && windows->version == live->version()) {
      key = PageKey{live->version(), context.now_s / 86400U, locale, windows->at(context.now_s)};
      if (const auto kept = app.pages.get(session, *key)) {
        exchange.answer_text(*kept, "application/json");
        return;
      }
    }
  }
  SlotRequest requests[4];
  const std::uint32_t count = homepage_requests(view, requests);
  const Decision& decision = decide_here(view, session->visitor, context, std::span(requests, count));
  std::string page;
  page.reserve(8192);
  append_homepage(view, decision, locale, page);
  if (may_measure(exchange, session->visitor)) {
    app.behind.decided(session->profile, session->id, live, decision, locale);
  }
  if (key) app.pages.put(session, *key, std::make_shared<const std::string>(page));
  exchange.answer_text(std::move(page), "application/json");
}

void get_recommendations(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  const auto live = app.snapshot();
  const snapshot::SnapshotView& view = live->view();
  const std::uint32_t limit = limit_of(exchange.parameter("limit"));
  std::vector<SlotRequest> requests;
  for (const std::string_view name : slots_of(asked_types(exchange.request))) {
    const std::uint32_t slot = view.find_slot(name);
    if (slot != snapshot::kNone) requests.push_back({.slot = slot, .limit = limit});
  }
  const Decision& decision = decide_here(view, session->visitor, context_for(session->visitor, false), requests);
  std::vector<Entry> entries(decision.entries, decision.entries + decision.entry_count);
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.confidence != b.confidence ? a.confidence > b.confidence : a.item < b.item;
  });
  entries.resize(std::min<std::size_t>(entries.size(), limit));
  const std::uint32_t locale = locale_of(exchange, view);
  std::string out = "{\"recommendations\":[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i != 0) out.push_back(',');
    append_item(view, entries[i], locale, out);
  }
  out += "]}";
  app.counters.decisions.fetch_add(1, std::memory_order_relaxed);
  exchange.answer_text(std::move(out), "application/json");
}

}  // namespace footlight::origin
