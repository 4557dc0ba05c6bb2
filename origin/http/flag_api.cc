// OFREP, the OpenFeature Remote Evaluation Protocol 0.1: flags of the live snapshot, evaluated here for servers that
// have no engine of their own.
#include <optional>

#include <fmt/format.h>

#include "origin/experiment/answer.h"
#include "origin/experiment/request.h"
#include "origin/http/handlers.h"
#include "origin/publish/sha256.h"

namespace footlight::origin {
namespace {

using experiment::Evaluator;
using experiment::Feature;
using experiment::Program;
using experiment::Source;

// OpenFeature's words for why.
const char* reason_of(const Feature& feature) {
  switch (feature.source) {
    case Source::kForce:
      return "TARGETING_MATCH";
    case Source::kExperiment:
      return "SPLIT";
    case Source::kOverride:
      return "STATIC";
    case Source::kPrerequisite:
      return "DISABLED";
    default:
      return "DEFAULT";
  }
}

// {"key", "value", "reason", "variant", "metadata"}; without a value the caller's own default stands.
Json success(const Program& program, std::string_view key, const Feature& feature) {
  Json out = {{"key", key}, {"reason", reason_of(feature)}};
  if (!feature.value.is_null()) out["value"] = experiment::json_of(feature.value);
  Json metadata = {{"source", experiment::source_name(feature.source)}};
  if (feature.source == Source::kExperiment) {
    out["variant"] = experiment::variant_name(program, feature.assignment);
    metadata["experiment"] = program.text(program.experiments[feature.assignment.experiment].key);
  }
  if (feature.rule != experiment::kNone && program.rules[feature.rule].id.size > 0) {
    metadata["ruleId"] = program.text(program.rules[feature.rule].id);
  }
  out["metadata"] = std::move(metadata);
  return out;
}

Json failure(std::string_view key, const char* code, std::string_view details) {
  Json out = {{"errorCode", code}, {"errorDetails", details}};
  if (!key.empty()) out["key"] = key;
  return out;
}

// One request's evaluation: the context checked, the program of the live snapshot.
class Asked {
 public:
  // Answers by itself, and leaves `evaluator` empty, when the context is none.
  Asked(App& app, const Exchange& exchange, std::string_view key) : live_(app.snapshot()) {
    Json body;
    try {
      body = exchange.json();
    } catch (const Problem&) {
      exchange.answer(failure(key, "PARSE_ERROR", "the body is not JSON"), 400);
      return;
    }
    const bool has_context = body.is_object() && body.contains("context") && body["context"].is_object();
    if (!has_context) {
      exchange.answer(failure(key, "INVALID_CONTEXT", "`context` must be an object"), 400);
      return;
    }
    Json attributes = body["context"];
    if (attributes.contains("targetingKey")) {
      if (!attributes["targetingKey"].is_string()) {
        exchange.answer(failure(key, "INVALID_CONTEXT", "`targetingKey` must be text"), 400);
        return;
      }
      if (!attributes.contains("id")) attributes["id"] = attributes["targetingKey"];
    }
    Json root = {{"attributes", std::move(attributes)}};
    if (root["attributes"].contains("url") && root["attributes"]["url"].is_string()) {
      root["url"] = experiment::url_of(root["attributes"]["url"].get<std::string>());
    }
    try {
      words_ = experiment::request_bytes(root);
    } catch (const std::length_error&) {
      exchange.answer(failure(key, "INVALID_CONTEXT", "the context is nested too deep"), 400);
      return;
    }
    const auto table = experiment::read_request(std::as_bytes(std::span(words_)));
    if (!table) {
      exchange.answer(failure(key, "INVALID_CONTEXT", "the context is too large"), 400);
      return;
    }
    table_ = *table;
    request_ = experiment::Request::of(table_, static_cast<std::uint32_t>(now_ms() / 1000));
    evaluator.emplace(program(), request_);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  [[nodiscard]] const Program& program() const noexcept { return live_->flags(); }

  std::optional<Evaluator> evaluator;

 private:
  std::shared_ptr<const publish::LiveSnapshot> live_;
  std::vector<std::uint64_t> words_;
  experiment::ValueTable table_;
  experiment::Request request_;
};

Json evaluated(Asked& asked, std::string_view key, const Feature& feature, int& status) {
  status = 200;
  if (feature.source == Source::kUnknownFeature) {
    status = 404;
    return failure(key, "FLAG_NOT_FOUND", fmt::format("flag `{}` is not there", key));
  }
  if (feature.source == Source::kCyclicPrerequisite) {
    status = 400;
    return failure(key, "GENERAL", fmt::format("flag `{}` is its own prerequisite", key));
  }
  return success(asked.program(), key, feature);
}

}  // namespace

void evaluate_flag(App& app, Exchange& exchange) {
  const std::string& key = exchange.arguments.front();
  Asked asked(app, exchange, key);
  if (!asked.evaluator) return;
  int status = 200;
  const Json answer = evaluated(asked, key, asked.evaluator->feature(key), status);
  exchange.answer(answer, status);
}

void evaluate_flags(App& app, Exchange& exchange) {
  Asked asked(app, exchange, "");
  if (!asked.evaluator) return;
  Json flags = Json::array();
  for (std::uint32_t f = 0; f < asked.program().features.size(); ++f) {
    int status = 200;
    const std::string_view key = asked.program().text(asked.program().features[f].key);
    flags.push_back(evaluated(asked, key, asked.evaluator->feature(f), status));
  }
  std::string text = Json{{"flags", std::move(flags)}}.dump();
  const std::string etag = '"' + publish::sha256_hex(std::as_bytes(std::span(text))).substr(0, 32) + '"';
  exchange.response.set_header("ETag", etag);
  if (exchange.request.get_header_value("If-None-Match") == etag) {
    exchange.response.status = 304;
    return;
  }
  exchange.answer_text(std::move(text), "application/json");
}

}  // namespace footlight::origin
