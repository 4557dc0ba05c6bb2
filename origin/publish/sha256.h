// SHA-256 as lower-case hex: the name of every published file.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace footlight::publish {

[[nodiscard]] std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace footlight::publish
