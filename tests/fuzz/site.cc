// Any JSON as a site document: faults, or a site.
#include "tests/fuzz/json_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  const auto document = fuzz::document_of(data, size);
  if (!document) return 0;
  std::vector<origin::Fault> faults;
  const origin::Site site = origin::parse_site(*document, faults);
  fuzz::check(faults);
  if (!faults.empty()) return 0;
  // What was taken is complete.
  if (site.name.empty() || site.locales.empty() || site.slots.empty()) __builtin_trap();
  return 0;
}
