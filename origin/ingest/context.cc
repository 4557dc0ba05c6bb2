#include "origin/ingest/context.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "origin/store/document.h"

namespace footlight::origin {
namespace {

template <std::size_t N>
std::uint8_t numbered(Fields& fields, std::string_view member, const std::array<std::string_view, N>& names) {
  const std::string name = fields.text_or(member, 20, "");
  if (name.empty()) return 0;
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::uint8_t>(found - names.begin() + 1);
  fields.fault("unknown", fmt::format("must be one of {}", fmt::join(names, ", ")), member);
  return 0;
}

}  // namespace

Surroundings parse_context(const nlohmann::ordered_json& document, const std::string& pointer,
                           std::vector<Fault>& faults) {
  Fields fields(document, pointer, faults);
  fields.only({"device", "dayPart", "weekday", "referrer"});
  Surroundings context;
  context.device = numbered(fields, "device", kDeviceNames);
  context.day_part = numbered(fields, "dayPart", kDayPartNames);
  context.weekday = static_cast<std::uint8_t>(fields.whole_or("weekday", 1, 7, 0));
  context.referrer = numbered(fields, "referrer", kReferrerNames);
  return context;
}

}  // namespace footlight::origin
