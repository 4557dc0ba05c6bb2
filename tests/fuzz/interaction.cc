// Any JSON as an interaction: faults, or an event within its bounds.
#include "origin/ingest/interaction.h"

#include "tests/fuzz/json_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  const auto document = fuzz::document_of(data, size);
  if (!document) return 0;
  constexpr std::int64_t kNow = 1'790'000'000'000;
  std::vector<origin::Fault> faults;
  const origin::Event event = origin::parse_event(*document, "/interactions/0", kNow, faults);
  fuzz::check(faults);
  if (!faults.empty()) return 0;
  if (event.occurred_at_ms > kNow + 60'000 || event.slot.size() > 100 || event.event_id.size() > 255) __builtin_trap();
  if (event.propensity && !(*event.propensity >= 0 && *event.propensity <= 1)) __builtin_trap();
  if (event.content_id.empty() && event.experiment.empty() && event.goal.empty()) __builtin_trap();
  return 0;
}
