// Keys and ciphers: what turns a profile's fields into ciphertext and back, and ids into keyed
// hashes.
//
//     master key, version N ── kdf ──> wrapping key N ──> wraps, in PATH-keys: each profile's data key (random),
//                                                         the hash root, the attestation key
//     hash root ── kdf ──> hash keys: e-mail, foreign id, visitor, event; token; API key
//     data key ── XChaCha20-Poly1305 ──> field;   stored as  1 | nonce (24) | ciphertext | tag (16)
//
// The associated data of a field is its table, column and row id, so that a ciphertext moved to
// another place does not open. Erasing a profile's row in PATH-keys makes every copy of its fields
// unreadable, older backups included. A rotation (rotate.h) wraps anew and touches no field; a vault in another process
// reads the key file again when it meets a version that it does not know. Thread rule: every method from any thread,
// except those that say "writer only".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
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
#include "origin/publish/signing_key.h"
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
  kGoal = 8,
};

// Where a field lies: the associated data of its ciphertext.
struct Place {
  std::string_view table;
  std::string_view column;
  std::string_view row;  // the row's UUID
};

class Vault {
 public:
  // `keys_path` is the database of wrapped keys. `is_new`: no key was ever used with the database that it belongs to,
  // so both the key file and the keys may be made. Throws on failure.
  Vault(std::string master_key_file, const std::string& keys_path, bool is_new);
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;
  ~Vault();  // wipes the keys

  [[nodiscard]] Hash hash(HashOf purpose, std::string_view text) const;
  // A goal as `conversions` keeps it: "g:" and 32 hexadecimal digits.
  [[nodiscard]] std::string goal_hash(std::string_view goal) const;

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
  // writer only: afterwards no byte of the key is in PATH-keys or its write-ahead log, and the result is true; false
  // while another process still reads the log: to be asked again. Nothing is to be done where there is no key.
  [[nodiscard]] bool destroy_data_key(const Uuid& profile);
  // What another process has destroyed must not live on in this one's memory.
  void forget(const Uuid& profile);
  [[nodiscard]] std::uint64_t key_count();

  // -- rotation (rotate.h)
  [[nodiscard]] std::uint32_t master_version();               // that new keys are wrapped with
  void use_master(std::uint32_t version, const MasterKeys&);  // wraps the secrets anew
  // Wraps up to `limit` of the keys after `after` anew; the last one looked at, or nullopt when there are no more.
  std::optional<Uuid> rewrap(const Uuid& after, std::uint32_t version, std::size_t limit, std::uint64_t& changed);
  [[nodiscard]] const std::string& master_key_file() const { return master_key_file_; }

  // -- what this installation vouches for: receipts of erasures, checkpoints of the audit log
  [[nodiscard]] publish::Signature attest(std::string_view message) const;
  [[nodiscard]] const publish::PublicKey& attestation_key() const { return attestation_public_; }

  // -- a note beside the keys, in a file of its own: what the main database cannot take back (store/audit.h)
  [[nodiscard]] std::optional<std::string> note(std::string_view name);
  void set_note(std::string_view name, std::string_view text);  // writer only

  static constexpr std::size_t kKeptKeys = 1'000'000;
  static constexpr std::size_t kOverhead = 1 + 24 + 16;  // bytes a ciphertext is longer than its text

 private:
  struct UuidHash {
    std::size_t operator()(const Uuid& uuid) const noexcept;  // version 4 UUIDs are random already
  };

  [[nodiscard]] SecretKey wrapping_key(std::uint32_t version);  // throws when there is no such master key
  void take_masters(const MasterKeys& keys);
  void open_secrets(const MasterKeys& keys, bool is_new);
  [[nodiscard]] std::optional<SecretKey> unwrap(const Place& place, std::uint32_t version,
                                                std::span<const std::byte> wrapped);
  [[nodiscard]] std::vector<std::byte> wrap(const Place& place, std::uint32_t version, const SecretKey& key);
  void begin();
  void keep(const Uuid& profile, const SecretKey& key);

  const std::string master_key_file_;
  std::mutex masters_mutex_;
  std::map<std::uint32_t, SecretKey> wrapping_keys_;  // by version of the master key
  std::array<SecretKey, 9> hash_keys_{};
  std::array<unsigned char, 64> attestation_secret_{};
  publish::PublicKey attestation_public_{};
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
