// The bytes of a decision as they leave the engine (wasm/ABI.md) and as parity compares them.
#pragma once

#include <cstddef>
#include <span>

#include "core/rank/decide.h"

namespace footlight {

inline constexpr std::size_t kDecisionHeadBytes = 32;
inline constexpr std::size_t kDecisionSlotBytes = 16;
inline constexpr std::size_t kDecisionEntryBytes = 32;
inline constexpr std::size_t kMaxDecisionBytes =
    kDecisionHeadBytes + kMaxSlotRequests * kDecisionSlotBytes + kMaxEntries * kDecisionEntryBytes;

// Returns the bytes written; `out` must have room for kMaxDecisionBytes.
[[nodiscard]] std::size_t encode_decision(const Decision& decision, std::span<std::byte> out) noexcept;

}  // namespace footlight
