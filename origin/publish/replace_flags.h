// A snapshot with other flags, and else what it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace footlight::publish {

// `snapshot` is one that LiveSnapshot has taken; `program` empty: without flags. Throws std::length_error when the
// result would be too large for the format.
[[nodiscard]] std::vector<std::byte> replace_flags(std::span<const std::byte> snapshot,
                                                   std::span<const std::byte> program, std::uint64_t version);

}  // namespace footlight::publish
