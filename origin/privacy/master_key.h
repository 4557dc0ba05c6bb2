// The master key: 32 random bytes, outside the database.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace footlight::origin {

using SecretKey = std::array<std::uint8_t, 32>;

// From FOOTLIGHT_MASTER_KEY (64 hexadecimal digits), else from `file`, which is created (mode 0600)
// when `may_create`. Throws std::runtime_error when there is none, or it is not 32 bytes, or others
// may read the file.
[[nodiscard]] SecretKey load_master_key(const std::string& file, bool may_create);

}  // namespace footlight::origin
