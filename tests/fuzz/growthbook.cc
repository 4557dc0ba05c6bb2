// Any JSON as a GrowthBook document (origin/experiment/compile.h): faults, or a program that opens and gives every flag
// a value. Conditions, patterns of addresses and schedules are part of it.
#include <vector>

#include "core/experiment/wire.h"
#include "origin/experiment/compile.h"
#include "origin/experiment/request.h"
#include "tests/fuzz/json_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  using namespace footlight::experiment;
  const auto document = fuzz::document_of(data, size);
  if (!document) return 0;
  static const std::vector<std::uint64_t> asked = request_bytes(fuzz::Json::parse(R"({
    "attributes": {"id": "visitor-1", "country": "CH", "tags": [1, 3], "version": "v1.10.0-rc.1", "name": "Äbcd"},
    "url": {"raw": "https://www.example.com/a/b?x=1", "host": "www.example.com", "path": "/a/b", "query": {"x": "1"}}})"));
  const Compiled compiled = compile(*document);
  fuzz::check(compiled.findings.faults);
  if (!compiled.findings.faults.empty()) return 0;
  const auto program = open_program(compiled.bytes());
  if (!program) __builtin_trap();  // what is compiled opens
  const auto table = read_request(std::as_bytes(std::span(asked)));
  std::vector<FlagRow> rows(flag_rows(*program));
  evaluate_all(*program, Request::of(*table, 1'790'000'000), rows);
  for (const FlagRow& row : rows) {
    if (row.source > static_cast<std::uint32_t>(Source::kDefaultValue)) __builtin_trap();
  }
  return 0;
}
