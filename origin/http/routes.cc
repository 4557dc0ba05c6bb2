#include <algorithm>

#include "origin/http/handlers.h"
#include "origin/http/route.h"

namespace footlight::origin {
namespace {

constexpr std::size_t kSmall = 64 * 1024;
constexpr std::size_t kBatch = 512 * 1024;
constexpr std::size_t kLarge = 32 * 1024 * 1024;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kLimitSchema = R"({"type":"integer","minimum":1,"default":6})";
constexpr std::string_view kIdSchema = R"({"type":"string","maxLength":255})";
constexpr std::string_view kMethodSchema = R"({"enum":["engine","collaborative","content"],"default":"engine"})";
constexpr std::string_view kMethodText =
    "engine: the model; collaborative: what similar visitors chose; content: what resembles the visitor's own choices";
constexpr std::string_view kTagSchema = R"({"type":"string","maxLength":35})";

const std::vector<Route>& table() {
  static const std::vector<Route> routes = {
      {"POST", "/api/profile", "createProfile",
       "Create a profile from the questionnaire; with the owner's token, change it", Access::kOptional, post_profile,
       "ProfileRequest", "ProfileResponse", kJson, kSmall},
      {"POST", "/api/profile/claim", "claimProfile",
       "Use the one-time link that was mailed to the holder of an address", Access::kPublic, post_claim, "ClaimRequest",
       "ProfileResponse", kJson, kSmall},
      {"GET",
       "/api/personalization/homepage",
       "getHomepage",
       "The visitor's own homepage",
       Access::kVisitor,
       get_homepage,
       {},
       "Homepage",
       kJson,
       0,
       false,
       {{"locale", kTagSchema, "BCP 47 tag; default: Accept-Language"}}},
      {"GET",
       "/api/personalization/recommendations",
       "getRecommendations",
       "Items chosen for the visitor",
       Access::kVisitor,
       get_recommendations,
       {},
       "Recommendations",
       kJson,
       0,
       false,
       {{"type", R"({"type":"string"})",
         "project, service, testimonial, resource, deck or case_study; several with commas"},
        {"limit", kLimitSchema, "at most 24 are given"},
        {"method", kMethodSchema, kMethodText},
        {"locale", kTagSchema, "BCP 47 tag; default: Accept-Language"}}},
      {"GET",
       "/api/personalization/similar",
       "getSimilarContent",
       "The most similar content by its attributes; the same for everybody, and cacheable",
       Access::kPublic,
       get_similar_content,
       {},
       "SimilarContent",
       kJson,
       0,
       false,
       {{"contentId", kIdSchema, "UUID or own id of a live item"},
        {"type", R"({"type":"string"})", "of what is given, several with commas; default: all but heroes"},
        {"limit", kLimitSchema, "at most 24 are given"},
        {"locale", kTagSchema, "BCP 47 tag; default: Accept-Language"}}},
      {"GET",
       "/api/personalization/prediction",
       "getPrediction",
       "How likely the visitor is to click, engage with and convert on an item shown first",
       Access::kVisitor,
       get_prediction,
       {},
       "Prediction",
       kJson,
       0,
       false,
       {{"contentId", kIdSchema, "UUID or own id of a live item"}}},
      {"POST", "/api/personalization/interaction", "postInteraction", "One interaction; without eventId not idempotent",
       Access::kOptional, post_interaction, "Interaction", "InteractionResponse", kJson, kSmall},
      {"POST", "/api/personalization/interactions", "postInteractions",
       "Up to 500 interactions; each event id counts once, each gets a receipt", Access::kOptional, post_interactions,
       "InteractionBatch", "InteractionReceipts", kJson, kBatch},
      {"POST", "/api/privacy/consent", "postConsent", "Choose by purpose, or opt out", Access::kVisitor, post_consent,
       "ConsentRequest", "ConsentResponse", kJson, kSmall},
      {"GET",
       "/healthz",
       "getHealth",
       "Whether the service answers, and with which snapshot",
       Access::kPublic,
       get_health,
       {},
       "Health"},
      {"GET",
       "/metrics",
       "getMetrics",
       "Counters for Prometheus",
       Access::kPublic,
       get_metrics,
       {},
       {},
       "text/plain; version=0.0.4"},
      {"GET",
       "/snapshots/manifest.json",
       "getManifest",
       "The signed manifest of what is live",
       Access::kPublic,
       get_manifest,
       {},
       "ManifestEnvelope"},
      {"GET",
       "/snapshots/{sha256}",
       "getPublishedFile",
       "A published file, immutable",
       Access::kPublic,
       get_published_file,
       {},
       {},
       "application/octet-stream"},
      {"GET", "/openapi.json", "getOpenapi", "This document", Access::kPublic, get_openapi, {}, "Document"},
      {"GET",
       "/api/admin/content",
       "listContent",
       "Content, page by page",
       Access::kRead,
       list_content,
       {},
       "ContentPage",
       kJson,
       0,
       false,
       {{"limit", R"({"type":"integer","minimum":0,"maximum":500,"default":50})", "items to a page"},
        {"after", R"({"type":"integer","minimum":0})", "`next` of the page before"}}},
      {"POST", "/api/admin/content", "createContent", "Add an item", Access::kContent, create_content, "NewContent",
       "Content", kJson, kBatch},
      {"POST", "/api/admin/content/import", "importContent",
       "Load many items (origin/IMPORT.md), with row-level errors", Access::kContent, import_content, "Rows",
       "ImportReport", kJson, kLarge, true},
      {"GET",
       "/api/admin/content/{id}",
       "getContent",
       "An item by UUID or own id",
       Access::kRead,
       get_content,
       {},
       "Content"},
      {"PUT", "/api/admin/content/{id}", "replaceContent", "Replace an item", Access::kContent, replace_content,
       "ReplacedContent", "Content", kJson, kBatch},
      {"DELETE",
       "/api/admin/content/{id}",
       "deleteContent",
       "Take an item away",
       Access::kContent,
       delete_content,
       {},
       {},
       {}},
      {"GET", "/api/admin/site", "getSite", "The site document", Access::kRead, get_site, {}, "SiteDocument"},
      {"PUT", "/api/admin/site", "putSite", "Replace the site document", Access::kAdmin, put_site, "Document",
       "SiteVersion", kJson, 4 * 1024 * 1024},
      {"POST",
       "/api/admin/train",
       "train",
       "Fit the model to what visitors did",
       Access::kAdmin,
       post_train,
       {},
       {},
       {},
       0,
       false,
       {},
       "Job"},
      {"POST",
       "/api/admin/precompute",
       "precompute",
       "A profile's homepage now; a segment's slates; or, as a job, the homepages of active profiles",
       Access::kAdmin,
       post_precompute,
       "PrecomputeRequest",
       "Precomputed",
       kJson,
       kSmall,
       false,
       {},
       "Job"},
      {"GET",
       "/api/admin/jobs",
       "listJobs",
       "Long work of this origin, newest first",
       Access::kRead,
       list_jobs,
       {},
       "Jobs"},
      {"GET",
       "/api/admin/jobs/{id}",
       "getJob",
       "How one job goes, and what came of it",
       Access::kRead,
       get_job,
       {},
       "Job"},
      {"GET",
       "/api/admin/profiles/{id}/similar",
       "findSimilarUsers",
       "Profiles with similar answers and choices; of those who allow personalization",
       Access::kAdmin,
       list_similar_users,
       {},
       "SimilarUsers",
       kJson,
       0,
       false,
       {{"limit", R"({"type":"integer","minimum":1,"default":10})", "at most 24 are given"}}},
      {"GET",
       "/api/admin/profiles/{id}/recommendations",
       "recommendForProfile",
       "Items for a profile by one of three methods, with scores and how many stand behind each",
       Access::kAdmin,
       list_profile_recommendations,
       {},
       "ProfileRecommendations",
       kJson,
       0,
       false,
       {{"method", kMethodSchema, kMethodText},
        {"type", R"({"type":"string"})",
         "project, service, testimonial, resource, deck or case_study; several with commas"},
        {"limit", kLimitSchema, "at most 24 are given"},
        {"locale", kTagSchema, "BCP 47 tag; default: Accept-Language"}}},
      {"GET",
       "/api/admin/profiles/{id}/features",
       "prepareFeatures",
       "The feature vector of a profile by name; with an item, what each field adds for it",
       Access::kAdmin,
       get_profile_features,
       {},
       "Features",
       kJson,
       0,
       false,
       {{"contentId", kIdSchema, "UUID or own id of a live item"}}},
      {"GET",
       "/api/admin/profiles/{id}/prediction",
       "predictEngagement",
       "How likely a profile is to click, engage with and convert on an item shown first",
       Access::kAdmin,
       get_profile_prediction,
       {},
       "Prediction",
       kJson,
       0,
       false,
       {{"contentId", kIdSchema, "UUID or own id of a live item"}}},
      {"GET",
       "/api/admin/content/{id}/similar",
       "listSimilarContent",
       "The most similar content by its attributes",
       Access::kRead,
       list_similar_content,
       {},
       "SimilarContent",
       kJson,
       0,
       false,
       {{"type", R"({"type":"string"})", "of what is given, several with commas; default: all but heroes"},
        {"limit", kLimitSchema, "at most 24 are given"},
        {"locale", kTagSchema, "BCP 47 tag; default: Accept-Language"}}},
      {"POST",
       "/api/admin/publish",
       "publish",
       "Publish a new snapshot",
       Access::kAdmin,
       post_publish,
       {},
       "Published",
       kJson,
       0,
       false,
       {{"note", R"({"type":"string","maxLength":500})", "kept with the version, for whoever lists them"},
        {"force", R"({"type":"boolean"})", "publish although the new model was found worse than the live one"},
        {"background", R"({"type":"boolean","default":false})", "as a job, answered with 202"}},
       "Job"},
      {"GET",
       "/api/admin/snapshots",
       "listSnapshots",
       "Published versions, newest first",
       Access::kRead,
       list_snapshots,
       {},
       "Snapshots"},
      {"GET",
       "/api/admin/snapshots/{version}",
       "getSnapshot",
       "One version, and what is in it",
       Access::kRead,
       get_snapshot,
       {},
       "Snapshot"},
      {"POST",
       "/api/admin/snapshots/{version}/rollback",
       "rollback",
       "Publish the content of an older version as a new version",
       Access::kAdmin,
       post_rollback,
       {},
       "Published"},
      {"GET",
       "/api/admin/stats",
       "getStats",
       "Counts of profiles, interactions and items",
       Access::kRead,
       get_stats,
       {},
       "Stats"},
  };
  return routes;
}

// Compares piece by piece; `arguments` gets what stands for {names}.
bool fits(std::string_view pattern, std::string_view path, std::vector<std::string>& arguments) {
  while (true) {
    const std::size_t p = pattern.find('/', 1);
    const std::size_t q = path.find('/', 1);
    const std::string_view wanted = pattern.substr(0, p);
    const std::string_view given = path.substr(0, q);
    if (wanted.size() > 1 && wanted[1] == '{') {
      if (given.size() < 2) return false;
      arguments.emplace_back(given.substr(1));
    } else if (wanted != given) {
      return false;
    }
    if (p == std::string_view::npos || q == std::string_view::npos) {
      return p == q;
    }
    pattern.remove_prefix(p);
    path.remove_prefix(q);
  }
}

}  // namespace

std::span<const Route> routes() { return table(); }

Match match_route(std::string_view method, std::string_view path) {
  Match match;
  for (const Route& route : table()) {
    // The fixed beginning first: cheap, and it rules almost everything out.
    const std::string_view fixed = route.path.substr(0, route.path.find('{'));
    if (!path.starts_with(fixed)) continue;
    std::vector<std::string> arguments;
    if (!fits(route.path, path, arguments)) continue;
    if (route.method == method) {
      match.route = &route;
      match.arguments = std::move(arguments);
      return match;
    }
    // /content/import is a POST; a GET of it is the item called "import". Both may be allowed.
    if (match.allow.find(route.method) == std::string::npos) {
      if (!match.allow.empty()) match.allow += ", ";
      match.allow += route.method;
    }
  }
  return match;
}

}  // namespace footlight::origin
