#include "origin/publish/manifest.h"

#include <limits>
#include <regex>

#include <nlohmann/json.hpp>

#include "core/snapshot/layout.h"
#include "origin/publish/sha256.h"

namespace footlight::publish {
namespace {

using Json = nlohmann::json;

Json file_json(const PublishedFile& file) { return {{"sha256", file.sha256}, {"bytes", file.bytes}}; }

// What JavaScript counts exactly; get<>() alone would take fractions and turn -1 into the largest number.
constexpr std::uint64_t kMaxWhole = (std::uint64_t{1} << 53U) - 1;

std::uint64_t whole(const Json& object, const char* field, std::uint64_t max = kMaxWhole) {
  const Json& value = object.at(field);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > max) throw ManifestRefused("malformed");
  return value.get<std::uint64_t>();
}

// "1.0": the major of this program, and no later minor.
bool reads_engine(const std::string& min_engine) {
  static const std::regex kVersion("(\\d{1,9})\\.(\\d{1,9})");
  std::smatch parts;
  return std::regex_match(min_engine, parts, kVersion) && std::stoul(parts[1]) == snapshot::kMajor &&
         std::stoul(parts[2]) <= snapshot::kMinor;
}

PublishedFile file_from(const Json& json) {
  PublishedFile file{json.at("sha256").get<std::string>(), whole(json, "bytes")};
  const bool hex = file.sha256.size() == 64 && file.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  // The name becomes a path, so nothing but a hash may pass.
  if (!hex) throw ManifestRefused("malformed");
  return file;
}

Json packs_json(const std::vector<Pack>& packs) {
  Json list = Json::array();
  for (const Pack& pack : packs) {
    Json json = file_json(pack.file);
    json["segment"] = pack.segment;
    list.push_back(std::move(json));
  }
  return list;
}

std::vector<Pack> packs_from(const Json& json) {
  std::vector<Pack> packs;
  // An object can be walked like a list.
  for (const Json& pack : json.get_ref<const Json::array_t&>()) {
    const auto segment = whole(pack, "segment", std::numeric_limits<std::uint32_t>::max());
    packs.push_back({file_from(pack), static_cast<std::uint32_t>(segment)});
  }
  return packs;
}

Canary canary_from(const Json& json) {
  Canary canary{json.at("experiment").get<std::string>(), json.at("share").get<double>(),
                file_from(json.at("snapshot")), packs_from(json.at("packs"))};
  if (!(canary.share > 0 && canary.share <= 0.5)) throw ManifestRefused("malformed");
  return canary;
}

std::string payload_of(const Manifest& manifest) {
  Json json = {{"format", 1},
               {"site", manifest.site},
               {"version", manifest.version},
               {"createdAt", manifest.created_at_s},
               {"expiresAt", manifest.expires_at_s},
               {"minEngine", manifest.min_engine},
               {"snapshot", file_json(manifest.snapshot)},
               {"packs", packs_json(manifest.packs)}};
  if (manifest.flags) json["flags"] = file_json(*manifest.flags);
  if (manifest.canary) {
    json["canary"] = {{"experiment", manifest.canary->experiment},
                      {"share", manifest.canary->share},
                      {"snapshot", file_json(manifest.canary->snapshot)},
                      {"packs", packs_json(manifest.canary->packs)}};
  }
  return json.dump();
}

Manifest manifest_from(std::string_view payload) {
  try {
    const Json json = Json::parse(payload);
    Manifest manifest;
    const std::uint64_t format = whole(json, "format");
    manifest.min_engine = json.at("minEngine").get<std::string>();
    if (format != 1 || !reads_engine(manifest.min_engine)) throw ManifestRefused("unsupported");
    manifest.site = json.at("site").get<std::string>();
    manifest.version = whole(json, "version");
    manifest.created_at_s = static_cast<std::int64_t>(whole(json, "createdAt"));
    manifest.expires_at_s = static_cast<std::int64_t>(whole(json, "expiresAt"));
    manifest.snapshot = file_from(json.at("snapshot"));
    manifest.packs = packs_from(json.at("packs"));
    if (json.contains("flags")) manifest.flags = file_from(json.at("flags"));
    if (json.contains("canary")) manifest.canary = canary_from(json.at("canary"));
    return manifest;
  } catch (const Json::exception&) {
    throw ManifestRefused("malformed");
  }
}

struct Envelope {
  std::string payload;
  std::string signature;
  std::string key_id;  // empty: it names none
};

Envelope open_envelope(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    return {from_base64(json.at("payload").get_ref<const std::string&>()),
            from_base64(json.at("signature").get_ref<const std::string&>()),
            json.contains("keyId") && json["keyId"].is_string() ? json["keyId"].get<std::string>() : std::string()};
  } catch (const Json::exception&) {
    throw ManifestRefused("malformed");
  } catch (const std::invalid_argument&) {
    throw ManifestRefused("malformed");
  }
}

std::span<const unsigned char> octets(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

std::string seal_manifest(const Manifest& manifest, const SigningKey& key) {
  const std::string payload = payload_of(manifest);
  return Json{{"payload", to_base64(octets(payload))},
              {"signature", to_base64(key.sign(payload))},
              {"keyId", key_id(key.public_key())}}
      .dump();
}

PublicKey signed_with(std::string_view envelope, std::span<const PublicKey> keys) {
  const Envelope parts = open_envelope(envelope);
  for (const PublicKey& key : keys) {
    if (key_id(key) == parts.key_id) return key;
  }
  if (keys.empty()) throw ManifestRefused("forged");
  return keys.front();
}

Manifest verify_manifest(std::string_view envelope, const Trust& trust) {
  const Envelope parts = open_envelope(envelope);
  if (!verify_signature(trust.public_key, parts.payload, octets(parts.signature))) throw ManifestRefused("forged");
  Manifest manifest = manifest_from(parts.payload);
  if (manifest.expires_at_s <= trust.now_s) throw ManifestRefused("expired");
  if (manifest.version < trust.min_version) throw ManifestRefused("stale");
  return manifest;
}

Manifest read_manifest(std::string_view envelope) { return manifest_from(open_envelope(envelope).payload); }

void check_file(const PublishedFile& file, std::span<const std::byte> bytes) {
  if (bytes.size() != file.bytes || sha256_hex(bytes) != file.sha256) throw ManifestRefused("mismatch");
}

}  // namespace footlight::publish
