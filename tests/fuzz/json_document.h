// Any bytes as the JSON document of a request: as Exchange::json() takes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "origin/store/document.h"

namespace footlight::fuzz {

using Json = nlohmann::ordered_json;

[[nodiscard]] inline std::optional<Json> document_of(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (origin::too_deep(text)) return std::nullopt;
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return std::nullopt;
  return document;
}

// A fault names a place and says what is wrong there; a parser that stays silent about nothing has none.
inline void check(const std::vector<origin::Fault>& faults) {
  for (const origin::Fault& fault : faults) {
    if (fault.code.empty() || fault.detail.empty()) __builtin_trap();
    if (!fault.pointer.empty() && fault.pointer.front() != '/') __builtin_trap();
  }
}

}  // namespace footlight::fuzz
