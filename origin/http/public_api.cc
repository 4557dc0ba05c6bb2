// Health, metrics, published files, and the OpenAPI document.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "origin/http/handlers.h"
#include "origin/http/route.h"

namespace footlight::origin {
namespace {

constexpr std::uintmax_t kMaxFile = 256U << 20U;

// The whole file, or nothing when it is not there.
std::optional<std::string> read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  const auto size = static_cast<std::uintmax_t>(file.tellg());
  if (size > kMaxFile) return std::nullopt;
  std::string bytes(size, '\0');
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!file) return std::nullopt;
  return bytes;
}

bool is_sha256(const std::string& name) {
  return name.size() == 64 &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

void get_health(App& app, Exchange& exchange) {
  const auto live = app.live.get();
  const std::string refusal = app.live.refusal();
  Json document = {{"status", live ? "ok" : "no_snapshot"}, {"snapshotVersion", nullptr}};
  if (live) document["snapshotVersion"] = live->version();
  if (!refusal.empty()) document["snapshotRefused"] = refusal;
  exchange.answer(document);
}

void get_metrics(App& app, Exchange& exchange) {
  std::string out;
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    out +=
        fmt::format("# HELP footlight_{0} {1}\n# TYPE footlight_{0} counter\nfootlight_{0} {2}\n", name, help, value);
  };
  const auto gauge = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    out += fmt::format("# HELP footlight_{0} {1}\n# TYPE footlight_{0} gauge\nfootlight_{0} {2}\n", name, help, value);
  };
  const AppCounters& c = app.counters;
  counter("requests_total", "Requests.", c.requests);
  counter("problems_total", "Requests answered with a problem.", c.problems);
  counter("decisions_total", "Decisions made.", c.decisions);
  counter("interactions_counted_total", "Interactions counted.", c.interactions_counted);
  counter("interactions_duplicate_total", "Interactions that had been counted before.", c.interactions_duplicate);
  counter("interactions_refused_total", "Interactions refused.", c.interactions_refused);
  counter("profiles_created_total", "Profiles created.", c.profiles_created);
  counter("rate_limited_total", "Requests over the rate limit.", c.rate_limited);
  counter("store_failures_total", "Requests that the store failed: disk full, failing or read-only, or locked.",
          c.store_failures);
  counter("session_hits_total", "Sessions found in memory.", app.cache.hits());
  counter("session_misses_total", "Sessions read from the store.", app.cache.misses());
  counter("page_hits_total", "Homepages answered from memory.", app.pages.hits());
  counter("decisions_recorded_total", "Decisions written behind the answer.", app.behind.written());
  counter("decisions_skipped_total", "New decisions not written, over the limit.", app.behind.skipped());
  counter("commits_total", "Commits of the store.", app.store.writer().commits());
  counter("writes_total", "Jobs of the store's writer.", app.store.writer().jobs());
  counter("trainings_total", "Trainings by the schedule or by request.", app.learning.trained());
  counter("publishes_total", "Publishes by the schedule or as jobs.", app.learning.published());
  counter("publishes_refused_total", "Such publishes that were refused.", app.learning.refused());
  counter("experiments_rolled_back_total", "Experiments stopped because a guardrail broke.",
          app.experiments.rolled_back());
  counter("homepages_precomputed_total", "Homepages precomputed.", app.learning.precomputed());
  if (app.server_counters) {
    const ServerCounters* server = app.server_counters();
    counter("connections_accepted_total", "Connections accepted.", server->accepted);
    counter("connections_refused_total", "Connections refused, over the cap.", server->refused);
    gauge("connections_open", "Connections open.", static_cast<std::uint64_t>(std::max<std::int64_t>(server->open, 0)));
  }
  const auto live = app.live.get();
  gauge("snapshot_version", "The snapshot in use; 0: none.", live ? live->version() : 0);
  exchange.answer_text(std::move(out), "text/plain; version=0.0.4");
}

void get_manifest(App& app, Exchange& exchange) {
  auto text = read_whole(app.options.publish.directory / "manifest.json");
  if (!text) throw Problem{ProblemKind::kNoSnapshot};
  exchange.response.set_header("Cache-Control", "no-cache");
  exchange.answer_text(std::move(*text), "application/json");
}

void get_published_file(App& app, Exchange& exchange) {
  const std::string& name = exchange.arguments.front();
  if (!is_sha256(name)) throw Problem{ProblemKind::kNotFound};
  auto bytes = read_whole(app.options.publish.directory / name);
  if (!bytes) throw Problem{ProblemKind::kNotFound};
  // The name is the hash of the bytes: what is under it never changes.
  exchange.response.set_header("Cache-Control", "public, max-age=31536000, immutable");
  exchange.answer_text(std::move(*bytes), "application/octet-stream");
}

void get_openapi(App&, Exchange& exchange) { exchange.answer_text(openapi_document(), "application/json"); }

}  // namespace footlight::origin
