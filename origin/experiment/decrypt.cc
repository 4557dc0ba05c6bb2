#include "origin/experiment/decrypt.h"

#include <array>
#include <limits>
#include <memory>
#include <sodium.h>
#include <vector>

#include <openssl/evp.h>

namespace footlight::experiment {
namespace {

std::optional<std::vector<unsigned char>> from_base64(std::string_view text) {
  std::vector<unsigned char> bytes(text.size());
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed = sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                                       sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::optional<std::string> decrypt(std::string_view text, std::string_view key) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || text.size() > std::size_t{1} << 28U) return std::nullopt;
  const auto iv = from_base64(text.substr(0, dot));
  const auto sealed = from_base64(text.substr(dot + 1));
  const auto secret = from_base64(key);
  if (!iv || iv->size() != 16 || !sealed || sealed->empty() || !secret || secret->size() != 16) return std::nullopt;
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  std::string plain(sealed->size() + 16, '\0');
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  int body = 0;
  int rest = 0;
  if (EVP_DecryptInit_ex(context.get(), EVP_aes_128_cbc(), nullptr, secret->data(), iv->data()) != 1 ||
      EVP_DecryptUpdate(context.get(), out, &body, sealed->data(), static_cast<int>(sealed->size())) != 1 ||
      EVP_DecryptFinal_ex(context.get(), out + body, &rest) != 1) {
    return std::nullopt;
  }
  plain.resize(static_cast<std::size_t>(body) + static_cast<std::size_t>(rest));
  return plain;
}

}  // namespace footlight::experiment
