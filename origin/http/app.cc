#include "origin/http/app.h"

#include <algorithm>
#include <cstdio>
#include <sodium.h>

#include <fmt/format.h>

#include "origin/http/route.h"
#include "origin/privacy/erasure.h"
#include "origin/privacy/retention.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"
#include "origin/store/profiles.h"

namespace footlight::origin {
namespace {

constexpr double kBurstS = 4;  // seconds of a client's rate that may come at once
constexpr double kGuessesPerS = 1;
constexpr double kGuessesAtOnce = 20;
constexpr double kProfilesOfAll = 1000;  // times what one client may

// A page of ours: its one style sheet is named by its hash, and it may do nothing else. All other answers are data.
constexpr const char* kDataPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

// One line about what was done beside the requests.
void log_job(const schedule::JobStatus& job) {
  if (job.state == schedule::JobState::kFailed) {
    fmt::print(stderr, "footlight: {} failed: {}\n", job.kind, job.error);
    return;
  }
  const double seconds = static_cast<double>(job.finished_at_ms - job.started_at_ms) / 1000;
  fmt::print("footlight: {} done in {:.1f} s: {}\n", job.kind, seconds, job.report.dump());
  std::fflush(stdout);
}

std::string request_id() {
  static const std::uint32_t boot = randombytes_random();
  static std::atomic<std::uint32_t> count{0};
  return fmt::format("{:08x}{:08x}", boot, count.fetch_add(1, std::memory_order_relaxed));
}

// The header's value, or nullptr: a look-up compares names letter by letter, so each is looked up
// once.
const std::string* header(const httplib::Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? nullptr : &found->second;
}

// "Bearer x" to "x"; empty when it is something else.
std::string_view bearer(std::string_view value) {
  if (value.size() < 8 || value.size() > 512) return {};
  for (std::size_t i = 0; i < 7; ++i) {
    const char c = value[i];
    if ((c | 0x20) != "bearer "[i]) return {};
  }
  return value.substr(7);
}

void check_media_type(const Exchange& exchange) {
  const Route& route = exchange.route;
  const httplib::Request& request = exchange.request;
  const std::string type = exchange.media_type();
  const bool json = type == "application/json";
  const bool rows = type == "application/x-ndjson" || type == "application/jsonl" || type == "text/csv";
  if (route.is_csv_or_lines ? !rows : !json) {
    throw Problem{ProblemKind::kUnsupportedMedia,
                  route.is_csv_or_lines ? "Send application/x-ndjson or text/csv." : "Send application/json."};
  }
  if (request.has_header("Content-Encoding")) {
    throw Problem{ProblemKind::kUnsupportedMedia, "Send the body as it is, without Content-Encoding."};
  }
}

void read_body(const Route& route, const httplib::Request& request, const BodyReader& reader, std::string& body) {
  if (request.has_header("Content-Length") &&
      std::strtoull(request.get_header_value("Content-Length").c_str(), nullptr, 10) > route.max_body) {
    throw Problem{ProblemKind::kTooLarge, fmt::format("At most {} bytes are taken here.", route.max_body)};
  }
  bool too_large = false;
  if (!reader(route.max_body, body, too_large)) {
    if (too_large)
      throw Problem{ProblemKind::kTooLarge, fmt::format("At most {} bytes are taken here.", route.max_body)};
    throw Problem{ProblemKind::kBadRequest, "The body broke off."};
  }
}

}  // namespace

Json Exchange::json() const {
  if (too_deep(body)) throw Problem{ProblemKind::kBadJson, "The body is nested too deeply."};
  Json document = Json::parse(body, nullptr, false);
  if (document.is_discarded()) throw Problem{ProblemKind::kBadJson};
  return document;
}

std::string Exchange::media_type() const {
  std::string type = request.get_header_value("Content-Type");
  type.resize(std::min(type.find(';'), type.size()));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return type;
}

bool Exchange::signals_refusal() const {
  return request.get_header_value("Sec-GPC") == "1" || request.get_header_value("DNT") == "1";
}

std::string Exchange::parameter(const std::string& name) const {
  return request.has_param(name) ? request.get_param_value(name) : std::string();
}

void Exchange::answer(const Json& document, int status) const {
  answer_text(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "application/json", status);
}

void Exchange::answer_text(std::string text, const char* content_type, int status) const {
  response.status = status;
  response.body = std::move(text);
  response.set_header("Content-Type", content_type);
}

App::App(Store& store_in, publish::Live& live_in, AppOptions options_in, MailOptions mail_in)
    : store(store_in),
      live(live_in),
      options(std::move(options_in)),
      mail(std::move(mail_in)),
      behind(store, options.record_per_s),
      similar(store),
      learning(store, live, {.train = options.train, .publish = options.publish, .precompute = options.precompute},
               [this] { tick(); }),
      experiments(store, live, options.publish, [this] { tick(); }),
      jobs(store, long_work, now_ms, log_job),
      rate_(options.rate_per_s, std::max(1.0, kBurstS * options.rate_per_s)),
      key_rate_(options.key_rate_per_s, std::max(1.0, kBurstS * options.key_rate_per_s)),
      guesses_(kGuessesPerS, kGuessesAtOnce),
      profiles_(options.profiles_per_min / 60, std::max(1.0, options.profiles_per_min)),
      all_profiles_(kProfilesOfAll * options.profiles_per_min / 60,
                    std::max(1.0, kProfilesOfAll * options.profiles_per_min)) {
  if (options.off_peak) nightly_.emplace(store, jobs, *options.off_peak, learning.nightly(now_ms));
}

void App::work() {
  const std::int64_t now = now_ms();
  static_cast<void>(finish_erasures(store));
  if (now - housekeeping_ms_ >= kHousekeepingMs) {
    housekeeping_ms_ = now;
    store.writer().submit([this](Database& db) { checkpoint_audit(db, store.vault()); }).get();
    if (begin_retention_day(store, now)) start_retention();
  }
  jobs.tick();
  experiments.tick(jobs, now_ms());
  if (nightly_) nightly_->tick(now_ms());
}

void App::start_retention() {
  try {
    jobs.submit({.kind = "retention", .work = [this](const schedule::Progress&, const std::atomic<bool>& cancel) {
                   const auto document = store.site();
                   const SiteRetention retention = document ? document->site.retention : SiteRetention{};
                   return retention_json(apply_retention(store, retention, now_ms(), {}, cancel));
                 }});
  } catch (const schedule::Jobs::Busy&) {  // of yesterday, still at work
  }
}

void App::tick() {
  live.reload(now_ms() / 1000);
  if (const auto current = live.get()) {
    const auto known = windows();
    if (!known || known->version != current->version()) {
      auto next = std::make_shared<const ActiveWindows>(current->view());
      const std::lock_guard lock(site_mutex_);
      windows_ = std::move(next);
    }
  }
  take_up_erasures();
  auto document = store.site();
  if (!document) return;
  const std::lock_guard lock(site_mutex_);
  if (!site_ || site_->version != document->version) {
    site_ = std::make_shared<const SiteDocument>(std::move(*document));
  }
}

void App::take_up_erasures() {
  std::int64_t seen = erasures_seen_.load();
  for_each_erasure(store, seen, [&](const Erasure& erasure) {
    if (const auto id = parse_uuid(erasure.profile)) forget(*id);
    seen = std::max(seen, erasure.seq);
  });
  erasures_seen_.store(seen);
}

void App::forget(const Uuid& profile) {
  cache.invalidate_user(profile);
  pages.forget(profile);
  store.vault().forget(profile);
  similar.expire();
}

std::shared_ptr<const ActiveWindows> App::windows() const {
  const std::lock_guard lock(site_mutex_);
  return windows_;
}

std::shared_ptr<const SiteDocument> App::site() {
  {
    const std::lock_guard lock(site_mutex_);
    if (site_) return site_;
  }
  tick();
  const std::lock_guard lock(site_mutex_);
  if (!site_) throw Problem{ProblemKind::kConflict, "No site document has been imported yet."};
  return site_;
}

std::shared_ptr<const publish::LiveSnapshot> App::snapshot() const {
  auto current = live.get();
  if (!current) throw Problem{ProblemKind::kNoSnapshot};
  return current;
}

std::shared_ptr<const Session> App::session_if_any(const Exchange& exchange) {
  const httplib::Request& request = exchange.request;
  const std::string* authorization = header(request, "Authorization");
  const std::string* claimed = header(request, "X-User-ID");
  if (authorization == nullptr) {
    if (claimed != nullptr) {
      throw Problem{ProblemKind::kUnauthorized, "X-User-ID alone is not authority: send the Bearer token."};
    }
    return nullptr;
  }
  const std::string_view token = bearer(*authorization);
  if (token.empty()) refuse_credentials(request);
  const Hash hash = store.vault().hash(HashOf::kToken, token);
  std::optional<Uuid> user;
  if (claimed != nullptr) user = parse_uuid(*claimed);
  if (user) {
    if (auto kept = cache.get(*user, hash)) return kept;
  }
  // Before the read: what changes after this point makes what is read here too old to keep.
  const std::uint64_t epoch = user ? cache.epoch(*user) : 0;
  auto found = find_session(store, hash);
  if (!found) refuse_credentials(request);
  if (claimed != nullptr && (!user || *user != found->id)) {
    throw Problem{ProblemKind::kForbidden, "X-User-ID is not the profile of this token."};
  }
  if (user) cache.put(found, epoch);
  return found;
}

std::shared_ptr<const Session> App::session(const Exchange& exchange) {
  auto found = session_if_any(exchange);
  if (!found) throw Problem{ProblemKind::kUnauthorized};
  return found;
}

// Whoever guesses is slowed down; whoever speaks for many (a proxy on this machine) is not.
void App::refuse_credentials(const httplib::Request& request) {
  const Client from = client(request);
  if (!from.is_machine && !guesses_.take(from.key)) too_many();
  throw Problem{ProblemKind::kUnauthorized};
}

void App::too_many() {
  counters.rate_limited.fetch_add(1, std::memory_order_relaxed);
  throw Problem{ProblemKind::kTooMany};
}

void App::check_key(Exchange& exchange) {
  const std::string* authorization = header(exchange.request, "Authorization");
  const std::string_view key = authorization != nullptr ? bearer(*authorization) : std::string_view();
  const auto known = key.empty() ? std::nullopt : store.check_api_key(key);
  if (!known) refuse_credentials(exchange.request);
  if (!key_rate_.take(known->id)) too_many();
  const auto has = [&](std::string_view scope) {
    return std::find(known->scopes.begin(), known->scopes.end(), scope) != known->scopes.end();
  };
  const std::string_view needed = scope_of(exchange.route.access);
  if (!has("admin") && !needed.empty() && !has(needed)) {
    throw Problem{ProblemKind::kForbidden, fmt::format("The key has not the scope for this: {}.", needed)};
  }
  exchange.actor = "key:" + known->id;
}

Client App::client(const httplib::Request& request) const {
  std::vector<std::string> forwarded;
  if (!options.trusted_proxies.empty()) {
    const auto [begin, end] = request.headers.equal_range("X-Forwarded-For");
    for (auto one = begin; one != end; ++one) forwarded.push_back(one->second);
  } else if (!was_told_of_proxy_.load(std::memory_order_relaxed) && request.has_header("X-Forwarded-For") &&
             !was_told_of_proxy_.exchange(true)) {
    // Once: everybody behind that proxy shares one limit. Whose address it is does not belong into the log.
    fmt::print(stderr,
               "footlight: requests come with X-Forwarded-For, which is believed of nobody: name your proxies "
               "(--trusted-proxy), or all their visitors share one rate limit\n");
  }
  return client_of(request.remote_addr, forwarded, options.trusted_proxies);
}

void App::check_rate(const httplib::Request& request) {
  const Client from = client(request);
  if (!from.is_machine && !rate_.take(from.key)) too_many();
}

void App::check_profile_rate(const httplib::Request& request) {
  const Client from = client(request);
  if (!all_profiles_.take("") || (!from.is_machine && !profiles_.take(from.key))) too_many();
}

void App::cors(const httplib::Request& request, httplib::Response& response) {
  if (options.cors_origins.empty() || !request.has_header("Origin")) return;
  const std::string origin = request.get_header_value("Origin");
  const auto& allowed = options.cors_origins;
  if (std::find(allowed.begin(), allowed.end(), origin) == allowed.end()) return;
  response.set_header("Access-Control-Allow-Origin", origin);
  response.set_header("Vary", "Origin");
  if (request.method != "OPTIONS") return;
  response.set_header("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
  response.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type, X-User-ID");
  response.set_header("Access-Control-Max-Age", "600");
}

void App::write_problem(const httplib::Request& request, httplib::Response& response, const Problem& problem) {
  counters.problems.fetch_add(1, std::memory_order_relaxed);
  const std::string id = request_id();
  response.body = problem_json(problem, id);
  response.status = problem_row(problem.kind).status;
  response.headers.erase("Content-Type");
  response.set_header("Content-Type", "application/problem+json");
  response.set_header("X-Request-Id", id);
  if (problem.kind == ProblemKind::kUnauthorized) response.set_header("WWW-Authenticate", "Bearer");
  if (problem.kind == ProblemKind::kTooMany || problem.kind == ProblemKind::kUnavailable ||
      problem.kind == ProblemKind::kNoSnapshot) {
    response.set_header("Retry-After", "1");
  }
  if (problem.kind == ProblemKind::kInternal) {
    fmt::print(stderr, "{} {} {}: {}\n", id, request.method, request.path, problem.detail);
  }
}

void App::dispatch(const httplib::Request& request, httplib::Response& response, const BodyReader& reader) {
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  try {
    run(request, response, reader);
  } catch (const Problem& problem) {
    write_problem(request, response, problem);
  } catch (const SQLite::Exception& error) {
    // The disk is full, fails, or is read-only; another process holds the lock. Nothing was taken in, so it can be sent
    // again.
    fmt::print(stderr, "{} {}: the store: {}\n", request.method, request.path, error.what());
    counters.store_failures.fetch_add(1, std::memory_order_relaxed);
    write_problem(request, response, {.kind = ProblemKind::kUnavailable, .detail = "It could not be stored."});
  } catch (const ProfileGone&) {  // erased while this was under way
    write_problem(request, response, {.kind = ProblemKind::kUnauthorized});
  } catch (const std::exception& error) {
    // What it says may quote data: it goes into the log under the request's id, and not to the
    // client.
    const std::string id = request_id();
    fmt::print(stderr, "{} {} {}: {}\n", id, request.method, request.path, error.what());
    response.headers.erase("Content-Type");
    response.body = problem_json({.kind = ProblemKind::kInternal}, id);
    response.set_header("Content-Type", "application/problem+json");
    response.set_header("X-Request-Id", id);
    response.status = problem_row(ProblemKind::kInternal).status;
    counters.problems.fetch_add(1, std::memory_order_relaxed);
  }
  response.set_header("X-Content-Type-Options",
                      "nosniff");  // JSON is never a page, whatever is in it
  response.set_header("X-Frame-Options", "DENY");
  response.set_header("Referrer-Policy", "no-referrer");
  if (!response.has_header("Content-Security-Policy")) response.set_header("Content-Security-Policy", kDataPolicy);
  if (!response.has_header("Cache-Control")) response.set_header("Cache-Control", "no-store");
}

void App::run(const httplib::Request& request, httplib::Response& response, const BodyReader& reader) {
  cors(request, response);
  check_rate(request);
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  Match match = match_route(method, request.path);
  if (match.route == nullptr) {
    if (match.allow.empty()) throw Problem{ProblemKind::kNotFound};
    response.set_header("Allow", match.allow);
    if (method == "OPTIONS") {
      response.status = 204;
      return;
    }
    throw Problem{ProblemKind::kMethodNotAllowed};
  }
  const Route& route = *match.route;
  Exchange exchange{request, response, route, std::move(match.arguments), {}, {}};
  // Credentials first: whoever has none does not get to send a body.
  if (needs_key(route.access)) check_key(exchange);
  if (route.access == Access::kVisitor && !route.request.empty()) static_cast<void>(session(exchange));
  if (!route.request.empty()) {
    if (!reader) {
      // A multipart body is not offered to read; an absent one is not JSON.
      if (request.has_header("Content-Type")) check_media_type(exchange);
      throw Problem{ProblemKind::kBadJson, "A body is needed here."};
    }
    check_media_type(exchange);
    read_body(route, request, reader, exchange.body);
  } else if (reader) {
    // Nothing is taken here; a few bytes such as {} do no harm, and reading them keeps the
    // connection.
    bool too_large = false;
    std::string ignored;
    if (!reader(4096, ignored, too_large)) throw Problem{ProblemKind::kTooLarge};
  }
  route.handle(*this, exchange);
}

}  // namespace footlight::origin
