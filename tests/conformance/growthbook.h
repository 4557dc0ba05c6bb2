// A case of growthbook-cases.json as our engine is asked it: a document to compile and a request.
#pragma once

#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "origin/experiment/request.h"
#include "origin/experiment/value_builder.h"

namespace footlight::experiment::conformance {

inline constexpr std::uint32_t kNow = 1'790'000'000;

inline Json read_suite() {
  std::ifstream file(std::string(FOOTLIGHT_SOURCE_DIR) + "/tests/conformance/growthbook-cases.json");
  return Json::parse(file);
}

inline Json member(const Json& object, const char* name, const Json& otherwise = nullptr) {
  return object.contains(name) ? object[name] : otherwise;
}

struct Question {
  Json document;
  Json request;
  std::string feature;  // empty: the first experiment of the document is asked for
};

inline Question of_context(const Json& context, const Json& experiments, const Json* sticky, std::string feature) {
  Question out;
  out.feature = std::move(feature);
  out.document = {{"features", member(context, "features", Json::object())},
                  {"experiments", experiments},
                  {"savedGroups", member(context, "savedGroups", Json::object())},
                  {"contextualBandits", member(context, "contextualBandits", Json::object())}};
  out.request = {{"attributes", member(context, "attributes", Json::object())}};
  if (context.contains("url")) out.request["url"] = url_of(context["url"].get<std::string>());
  if (context.contains("forcedVariations")) out.request["forced"] = context["forcedVariations"];
  if (context.contains("forcedFeatureValues")) out.request["features"] = context["forcedFeatureValues"];
  out.request["disabled"] = member(context, "enabled", true) == Json(false);
  out.request["qa"] = member(context, "qaMode", false);
  if (sticky != nullptr) out.request["sticky"] = *sticky;
  return out;
}

inline std::string document_name(const Json& document) {
  return document["attributeName"].get<std::string>() + "||" + document["attributeValue"].get<std::string>();
}

// Of a sticky case: the documents by name.
inline Json sticky_documents(const Json& c) {
  Json documents = Json::object();
  for (const Json& d : c[2]) documents[document_name(d)] = d;
  const Json given = member(c[1], "stickyBucketAssignmentDocs", Json::object());
  for (const auto& d : given.items()) documents[d.key()] = d.value();
  return documents;
}

// Cases about one function are asked through an experiment that shows what it gives. Those about what is computed at
// publishing (shares of coverage, and choosing by them) are not here.
inline Question question_of(const std::string& kind, const Json& c) {
  if (kind == "evalCondition") {
    const Json rule = {{"condition", c[1]}, {"force", true}};
    const Json context = {{"features", {{"f", {{"defaultValue", false}, {"rules", Json::array({rule})}}}}},
                          {"attributes", c[2]},
                          {"savedGroups", c.size() > 4 ? c[4] : Json::object()}};
    return of_context(context, Json::array(), nullptr, "f");
  }
  if (kind == "feature" || kind == "contextualBandit") {
    return of_context(c[1], Json::array(), nullptr, c[2].get<std::string>());
  }
  if (kind == "run") return of_context(c[1], Json::array({c[2]}), nullptr, "");
  if (kind == "stickyBucket") {
    const Json documents = sticky_documents(c);
    Json sticky = Json::object();
    for (const auto& d : documents.items()) sticky[d.key()] = d.value()["assignments"];
    return of_context(c[1], Json::array(), &sticky, c[3].get<std::string>());
  }
  if (kind == "urlRedirect") return of_context(c[1], c[1]["experiments"], nullptr, "");
  if (kind == "hash") {
    // A filter that lets nothing else through; of a version that is not known, nothing at all.
    const double bucket = c[3].is_null() ? 0 : c[3].get<double>();
    const Json ranges = Json::array({Json::array({bucket, c[3].is_null() ? 1 : bucket + 1e-9})});
    const Json filter = {{"seed", c[0]}, {"hashVersion", c[2]}, {"ranges", ranges}};
    const Json experiment = {{"key", "k"}, {"variations", {0, 1}}, {"filters", Json::array({filter})}};
    return of_context({{"attributes", {{"id", c[1]}}}}, Json::array({experiment}), nullptr, "");
  }
  if (kind == "inNamespace") {
    const Json experiment = {{"key", "k"}, {"variations", {0, 1}}, {"namespace", c[2]}};
    return of_context({{"attributes", {{"id", c[1]}}}}, Json::array({experiment}), nullptr, "");
  }
  Json variations = Json::array();
  for (int v = 0; v < c[3].get<int>(); ++v) variations.push_back(v);
  const Json experiment = {{"key", c[1]}, {"variations", variations}};
  return of_context({{"url", c[2]}}, Json::array({experiment}), nullptr, "");
}

}  // namespace footlight::experiment::conformance
