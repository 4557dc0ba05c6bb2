// Files that are there whole or not at all.
//
// The bytes go to a temporary file in the same folder, to the disk (fsync), and then under their name (rename or link);
// then the folder itself is synced, so that after a crash the name is there as well. Throws std::system_error.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <sys/types.h>

namespace footlight::publish {

// Replaces the file if there is one. Readers see the old bytes or the new, never a mixture.
void replace_file(const std::filesystem::path& file, std::span<const std::byte> bytes, mode_t mode = 0644);

// False, and nothing changed, when there is a file of that name.
[[nodiscard]] bool create_file(const std::filesystem::path& file, std::span<const std::byte> bytes, mode_t mode = 0644);

[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace footlight::publish
