// What every handler works with, and the frame around each request: route, credentials, limits,
// errors, counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "origin/cache/cache_manager.h"
#include "origin/cache/page_cache.h"
#include "origin/http/client_address.h"
#include "origin/http/mail.h"
#include "origin/http/problem.h"
#include "origin/http/rate_limit.h"
#include "origin/http/record_behind.h"
#include "origin/http/server.h"
#include "origin/learn/tastes.h"
#include "origin/publish/live.h"
#include "origin/publish/publisher.h"
#include "origin/schedule/experiments.h"
#include "origin/schedule/jobs.h"
#include "origin/schedule/learning.h"
#include "origin/schedule/off_peak.h"
#include "origin/store/store.h"

namespace footlight::origin {

struct AppOptions {
  std::vector<std::string> cors_origins;  // exact; "*" is not offered: requests carry credentials
  std::vector<Network> trusted_proxies;   // whose X-Forwarded-For is believed (client_address.h)
  double rate_per_s = 1000;               // per client address; 0: no limit
  double key_rate_per_s = 1000;           // per API key; 0: no limit
  double profiles_per_min = 20;           // new ones per client address, and a thousand times that of all; 0: no limit
  bool consent_opt_out = false;           // where the law lets silence count as consent: unit ids without a choice
  std::int64_t token_ttl_ms = 180LL * 86'400'000;
  double record_per_s = 30;  // decisions written behind, at most (record_behind.h)
  publish::PublishOptions publish;
  learn::TrainOptions train;
  publish::PrecomputeOptions precompute;
  std::optional<schedule::OffPeak> off_peak;  // when to learn by itself; never without
};

struct AppCounters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> problems{0};
  std::atomic<std::uint64_t> decisions{0};
  std::atomic<std::uint64_t> interactions_counted{0};
  std::atomic<std::uint64_t> interactions_duplicate{0};
  std::atomic<std::uint64_t> interactions_refused{0};
  std::atomic<std::uint64_t> profiles_created{0};
  std::atomic<std::uint64_t> rate_limited{0};
  std::atomic<std::uint64_t> store_failures{0};
};

using Json = nlohmann::ordered_json;

struct Route;

// One request being answered.
struct Exchange {
  const httplib::Request& request;
  httplib::Response& response;
  const Route& route;
  std::vector<std::string> arguments;  // of the path, in order
  std::string body;
  std::string actor;  // of a route that needs a key: who changes something, for the audit log

  // The body as JSON; throws Problem kBadJson.
  [[nodiscard]] Json json() const;
  // A query parameter, or empty.
  [[nodiscard]] std::string parameter(const std::string& name) const;
  // The Content-Type without parameters, in lower case.
  [[nodiscard]] std::string media_type() const;
  // Sec-GPC: 1 or DNT: 1. It stands for who has not chosen; the later explicit choice wins over it.
  [[nodiscard]] bool signals_refusal() const;
  void answer(const Json& document, int status = 200) const;
  void answer_text(std::string text, const char* content_type, int status = 200) const;
};

class App {
 public:
  static constexpr std::int64_t kHousekeepingMs = 5000;  // checkpoints of the audit log, retention once a day

  App(Store& store, publish::Live& live, AppOptions options, MailOptions mail);
  ~App() { jobs.stop(); }  // before anything that their work uses goes
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  void dispatch(const httplib::Request& request, httplib::Response& response, const BodyReader& reader);

  // Once a second: a newer snapshot, a newer site, what other processes have erased.
  void tick();
  // Once a second, of one thread: what the schedule and the jobs have to do.
  void work();

  // -- for handlers
  // The session of the Bearer token; throws kUnauthorized, or kForbidden when X-User-ID is somebody
  // else. nullptr only when there is no Authorization at all.
  [[nodiscard]] std::shared_ptr<const Session> session_if_any(const Exchange& exchange);
  [[nodiscard]] std::shared_ptr<const Session> session(const Exchange& exchange);
  [[nodiscard]] std::shared_ptr<const publish::LiveSnapshot> snapshot() const;  // throws kNoSnapshot
  // Of the live snapshot, or (for a moment after a publish) of the one before.
  [[nodiscard]] std::shared_ptr<const ActiveWindows> windows() const;
  [[nodiscard]] std::shared_ptr<const SiteDocument> site();  // throws kConflict when there is none
  void forget(const Uuid& profile);                          // everything this process remembers of a person
  void check_profile_rate(const httplib::Request& request);  // of new profiles; throws kTooMany

  Store& store;
  publish::Live& live;
  const AppOptions options;
  CacheManager cache;
  PageCache pages;
  AppCounters counters;
  MailHook mail;
  RecordBehind behind;
  std::mutex long_work;  // train, publish, roll back: one at a time
  learn::FreshSimilarUsers similar;
  schedule::Learning learning;
  schedule::Experiments experiments;
  schedule::Jobs jobs;  // after what its work uses
  std::function<const ServerCounters*()> server_counters;

 private:
  void run(const httplib::Request& request, httplib::Response& response, const BodyReader& reader);
  [[nodiscard]] Client client(const httplib::Request& request) const;
  void check_rate(const httplib::Request& request);
  void check_key(Exchange& exchange);
  [[noreturn]] void refuse_credentials(const httplib::Request& request);
  [[noreturn]] void too_many();
  void take_up_erasures();
  void start_retention();
  void cors(const httplib::Request& request, httplib::Response& response);
  void write_problem(const httplib::Request& request, httplib::Response& response, const Problem& problem);

  RateLimit rate_;
  RateLimit key_rate_;
  RateLimit guesses_;       // refused credentials, per client
  RateLimit profiles_;      // new ones, per client
  RateLimit all_profiles_;  // new ones of everybody
  mutable std::atomic<bool> was_told_of_proxy_{false};
  std::atomic<std::int64_t> erasures_seen_{0};
  std::int64_t housekeeping_ms_ = 0;  // work() only
  std::optional<schedule::Nightly> nightly_;
  mutable std::mutex site_mutex_;  // guards the two below
  std::shared_ptr<const SiteDocument> site_;
  std::shared_ptr<const ActiveWindows> windows_;
};

}  // namespace footlight::origin
