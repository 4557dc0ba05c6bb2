#include "origin/privacy/vault.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sodium.h>
#include <stdexcept>

#include <fmt/format.h>

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
constexpr std::uint64_t kWrappingKey = 100;  // the number of the derivation
constexpr char kContext[] = "footlght";      // of the key derivation: exactly 8 bytes
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

std::uint32_t current_master(Database& keys) {
  auto query = keys.prepare("SELECT CAST(text AS INTEGER) FROM notes WHERE name = 'master'");
  if (!query->executeStep()) throw std::runtime_error("the key store does not say which master key is in use");
  return static_cast<std::uint32_t>(query.integer(0));
}

}  // namespace

std::size_t Vault::UuidHash::operator()(const Uuid& uuid) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, uuid.data() + 8, sizeof value);
  return value;
}

Vault::Vault(std::string master_key_file, const std::string& keys_path, bool is_new)
    : master_key_file_(std::move(master_key_file)) {
  if (!is_new && !std::filesystem::exists(keys_path)) {
    throw std::runtime_error(keys_path +
                             " is missing: without the wrapped keys no profile can be read. Put it back from where it "
                             "was kept, or footlight restore a backup.");
  }
  const MasterKeys keys = MasterKeys::load(master_key_file_, is_new);
  take_masters(keys);
  keys_writer_ = std::make_unique<Database>(keys_path, Database::Mode::kWrite);
  migrate_keys(*keys_writer_);
  open_secrets(keys, is_new);
  keys_reader_ = std::make_unique<Database>(keys_path, Database::Mode::kRead);
}

Vault::~Vault() {
  if (keys_open_) rollback();
  for (auto& [version, key] : wrapping_keys_) sodium_memzero(key.data(), key.size());
  sodium_memzero(hash_keys_.data(), sizeof hash_keys_);
  sodium_memzero(attestation_secret_.data(), attestation_secret_.size());
  for (auto& [profile, key] : kept_) sodium_memzero(key.data(), key.size());
}

void Vault::take_masters(const MasterKeys& keys) {
  const std::lock_guard lock(masters_mutex_);
  for (const auto& [version, master] : keys.by_version()) {
    crypto_kdf_derive_from_key(wrapping_keys_[version].data(), sizeof(SecretKey), kWrappingKey, kContext,
                               master.data());
  }
}

SecretKey Vault::wrapping_key(std::uint32_t version) {
  for (const bool is_again : {false, true}) {
    if (is_again) take_masters(MasterKeys::load(master_key_file_, false));  // a rotation has begun since
    const std::lock_guard lock(masters_mutex_);
    if (const auto found = wrapping_keys_.find(version); found != wrapping_keys_.end()) return found->second;
  }
  throw std::runtime_error(fmt::format("the master key of version {} is missing", version));
}

// The hash root and the attestation key. A key store of the first version has neither: there the master key was the
// root, and stays it, so that the hashes in the database go on to fit.
void Vault::open_secrets(const MasterKeys& keys, bool is_new) {
  begin();
  SecretKey root{};
  SecretKey seed{};
  const auto read = [&](const char* name, SecretKey& secret) {
    auto query = keys_writer_->prepare("SELECT master, wrapped FROM secrets WHERE name = ?");
    query->bind(1, name);
    if (!query->executeStep()) return false;
    const auto opened =
        unwrap({"secrets", "wrapped", name}, static_cast<std::uint32_t>(query.integer(0)), query.blob(1));
    if (!opened) throw std::runtime_error("The master key is not the one this database was written with.");
    secret = *opened;
    return true;
  };
  const auto write = [&](const char* name, const SecretKey& secret) {
    const std::uint32_t version = keys.latest();
    auto insert = keys_writer_->prepare("INSERT INTO secrets (name, master, wrapped) VALUES (?, ?, ?)");
    insert->bind(1, name);
    insert->bind(2, static_cast<std::int64_t>(version));
    insert.bind_blob(3, wrap({"secrets", "wrapped", name}, version, secret));
    insert->exec();
  };
  try {
    if (!read("hash_root", root)) {
      if (is_new) {
        randombytes_buf(root.data(), root.size());
      } else {
        const auto first = keys.by_version().find(1);
        if (first == keys.by_version().end()) throw std::runtime_error("the master key of version 1 is missing");
        root = first->second;
      }
      write("hash_root", root);
      auto state = keys_writer_->prepare("INSERT INTO notes (name, text) VALUES ('master', ?)");
      state->bind(1, std::to_string(keys.latest()));
      state->exec();
    }
    if (!read("attestation", seed)) {
      randombytes_buf(seed.data(), seed.size());
      write("attestation", seed);
    }
    commit();
  } catch (...) {
    rollback();
    throw;
  }
  for (std::size_t i = 0; i < hash_keys_.size(); ++i) {
    crypto_kdf_derive_from_key(hash_keys_[i].data(), hash_keys_[i].size(), i, kContext, root.data());
  }
  crypto_sign_seed_keypair(attestation_public_.data(), attestation_secret_.data(), seed.data());
  sodium_memzero(root.data(), root.size());
  sodium_memzero(seed.data(), seed.size());
}

Hash Vault::hash(HashOf purpose, std::string_view text) const {
  Hash hash;
  const SecretKey& key = hash_keys_[static_cast<std::size_t>(purpose)];
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                     key.data(), key.size());
  return hash;
}

std::string Vault::goal_hash(std::string_view goal) const {
  const Hash hashed = hash(HashOf::kGoal, goal);
  char hex[33];
  sodium_bin2hex(hex, sizeof hex, hashed.data(), 16);
  return std::string("g:") + hex;
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

std::optional<SecretKey> Vault::unwrap(const Place& place, std::uint32_t version, std::span<const std::byte> wrapped) {
  SecretKey key;
  const auto size = open(wrapping_key(version), place, wrapped, std::as_writable_bytes(std::span(key)));
  if (!size || *size != key.size()) return std::nullopt;
  return key;
}

std::vector<std::byte> Vault::wrap(const Place& place, std::uint32_t version, const SecretKey& key) {
  return seal(wrapping_key(version), place, std::as_bytes(std::span(key)));
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
  const std::string row = to_string(profile);
  std::optional<SecretKey> key;
  const std::lock_guard lock(keys_reader_mutex_);
  {
    auto query = keys_reader_->prepare("SELECT master, wrapped FROM profile_keys WHERE profile = ?");
    query.bind_blob(1, std::as_bytes(std::span(profile)));
    if (query->executeStep()) {
      key = unwrap({"profile_keys", "wrapped", row}, static_cast<std::uint32_t>(query.integer(0)), query.blob(1));
    }
  }
  // Still under the lock: forget() waits for it, so that what was read before an erasure is not kept after it.
  if (key) keep(profile, *key);
  return key;
}

void Vault::preload() {
  const std::lock_guard lock(keys_reader_mutex_);
  auto query = keys_reader_->prepare("SELECT profile, master, wrapped FROM profile_keys LIMIT 1000000");
  while (query->executeStep()) {
    const auto id = query.blob(0);
    Uuid profile;
    if (id.size() != profile.size()) continue;
    std::memcpy(profile.data(), id.data(), profile.size());
    const std::string row = to_string(profile);
    const auto version = static_cast<std::uint32_t>(query.integer(1));
    if (const auto key = unwrap({"profile_keys", "wrapped", row}, version, query.blob(2))) keep(profile, *key);
  }
}

std::uint64_t Vault::key_count() {
  const std::lock_guard lock(keys_reader_mutex_);
  auto query = keys_reader_->prepare("SELECT count(*) FROM profile_keys");
  query->executeStep();
  return static_cast<std::uint64_t>(query.integer(0));
}

void Vault::begin() {
  if (keys_open_) return;
  keys_writer_->execute("BEGIN IMMEDIATE");
  keys_open_ = true;
}

SecretKey Vault::create_data_key(const Uuid& profile) {
  SecretKey key;
  randombytes_buf(key.data(), key.size());
  begin();
  // Asked for under the write lock: after a rotation has begun nothing is wrapped with the old key any more.
  const std::uint32_t version = current_master(*keys_writer_);
  auto insert =
      keys_writer_->prepare("INSERT INTO profile_keys (profile, master, wrapped, created_at) VALUES (?, ?, ?, ?)");
  insert.bind_blob(1, std::as_bytes(std::span(profile)));
  insert->bind(2, static_cast<std::int64_t>(version));
  insert.bind_blob(3, wrap({"profile_keys", "wrapped", to_string(profile)}, version, key));
  insert->bind(4, now_ms());
  insert->exec();
  keep(profile, key);
  return key;
}

void Vault::forget(const Uuid& profile) {
  const std::lock_guard reading(keys_reader_mutex_);
  const std::unique_lock lock(kept_mutex_);
  const auto found = kept_.find(profile);
  if (found == kept_.end()) return;
  sodium_memzero(found->second.data(), found->second.size());
  kept_.erase(found);
}

bool Vault::destroy_data_key(const Uuid& profile) {
  begin();
  {
    auto erase = keys_writer_->prepare("DELETE FROM profile_keys WHERE profile = ?");
    erase.bind_blob(1, std::as_bytes(std::span(profile)));
    erase->exec();
  }
  commit();
  // The page is overwritten with zeros (secure_delete), but older versions of it may lie in the write-ahead log.
  forget(profile);
  auto checkpoint = keys_writer_->prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  return checkpoint->executeStep() && checkpoint.integer(0) == 0;
}

std::uint32_t Vault::master_version() {
  const std::lock_guard lock(keys_reader_mutex_);
  return current_master(*keys_reader_);
}

void Vault::use_master(std::uint32_t version, const MasterKeys& keys) {
  take_masters(keys);
  begin();
  try {
    for (const char* name : {"hash_root", "attestation"}) {
      auto query = keys_writer_->prepare("SELECT master, wrapped FROM secrets WHERE name = ?");
      query->bind(1, name);
      if (!query->executeStep()) throw std::runtime_error("the key store has lost a secret");
      const auto secret =
          unwrap({"secrets", "wrapped", name}, static_cast<std::uint32_t>(query.integer(0)), query.blob(1));
      if (!secret) throw std::runtime_error("a secret of the key store does not open");
      auto update = keys_writer_->prepare("UPDATE secrets SET master = ?, wrapped = ? WHERE name = ?");
      update->bind(1, static_cast<std::int64_t>(version));
      update.bind_blob(2, wrap({"secrets", "wrapped", name}, version, *secret));
      update->bind(3, name);
      update->exec();
    }
    auto state = keys_writer_->prepare("UPDATE notes SET text = ? WHERE name = 'master'");
    state->bind(1, std::to_string(version));
    state->exec();
    commit();
  } catch (...) {
    rollback();
    throw;
  }
}

std::optional<Uuid> Vault::rewrap(const Uuid& after, std::uint32_t version, std::size_t limit, std::uint64_t& changed) {
  struct Row {
    Uuid profile{};
    std::uint32_t master = 0;
    std::vector<std::byte> wrapped;
  };
  begin();
  try {
    std::vector<Row> rows;
    {
      auto query = keys_writer_->prepare(
          "SELECT profile, master, wrapped FROM profile_keys WHERE profile > ? ORDER BY profile LIMIT ?");
      query.bind_blob(1, std::as_bytes(std::span(after)));
      query->bind(2, static_cast<std::int64_t>(limit));
      while (query->executeStep()) {
        Row row{.profile = {}, .master = static_cast<std::uint32_t>(query.integer(1)), .wrapped = {}};
        const auto id = query.blob(0);
        std::memcpy(row.profile.data(), id.data(), std::min(id.size(), row.profile.size()));
        const auto bytes = query.blob(2);
        row.wrapped.assign(bytes.begin(), bytes.end());
        rows.push_back(std::move(row));
      }
    }
    for (const Row& row : rows) {
      if (row.master == version) continue;
      const std::string id = to_string(row.profile);
      const auto key = unwrap({"profile_keys", "wrapped", id}, row.master, row.wrapped);
      if (!key) throw std::runtime_error(fmt::format("the key of profile {} does not open", id));
      auto update = keys_writer_->prepare("UPDATE profile_keys SET master = ?, wrapped = ? WHERE profile = ?");
      update->bind(1, static_cast<std::int64_t>(version));
      update.bind_blob(2, wrap({"profile_keys", "wrapped", id}, version, *key));
      update.bind_blob(3, std::as_bytes(std::span(row.profile)));
      update->exec();
      ++changed;
    }
    commit();
    if (rows.empty()) return std::nullopt;
    return rows.back().profile;
  } catch (...) {
    rollback();
    throw;
  }
}

publish::Signature Vault::attest(std::string_view message) const {
  publish::Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size(), attestation_secret_.data());
  return signature;
}

std::optional<std::string> Vault::note(std::string_view name) {
  const std::lock_guard lock(keys_reader_mutex_);
  auto query = keys_reader_->prepare("SELECT text FROM notes WHERE name = ?");
  query->bind(1, std::string(name));
  if (!query->executeStep()) return std::nullopt;
  return std::string(query.text(0));
}

void Vault::set_note(std::string_view name, std::string_view text) {
  begin();
  auto insert = keys_writer_->prepare(
      "INSERT INTO notes (name, text) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET text = excluded.text");
  insert->bind(1, std::string(name));
  insert->bind(2, std::string(text));
  insert->exec();
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
