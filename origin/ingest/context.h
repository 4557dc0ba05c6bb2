// The member `context` of an interaction: what the page view was like in which an item was shown or acted on.
//
//     {"device": "phone", "dayPart": "evening", "weekday": 3, "referrer": "search"}
//
// Every member is optional, and absent means not known. `dayPart` and `weekday` (1 Monday to 7 Sunday) are by the
// visitor's own clock. The names stand for the numbers of core's Surroundings; the store keeps the packed word.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/model/engagement.h"
#include "origin/store/site.h"

namespace footlight::origin {

// By number, from 1 on; 0 is not known.
inline constexpr std::array<std::string_view, 3> kDeviceNames = {"desktop", "phone", "tablet"};
inline constexpr std::array<std::string_view, 4> kDayPartNames = {"night", "morning", "afternoon", "evening"};
inline constexpr std::array<std::string_view, 5> kReferrerNames = {"none", "site", "search", "social", "other"};

// Strict: an unknown member or value is a fault that names it, "/context/device".
[[nodiscard]] Surroundings parse_context(const nlohmann::ordered_json& document, const std::string& pointer,
                                         std::vector<Fault>& faults);

}  // namespace footlight::origin
