// The hours in which long work may run by itself: "02:00-05:00".
//
// In UTC, whatever the machine's own zone: several origins on one database must agree on which window it is, a window
// is identified by the moment it opens, and no hour of UTC is there twice or missing. A window may pass midnight
// ("23:30-01:00"); it contains its first minute and not its last.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace footlight::schedule {

struct OffPeak {
  std::int32_t from_min = 0;   // minutes of the day, 0 to 1439
  std::int32_t until_min = 0;  // different from from_min
};

// nullopt for anything but HH:MM-HH:MM with two different times.
[[nodiscard]] std::optional<OffPeak> parse_off_peak(std::string_view text);

// When the window that contains `now_ms` opened; nullopt outside.
[[nodiscard]] std::optional<std::int64_t> window_at(const OffPeak& hours, std::int64_t now_ms);
// When the window that contains `now_ms` opened, else when the next one opens.
[[nodiscard]] std::int64_t window_from(const OffPeak& hours, std::int64_t now_ms);

}  // namespace footlight::schedule
