#include "origin/privacy/master_key.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sodium.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/stat.h>

namespace footlight::origin {
namespace {

SecretKey from_hex(std::string_view text, std::string_view where) {
  SecretKey key{};
  std::size_t bytes = 0;
  const char* end = nullptr;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const int status = sodium_hex2bin(key.data(), key.size(), text.data(), text.size(), nullptr, &bytes, &end);
  if (status != 0 || bytes != key.size() || end != text.data() + text.size()) {
    // Never quotes what it read: it may be most of a key.
    throw std::runtime_error(fmt::format("{} does not hold 64 hexadecimal digits.", where));
  }
  return key;
}

SecretKey create(const std::string& file) {
  SecretKey key{};
  randombytes_buf(key.data(), key.size());
  char hex[2 * key.size() + 1];
  sodium_bin2hex(hex, sizeof hex, key.data(), key.size());
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error(fmt::format("Cannot create the key file {}.", file));
  const std::string_view text(hex, sizeof hex - 1);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  sodium_memzero(hex, sizeof hex);
  if (!written) throw std::runtime_error(fmt::format("Cannot write the key file {}.", file));
  return key;
}

}  // namespace

SecretKey load_master_key(const std::string& file, bool may_create) {
  if (const char* text = std::getenv("FOOTLIGHT_MASTER_KEY")) {
    return from_hex(text, "FOOTLIGHT_MASTER_KEY");
  }
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT && may_create) return create(file);
    throw std::runtime_error(
        fmt::format("Cannot read the key file {}. Without the key this database was written with, its profiles "
                    "cannot be read: restore the file, or set FOOTLIGHT_MASTER_KEY.",
                    file));
  }
  struct stat info {};
  char text[128];
  const bool known = ::fstat(fd, &info) == 0;
  const ssize_t size = ::read(fd, text, sizeof text);
  ::close(fd);
  if (!known || (info.st_mode & 077U) != 0) {
    throw std::runtime_error(
        fmt::format("Others may read the key file {}: chmod 600 it, and think of a new key.", file));
  }
  const SecretKey key = from_hex({text, static_cast<std::size_t>(size > 0 ? size : 0)}, "The key file " + file);
  sodium_memzero(text, sizeof text);
  return key;
}

}  // namespace footlight::origin
