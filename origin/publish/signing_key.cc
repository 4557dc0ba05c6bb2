#include "origin/publish/signing_key.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sodium.h>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include "origin/publish/file_write.h"
#include "origin/publish/sha256.h"

namespace footlight::publish {
namespace {

void need_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium could not be initialised");
}

}  // namespace

SigningKey SigningKey::load(const std::filesystem::path& file) {
  need_sodium();
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    throw std::system_error(errno, std::generic_category(), "signing key " + file.string());
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw std::runtime_error(
        fmt::format("signing key {} can be read by others (mode {:03o}): if nobody has copied it, chmod 600 it; "
                    "otherwise remove it, publish with a new one, and configure the new public key",
                    file.string(), status.st_mode & 0777U));
  }
  std::string text = read_file(file);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  SigningKey key;
  std::string secret;
  try {
    secret = from_base64(text);
  } catch (const std::invalid_argument&) {
  }
  const bool sized = secret.size() == key.secret_.size();
  if (sized) {
    std::copy(secret.begin(), secret.end(), key.secret_.begin());
    crypto_sign_ed25519_sk_to_pk(key.public_key_.data(), key.secret_.data());
  }
  sodium_memzero(text.data(), text.size());
  sodium_memzero(secret.data(), secret.size());
  if (!sized) throw std::runtime_error("signing key " + file.string() + " is not one line of base64 of 64 bytes");
  return key;
}

SigningKey SigningKey::load_or_create(const std::filesystem::path& file) {
  need_sodium();
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return load(file);
  if (file.has_parent_path() && std::filesystem::create_directories(file.parent_path())) {
    std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all);
  }
  SigningKey key;
  crypto_sign_keypair(key.public_key_.data(), key.secret_.data());
  std::string text = to_base64(key.secret_) + "\n";
  // O_EXCL by way of link(2): when two first publishes race, one key wins and both use it.
  const bool made = create_file(file, std::as_bytes(std::span(text)), 0600);
  sodium_memzero(text.data(), text.size());
  return made ? std::move(key) : load(file);
}

namespace {

std::filesystem::path beside(const std::filesystem::path& signing_key, const char* extension) {
  std::filesystem::path file = signing_key;
  return file.replace_extension(extension);
}

void write_public(const std::filesystem::path& file, const PublicKey& key) {
  const std::string line = to_base64(key) + "\n";
  replace_file(file, std::as_bytes(std::span(line)));
}

}  // namespace

PublicKey prepare_next_key(const std::filesystem::path& signing_key) {
  const PublicKey next = SigningKey::load_or_create(beside(signing_key, ".next.key")).public_key();
  write_public(beside(signing_key, ".next.pub"), next);
  return next;
}

PublicKey activate_next_key(const std::filesystem::path& signing_key) {
  const auto next_file = beside(signing_key, ".next.key");
  std::error_code ignored;
  if (!std::filesystem::exists(next_file, ignored)) {
    throw std::runtime_error(
        "no next signing key was prepared: footlight keys rotate-signing first, and give its "
        "public half to edge and browser");
  }
  const PublicKey next = SigningKey::load(next_file).public_key();
  write_public(beside(signing_key, ".old.pub"), SigningKey::load(signing_key).public_key());
  std::filesystem::rename(next_file, signing_key);
  write_public(beside(signing_key, ".pub"), next);
  std::filesystem::remove(beside(signing_key, ".next.pub"));
  return next;
}

std::vector<PublicKey> trusted_keys(const std::filesystem::path& signing_key) {
  std::vector<PublicKey> keys;
  std::error_code ignored;
  const bool has_key = std::filesystem::exists(signing_key, ignored);
  if (has_key) keys.push_back(SigningKey::load(signing_key).public_key());
  for (const char* extension : {".pub", ".next.pub", ".old.pub"}) {
    const auto file = beside(signing_key, extension);
    if ((has_key && extension == std::string_view(".pub")) || !std::filesystem::exists(file, ignored)) continue;
    std::string line = read_file(file);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    keys.push_back(public_key_from_base64(line));
  }
  return keys;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

Signature SigningKey::sign(std::string_view message) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size(), secret_.data());
  return signature;
}

bool verify_signature(const PublicKey& key, std::string_view message,
                      std::span<const unsigned char> signature) noexcept {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), reinterpret_cast<const unsigned char*>(message.data()),
                                     message.size(), key.data()) == 0;
}

std::string to_base64(std::span<const unsigned char> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

std::string from_base64(std::string_view text) {
  std::string plain(text);
  while (!plain.empty() && plain.back() == '=') plain.pop_back();
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  std::string bytes(plain.size() * 3 / 4 + 1, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), plain.data(), plain.size(),
                        nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0) {
    throw std::invalid_argument("not base64");
  }
  bytes.resize(size);
  return bytes;
}

PublicKey public_key_from_base64(std::string_view text) {
  const std::string bytes = from_base64(text);
  PublicKey key{};
  if (bytes.size() != key.size()) throw std::invalid_argument("a public key is base64 of 32 bytes");
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

std::string key_id(const PublicKey& key) { return sha256_hex(std::as_bytes(std::span(key))).substr(0, 16); }

}  // namespace footlight::publish
