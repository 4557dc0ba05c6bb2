// The suite's cases for engines elsewhere, one JSON object a line: kind, index, the compiled program, the request as
// JSON and as bytes, and the rows that the native engine answers with (core/experiment/wire.h); bytes in base64.
#include <iostream>
#include <sodium.h>

#include "core/experiment/wire.h"
#include "origin/experiment/compile.h"
#include "tests/conformance/growthbook.h"

namespace {

using namespace footlight::experiment;

std::string base64(std::span<const std::byte> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

}  // namespace

int main() {
  const Json suite = conformance::read_suite();
  for (const char* kind : {"evalCondition", "feature", "run", "stickyBucket", "urlRedirect", "contextualBandit", "hash",
                           "inNamespace", "getQueryStringOverride"}) {
    for (std::size_t i = 0; i < suite[kind].size(); ++i) {
      const conformance::Question question = conformance::question_of(kind, suite[kind][i]);
      const Compiled compiled = compile(question.document);
      const auto program = open_program(compiled.bytes());
      if (!program) return 1;
      const auto words = request_bytes(question.request);
      const auto table = read_request(std::as_bytes(std::span(words)));
      if (!table) return 1;
      std::vector<FlagRow> rows(flag_rows(*program));
      evaluate_all(*program, Request::of(*table, conformance::kNow), rows);
      const Json line = {{"kind", kind},
                         {"index", i},
                         {"feature", question.feature},
                         {"now", conformance::kNow},
                         {"program", base64(compiled.bytes())},
                         {"request", question.request},
                         {"requestBytes", base64(std::as_bytes(std::span(words)))},
                         {"rows", base64(std::as_bytes(std::span(rows)))}};
      std::cout << line.dump() << '\n';
    }
  }
  return 0;
}
