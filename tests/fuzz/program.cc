// Compiled flags and a request with bytes overwritten: a status, or results for every flag. The input is {u32 place, u8
// byte}, as often as there are; places beyond the program are in the request.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/experiment/wire.h"
#include "origin/experiment/compile.h"
#include "origin/experiment/request.h"

namespace {

using namespace footlight::experiment;

constexpr const char* kFlags = R"({
  "features": {
    "parent": {"defaultValue": {"a": [1, "two", null]}, "rules": [
      {"id": "r", "condition": {"$or": [{"country": {"$in": ["DE", "AT", 1]}}, {"tags": {"$elemMatch": {"$gt": 2}}},
        {"version": {"$vgte": "1.2.3"}}, {"name": {"$regexi": "^(ab|c[d-f]+)*x?$"}}]}, "force": true},
      {"coverage": 0.5, "schedule": [{"from": "2026-01-01T00:00:00Z", "coverage": 0.7}], "force": 3}]},
    "child": {"defaultValue": 1, "rules": [
      {"parentConditions": [{"id": "parent", "condition": {"value": {"$exists": true}}, "gate": true}],
       "key": "e", "hashVersion": 2, "variations": [1, 2, 3], "weights": [0.2, 0.3, 0.5], "fallbackAttribute": "device",
       "meta": [{"key": "x"}, {"key": "y"}, {"key": "z", "passthrough": true}], "minBucketVersion": 1, "bucketVersion": 2,
       "filters": [{"seed": "s", "ranges": [[0, 0.9]]}], "contextualBanditRef": "b"}]}},
  "experiments": [{"key": "page", "variations": [{}, {"urlRedirect": "/new"}], "namespace": ["n", 0, 0.8],
    "urlPatterns": [{"type": "simple", "include": true, "pattern": "*.example.com/a/*?x=1"}]}],
  "contextualBandits": {"b": {"contexts": [{"leafId": 4, "condition": {"tags": {"$size": 2}}, "weights": [0, 0, 1]}]}}})";

constexpr const char* kRequest = R"({
  "attributes": {"id": "visitor-1", "country": "CH", "tags": [1, 3], "version": "v1.10.0-rc.1", "name": "Äbcd\u4e2d"},
  "url": {"raw": "https://www.example.com/a/b?x=1&page=1", "host": "www.example.com", "path": "/a/b", "query": {"x": "1"}},
  "forced": {"other": 1}, "features": {"third": 1}, "sticky": {"id||visitor-1": {"e__2": "y"}}})";

std::vector<std::uint64_t> words_of(std::span<const std::byte> bytes) {
  std::vector<std::uint64_t> words((bytes.size() + 7) / 8);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Compiled compiled = compile(Json::parse(kFlags));
  static const std::vector<std::uint64_t> asked = request_bytes(Json::parse(kRequest));
  if (!compiled.findings.faults.empty()) __builtin_trap();
  // Exactly as long as they are, so that a byte read beyond is seen.
  std::vector<std::uint64_t> program = words_of(compiled.bytes());
  std::vector<std::uint64_t> request = asked;
  const std::size_t program_size = program.size() * 8;
  const std::size_t all = program_size + request.size() * 8;
  for (std::size_t at = 0; at + 5 <= size; at += 5) {
    std::uint32_t place = 0;
    std::memcpy(&place, data + at, 4);
    const std::size_t byte = place % all;
    auto* target = byte < program_size ? reinterpret_cast<std::uint8_t*>(program.data()) + byte
                                       : reinterpret_cast<std::uint8_t*>(request.data()) + (byte - program_size);
    *target = data[at + 4];
  }
  const auto opened = open_program(std::as_bytes(std::span(program)));
  const auto table = read_request(std::as_bytes(std::span(request)));
  if (!opened || !table) return 0;
  std::vector<FlagRow> rows(flag_rows(*opened));
  evaluate_all(*opened, Request::of(*table, 1'790'000'000), rows);
  for (const FlagRow& row : rows) {
    if (row.source > static_cast<std::uint32_t>(Source::kDefaultValue)) __builtin_trap();
  }
  return 0;
}
