// Encrypted payloads of a flag service: AES-128-CBC with PKCS #7 padding, "base64(iv).base64(ciphertext)".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace footlight::experiment {

// `key` in base64. Nothing when key, form or padding is wrong. There is no authentication in this format: what comes
// out is as trustworthy as where it came from.
[[nodiscard]] std::optional<std::string> decrypt(std::string_view text, std::string_view key);

}  // namespace footlight::experiment
