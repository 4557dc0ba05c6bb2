// footlight serve: the origin's HTTP API.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <malloc.h>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/cli/publish_options.h"
#include "origin/http/app.h"
#include "origin/http/server.h"
#include "origin/privacy/vault.h"
#include "origin/publish/live.h"
#include "origin/schedule/off_peak.h"

namespace footlight::cli {
namespace {

struct ServeOptions {
  origin::ServerOptions server;
  origin::AppOptions app;
  origin::MailOptions mail;
  std::string consent = "opt-in";
  std::string public_key_file;
  double token_days = 180;
  std::string off_peak;
  std::vector<std::string> trusted_proxies;
};

// Answers of some kilobytes come and go all the time: glibc must not hand their pages back to the
// system and fetch them again for each (mprotect, madvise and the faults after them).
void keep_memory() {
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

void serve(const Globals& globals, ServeOptions& options) {
  keep_memory();
  const auto store = open_store(globals);
  store->vault().preload();
  options.app.publish = publish_options(globals);
  options.app.consent_opt_out = options.consent == "opt-out";
  if (!options.off_peak.empty()) options.app.off_peak = schedule::parse_off_peak(options.off_peak);
  for (const std::string& text : options.trusted_proxies) {
    options.app.trusted_proxies.push_back(*origin::parse_network(text));
  }
  options.app.token_ttl_ms = static_cast<std::int64_t>(options.token_days * 86'400'000);

  publish::LiveOptions live_options{.directory = globals.publish_dir()};
  live_options.public_keys = [file = globals.signing_key()] { return publish::trusted_keys(file); };
  static_cast<void>(live_options.public_keys());  // says now what is wrong with them
  publish::Live live(std::move(live_options));

  origin::App app(*store, live, options.app, options.mail);
  app.tick();
  origin::HttpServer server(options.server,
                            [&app](const httplib::Request& request, httplib::Response& response,
                                   const origin::BodyReader& reader) { app.dispatch(request, response, reader); });
  app.server_counters = [&server] { return &server.counters(); };
  const int port = server.bind();
  fmt::print("footlight: listening on http://{}:{}\n", options.server.host, port);
  if (!live.get()) fmt::print("footlight: nothing is published yet: footlight publish\n");
  std::fflush(stdout);

  std::thread listening([&server] { server.run(); });
  auto next_tick = std::chrono::steady_clock::now();
  while (!interrupted()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (std::chrono::steady_clock::now() < next_tick) continue;
    next_tick += std::chrono::milliseconds(500);
    try {
      app.tick();
      app.work();
    } catch (const std::exception& error) {
      fmt::print(stderr, "footlight: {}\n",
                 error.what());  // the database was busy, say: the next tick tries again
    }
  }
  server.stop_gracefully();
  app.jobs.stop();
  listening.join();
  fmt::print("footlight: stopped\n");
}

}  // namespace

void add_serve(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("serve", "Answer the HTTP API");
  command->footer(
      R"(GET /openapi.json describes the API. The admin API needs a key: footlight keys create --scope admin.
A newer snapshot, published by any process, is taken within a second. SIGTERM and Ctrl-C finish what is being answered.
Serve TLS by a proxy in front; with --trusted-proxy its X-Forwarded-For names the client.
What is about people goes by itself when its time is over (retention in site.json); erasures are finished at every start.

With --off-peak HH:MM-HH:MM it learns by itself: once in each such window it trains, publishes unless the publish is
refused, and precomputes the homepages of active profiles. The hours are UTC. Of several origins on one database one
does it; a restart does not do it again. GET /api/admin/jobs tells how it went. Training uses threads of low priority
(nice 15), so that requests go first; it still takes memory and caches: leave a core to the requests (--train-threads).

Examples:
  footlight serve
  footlight serve --off-peak 02:00-05:00
  footlight serve --host 0.0.0.0 --port 8787 --cors-origin https://www.example.com
  footlight serve --mail-command 'my-mailer' --claim-url https://www.example.com/claim)");
  auto options = std::make_shared<ServeOptions>();
  auto& server = options->server;
  auto& app = options->app;
  app.train.threads = std::max(1U, std::thread::hardware_concurrency() / 2);
  command->add_option("--host", server.host, "Address to listen on")->capture_default_str();
  command->add_option("--port", server.port, "Port; 0: any free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--threads", server.threads, "Threads that answer")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--max-connections", server.max_connections, "Beyond these, 503")->capture_default_str();
  command->add_option("--cors-origin", app.cors_origins, "Origin that may call from a browser; may be repeated");
  command
      ->add_option("--trusted-proxy", options->trusted_proxies,
                   "Network of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8; may be repeated")
      ->check([](const std::string& text) {
        return origin::parse_network(text) ? std::string() : "must be an address or a network such as 10.0.0.0/8";
      });
  command->add_option("--key-rate-limit", app.key_rate_per_s, "Requests a second and API key; 0: no limit")
      ->capture_default_str();
  command
      ->add_option("--profile-rate-limit", app.profiles_per_min,
                   "New profiles a minute and client address, and 1000 times as many of everybody; 0: no limit")
      ->capture_default_str();
  command
      ->add_option("--rate-limit", app.rate_per_s,
                   "Requests a second and client address, four times as many at once; 0: no limit")
      ->capture_default_str();
  command->add_option("--consent", options->consent, "Where silence counts as consent: opt-out")
      ->check(CLI::IsMember({"opt-in", "opt-out"}))
      ->capture_default_str();
  command->add_option("--token-days", options->token_days, "Days until a visitor's token expires")
      ->capture_default_str();
  command->add_option("--record-rate", app.record_per_s, "Decisions recorded a second, at most")->capture_default_str();
  command->add_option("--mail-command", options->mail.command, "Gets each message as JSON on its standard input");
  command->add_option("--mail-outbox", options->mail.outbox, "Folder for each message as a JSON file");
  command->add_option("--claim-url", options->mail.claim_url, "Page that redeems a mailed claim");
  command->add_option("--off-peak", options->off_peak, "Hours (UTC) in which to train, publish and precompute")
      ->check([](const std::string& text) {
        return schedule::parse_off_peak(text) ? std::string() : "must be like 02:00-05:00, in UTC";
      });
  command->add_option("--train-threads", app.train.threads, "Threads that train here; 0: one for each core")
      ->capture_default_str();
  command
      ->add_option("--precompute-days", app.precompute.active_days,
                   "Precompute for profiles that did something in so many days")
      ->check(CLI::Range(0.01, 3650.0))
      ->capture_default_str();
  command->add_option("--precompute-profiles", app.precompute.max_profiles, "Of these the latest so many")
      ->capture_default_str();
  command->callback([&globals, options] { serve(globals, *options); });
}

}  // namespace footlight::cli
