#include "origin/http/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <poll.h>
#include <string_view>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/uio.h>

namespace footlight::origin {
namespace {

constexpr std::size_t kLargeWrite = 2048;
constexpr std::size_t kBufferBytes = 8192;  // that every connection may have
constexpr std::size_t kSlowestBytesPerS = 65'536;
constexpr std::size_t kLingerBytes = 256 * 1024;
constexpr std::chrono::milliseconds kLingerTime{200};
constexpr std::chrono::milliseconds kSlice{250};  // between looks at Waiting::stopping
constexpr std::chrono::seconds kStopTime{1};
constexpr std::chrono::seconds kSendTime{10};
constexpr std::string_view kHeadEnd = "\r\n\r\n";

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

Connection::Connection(socket_t socket, Waiting& waiting) : socket_(socket), waiting_(waiting) {
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

Connection::~Connection() {
  resize(0);
  ::close(socket_);
}

Connection::Input Connection::assess() {
  const std::string_view text(in_.get() + begin_, end_ - begin_);
  if (!has_head_) {
    const std::size_t end = text.find(kHeadEnd, scanned_);
    if (end == std::string_view::npos) {
      scanned_ = text.size() - std::min(text.size(), kHeadEnd.size() - 1);
      return text.size() >= kMaxHead ? Input::kTooLarge : Input::kPartial;
    }
    if (end + kHeadEnd.size() > kMaxHead) return Input::kTooLarge;
    if (!parse_request_head(text.substr(0, end + kHeadEnd.size()), head_)) return Input::kUnclear;
    has_head_ = true;
  }
  const bool gathers = head_.takes_body && !head_.is_chunked && !head_.expects_continue;
  if (!gathers || head_.content_length > kMaxGathered) return Input::kReady;
  return text.size() >= head_.bytes + head_.content_length ? Input::kReady : Input::kPartial;
}

Connection::Input Connection::fill() {
  for (;;) {
    if (has_input()) {
      const Input input = assess();
      if (input != Input::kPartial) return input;
    }
    if (!make_room()) return Input::kBusy;
    const ssize_t got = ::recv(socket_, in_.get() + end_, capacity_ - end_, MSG_DONTWAIT);
    if (got > 0) {
      if (!has_input()) begun_ = Clock::now();
      end_ += static_cast<std::size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Input::kPartial : Input::kClosed;
    }
  }
}

// Free bytes behind end_: at the beginning when nothing is held, else by moving what is held there, else in a larger
// buffer. False when the server's share for such is used up.
bool Connection::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ != kBufferBytes) resize(kBufferBytes);
    return true;
  }
  if (end_ < capacity_) return true;
  if (begin_ > 0) {
    std::memmove(in_.get(), in_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return true;
  }
  const std::size_t more = capacity_;
  if (waiting_.gathered_bytes.load(std::memory_order_relaxed) + more > waiting_.max_gathered_bytes) return false;
  resize(capacity_ + more);
  return true;
}

// Keeps in_[0, end_) as far as it fits.
void Connection::resize(std::size_t capacity) {
  const auto beyond = [](std::size_t bytes) { return bytes - std::min(bytes, kBufferBytes); };
  waiting_.gathered_bytes.fetch_add(beyond(capacity) - beyond(capacity_), std::memory_order_relaxed);
  std::unique_ptr<char[]> larger = capacity > 0 ? std::make_unique_for_overwrite<char[]>(capacity) : nullptr;
  if (const std::size_t kept = std::min(end_, capacity); kept > 0) std::memcpy(larger.get(), in_.get(), kept);
  in_ = std::move(larger);
  capacity_ = capacity;
}

bool Connection::wait_input(std::chrono::milliseconds allowed) const {
  return has_input() || wait_for(socket_, POLLIN, Clock::now() + allowed);
}

Connection::Clock::time_point Connection::expires(std::chrono::milliseconds idle,
                                                  std::chrono::milliseconds request) const {
  return has_input() ? begun_ + request : idle_since_ + idle;
}

void Connection::begin_request(std::chrono::milliseconds allowed) {
  deadline_ = Clock::now() + allowed;
  left_ = kMaxHead;
}

void Connection::end_request() {
  idle_since_ = begun_ = Clock::now();
  has_head_ = false;
  scanned_ = 0;
}

ssize_t Connection::read(char* out, std::size_t size) {
  if (left_ == 0) {
    went_beyond_ = true;
    must_close = true;
    return -1;
  }
  if (begin_ == end_) {
    begin_ = end_ = 0;
    for (;;) {
      const ssize_t got = ::recv(socket_, in_.get(), capacity_, MSG_DONTWAIT);
      if (got > 0) {
        end_ = static_cast<std::size_t>(got);
        deadline_ += std::chrono::milliseconds(1000 * end_ / kSlowestBytesPerS);
        break;
      }
      if (got == 0) return 0;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
      // What was written so far (100 Continue) may be what the client waits for.
      if (!flush() || !wait_for_client()) {
        must_close = true;
        return -1;
      }
    }
  }
  const std::size_t count = std::min({size, end_ - begin_, left_});
  std::memcpy(out, in_.get() + begin_, count);
  begin_ += count;
  left_ -= count;
  return static_cast<ssize_t>(count);
}

bool Connection::wait_for_client() {
  if (waiting_.threads.fetch_add(1) >= waiting_.max_threads) {
    waiting_.threads.fetch_sub(1);
    was_starved_ = true;
    return false;
  }
  bool ready = false;
  auto until = deadline_;
  for (auto now = Clock::now(); !ready && now < until; now = Clock::now()) {
    if (waiting_.stopping) until = std::min(until, now + kStopTime);
    ready = wait_for(socket_, POLLIN, std::min(until, now + kSlice));
    if (waiting_.stopping) deadline_ = std::min(deadline_, until);
  }
  waiting_.threads.fetch_sub(1);
  return ready;
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

void Connection::linger() {
  ::shutdown(socket_, SHUT_WR);
  const auto until = Clock::now() + kLingerTime;
  std::size_t seen = 0;
  char unread[4096];
  while (seen < kLingerBytes && wait_for(socket_, POLLIN, until)) {
    const ssize_t got = ::recv(socket_, unread, sizeof unread, MSG_DONTWAIT);
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
