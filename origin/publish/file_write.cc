#include "origin/publish/file_write.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

#include <sys/stat.h>

namespace footlight::publish {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// A synced temporary file with these bytes; removed again by the destructor unless released.
class Temporary {
 public:
  Temporary(const std::filesystem::path& file, std::span<const std::byte> bytes, mode_t mode)
      : path_((folder_of(file) / ".footlight-XXXXXX").string()) {
    const Descriptor out(::mkstemp(path_.data()));  // mode 0600 until it is complete
    if (out.get() < 0) fail("cannot create a file in " + folder_of(file).string());
    try {
      while (!bytes.empty()) {
        const ssize_t written = ::write(out.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot write " + file.string());
        bytes = bytes.subspan(static_cast<std::size_t>(written));
      }
      if (::fchmod(out.get(), mode) != 0 || ::fsync(out.get()) != 0) fail("cannot write " + file.string());
    } catch (...) {
      ::unlink(path_.c_str());
      throw;
    }
  }
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  [[nodiscard]] const char* path() const noexcept { return path_.c_str(); }
  void release() noexcept { path_.clear(); }

 private:
  std::string path_;
};

void sync_folder(const std::filesystem::path& file) {
  const Descriptor folder(::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) fail("cannot sync " + folder_of(file).string());
}

}  // namespace

void replace_file(const std::filesystem::path& file, std::span<const std::byte> bytes, mode_t mode) {
  Temporary temporary(file, bytes, mode);
  if (std::rename(temporary.path(), file.c_str()) != 0) fail("cannot replace " + file.string());
  temporary.release();
  sync_folder(file);
}

bool create_file(const std::filesystem::path& file, std::span<const std::byte> bytes, mode_t mode) {
  const Temporary temporary(file, bytes, mode);
  if (::link(temporary.path(), file.c_str()) != 0) {
    if (errno == EEXIST) return false;
    fail("cannot create " + file.string());
  }
  sync_folder(file);
  return true;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail("cannot read " + file.string());
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) fail("cannot read " + file.string());
  return bytes;
}

}  // namespace footlight::publish
