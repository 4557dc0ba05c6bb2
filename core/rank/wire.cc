#include "core/rank/wire.h"

#include <cstring>

namespace footlight {

std::size_t encode_decision(const Decision& decision, std::span<std::byte> out) noexcept {
  std::size_t at = 0;
  const auto put = [&](auto value) {
    std::memcpy(out.data() + at, &value, sizeof value);
    at += sizeof value;
  };
  put(decision.snapshot_version);
  put(decision.segment);
  put(decision.engagement_level);
  put(decision.personalization_score);
  put(decision.slot_count);
  put(decision.entry_count);
  put(decision.flags);
  for (std::uint32_t s = 0; s < decision.slot_count; ++s) {
    const SlotDecision& slot = decision.slots[s];
    put(slot.slot);
    put(slot.first);
    put(slot.count);
    put(std::uint32_t{0});
  }
  for (std::uint32_t e = 0; e < decision.entry_count; ++e) {
    const Entry& entry = decision.entries[e];
    put(entry.item);
    put(entry.item_id);
    put(entry.score);
    put(entry.propensity);
    put(entry.confidence);
    put(entry.engagement_rate);
    put(static_cast<std::uint16_t>(entry.reason));
    put(entry.reason_question);
    put(entry.reason_argument);
  }
  return at;
}

}  // namespace footlight
