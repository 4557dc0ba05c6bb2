// The admin API for content and the site document.
#include <charconv>
#include <sstream>

#include "origin/http/handlers.h"
#include "origin/ingest/load.h"
#include "origin/store/content.h"
#include "origin/store/document.h"

namespace footlight::origin {
namespace {

constexpr std::uint32_t kDefaultPage = 50;
constexpr std::uint32_t kMaxPage = 500;
constexpr std::size_t kMaxRefusedRows = 1000;

std::uint32_t whole_parameter(const Exchange& exchange, const std::string& name, std::uint32_t otherwise,
                              std::uint32_t max) {
  const std::string text = exchange.parameter(name);
  if (text.empty()) return otherwise;
  std::uint32_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value > max) {
    throw Problem{ProblemKind::kBadParameter, name + " must be a whole number up to " + std::to_string(max) + "."};
  }
  return value;
}

ContentRow checked(App& app, const Json& document) {
  std::vector<Fault> faults;
  const auto site = app.site();
  ContentRow row = parse_content(document, site->site, faults);
  if (!faults.empty()) throw invalid(std::move(faults));
  return row;
}

}  // namespace

void list_content(App& app, Exchange& exchange) {
  const std::uint32_t limit = whole_parameter(exchange, "limit", kDefaultPage, kMaxPage);
  const std::uint32_t after = whole_parameter(exchange, "after", 0, 4294967294U);
  const auto rows = app.store.content_page(after, limit + 1);  // one more tells whether there is a next page
  Json items = Json::array();
  for (std::size_t i = 0; i < rows.size() && i < limit; ++i) items.push_back(content_document(rows[i]));
  Json answer = {{"content", std::move(items)}, {"total", app.store.content_count()}, {"next", nullptr}};
  if (rows.size() > limit && limit > 0) answer["next"] = rows[limit - 1].item_id;
  exchange.answer(answer);
}

void get_content(App& app, Exchange& exchange) {
  const auto row = app.store.content_by_any(exchange.arguments.front());
  if (!row) throw Problem{ProblemKind::kNotFound, "There is no such content."};
  exchange.answer(content_document(*row));
}

void create_content(App& app, Exchange& exchange) {
  std::vector<ContentRow> rows{checked(app, exchange.json())};
  if (app.store.content_by_any(rows.front().foreign_id)) {
    throw Problem{ProblemKind::kConflict, "There is content with this id: replace it with PUT."};
  }
  app.store.upsert_content(rows);
  exchange.response.set_header("Location", "/api/admin/content/" + rows.front().uuid);
  exchange.answer(content_document(rows.front()), 201);
}

void replace_content(App& app, Exchange& exchange) {
  const auto known = app.store.content_by_any(exchange.arguments.front());
  if (!known) throw Problem{ProblemKind::kNotFound, "There is no such content."};
  Json document = exchange.json();
  // The address says which; the body need not repeat it, and may not say another.
  if (document.is_object()) {
    const Json id = document.contains("id") ? document["id"] : Json(known->foreign_id);
    if (id != known->foreign_id && id != known->uuid) {
      throw invalid({{"conflict", "is not the id in the address", "/id"}});
    }
    document["id"] = known->foreign_id;
  }
  std::vector<ContentRow> rows{checked(app, document)};
  app.store.upsert_content(rows);
  exchange.answer(content_document(rows.front()));
}

void delete_content(App& app, Exchange& exchange) {
  const auto known = app.store.content_by_any(exchange.arguments.front());
  if (!known || !app.store.delete_content(known->uuid)) {
    throw Problem{ProblemKind::kNotFound, "There is no such content."};
  }
  exchange.response.status = 204;
}

void import_content(App& app, Exchange& exchange) {
  const auto site = app.site();
  std::istringstream input(exchange.body);
  const bool csv = exchange.media_type() == "text/csv";
  static const std::atomic<bool> never{false};
  Json errors = Json::array();
  const LoadReport report = load_content(
      app.store, site->site,
      {.input = input,
       .format = csv ? RowFormat::kCsv : RowFormat::kJsonLines,
       .refused =
           [&](std::size_t line, const Fault& fault) {
             if (errors.size() >= kMaxRefusedRows) return;
             errors.push_back(
                 {{"line", line}, {"code", fault.code}, {"detail", fault.detail}, {"pointer", fault.pointer}});
           },
       .progress = {},
       .cancel = never});
  exchange.answer({{"rows", report.rows},
                   {"created", report.created},
                   {"updated", report.updated},
                   {"refused", report.refused},
                   {"errors", std::move(errors)}});
}

void get_site(App& app, Exchange& exchange) {
  const auto site = app.site();
  exchange.answer(
      {{"version", site->version}, {"updatedAt", format_time(site->updated_at_ms)}, {"site", Json::parse(site->json)}});
}

void put_site(App& app, Exchange& exchange) {
  const Json document = exchange.json();
  std::vector<Fault> faults;
  static_cast<void>(parse_site(document, faults));
  if (!faults.empty()) throw invalid(std::move(faults));
  const std::uint64_t version = app.store.put_site(document.dump());
  app.tick();
  exchange.answer({{"version", version}});
}

}  // namespace footlight::origin
