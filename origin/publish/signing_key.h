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
