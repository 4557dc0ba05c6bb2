// Any JSON as an experiment: faults, or one whose flag can be compiled.
#include "origin/experiment/ab_test.h"
#include "tests/fuzz/json_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  const auto document = fuzz::document_of(data, size);
  if (!document) return 0;
  std::vector<origin::Fault> faults;
  const experiment::ABTest test = experiment::read_ab_test(*document, faults);
  fuzz::check(faults);
  if (faults.empty() && (test.id.empty() || test.metrics.empty())) __builtin_trap();
  return 0;
}
