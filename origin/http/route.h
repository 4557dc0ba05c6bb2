// The one table of routes: it drives the router and the OpenAPI document, so that neither can say
// what the other does not.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace footlight::origin {

class App;
struct Exchange;

enum class Access {  // from kRead on with an API key
  kPublic,           // nothing needed
  kVisitor,          // a visitor's Bearer token
  kOptional,         // a visitor's Bearer token where there is one
  kRead,             // an API key with any scope
  kContent,          // an API key with this scope or admin, and so on
  kPublish,
  kExperiments,
  kPrivacy,
  kAdmin,
};
[[nodiscard]] constexpr bool needs_key(Access access) { return access >= Access::kRead; }
// The scope that a route asks for; empty: any will do. See also kScopes of origin/cli/keys.cc.
[[nodiscard]] std::string_view scope_of(Access access);

struct RouteParameter {
  std::string_view name;
  std::string_view schema;  // JSON
  std::string_view description;
};

struct Route {
  std::string_view method;
  std::string_view path;  // "/api/admin/content/{id}"
  std::string_view id;    // operationId
  std::string_view summary;
  Access access = Access::kPublic;
  void (*handle)(App&, Exchange&) = nullptr;
  std::string_view request = {};   // schema of the body; empty: takes none
  std::string_view response = {};  // schema of the answer; empty: see `produces`
  std::string_view produces = "application/json";
  std::size_t max_body = 0;
  bool is_csv_or_lines = false;  // the body is rows: JSON Lines or CSV
  std::vector<RouteParameter> query = {};
  std::string_view accepted = {};  // schema of an answer with 202: what was asked for goes on behind it
  std::string_view refused = {};   // schema of a refusal that the route words itself, beside problems
};

[[nodiscard]] std::span<const Route> routes();

// The route of a request and the values of its path's parameters. Otherwise nullptr, and whether
// the path exists under another method.
struct Match {
  const Route* route = nullptr;
  std::vector<std::string> arguments;
  std::string allow;  // "GET, POST"
};
[[nodiscard]] Match match_route(std::string_view method, std::string_view path);

// OpenAPI 3.1 of routes().
[[nodiscard]] const std::string& openapi_document();

}  // namespace footlight::origin
