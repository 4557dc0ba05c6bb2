#include "origin/publish/sha256.h"

#include <array>
#include <sodium.h>

namespace footlight::publish {

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  std::string hex(2 * hash.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  hex.pop_back();  // sodium_bin2hex ends with a zero
  return hex;
}

}  // namespace footlight::publish
