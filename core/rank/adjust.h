// A decision with other weights, slots and rules than the snapshot was published with: what an experiment on them
// needs.
//
//     const auto adjustment = read_adjustment(bytes);
//     const Adjusted adjusted(snapshot, *adjustment, room);      // room: adjusted_bytes(snapshot), aligned to 16
//     decide(adjusted.view(), visitor, context, requests, scratch, decision);
//
// The same snapshot, seen differently: nothing of it is copied but its slots and rules, and nothing is allocated. An
// experiment's pins come before the site's own. What names a slot or item that is not there is left out.
//
// Bytes, little-endian: `f32 match, f32 engagement, f32 item_item, f32 prior` (factors on the published weights, 0 to
// 100), `u32 slots, u32 placements`; then `slots` rows `u32 slot, u32 limit (0: its own), f32 diversity, f32
// temperature (below 0: its own, else to 100)`; then `placements` rows `u32 slot, u32 item, u32 position (kNone:
// excluded), u32 0`; slots and items by index.
//
// Thread-safe for different rooms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/snapshot/reader.h"
#include "core/status.h"

namespace footlight {

struct SlotAdjustment {
  std::uint32_t slot;
  std::uint32_t limit;
  float diversity;
  float temperature;
};
struct Placement {
  std::uint32_t slot;
  std::uint32_t item;
  std::uint32_t position;
  std::uint32_t reserved;
};
struct AdjustmentHead {
  float match;
  float engagement;
  float item_item;
  float prior;
  std::uint32_t slots;
  std::uint32_t placements;
};
static_assert(sizeof(SlotAdjustment) == 16 && sizeof(Placement) == 16 && sizeof(AdjustmentHead) == 24);

inline constexpr std::uint32_t kMaxSlotAdjustments = 64;
inline constexpr std::uint32_t kMaxPlacements = 256;

// Not owning.
struct Adjustment {
  AdjustmentHead head{1, 1, 1, 1, 0, 0};
  std::span<const std::byte> slots;
  std::span<const std::byte> placements;
};

// kTruncated: not as long as it says; kTooLarge: more rows than the limits above; kBadValue: a number out of range.
[[nodiscard]] Result<Adjustment> read_adjustment(std::span<const std::byte> bytes) noexcept;

[[nodiscard]] std::size_t adjusted_bytes(const snapshot::SnapshotView& snapshot) noexcept;

class Adjusted {
 public:
  // `room`: at least adjusted_bytes(), aligned to 16; it and `snapshot` live as long as the view is used.
  Adjusted(const snapshot::SnapshotView& snapshot, const Adjustment& adjustment, std::span<std::byte> room) noexcept;
  Adjusted(const Adjusted&) = delete;
  Adjusted& operator=(const Adjusted&) = delete;

  [[nodiscard]] const snapshot::SnapshotView& view() const noexcept { return view_; }

 private:
  snapshot::SnapshotView view_;
};

}  // namespace footlight
