// Recommendations by each method, similar content and, for administrators, similar visitors.
//
// What tells of other people (their ids, how many stand behind an item) is the admin API's alone. A visitor gets items
// that kMinSupporters similar visitors chose, and nothing about them.
#include <fmt/format.h>

#include "core/model/similarity.h"
#include "origin/http/asked.h"
#include "origin/http/engine_list.h"
#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"
#include "origin/store/document.h"

namespace footlight::origin {
namespace {

bool refuses(const Visitor& visitor) { return visitor.opted_out || visitor.personalization == Choice::kDenied; }

learn::FreshSimilarUsers::Index similar_users(App& app) {
  auto index = app.similar.get(app.site(), now_ms());
  if (!index) throw Problem{ProblemKind::kUnavailable, "Similar visitors are being gathered; ask again."};
  return *std::move(index);
}

// By what the request asks for. `min_supporters`: of the collaborative method.
std::vector<learn::Recommended> recommended(App& app, const Exchange& exchange, const publish::LiveSnapshot& live,
                                            std::int64_t profile, const Visitor& visitor,
                                            std::uint32_t min_supporters) {
  const std::uint32_t limit = limit_of(exchange);
  const learn::Method method = method_of(exchange);
  const std::vector<std::string> types = types_of(exchange);
  const learn::Wanted wanted{
      .type_mask = type_mask_of(types), .now_s = static_cast<std::uint32_t>(now_ms() / 1000), .limit = limit};
  if (method == learn::Method::kEngine) return engine_list(live, visitor, types, limit);
  const snapshot::SnapshotView& view = live.view();
  if (refuses(visitor)) return {};
  const learn::Taste taste = learn::taste_of(app.store, profile, visitor);
  if (method == learn::Method::kContent) return learn::recommend_by_content(view, visitor, taste, wanted);
  const auto index = similar_users(app);
  const auto liked = learn::liked_by_similar(app.store, *index.users, taste);
  return learn::recommend_collaborative(view, visitor, liked, min_supporters, wanted);
}

std::string items_json(const snapshot::SnapshotView& view, const std::vector<learn::Recommended>& list,
                       std::uint32_t locale, bool for_admin) {
  std::string out = "[";
  for (const learn::Recommended& one : list) {
    if (out.size() > 1) out.push_back(',');
    append_item(view, one.entry, locale, out);
    if (!for_admin) continue;
    out.pop_back();
    out += fmt::format(",\"score\":{:.6g}", one.score);
    if (one.supporters > 0) out += fmt::format(",\"supporters\":{}", one.supporters);
    out.push_back('}');
  }
  return out + "]";
}

// {"contentId":…,"similar":[{"id":…,"type":…,<body>,"similarity":0.93}]}
std::string similar_json(const snapshot::SnapshotView& view, std::uint32_t item, std::uint32_t locale,
                         std::span<const SimilarItem> similar) {
  std::string out = "{\"contentId\":\"";
  append_uuid(view.items()[item].uuid, out);
  out += "\",\"similar\":[";
  for (std::size_t i = 0; i < similar.size(); ++i) {
    const auto& row = view.items()[similar[i].item];
    out += i == 0 ? "{\"id\":\"" : ",{\"id\":\"";
    append_uuid(row.uuid, out);
    out += fmt::format("\",\"type\":\"{}\"", content_type_name(row.type));
    const std::string_view body = view.item_body(similar[i].item, locale);
    if (body.size() > 2) {  // more than {}
      out.push_back(',');
      out.append(body, 1, body.size() - 2);
    }
    out += fmt::format(",\"similarity\":{:.6g}}}", similar[i].similarity);
  }
  return out + "]}";
}

void answer_similar(Exchange& exchange, const publish::LiveSnapshot& live, std::uint32_t item) {
  const snapshot::SnapshotView& view = live.view();
  // Unlike recommendations: everything but heroes, since nobody is being shown a page.
  const bool has_types = exchange.request.has_param("type");
  const std::uint32_t mask = has_types ? type_mask_of(types_of(exchange)) : learn::kEveryTypeButHero;
  std::vector<SimilarItem> similar(limit_of(exchange));
  similar.resize(recommend_similar_content(view, item, mask, static_cast<std::uint32_t>(now_ms() / 1000), similar));
  exchange.answer_text(similar_json(view, item, locale_of(exchange, view), similar), "application/json");
}

}  // namespace

void get_recommendations(App& app, Exchange& exchange) {
  const auto session = app.session(exchange);
  const auto live = app.snapshot();
  const auto list = recommended(app, exchange, *live, session->profile, session->visitor, learn::kMinSupporters);
  app.counters.decisions.fetch_add(1, std::memory_order_relaxed);
  const std::string items = items_json(live->view(), list, locale_of(exchange, live->view()), false);
  exchange.answer_text("{\"recommendations\":" + items + "}", "application/json");
}

void get_similar_content(App& app, Exchange& exchange) {
  const auto live = app.snapshot();
  answer_similar(exchange, *live, item_asked(app, exchange, live->view()));
  // The same for everybody: a CDN may keep it.
  exchange.response.set_header("Cache-Control", "public, max-age=300");
  if (live->view().locale_count() > 1 && !exchange.request.has_param("locale")) {
    exchange.response.set_header("Vary", "Accept-Language");
  }
}

void list_similar_content(App& app, Exchange& exchange) {
  const auto live = app.snapshot();
  answer_similar(exchange, *live, item_named(app, live->view(), exchange.arguments.front()));
}

void list_similar_users(App& app, Exchange& exchange) {
  const std::uint32_t limit = exchange.parameter("limit").empty() ? 10 : limit_of(exchange);
  const auto known = profile_asked(app, exchange);
  const auto index = similar_users(app);
  Json list = Json::array();
  for (const learn::SimilarProfile& one : learn::similar_to(app.store, *index.users, known.taste, limit)) {
    list.push_back({{"id", one.id},
                    {"similarity", one.user.similarity},
                    {"answers", one.user.answers},
                    {"items", one.user.items},
                    {"sharedAnswers", one.user.shared_answers},
                    {"sharedItems", one.user.shared_items},
                    {"engagementLevel", one.engagement_level}});
  }
  exchange.answer({{"profileId", to_string(known.id)},
                   {"similarUsers", std::move(list)},
                   {"compared", index.users->size()},
                   {"gatheredAt", format_time(index.built_at_ms)}});
}

void list_profile_recommendations(App& app, Exchange& exchange) {
  const auto known = profile_asked(app, exchange);
  const auto live = app.snapshot();
  const auto list = recommended(app, exchange, *live, known.profile, known.visitor, 1);
  const std::string items = items_json(live->view(), list, locale_of(exchange, live->view()), true);
  exchange.answer_text(fmt::format("{{\"profileId\":\"{}\",\"method\":\"{}\",\"recommendations\":{}}}",
                                   to_string(known.id), learn::method_name(method_of(exchange)), items),
                       "application/json");
}

}  // namespace footlight::origin
