// A disk and a clock that fail when told to, for a program started with LD_PRELOAD=libfaults.so.
//
// FOOTLIGHT_FAULTS names a file; its first word says what holds now, looked at before each call:
//     none
//     full         writing: ENOSPC     (what makes a file longer, and what overwrites)
//     fsync        fsync, fdatasync: EIO
//     readonly     writing, and opening for it: EROFS
//     clock MS     the time of day is off by so many milliseconds
// Only files under FOOTLIGHT_FAULTS_UNDER are meant.
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/syscall.h>

namespace {

struct Fault {
  char kind[16] = "none";
  long long ms = 0;
};

// By system calls, so that it never meets itself.
Fault current() {
  Fault fault;
  const char* file = std::getenv("FOOTLIGHT_FAULTS");
  if (file == nullptr) return fault;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fault;
  char text[64] = {};
  const long size = ::syscall(SYS_read, fd, text, sizeof text - 1);
  ::syscall(SYS_close, fd);
  if (size > 0) std::sscanf(text, "%15s %lld", fault.kind, &fault.ms);
  return fault;
}

bool is_meant(int fd) {
  const char* under = std::getenv("FOOTLIGHT_FAULTS_UNDER");
  if (under == nullptr) return false;
  char link[64];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  return size > 0 && std::strncmp(path, under, std::strlen(under)) == 0;
}

// 0, or the errno with which a write to `fd` fails now.
int write_fault(int fd) {
  const Fault fault = current();
  if (std::strcmp(fault.kind, "full") != 0 && std::strcmp(fault.kind, "readonly") != 0) return 0;
  if (!is_meant(fd)) return 0;
  return fault.kind[0] == 'f' ? ENOSPC : EROFS;
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* next = real<ssize_t(int, const void*, size_t)>("write");
  if (const int error = write_fault(fd); error != 0) {
    errno = error;
    return -1;
  }
  return next(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static auto* next = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  if (const int error = write_fault(fd); error != 0) {
    errno = error;
    return -1;
  }
  return next(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }

int ftruncate64(int fd, off64_t size) {
  static auto* next = real<int(int, off64_t)>("ftruncate64");
  if (const int error = write_fault(fd); error != 0) {
    errno = error;
    return -1;
  }
  return next(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int posix_fallocate64(int fd, off64_t at, off64_t size) {
  static auto* next = real<int(int, off64_t, off64_t)>("posix_fallocate64");
  const int error = write_fault(fd);
  return error != 0 ? error : next(fd, at, size);
}

int fsync(int fd) {
  static auto* next = real<int(int)>("fsync");
  if (std::strcmp(current().kind, "fsync") == 0 && is_meant(fd)) {
    errno = EIO;
    return -1;
  }
  return next(fd);
}

int fdatasync(int fd) {
  static auto* next = real<int(int)>("fdatasync");
  if (std::strcmp(current().kind, "fsync") == 0 && is_meant(fd)) {
    errno = EIO;
    return -1;
  }
  return next(fd);
}

int clock_gettime(clockid_t id, timespec* now) {
  static auto* next = real<int(clockid_t, timespec*)>("clock_gettime");
  const int status = next(id, now);
  if (status != 0 || id != CLOCK_REALTIME) return status;
  const Fault fault = current();
  if (std::strcmp(fault.kind, "clock") == 0) now->tv_sec += static_cast<time_t>(fault.ms / 1000);
  return status;
}

time_t time(time_t* out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
