#include "origin/privacy/master_key.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <sodium.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

#include "origin/publish/file_write.h"

namespace footlight::origin {
namespace {

constexpr std::size_t kMaxFile = 4096;

[[noreturn]] void refuse(std::string_view where) {
  // Never quotes what it read: it may be most of a key.
  throw std::runtime_error(fmt::format(
      "{} does not hold 64 hexadecimal digits, or VERSION:64 hexadecimal digits for each of several keys.", where));
}

void add_line(std::string_view line, std::string_view where, std::map<std::uint32_t, SecretKey>& keys) {
  std::uint32_t version = 1;
  if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    const auto [end, status] = std::from_chars(line.data(), line.data() + colon, version);
    if (status != std::errc() || end != line.data() + colon || version == 0) refuse(where);
    line.remove_prefix(colon + 1);
  }
  SecretKey key{};
  std::size_t bytes = 0;
  const char* end = nullptr;
  const int status = sodium_hex2bin(key.data(), key.size(), line.data(), line.size(), nullptr, &bytes, &end);
  if (status != 0 || bytes != key.size() || end != line.data() + line.size()) refuse(where);
  if (!keys.emplace(version, key).second) {
    throw std::runtime_error(fmt::format("{} names the key version {} twice.", where, version));
  }
  sodium_memzero(key.data(), key.size());
}

std::map<std::uint32_t, SecretKey> parse(std::string_view text, std::string_view where) {
  std::map<std::uint32_t, SecretKey> keys;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n,");
    const std::string_view line = text.substr(0, end);
    if (!line.empty()) add_line(line, where, keys);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (keys.empty()) refuse(where);
  return keys;
}

}  // namespace

MasterKeys::~MasterKeys() {
  for (auto& [version, key] : by_version_) sodium_memzero(key.data(), key.size());
}

MasterKeys MasterKeys::load(const std::string& file, bool may_create) {
  MasterKeys keys;
  if (const char* text = std::getenv("FOOTLIGHT_MASTER_KEY")) {
    keys.by_version_ = parse(text, "FOOTLIGHT_MASTER_KEY");
    keys.from_environment_ = true;
    return keys;
  }
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT && may_create) {
      keys.add(file);
      return load(file, false);  // two programs starting at once: one file won
    }
    throw std::runtime_error(
        fmt::format("Cannot read the key file {}. Without the key this database was written with, its profiles "
                    "cannot be read: restore the file, or set FOOTLIGHT_MASTER_KEY.",
                    file));
  }
  struct stat info {};
  char text[kMaxFile];
  const bool known = ::fstat(fd, &info) == 0;
  const ssize_t size = ::read(fd, text, sizeof text);
  ::close(fd);
  if (!known || (info.st_mode & 077U) != 0) {
    sodium_memzero(text, sizeof text);
    throw std::runtime_error(fmt::format(
        "Others may read the key file {}: chmod 600 it, and think of a new key (footlight keys rotate).", file));
  }
  try {
    keys.by_version_ = parse({text, static_cast<std::size_t>(size > 0 ? size : 0)}, "The key file " + file);
  } catch (...) {
    sodium_memzero(text, sizeof text);
    throw;
  }
  sodium_memzero(text, sizeof text);
  return keys;
}

std::uint32_t MasterKeys::add(const std::string& file) {
  if (from_environment_) {
    throw std::runtime_error(
        fmt::format("The master key comes from FOOTLIGHT_MASTER_KEY: add a comma and {}:64 hexadecimal digits to it "
                    "(openssl rand -hex 32), for every program on this database, then rotate.",
                    latest() + 1));
  }
  SecretKey key{};
  randombytes_buf(key.data(), key.size());
  const std::uint32_t version = latest() + 1;
  const bool is_first = by_version_.empty();
  by_version_.emplace(version, key);
  sodium_memzero(key.data(), key.size());
  if (is_first) {
    char hex[2 * key.size() + 2];
    sodium_bin2hex(hex, sizeof hex, by_version_.at(version).data(), key.size());
    hex[2 * key.size()] = '\n';
    const std::string_view text(hex, 2 * key.size() + 1);
    static_cast<void>(publish::create_file(file, std::as_bytes(std::span(text)), 0600));
    sodium_memzero(hex, sizeof hex);
  } else {
    write(file);
  }
  return version;
}

void MasterKeys::keep_only(std::uint32_t version, const std::string& file) {
  if (from_environment_) return;
  if (by_version_.size() == 1 && by_version_.contains(version)) return;
  for (auto key = by_version_.begin(); key != by_version_.end();) {
    if (key->first == version) {
      ++key;
      continue;
    }
    sodium_memzero(key->second.data(), key->second.size());
    key = by_version_.erase(key);
  }
  write(file);
}

void MasterKeys::write(const std::string& file) const {
  std::string text;
  for (const auto& [version, key] : by_version_) {
    char hex[2 * sizeof(SecretKey) + 1];
    sodium_bin2hex(hex, sizeof hex, key.data(), key.size());
    text += fmt::format("{}:{}\n", version, static_cast<const char*>(hex));
    sodium_memzero(hex, sizeof hex);
  }
  publish::replace_file(file, std::as_bytes(std::span(text)), 0600);
  sodium_memzero(text.data(), text.size());
}

}  // namespace footlight::origin
