#include "origin/http/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/uio.h>

namespace footlight::origin {
namespace {

constexpr std::size_t kLargeWrite = 2048;
constexpr std::size_t kLingerBytes = 256 * 1024;
constexpr std::chrono::milliseconds kLingerTime{200};
constexpr std::chrono::seconds kSendTime{10};

// True when the descriptor became ready; hang-ups count, the next call finds out.
bool wait_for(int fd, short events, Connection::Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Connection::Clock::now());
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

Connection::Connection(socket_t socket) : socket_(socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char host[NI_MAXHOST];
  char service[NI_MAXSERV];
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
      ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof host, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
    remote_ip_ = host;
    remote_port_ = std::atoi(service);
  }
}

Connection::~Connection() { ::close(socket_); }

void Connection::begin_request(std::chrono::milliseconds allowed, std::size_t head_bytes) {
  deadline_ = Clock::now() + allowed;
  left_ = head_bytes;
}

ssize_t Connection::read(char* out, std::size_t size) {
  if (left_ == 0) {
    went_beyond_ = true;
    must_close = true;
    return -1;
  }
  if (begin_ == end_) {
    for (;;) {
      const ssize_t got = ::recv(socket_, in_, sizeof in_, MSG_DONTWAIT);
      if (got > 0) {
        begin_ = 0;
        end_ = static_cast<std::size_t>(got);
        break;
      }
      if (got == 0) return 0;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
      // What was written so far (100 Continue) may be what the client waits for.
      if (!flush() || !wait_for(socket_, POLLIN, deadline_)) {
        must_close = true;
        return -1;
      }
    }
  }
  const std::size_t count = std::min({size, end_ - begin_, left_});
  std::memcpy(out, in_ + begin_, count);
  begin_ += count;
  left_ -= count;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* bytes, std::size_t size) {
  if (failed_) return -1;
  if (size < kLargeWrite) {
    out_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  // A body: together with the head that waits, without copying it first.
  iovec parts[2] = {{.iov_base = out_.data(), .iov_len = out_.size()},
                    {.iov_base = const_cast<char*>(bytes), .iov_len = size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  const std::size_t done = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  const std::size_t of_head = std::min(done, out_.size());
  const bool complete = send_all(out_.data() + of_head, out_.size() - of_head) &&
                        send_all(bytes + (done - of_head), size - (done - of_head));
  out_.clear();
  return complete ? static_cast<ssize_t>(size) : -1;
}

bool Connection::flush() {
  if (out_.empty()) return !failed_;
  const bool sent = send_all(out_.data(), out_.size());
  out_.clear();
  return sent;
}

bool Connection::send_all(const char* bytes, std::size_t size) {
  const auto until = Clock::now() + kSendTime;
  while (size > 0 && !failed_) {
    const ssize_t sent = ::send(socket_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes += sent;
      size -= static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_for(socket_, POLLOUT, until)) failed_ = true;
    } else if (errno != EINTR) {
      failed_ = true;
    }
  }
  return !failed_;
}

bool Connection::wait_input(std::chrono::milliseconds allowed) const {
  return has_input() || wait_for(socket_, POLLIN, Clock::now() + allowed);
}

void Connection::linger() {
  ::shutdown(socket_, SHUT_WR);
  const auto until = Clock::now() + kLingerTime;
  std::size_t seen = 0;
  while (seen < kLingerBytes && wait_for(socket_, POLLIN, until)) {
    const ssize_t got = ::recv(socket_, in_, sizeof in_, MSG_DONTWAIT);
    if (got <= 0) return;
    seen += static_cast<std::size_t>(got);
  }
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = remote_ip_;
  port = remote_port_;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();  // nobody asks
  port = 0;
}

}  // namespace footlight::origin
