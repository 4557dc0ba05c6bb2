// The Ed25519 key a site signs its manifests with.
//
// One file, created on the first publish with mode 0600: a line of base64 of libsodium's 64 secret bytes (seed and
// public key). Whoever holds it can publish for the site; consumers are configured with the public half. A file that
// others may read is refused rather than repaired: it may have been copied already.
#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace footlight::publish {

using PublicKey = std::array<unsigned char, 32>;
using Signature = std::array<unsigned char, 64>;

class SigningKey {
 public:
  // Reads the key, or makes one when the file is not there. Throws std::runtime_error with what to do about it.
  [[nodiscard]] static SigningKey load_or_create(const std::filesystem::path& file);
  // Only reads: throws when the file is not there.
  [[nodiscard]] static SigningKey load(const std::filesystem::path& file);

  [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
  [[nodiscard]] Signature sign(std::string_view message) const;

  SigningKey(SigningKey&&) noexcept = default;
  SigningKey& operator=(SigningKey&&) noexcept = default;
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

 private:
  SigningKey() = default;
  std::array<unsigned char, 64> secret_{};
  PublicKey public_key_{};
};

// Keys rotate in two steps, so that nobody ever meets a signature by a key that they were not given (`footlight keys
// rotate-signing`). First `signing.next.key` is made beside `signing.key`, and its public half is given to edge and
// browser next to the old one. Then it takes the place of the old key, whose secret half is gone with that; the public
// half stays as `signing.old.pub`, because what is live was signed with it until the next publish.
[[nodiscard]] PublicKey prepare_next_key(const std::filesystem::path& signing_key);
// Throws std::runtime_error when none was prepared.
PublicKey activate_next_key(const std::filesystem::path& signing_key);
// Of the key in use (its public half is enough), the next and the old one; those that there are.
[[nodiscard]] std::vector<PublicKey> trusted_keys(const std::filesystem::path& signing_key);

[[nodiscard]] bool verify_signature(const PublicKey& key, std::string_view message,
                                    std::span<const unsigned char> signature) noexcept;

// Standard alphabet with padding, as wasm/binding/manifest.ts reads it.
[[nodiscard]] std::string to_base64(std::span<const unsigned char> bytes);
// Standard or URL-safe alphabet, with or without padding. Throws std::invalid_argument on anything else.
[[nodiscard]] std::string from_base64(std::string_view text);
[[nodiscard]] PublicKey public_key_from_base64(std::string_view text);

// The first 16 hex digits of SHA-256(public key): keyId in an envelope.
[[nodiscard]] std::string key_id(const PublicKey& key);

}  // namespace footlight::publish
