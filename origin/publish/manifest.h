// The signed manifest that names a site's snapshots, natively. wasm/binding/manifest.ts is the same contract for the
// edge and the browser, and the two agree to the letter: field names, envelope, refusal codes, order of the checks.
//
//     envelope = {"payload": base64(JSON of the manifest), "signature": base64(Ed25519 over the decoded payload),
//                 "keyId": first 16 hex digits of SHA-256(public key)}
//
// The signature covers the payload's bytes as they are, so nobody has to agree on a canonical JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "origin/publish/signing_key.h"

namespace footlight::publish {

struct PublishedFile {
  std::string sha256;  // lower-case hex; also the file's name
  std::uint64_t bytes = 0;

  bool operator==(const PublishedFile&) const = default;
};

struct Pack {
  PublishedFile file;
  std::uint32_t segment = 0;  // index; 0 is everyone

  bool operator==(const Pack&) const = default;
};

// A second snapshot, for a share of the visitors: those whose bucket (hash version 2 of core/experiment/hash.h, the
// experiment's key for the seed, the unit id for the value) lies below `share`.
struct Canary {
  std::string experiment;
  double share = 0;  // above 0, at most .5
  PublishedFile snapshot;
  std::vector<Pack> packs;

  bool operator==(const Canary&) const = default;
};

struct Manifest {
  std::string site;
  std::uint64_t version = 0;  // monotonic; a rollback is a new version with older content
  std::int64_t created_at_s = 0;
  std::int64_t expires_at_s = 0;
  std::string min_engine = "1.0";
  PublishedFile snapshot;
  std::vector<Pack> packs;
  std::optional<PublishedFile> flags;  // the snapshot's program by itself, for browsers without a worker in front
  std::optional<Canary> canary;

  bool operator==(const Manifest&) const = default;
};

// What it was refused for; what() is the stable code: malformed, forged, unsupported, expired, stale, mismatch.
class ManifestRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Trust {
  PublicKey public_key{};
  std::uint64_t min_version = 0;  // the highest version already seen, or the configured minimum
  std::int64_t now_s = 0;
};

[[nodiscard]] std::string seal_manifest(const Manifest& manifest, const SigningKey& key);

// The one of `keys` that the envelope names by its keyId; the first when it names none of them (the signature then does
// not fit). Keys rotate: consumers are given the new one beside the old before anything is signed with it. A key starts
// its own count of versions (TUF, section 5.3.4), so whoever takes over an old key cannot hold back the new one's.
// Throws ManifestRefused("malformed").
[[nodiscard]] PublicKey signed_with(std::string_view envelope, std::span<const PublicKey> keys);

// Throws ManifestRefused.
[[nodiscard]] Manifest verify_manifest(std::string_view envelope, const Trust& trust);

// Reads the payload without checking signature, expiry or version: for listings of one's own files. Throws
// ManifestRefused("malformed") only.
[[nodiscard]] Manifest read_manifest(std::string_view envelope);

// Throws ManifestRefused("mismatch") unless the bytes are the file that is named.
void check_file(const PublishedFile& file, std::span<const std::byte> bytes);

}  // namespace footlight::publish
