// GrowthBook's language-neutral SDK suite through the compiled path: JSON -> program -> core.
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "core/experiment/evaluate.h"
#include "origin/experiment/compile.h"
#include "origin/experiment/decrypt.h"
#include "origin/experiment/request.h"
#include "tests/conformance/growthbook.h"

namespace {

using namespace footlight;
using namespace footlight::experiment;
using namespace footlight::experiment::conformance;

nlohmann::json sorted(const Json& json) { return nlohmann::json::parse(json.dump()); }

Json rounded(const std::vector<Range>& ranges) {
  Json out = Json::array();
  const auto round = [](double x) { return std::floor(x * 1e8) / 1e8; };
  for (const Range& range : ranges) out.push_back({round(range.from), round(range.until)});
  return out;
}

// One question, compiled, and its request.
struct Run {
  Json document;
  Compiled compiled;
  std::vector<std::uint64_t> words;
  Program program;
  ValueTable table;
  Request request;

  explicit Run(const Question& question) : document(question.document) {
    compiled = compile(document);
    for (const auto& fault : compiled.findings.faults) BOOST_ERROR(fault.pointer + " " + fault.detail);
    BOOST_REQUIRE(compiled.findings.faults.empty());
    const auto opened = open_program(compiled.bytes());
    BOOST_REQUIRE(opened.has_value());
    program = *opened;
    words = request_bytes(question.request);
    const auto read = read_request(std::as_bytes(std::span(words)));
    BOOST_REQUIRE(read.has_value());
    table = *read;
    request = Request::of(table, kNow);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
};

// The variant's key, as SDKs name it.
std::string key_of(const Program& program, const Assignment& assignment) {
  const VariantRow& variant =
      program.variants[program.experiments[assignment.experiment].variants.first + assignment.variant];
  return variant.key.size > 0 ? std::string(program.text(variant.key)) : std::to_string(assignment.variant);
}

// As the SDKs write down the result of an experiment.
Json result_of(const Run& run, const Assignment& assignment, const Json& feature_id, const Json& weights,
               const Json& bandit_version) {
  const ExperimentRow& row = run.program.experiments[assignment.experiment];
  const VariantRow& variant = run.program.variants[row.variants.first + assignment.variant];
  Json result = {{"key", key_of(run.program, assignment)},
                 {"featureId", feature_id},
                 {"inExperiment", assignment.in_experiment},
                 {"hashUsed", assignment.hash_used},
                 {"variationId", assignment.variant},
                 {"value", json_of(Value(run.program.conditions.constants, variant.value))},
                 {"hashAttribute", std::string(assignment.attribute)},
                 {"hashValue", assignment.unit.is_null() ? Json("") : json_of(assignment.unit)},
                 {"stickyBucketUsed", assignment.sticky_used}};
  if (variant.name.size > 0) result["name"] = run.program.text(variant.name);
  if (assignment.bucket >= 0) result["bucket"] = assignment.bucket;
  if (variant.passthrough != 0) result["passthrough"] = true;
  if ((row.flags & kExperimentIsBandit) != 0 && assignment.hash_used && assignment.in_experiment) {
    result["leafId"] = assignment.leaf;
    result["variationWeights"] = weights;
    if (!bandit_version.is_null()) result["banditVersion"] = bandit_version;
  }
  return result;
}

Json feature_result(const Run& run, const std::string& key, Assignment* assigned = nullptr) {
  static const char* const kSources[] = {"unknownFeature", "cyclicPrerequisite", "override",    "prerequisite",
                                         "force",          "experiment",         "defaultValue"};
  Evaluator evaluator(run.program, run.request);
  const Feature feature = evaluator.feature(key);
  Json out = {
      {"value", json_of(feature.value)},
      {"on", feature.value.truthy()},
      {"off", !feature.value.truthy()},
      {"source", kSources[static_cast<std::size_t>(feature.source)]},
      {"ruleId", feature.rule == kNone ? "" : std::string(run.program.text(run.program.rules[feature.rule].id))}};
  if (feature.source != Source::kExperiment) return out;
  if (assigned != nullptr) *assigned = feature.assignment;
  const Json& rule = run.document.at(Json::json_pointer(run.compiled.rule_pointers[feature.rule]));
  Json experiment = {{"variations", member(rule, "contextualVariations", member(rule, "variations"))},
                     {"key", member(rule, "key", key)}};
  for (const char* name : {"coverage", "weights", "hashAttribute", "fallbackAttribute", "disableStickyBucketing",
                           "bucketVersion", "minBucketVersion", "namespace", "meta", "ranges", "name", "phase", "seed",
                           "hashVersion", "filters", "condition"}) {
    if (rule.contains(name)) experiment[name] = rule[name];
  }
  Json weights = member(rule, "weights");
  Json version;
  const ExperimentRow& row = run.program.experiments[feature.assignment.experiment];
  if ((row.flags & kExperimentIsBandit) != 0) {
    const Json& bandit = run.document["contextualBandits"][rule["contextualBanditRef"].get<std::string>()];
    version = member(bandit, "banditVersion");
    if (feature.assignment.context != kNone) {
      weights = bandit["contexts"][feature.assignment.context - row.contexts.first]["weights"];
      experiment["weights"] = weights;
    }
    if (weights.is_null()) weights = equal_weights(static_cast<int>(row.variants.count));
    if (feature.assignment.hash_used && feature.assignment.in_experiment) {
      experiment["contextualBandit"] = {{"leafId", feature.assignment.leaf}, {"variationWeights", weights}};
      if (!version.is_null()) experiment["contextualBandit"]["banditVersion"] = version;
    }
  }
  out["experiment"] = experiment;
  out["experimentResult"] = result_of(run, feature.assignment, key, weights, version);
  return out;
}

bool condition_case(const Json& c) {
  const Run run(question_of("evalCondition", c));
  return feature_result(run, "f")["value"] == c[3];
}

bool feature_case(const Json& c) {
  const Run run(question_of("feature", c));
  const Json result = feature_result(run, c[2].get<std::string>());
  if (sorted(result) != sorted(c[3])) BOOST_TEST_MESSAGE(result.dump() << "\n  wanted " << c[3].dump());
  return sorted(result) == sorted(c[3]);
}

bool run_case(const Json& c) {
  const Run run(question_of("run", c));
  Evaluator evaluator(run.program, run.request);
  const Json result = result_of(run, evaluator.assign(0), "", nullptr, nullptr);
  return sorted(result["value"]) == sorted(c[3]) && result["inExperiment"] == c[4] && result["hashUsed"] == c[5];
}

bool sticky_case(const Json& c) {
  Json documents = sticky_documents(c);
  const Run run(question_of("stickyBucket", c));
  Assignment assignment;
  const Json feature = feature_result(run, c[3].get<std::string>(), &assignment);
  if (sorted(member(feature, "experimentResult")) != sorted(c[4])) {
    BOOST_TEST_MESSAGE(feature.dump() << "\n  wanted " << c[4].dump());
    return false;
  }
  // What is to be remembered: the document of the attribute that was used.
  const bool sticks = assignment.experiment != kNone && assignment.hash_used &&
                      (run.program.experiments[assignment.experiment].flags & kExperimentDoesNotStick) == 0;
  if (sticks) {
    const ExperimentRow& row = run.program.experiments[assignment.experiment];
    const std::string name = std::string(assignment.attribute) + "||" + std::string(assignment.unit.text());
    Json& d = documents[name];
    d["attributeName"] = std::string(assignment.attribute);
    d["attributeValue"] = std::string(assignment.unit.text());
    d["assignments"][std::string(run.program.text(row.key)) + "__" + std::to_string(row.bucket_version)] =
        key_of(run.program, assignment);
  }
  // The suite's service hands out the documents of the visitor's own attributes alone.
  Json kept = Json::object();
  for (const auto& [name, d] : documents.items()) {
    const std::string attribute = d["attributeName"];
    if (js_text(member(c[1]["attributes"], attribute.c_str(), "")) == d["attributeValue"]) kept[name] = d;
  }
  if (sorted(kept) != sorted(c[5])) BOOST_TEST_MESSAGE(kept.dump() << "\n  wanted " << c[5].dump());
  return sorted(kept) == sorted(c[5]);
}

Json merged_url(const std::string& from, const std::string& to) {
  std::string out = to;
  const Json there = url_of(to)["query"];
  const Json asked = url_of(from)["query"];
  for (const auto& pair : asked.items()) {
    if (there.contains(pair.key())) continue;
    out += (out.find('?') == std::string::npos ? "?" : "&") + pair.key() + "=" + pair.value().get<std::string>();
  }
  return out;
}

bool redirect_case(const Json& c) {
  const Run run(question_of("urlRedirect", c));
  Json results = Json::array();
  for (std::uint32_t e = 0; e < c[1]["experiments"].size(); ++e) {
    Evaluator evaluator(run.program, run.request);
    const Assignment assignment = evaluator.assign(e);
    const Json value = result_of(run, assignment, "", nullptr, nullptr)["value"];
    if (!assignment.in_experiment && value.empty()) continue;
    const std::string to = member(value, "urlRedirect", "");
    const bool merge = member(c[1]["experiments"][e], "persistQueryString", false).get<bool>();
    results.push_back({{"inExperiment", assignment.in_experiment},
                       {"urlRedirect", to},
                       {"urlWithParams", merge ? merged_url(c[1]["url"], to) : Json(to)}});
    break;  // a page goes to one place
  }
  if (sorted(results) != sorted(c[2])) BOOST_TEST_MESSAGE(results.dump() << "\n  wanted " << c[2].dump());
  return sorted(results) == sorted(c[2]);
}

const std::map<std::string, std::function<bool(const Json&)>>& kinds() {
  static const std::map<std::string, std::function<bool(const Json&)>> all = {
      {"evalCondition", condition_case},
      {"hash",
       [](const Json& c) {
         const auto bucket = bucket_of(c[0].get<std::string>(), "", c[1].get<std::string>(), c[2].get<std::uint32_t>());
         const Run run(question_of("hash", c));
         Evaluator evaluator(run.program, run.request);
         return (bucket ? Json(*bucket) : Json()) == c[3] && evaluator.assign(0).in_experiment == !c[3].is_null();
       }},
      {"getBucketRange",
       [](const Json& c) {
         const auto weights = c[1][2].is_null() ? std::vector<double>{} : c[1][2].get<std::vector<double>>();
         return sorted(rounded(bucket_ranges(c[1][0].get<std::size_t>(), c[1][1].get<double>(), weights))) ==
                sorted(c[2]);
       }},
      {"feature", feature_case},
      {"run", run_case},
      {"chooseVariation",
       [](const Json& c) {
         std::vector<Range> ranges;
         for (const Json& range : c[2]) ranges.push_back({range[0].get<double>(), range[1].get<double>()});
         return Json(choose_variant(c[1].get<double>(), ranges)) == c[3];
       }},
      {"getQueryStringOverride",
       [](const Json& c) {
         const Run run(question_of("getQueryStringOverride", c));
         Evaluator evaluator(run.program, run.request);
         const Assignment assignment = evaluator.assign(0);
         return (assignment.in_experiment ? Json(assignment.variant) : Json()) == c[4];
       }},
      {"inNamespace",
       [](const Json& c) {
         const Run run(question_of("inNamespace", c));
         Evaluator evaluator(run.program, run.request);
         return evaluator.assign(0).in_experiment == c[3].get<bool>();
       }},
      {"getEqualWeights",
       [](const Json& c) {
         Json weights = Json::array();
         for (const double w : equal_weights(c[0].get<int>())) weights.push_back(std::floor(w * 1e8) / 1e8);
         Json wanted = Json::array();
         for (const Json& w : c[1]) wanted.push_back(std::floor(w.get<double>() * 1e8) / 1e8);
         return sorted(weights) == sorted(wanted);
       }},
      {"decrypt",
       [](const Json& c) {
         const auto plain = decrypt(c[1].get<std::string>(), c[2].get<std::string>());
         return (plain ? Json(*plain) : Json()) == c[3];
       }},
      {"stickyBucket", sticky_case},
      {"urlRedirect", redirect_case},
      {"contextualBandit", feature_case}};
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(experiment_conformance)

BOOST_AUTO_TEST_CASE(every_case_of_the_suite) {
  std::size_t passed = 0;
  std::size_t total = 0;
  const Json suite = read_suite();
  for (const auto& [kind, check] : kinds()) {
    std::size_t good = 0;
    for (const Json& c : suite[kind]) {
      const bool holds = check(c);
      BOOST_CHECK_MESSAGE(holds, kind << ": " << c.dump().substr(0, 300));
      good += holds ? 1 : 0;
    }
    BOOST_TEST_MESSAGE(kind << " " << good << " of " << suite[kind].size());
    passed += good;
    total += suite[kind].size();
  }
  BOOST_TEST(total == 517U);
  BOOST_TEST_MESSAGE("growthbook_passed " << passed << " growthbook_total " << total);
}

BOOST_AUTO_TEST_SUITE_END()
