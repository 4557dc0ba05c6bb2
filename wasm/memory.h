// The engine's memory, for the files that make up its C ABI: one buffer, one room, and a stack of what is set aside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/snapshot/reader.h"
#include "core/status.h"
#include "core/visitor/visitor.h"

#define FL_EXPORT(name) extern "C" __attribute__((export_name(#name), used)) auto name

namespace footlight::wasm {

inline constexpr std::size_t kIoBytes = 65536;
extern std::byte io[kIoBytes];

// What fl_reserve() gave; empty before.
[[nodiscard]] std::span<const std::byte> reserved() noexcept;
// The loaded snapshot's program (core/experiment/program.h); empty without one.
[[nodiscard]] std::span<const std::byte> snapshot_program() noexcept;
// What is decided with: the loaded snapshot, or an adjusted one (core/rank/adjust.h). nullptr while nothing is loaded.
[[nodiscard]] snapshot::SnapshotView* current_view() noexcept;
[[nodiscard]] Visitor& current_visitor() noexcept;
// Sets bytes aside behind everything else, 16-aligned, for the life of the instance; nullptr when there are none.
[[nodiscard]] std::byte* set_aside(std::size_t bytes) noexcept;

[[nodiscard]] inline std::int32_t failure(Status status) { return -static_cast<std::int32_t>(status); }

}  // namespace footlight::wasm
