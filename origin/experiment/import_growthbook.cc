#include "origin/experiment/import_growthbook.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "origin/experiment/decrypt.h"

namespace footlight::experiment {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 4> kParts = {
    {{"features", "encryptedFeatures"},
     {"experiments", "encryptedExperiments"},
     {"savedGroups", "encryptedSavedGroups"},
     {"contextualBandits", "encryptedContextualBandits"}}};

Json opened(const Json& sealed, const char* name, std::string_view key) {
  if (key.empty()) throw std::runtime_error(fmt::format("{} needs the decryption key (--key)", name));
  const auto plain = sealed.is_string() ? decrypt(sealed.get<std::string>(), key) : std::nullopt;
  if (!plain)
    throw std::runtime_error(fmt::format("{} cannot be decrypted: the key is another, or the text is broken", name));
  Json json = Json::parse(*plain, nullptr, false);
  if (json.is_discarded())
    throw std::runtime_error(fmt::format("{} is not JSON once decrypted: the key is another", name));
  return json;
}

bool is_bare(const Json& payload) {
  for (const auto& [plain, sealed] : kParts) {
    if (payload.contains(plain) || payload.contains(sealed)) return false;
  }
  return !payload.contains("status");
}

}  // namespace

Json import_growthbook(const Json& payload, std::string_view key) {
  if (!payload.is_object()) throw std::runtime_error("the payload must be a JSON object");
  if (is_bare(payload)) return {{"features", payload}};
  Json document = Json::object();
  for (const auto& [plain, sealed] : kParts) {
    if (payload.contains(sealed) && !payload[sealed].is_null() && payload[sealed] != Json("")) {
      document[plain] = opened(payload[sealed], sealed, key);
    } else if (payload.contains(plain) && !payload[plain].is_null()) {
      document[plain] = payload[plain];
    }
  }
  return document;
}

}  // namespace footlight::experiment
