#include "core/rank/adjust.h"

#include <algorithm>
#include <cstring>

namespace footlight {
namespace {

using snapshot::kNone;
using snapshot::RuleKind;
using snapshot::RuleRow;
using snapshot::SlotRow;
using snapshot::SnapshotView;
using snapshot::WeightsRow;

constexpr float kMost = 100;

template <typename Row>
Row row_at(std::span<const std::byte> bytes, std::size_t index) noexcept {
  Row row;
  std::memcpy(&row, bytes.data() + index * sizeof(Row), sizeof row);
  return row;
}

// Not a NaN either.
bool in_range(float value) noexcept { return value >= 0 && value <= kMost; }

constexpr std::size_t aligned(std::size_t n) noexcept { return (n + 15) / 16 * 16; }

}  // namespace

Result<Adjustment> read_adjustment(std::span<const std::byte> bytes) noexcept {
  Adjustment out;
  if (bytes.size() < sizeof out.head) return Unexpected(Status::kTruncated);
  out.head = row_at<AdjustmentHead>(bytes, 0);
  if (out.head.slots > kMaxSlotAdjustments || out.head.placements > kMaxPlacements)
    return Unexpected(Status::kTooLarge);
  const std::size_t slots = out.head.slots * sizeof(SlotAdjustment);
  const std::size_t placements = out.head.placements * sizeof(Placement);
  if (bytes.size() != sizeof out.head + slots + placements) return Unexpected(Status::kTruncated);
  for (const float factor : {out.head.match, out.head.engagement, out.head.item_item, out.head.prior}) {
    if (!in_range(factor)) return Unexpected(Status::kBadValue);
  }
  out.slots = bytes.subspan(sizeof out.head, slots);
  out.placements = bytes.subspan(sizeof out.head + slots);
  for (std::uint32_t s = 0; s < out.head.slots; ++s) {
    const auto row = row_at<SlotAdjustment>(out.slots, s);
    if (!(row.diversity <= kMost) || !(row.temperature <= kMost)) return Unexpected(Status::kBadValue);
  }
  return out;
}

std::size_t adjusted_bytes(const SnapshotView& snapshot) noexcept {
  return aligned(sizeof(WeightsRow)) + aligned(snapshot.slots().size() * sizeof(SlotRow)) +
         (kMaxPlacements + snapshot.rules().size()) * sizeof(RuleRow);
}

Adjusted::Adjusted(const SnapshotView& snapshot, const Adjustment& adjustment, std::span<std::byte> room) noexcept {
  auto* weights = reinterpret_cast<WeightsRow*>(room.data());
  *weights = snapshot.weights();
  weights->match *= adjustment.head.match;
  weights->engagement *= adjustment.head.engagement;
  weights->item_item *= adjustment.head.item_item;
  weights->prior *= adjustment.head.prior;

  auto* slots = reinterpret_cast<SlotRow*>(room.data() + aligned(sizeof(WeightsRow)));
  const std::size_t slot_count = snapshot.slots().size();
  std::copy(snapshot.slots().begin(), snapshot.slots().end(), slots);
  for (std::uint32_t s = 0; s < adjustment.head.slots; ++s) {
    const auto row = row_at<SlotAdjustment>(adjustment.slots, s);
    if (row.slot >= slot_count) continue;
    SlotRow& slot = slots[row.slot];
    if (row.limit > 0) {
      slot.limit = static_cast<std::uint16_t>(std::min<std::uint32_t>(row.limit, slot.max_limit));
    }
    if (row.diversity >= 0) slot.diversity = row.diversity;
    if (row.temperature >= 0) slot.temperature = row.temperature;
  }

  auto* rules =
      reinterpret_cast<RuleRow*>(room.data() + aligned(sizeof(WeightsRow)) + aligned(slot_count * sizeof(SlotRow)));
  std::size_t count = 0;
  for (std::uint32_t p = 0; p < adjustment.head.placements; ++p) {
    const auto row = row_at<Placement>(adjustment.placements, p);
    if (row.slot >= slot_count || row.item >= snapshot.items().size()) continue;
    const bool excluded = row.position == kNone;
    rules[count++] = {excluded ? RuleKind::kExclude : RuleKind::kPin,
                      row.slot,
                      kNone,
                      row.item,
                      excluded ? 0 : row.position,
                      0,
                      {0, 0}};
  }
  for (const RuleRow& rule : snapshot.rules()) rules[count++] = rule;
  view_ = snapshot.adjusted(*weights, {slots, slot_count}, {rules, count});
}

}  // namespace footlight
