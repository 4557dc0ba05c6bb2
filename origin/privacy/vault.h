// Keys and ciphers: what turns a profile's fields into ciphertext and back, and ids into keyed
// hashes.
//
//     master key ── kdf ──> wrapping key ──> wraps each profile's data key (random, in PATH-keys)
//                       └─> hash keys: e-mail, foreign id, visitor, event; token; API key
//     data key ── XChaCha20-Poly1305 ──> field;   stored as  1 | nonce (24) | ciphertext | tag (16)
//
// The associated data of a field is its table, column and row id, so that a ciphertext moved to
// another place does not open. Erasing a profile's row in PATH-keys makes every copy of its fields
// unreadable, older backups included. Thread rule: every method from any thread, except those that
// say "writer only".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "origin/privacy/master_key.h"
#include "origin/store/database.h"
#include "origin/store/uuid.h"

namespace footlight::origin {

using Hash = std::array<std::uint8_t, 32>;

// What a hash is of; each purpose has its own key, so equal texts of two purposes do not show as
// equal.
enum class HashOf : std::uint64_t {
  kEmail = 1,
  kForeignId = 2,
  kVisitor = 3,
  kEvent = 4,
  kToken = 5,
  kApiKey = 6,
  kCheck = 7,  // proves that a master key fits a database
};

// Where a field lies: the associated data of its ciphertext.
struct Place {
  std::string_view table;
  std::string_view column;
  std::string_view row;  // the row's UUID
};

class Vault {
 public:
  // `keys_path` is the database of wrapped keys. Throws on failure.
  Vault(const SecretKey& master_key, const std::string& keys_path);
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;
  ~Vault();  // wipes the keys

  [[nodiscard]] Hash hash(HashOf purpose, std::string_view text) const;

  // -- fields of one profile
  [[nodiscard]] std::vector<std::byte> seal(const SecretKey& data_key, const Place& place,
                                            std::span<const std::byte> plain) const;
  [[nodiscard]] std::vector<std::byte> seal(const SecretKey& data_key, const Place& place,
                                            std::string_view plain) const;
  // nullopt when it was changed, moved, or sealed with another key. `out` is written only on
  // success.
  [[nodiscard]] std::optional<std::size_t> open(const SecretKey& data_key, const Place& place,
                                                std::span<const std::byte> sealed, std::span<std::byte> out) const;
  [[nodiscard]] std::optional<std::string> open_text(const SecretKey& data_key, const Place& place,
                                                     std::span<const std::byte> sealed) const;

  // -- data keys
  // The profile's key from memory, else from the key store; nullopt when it was erased.
  [[nodiscard]] std::optional<SecretKey> data_key(const Uuid& profile);
  // Reads every key into memory (at most kKeptKeys), so that a first request costs no second
  // look-up.
  void preload();
  SecretKey create_data_key(const Uuid& profile);  // writer only; durable with commit()
  void commit();                                   // writer only: before the store's own COMMIT
  void rollback();                                 // writer only

  static constexpr std::size_t kKeptKeys = 1'000'000;
  static constexpr std::size_t kOverhead = 1 + 24 + 16;  // bytes a ciphertext is longer than its text

 private:
  struct UuidHash {
    std::size_t operator()(const Uuid& uuid) const noexcept;  // version 4 UUIDs are random already
  };

  [[nodiscard]] std::optional<SecretKey> unwrap(const Uuid& profile, std::span<const std::byte> wrapped) const;
  void keep(const Uuid& profile, const SecretKey& key);

  SecretKey wrapping_key_{};
  std::array<SecretKey, 8> hash_keys_{};
  std::unique_ptr<Database> keys_writer_;
  bool keys_open_ = false;  // a transaction is open on keys_writer_
  std::mutex keys_reader_mutex_;
  std::unique_ptr<Database> keys_reader_;
  std::shared_mutex kept_mutex_;
  std::unordered_map<Uuid, SecretKey, UuidHash> kept_;
};

// A new secret of 256 random bits as 43 characters of base64url, with a prefix that secret scanners
// can find.
[[nodiscard]] std::string random_secret(std::string_view prefix);

[[nodiscard]] std::string to_base64url(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<std::vector<std::byte>> from_base64url(std::string_view text);

}  // namespace footlight::origin
