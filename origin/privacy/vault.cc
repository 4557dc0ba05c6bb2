#include "origin/privacy/vault.h"

#include <cstring>
#include <sodium.h>
#include <stdexcept>

#include "origin/privacy/random.h"
#include "origin/store/schema.h"
#include "origin/store/store.h"

namespace footlight::origin {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(Vault::kOverhead == 1 + kNonce + kTag);
static_assert(sizeof(SecretKey) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
constexpr char kContext[] = "footlght";  // of the key derivation: exactly 8 bytes
static_assert(sizeof kContext - 1 == crypto_kdf_CONTEXTBYTES);

std::uint8_t* u8(std::byte* p) { return reinterpret_cast<std::uint8_t*>(p); }
const std::uint8_t* u8(const std::byte* p) { return reinterpret_cast<const std::uint8_t*>(p); }

// Length-prefixed, so that ("ab", "c") and ("a", "bc") differ. Lives on the stack: this runs once
// per decision.
struct AssociatedData {
  std::array<std::uint8_t, 256> bytes;
  std::size_t size = 0;

  explicit AssociatedData(const Place& place) {
    for (const std::string_view part : {place.table, place.column, place.row}) {
      if (size + part.size() + 1 > bytes.size()) throw std::logic_error("the place is too long");
      bytes[size++] = static_cast<std::uint8_t>(part.size());
      std::memcpy(bytes.data() + size, part.data(), part.size());
      size += part.size();
    }
  }
};

}  // namespace

std::size_t Vault::UuidHash::operator()(const Uuid& uuid) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, uuid.data() + 8, sizeof value);
  return value;
}

Vault::Vault(const SecretKey& master_key, const std::string& keys_path) {
  const auto derive = [&](SecretKey& key, std::uint64_t id) {
    crypto_kdf_derive_from_key(key.data(), key.size(), id, kContext, master_key.data());
  };
  derive(wrapping_key_, 100);
  for (std::size_t i = 0; i < hash_keys_.size(); ++i) derive(hash_keys_[i], i);
  keys_writer_ = std::make_unique<Database>(keys_path, Database::Mode::kWrite);
  migrate_keys(*keys_writer_);
  keys_reader_ = std::make_unique<Database>(keys_path, Database::Mode::kRead);
}

Vault::~Vault() {
  if (keys_open_) rollback();
  sodium_memzero(wrapping_key_.data(), wrapping_key_.size());
  sodium_memzero(hash_keys_.data(), sizeof hash_keys_);
  for (auto& [profile, key] : kept_) sodium_memzero(key.data(), key.size());
}

Hash Vault::hash(HashOf purpose, std::string_view text) const {
  Hash hash;
  const SecretKey& key = hash_keys_[static_cast<std::size_t>(purpose)];
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                     key.data(), key.size());
  return hash;
}

std::vector<std::byte> Vault::seal(const SecretKey& data_key, const Place& place,
                                   std::span<const std::byte> plain) const {
  const AssociatedData data(place);
  std::vector<std::byte> sealed(plain.size() + kOverhead);
  std::uint8_t* out = u8(sealed.data());
  out[0] = kFormat;
  random_bytes({out + 1, kNonce});
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + 1 + kNonce, nullptr, u8(plain.data()), plain.size(),
                                             data.bytes.data(), data.size, nullptr, out + 1, data_key.data());
  return sealed;
}

std::vector<std::byte> Vault::seal(const SecretKey& data_key, const Place& place, std::string_view plain) const {
  return seal(data_key, place, std::as_bytes(std::span(plain)));
}

std::optional<std::size_t> Vault::open(const SecretKey& data_key, const Place& place, std::span<const std::byte> sealed,
                                       std::span<std::byte> out) const {
  if (sealed.size() < kOverhead || u8(sealed.data())[0] != kFormat) return std::nullopt;
  const std::size_t size = sealed.size() - kOverhead;
  if (out.size() < size) return std::nullopt;
  const AssociatedData data(place);
  const std::uint8_t* in = u8(sealed.data());
  const int status = crypto_aead_xchacha20poly1305_ietf_decrypt(u8(out.data()), nullptr, nullptr, in + 1 + kNonce,
                                                                sealed.size() - 1 - kNonce, data.bytes.data(),
                                                                data.size, in + 1, data_key.data());
  if (status != 0) return std::nullopt;
  return size;
}

std::optional<std::string> Vault::open_text(const SecretKey& data_key, const Place& place,
                                            std::span<const std::byte> sealed) const {
  if (sealed.size() < kOverhead) return std::nullopt;
  std::string text(sealed.size() - kOverhead, '\0');
  if (!open(data_key, place, sealed, std::as_writable_bytes(std::span(text)))) return std::nullopt;
  return text;
}

std::optional<SecretKey> Vault::unwrap(const Uuid& profile, std::span<const std::byte> wrapped) const {
  SecretKey key;
  const std::string row = to_string(profile);
  const auto size =
      open(wrapping_key_, {"profile_keys", "wrapped", row}, wrapped, std::as_writable_bytes(std::span(key)));
  if (!size || *size != key.size()) return std::nullopt;
  return key;
}

void Vault::keep(const Uuid& profile, const SecretKey& key) {
  const std::unique_lock lock(kept_mutex_);
  // Any one will do: a key that is missed costs one look-up.
  if (kept_.size() >= kKeptKeys) kept_.erase(kept_.begin());
  kept_.insert_or_assign(profile, key);
}

std::optional<SecretKey> Vault::data_key(const Uuid& profile) {
  {
    const std::shared_lock lock(kept_mutex_);
    if (const auto found = kept_.find(profile); found != kept_.end()) return found->second;
  }
  std::optional<SecretKey> key;
  {
    const std::lock_guard lock(keys_reader_mutex_);
    auto query = keys_reader_->prepare("SELECT wrapped FROM profile_keys WHERE profile = ?");
    query.bind_blob(1, std::as_bytes(std::span(profile)));
    if (query->executeStep()) key = unwrap(profile, query.blob(0));
  }
  if (key) keep(profile, *key);
  return key;
}

void Vault::preload() {
  const std::lock_guard lock(keys_reader_mutex_);
  auto query = keys_reader_->prepare("SELECT profile, wrapped FROM profile_keys LIMIT 1000000");
  while (query->executeStep()) {
    const auto id = query.blob(0);
    Uuid profile;
    if (id.size() != profile.size()) continue;
    std::memcpy(profile.data(), id.data(), profile.size());
    if (const auto key = unwrap(profile, query.blob(1))) keep(profile, *key);
  }
}

SecretKey Vault::create_data_key(const Uuid& profile) {
  SecretKey key;
  randombytes_buf(key.data(), key.size());
  const std::string row = to_string(profile);
  const auto wrapped = seal(wrapping_key_, {"profile_keys", "wrapped", row}, std::as_bytes(std::span(key)));
  if (!keys_open_) {
    keys_writer_->execute("BEGIN IMMEDIATE");
    keys_open_ = true;
  }
  auto insert = keys_writer_->prepare("INSERT INTO profile_keys (profile, wrapped, created_at) VALUES (?, ?, ?)");
  insert.bind_blob(1, std::as_bytes(std::span(profile)));
  insert.bind_blob(2, wrapped);
  insert->bind(3, now_ms());
  insert->exec();
  keep(profile, key);
  return key;
}

void Vault::commit() {
  if (!keys_open_) return;
  keys_writer_->execute("COMMIT");
  keys_open_ = false;
}

void Vault::rollback() {
  if (!keys_open_) return;
  keys_open_ = false;
  try {
    keys_writer_->execute("ROLLBACK");
  } catch (const SQLite::Exception&) {
    // SQLite has rolled back already.
  }
}

std::string to_base64url(std::span<const std::byte> bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), u8(bytes.data()), bytes.size(), kVariant);
  text.pop_back();  // the terminating zero
  return text;
}

std::optional<std::vector<std::byte>> from_base64url(std::string_view text) {
  std::vector<std::byte> bytes(text.size() / 4 * 3 + 3);
  std::size_t size = 0;
  const char* end = nullptr;
  const int status = sodium_base642bin(u8(bytes.data()), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  if (status != 0 || end != text.data() + text.size()) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::string random_secret(std::string_view prefix) {
  std::array<std::byte, 32> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  std::string secret(prefix);
  secret += to_base64url(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return secret;
}

}  // namespace footlight::origin
