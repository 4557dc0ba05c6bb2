// Everything that is in a snapshot, as JSON: what `footlight inspect` prints and the admin API shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/snapshot/reader.h"

namespace footlight::publish {

[[nodiscard]] std::string_view section_name(snapshot::Section section) noexcept;

// {"version", "createdAt", "bytes", "format", "pack", "counts", "sections": [{"name", "rows", "bytes"}], "locales",
//  "weights", "questions", "segments", "slots", "rules", "reasons"}: everything but the items.
[[nodiscard]] nlohmann::ordered_json describe_snapshot(const snapshot::SnapshotView& view,
                                                       std::span<const std::byte> bytes);

// One item with body, attributes, bias, rate, neighbours and priors by segment.
[[nodiscard]] nlohmann::ordered_json describe_item(const snapshot::SnapshotView& view, std::uint32_t item);

// By UUID or stable id as text.
[[nodiscard]] std::optional<std::uint32_t> find_item_named(const snapshot::SnapshotView& view, std::string_view name);

[[nodiscard]] std::string uuid_text(std::span<const std::uint8_t, 16> bytes);

}  // namespace footlight::publish
