#include "origin/publish/manifest.h"

#include <charconv>

#include <nlohmann/json.hpp>

#include "core/snapshot/layout.h"
#include "origin/publish/sha256.h"

namespace footlight::publish {
namespace {

using Json = nlohmann::json;

Json file_json(const PublishedFile& file) { return {{"sha256", file.sha256}, {"bytes", file.bytes}}; }

PublishedFile file_from(const Json& json) {
  PublishedFile file{json.at("sha256").get<std::string>(), json.at("bytes").get<std::uint64_t>()};
  const bool hex = file.sha256.size() == 64 && file.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  // The name becomes a path, so nothing but a hash may pass.
  if (!hex) throw ManifestRefused("malformed");
  return file;
}

std::string payload_of(const Manifest& manifest) {
  Json packs = Json::array();
  for (const Pack& pack : manifest.packs) {
    Json json = file_json(pack.file);
    json["segment"] = pack.segment;
    packs.push_back(std::move(json));
  }
  return Json{{"format", 1},
              {"site", manifest.site},
              {"version", manifest.version},
              {"createdAt", manifest.created_at_s},
              {"expiresAt", manifest.expires_at_s},
              {"minEngine", manifest.min_engine},
              {"snapshot", file_json(manifest.snapshot)},
              {"packs", std::move(packs)}}
      .dump();
}

Manifest manifest_from(std::string_view payload) {
  try {
    const Json json = Json::parse(payload);
    Manifest manifest;
    if (json.at("format") != 1) throw ManifestRefused("unsupported");
    manifest.min_engine = json.at("minEngine").get<std::string>();
    unsigned major = 0;
    std::from_chars(manifest.min_engine.data(), manifest.min_engine.data() + manifest.min_engine.size(), major);
    if (major != snapshot::kMajor) throw ManifestRefused("unsupported");
    manifest.site = json.at("site").get<std::string>();
    manifest.version = json.at("version").get<std::uint64_t>();
    manifest.created_at_s = json.at("createdAt").get<std::int64_t>();
    manifest.expires_at_s = json.at("expiresAt").get<std::int64_t>();
    manifest.snapshot = file_from(json.at("snapshot"));
    for (const Json& pack : json.at("packs")) {
      manifest.packs.push_back({file_from(pack), pack.at("segment").get<std::uint32_t>()});
    }
    return manifest;
  } catch (const Json::exception&) {
    throw ManifestRefused("malformed");
  }
}

struct Envelope {
  std::string payload;
  std::string signature;
};

Envelope open_envelope(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    return {from_base64(json.at("payload").get_ref<const std::string&>()),
            from_base64(json.at("signature").get_ref<const std::string&>())};
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
