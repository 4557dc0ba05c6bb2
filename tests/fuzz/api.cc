// The whole API of an origin, in one process: any route with any path, query, credentials and body. Whatever comes, the
// answer is no "internal" error, and what the credentials do not allow is not answered. The input: a byte that chooses
// the route, one the credentials, a line with what stands in the path and the query, and the body.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "origin/http/app.h"
#include "origin/http/route.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using namespace footlight::origin;

struct World {
  small_site::SmallSite site;
  publish::Live live;
  App app;
  std::string key;
  std::string token;
  int requests = 0;

  static publish::LiveOptions live_options(small_site::SmallSite& site) {
    static_cast<void>(site.publish());
    return {.directory = site.options().directory,
            .public_keys = [&site] { return publish::trusted_keys(site.options().signing_key); }};
  }
  static AppOptions app_options(const small_site::SmallSite& site) {
    AppOptions options;
    options.rate_per_s = 0;
    options.key_rate_per_s = 0;
    options.profiles_per_min = 0;
    options.publish = site.options();
    return options;
  }

  World() : live(live_options(site)), app(site.store(), live, app_options(site), {}) {
    app.tick();
    key = site.store().create_api_key("fuzz", {"admin"});
    new_person();
  }

  void new_person() {
    const auto made =
        send("POST", "/api/profile", "", "", R"({"consent":{"personalization":true,"measurement":true}})");
    token = nlohmann::json::parse(made.body).at("token");
  }

  httplib::Response send(std::string_view method, std::string path, const std::string& query,
                         const std::string& credentials, const std::string& body, std::string_view type = {}) {
    httplib::Request request;
    request.method = method;
    request.remote_addr = "127.0.0.1";
    request.path = std::move(path);
    httplib::detail::parse_query_text(query, request.params);
    if (!credentials.empty()) request.headers.emplace("Authorization", "Bearer " + credentials);
    if (!body.empty()) {
      request.headers.emplace("Content-Type", type.empty() ? "application/json" : std::string(type));
      request.headers.emplace("Content-Length", std::to_string(body.size()));
    }
    httplib::Response response;
    const BodyReader reader = [&](std::size_t limit, std::string& out, bool& too_large) {
      too_large = body.size() > limit;
      out = body.substr(0, limit);
      return !too_large;
    };
    app.dispatch(request, response, body.empty() ? BodyReader() : reader);
    return response;
  }
};

// They work for seconds, or are tested by the hour elsewhere.
bool is_long(const Route& route) {
  return route.access == Access::kPublish || route.id == "startExperiment" || route.id == "concludeExperiment";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto world = std::make_unique<World>();
  if (size < 2) return 0;
  // What is taken in stays: now and then everything begins anew.
  if (++world->requests % 20000 == 0) world = std::make_unique<World>();
  const Route& route = routes()[data[0] % routes().size()];
  if (is_long(route)) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string line = text.substr(0, text.find('\n'));
  const std::string body = line.size() == text.size() ? std::string() : text.substr(line.size() + 1);
  const std::size_t mark = std::min(line.find('?'), line.size());
  std::string path(route.path);
  if (const std::size_t open = path.find('{'); open != std::string::npos) {
    path.replace(open, path.find('}') - open + 1, line.substr(0, mark));
  }
  const std::array<std::string, 4> credentials = {"", world->token, world->key, "flk_" + std::string(43, 'A')};
  const std::size_t who = data[1] % credentials.size();
  const std::string query = mark < line.size() ? line.substr(mark + 1) : std::string();
  const auto response = world->send(route.method, path, query, credentials[who], body,
                                    route.is_csv_or_lines ? (data[1] < 128 ? "text/csv" : "application/x-ndjson") : "");
  if (response.status == 500) {
    std::fprintf(stderr, "%s\n", response.body.c_str());
    __builtin_trap();
  }
  const bool is_allowed = needs_key(route.access)             ? who == 2
                          : route.access == Access::kVisitor  ? who == 1
                          : route.access == Access::kOptional ? who < 2
                                                              : true;
  // A path with more in it than one name is another route's.
  if (!is_allowed && response.status < 400 && match_route(route.method, path).route == &route) __builtin_trap();
  if (response.status == 200 && route.id == "eraseProfile") world->new_person();
  return 0;
}
