// The master keys: 32 random bytes each, outside the databases.
//
// The key file has a line "VERSION:64 hexadecimal digits" for each; a line of digits alone is version 1. There is one,
// but for the time that a rotation takes (rotate.h). FOOTLIGHT_MASTER_KEY holds the same, with commas between.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace footlight::origin {

using SecretKey = std::array<std::uint8_t, 32>;

class MasterKeys {
 public:
  // From FOOTLIGHT_MASTER_KEY, else from `file`, which is created (mode 0600, one key of version 1) when `may_create`.
  // Throws std::runtime_error when there is none, when a key is not 32 bytes, or when others may read the file.
  [[nodiscard]] static MasterKeys load(const std::string& file, bool may_create);

  MasterKeys() = default;
  MasterKeys(MasterKeys&&) noexcept = default;
  MasterKeys& operator=(MasterKeys&&) noexcept = default;
  MasterKeys(const MasterKeys&) = delete;
  MasterKeys& operator=(const MasterKeys&) = delete;
  ~MasterKeys();  // wipes them

  [[nodiscard]] const std::map<std::uint32_t, SecretKey>& by_version() const { return by_version_; }
  [[nodiscard]] std::uint32_t latest() const { return by_version_.empty() ? 0 : by_version_.rbegin()->first; }
  [[nodiscard]] bool from_environment() const { return from_environment_; }

  // Adds a new random key, or drops all but one, and writes the file anew: a crash leaves the old file or the new one.
  // Throw std::runtime_error; both refuse where the keys come from the environment.
  std::uint32_t add(const std::string& file);
  void keep_only(std::uint32_t version, const std::string& file);

 private:
  void write(const std::string& file) const;

  std::map<std::uint32_t, SecretKey> by_version_;
  bool from_environment_ = false;
};

}  // namespace footlight::origin
