// OpenAPI 3.1 from the table of routes. The schemas are written by hand; the paths cannot be wrong.
#include <nlohmann/json.hpp>

#include "origin/http/openapi_schemas.h"
#include "origin/http/problem.h"
#include "origin/http/route.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

Json reference(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string(schema)}}; }

Json parameters(const Route& route) {
  Json list = Json::array();
  for (std::size_t at = route.path.find('{'); at != std::string_view::npos; at = route.path.find('{', at + 1)) {
    const std::size_t end = route.path.find('}', at);
    list.push_back({{"name", route.path.substr(at + 1, end - at - 1)},
                    {"in", "path"},
                    {"required", true},
                    {"schema", {{"type", "string"}}}});
  }
  for (const RouteParameter& one : route.query) {
    list.push_back(
        {{"name", one.name}, {"in", "query"}, {"description", one.description}, {"schema", Json::parse(one.schema)}});
  }
  if (route.access == Access::kVisitor || route.access == Access::kOptional) {
    list.push_back({{"name", "X-User-ID"},
                    {"in", "header"},
                    {"description", "The profile's id; must be that of the token."},
                    {"schema", {{"type", "string"}, {"format", "uuid"}}}});
  }
  return list;
}

Json security(Access access) {
  switch (access) {
    case Access::kPublic:
      return Json::array();
    case Access::kVisitor:
      return Json::array({{{"visitorToken", Json::array()}}});
    case Access::kOptional:
      return Json::array({Json::object(), {{"visitorToken", Json::array()}}});
    case Access::kRead:
    case Access::kContent:
    case Access::kPublish:
    case Access::kExperiments:
    case Access::kPrivacy:
    case Access::kAdmin:
      return Json::array({{{"apiKey", Json::array()}}});
  }
  return Json::array();
}

Json answers(const Route& route) {
  Json result = Json::object();
  if (!route.accepted.empty()) {
    result["202"] = {{"description", "It will be done; `Location` says where to look."},
                     {"content", {{"application/json", {{"schema", reference(route.accepted)}}}}}};
  }
  if (route.produces.empty()) {
    if (route.accepted.empty()) result["204"] = {{"description", "Done."}};
  } else {
    const Json schema = route.response.empty() ? Json{{"type", "string"}} : reference(route.response);
    const char* status = route.id == "createContent" || route.id == "createExperiment" ? "201" : "200";
    result[status] = {{"description", "Done."}, {"content", {{std::string(route.produces), {{"schema", schema}}}}}};
  }
  result["default"] = {{"description", "A problem (RFC 9457)."},
                       {"content", {{"application/problem+json", {{"schema", reference("Problem")}}}}}};
  if (!route.refused.empty()) {
    result["default"]["content"]["application/json"] = {{"schema", reference(route.refused)}};
  }
  return result;
}

Json operation(const Route& route) {
  Json document = {{"operationId", route.id}, {"summary", route.summary}, {"security", security(route.access)}};
  if (needs_key(route.access)) {
    const std::string_view scope = scope_of(route.access);
    document["x-scope"] = scope.empty() ? "read" : scope;
  }
  if (Json list = parameters(route); !list.empty()) document["parameters"] = std::move(list);
  if (!route.request.empty()) {
    Json content = Json::object();
    if (route.is_csv_or_lines) {
      content["application/x-ndjson"] = {{"schema", {{"type", "string"}}}};
      content["text/csv"] = {{"schema", {{"type", "string"}}}};
    } else {
      content["application/json"] = {{"schema", reference(route.request)}};
    }
    document["requestBody"] = {{"required", true}, {"content", std::move(content)}};
  }
  document["responses"] = answers(route);
  return document;
}

Json problem_codes() {
  Json codes = Json::array();
  for (const ProblemRow& row : problem_table()) codes.push_back(row.code);
  return codes;
}

std::string build() {
  Json document = {{"openapi", "3.1.0"},
                   {"info",
                    {{"title", "Footlight origin"},
                     {"version", "0.1.0"},
                     {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
                   {"paths", Json::object()}};
  for (const Route& route : routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(c | 0x20);
    document["paths"][std::string(route.path)][method] = operation(route);
  }
  document["components"] = {
      {"securitySchemes",
       {{"visitorToken", {{"type", "http"}, {"scheme", "bearer"}, {"description", "The token of POST /api/profile."}}},
        {"apiKey", {{"type", "http"}, {"scheme", "bearer"}, {"description", "A key of `footlight keys create`."}}}}},
      {"schemas", Json::parse(kOpenapiSchemas)}};
  document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] = problem_codes();
  return document.dump();
}

}  // namespace

const std::string& openapi_document() {
  static const std::string document = build();
  return document;
}

}  // namespace footlight::origin
