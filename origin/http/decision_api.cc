// GET /api/personalization/homepage.
#include <algorithm>
#include <string_view>

#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"
#include "origin/http/obeyed_flags.h"

namespace footlight::origin {
namespace {

bool is_tag(std::string_view text) {
  return text.size() >= 2 && text.size() <= 35 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
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
  Context context = context_for(session->visitor, true);
  const std::uint32_t locale = locale_of(exchange, view);
  app.counters.decisions.fetch_add(1, std::memory_order_relaxed);
  std::optional<PageKey> key;
  // What flags say may change with the clock.
  if (session->asked_before.exchange(true, std::memory_order_relaxed) && !acts_on_pages(*live)) {
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
  const ObeyedFlags flags(*live, session->visitor, context);
  const Decision& decision = decide_here(flags.view(), session->visitor, context, std::span(requests, count));
  std::string page;
  page.reserve(8192);
  append_homepage(view, decision, locale, page);
  if (may_measure(exchange, session->visitor)) {
    app.behind.decided(session->profile, session->id, live, decision, locale);
  }
  if (key) app.pages.put(session, *key, std::make_shared<const std::string>(page));
  exchange.answer_text(std::move(page), "application/json");
}

}  // namespace footlight::origin
