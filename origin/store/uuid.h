// UUIDs (RFC 9562): random ones, and version 5 for the ids that a site's owner brings along.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace footlight::origin {

using Uuid = std::array<std::uint8_t, 16>;

[[nodiscard]] Uuid random_uuid();
// Version 7: begins with the time, so that rows written together lie together. For rows, not for
// people: it tells when.
[[nodiscard]] Uuid timed_uuid(std::int64_t ms);
// SHA-1 of namespace and name, as RFC 9562 section 5.5 says. Not for secrets.
[[nodiscard]] Uuid uuid_v5(const Uuid& name_space, std::string_view name);
// 8-4-4-4-12 hexadecimal digits in either case; nullopt for anything else.
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);
[[nodiscard]] std::string to_string(const Uuid& uuid);  // lower case

// The namespace of Footlight itself, from which those of the sites come: uuid_v5(kFootlight, site
// name).
[[nodiscard]] const Uuid& footlight_namespace();

}  // namespace footlight::origin
