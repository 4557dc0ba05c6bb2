// footlight flags: what the flags in the store say to somebody, before or after they are published.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/experiment/answer.h"
#include "origin/experiment/flag_store.h"
#include "origin/experiment/request.h"

namespace footlight::cli {
namespace {

using experiment::Evaluator;
using experiment::Feature;
using Json = experiment::Json;

struct Wanted {
  std::vector<std::string> keys;
  std::string attributes = "{}";
  std::string url;
  bool json = false;
};

Json attributes_of(const Wanted& wanted) {
  Json attributes = Json::parse(wanted.attributes, nullptr, false);
  if (attributes.is_discarded() || !attributes.is_object()) {
    throw std::runtime_error(
        "--attributes must be a JSON object, such as '{\"id\": \"visitor-1\", \"country\": \"DE\"}'");
  }
  return attributes;
}

void print(const experiment::Program& program, const std::string& key, const Feature& feature) {
  fmt::print("  {:<32} {}", key, experiment::json_of(feature.value).dump());
  fmt::print("   ({}", experiment::source_name(feature.source));
  if (feature.rule != experiment::kNone && program.rules[feature.rule].id.size > 0) {
    fmt::print(" {}", program.text(program.rules[feature.rule].id));
  }
  if (feature.source == experiment::Source::kExperiment) {
    fmt::print(" {}: {}", program.text(program.experiments[feature.assignment.experiment].key),
               experiment::variant_name(program, feature.assignment));
  }
  fmt::print(")\n");
}

void evaluate(const Globals& globals, const Wanted& wanted) {
  const auto store = open_existing_store(globals);
  const auto document = experiment::flags(*store);
  if (!document) throw std::runtime_error("there are no flags: footlight import flags FILE");
  const experiment::Compiled compiled = experiment::compile(*document);
  const auto program = experiment::open_program(compiled.bytes());
  if (!program) throw std::runtime_error("the stored flags do not compile: import them again");
  Json root = {{"attributes", attributes_of(wanted)}};
  if (!wanted.url.empty()) root["url"] = experiment::url_of(wanted.url);
  const auto words = experiment::request_bytes(root);
  const auto table = experiment::read_request(std::as_bytes(std::span(words)));
  if (!table) throw std::runtime_error("--attributes is too large");
  const auto request = experiment::Request::of(*table, static_cast<std::uint32_t>(origin::now_ms() / 1000));
  Evaluator evaluator(*program, request);
  std::vector<std::string> keys = wanted.keys;
  if (keys.empty()) {
    for (const auto& row : program->features) keys.emplace_back(program->text(row.key));
  }
  Json all = Json::object();
  bool unknown = false;
  for (const std::string& key : keys) {
    const Feature feature = evaluator.feature(key);
    if (feature.source == experiment::Source::kUnknownFeature) {
      fmt::print(stderr, "footlight: flag '{}' is not there\n", key);
      unknown = true;
      continue;
    }
    all[key] = experiment::answer_of(*program, feature);
    if (!wanted.json) print(*program, key, feature);
  }
  if (wanted.json) fmt::print("{}\n", all.dump(2));
  if (unknown) throw CLI::RuntimeError(kExitFailure);
}

}  // namespace

void add_flags(CLI::App& program, const Globals& globals) {
  auto wanted = std::make_shared<Wanted>();
  auto* command = program.add_subcommand("flags", "What the flags say to somebody, and why");
  command->add_option("KEY", wanted->keys, "Flags (default: all)");
  command->add_option("--attributes", wanted->attributes, "What is known of them, a JSON object");
  command->add_option("--url", wanted->url, "The page's address");
  command->add_flag("--json", wanted->json, "As JSON");
  command->footer(
      R"(Speaks of the flags that were imported last, published or not. The unit of most experiments is the attribute `id`.

Examples:
  footlight flags
  footlight flags new-checkout --attributes '{"id": "visitor-1", "country": "DE"}'
  footlight flags --attributes '{"id": "visitor-1"}' --url https://example.com/?new-checkout=1)");
  command->callback([&globals, wanted] { evaluate(globals, *wanted); });
}

}  // namespace footlight::cli
