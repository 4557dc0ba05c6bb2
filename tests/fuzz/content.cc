// Any JSON as an item of content, under the demo's questionnaire.
#include "origin/store/content.h"

#include <fstream>

#include "tests/fuzz/json_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  static const origin::Site site = [] {
    std::ifstream file(FOOTLIGHT_SOURCE_DIR "/web/demo/content/site.json");
    std::vector<origin::Fault> faults;
    return origin::parse_site(fuzz::Json::parse(file), faults);
  }();
  const auto document = fuzz::document_of(data, size);
  if (!document) return 0;
  std::vector<origin::Fault> faults;
  const origin::ContentRow row = origin::parse_content(*document, site, faults);
  fuzz::check(faults);
  if (faults.empty() && (row.uuid.empty() || !fuzz::Json::accept(row.body))) __builtin_trap();
  return 0;
}
