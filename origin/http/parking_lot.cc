#include "origin/http/parking_lot.h"

#include <stdexcept>
#include <unistd.h>
#include <vector>

#include <sys/epoll.h>

namespace footlight::origin {

ParkingLot::ParkingLot(std::chrono::milliseconds keep_alive, std::chrono::milliseconds request_time, Wake wake)
    : keep_alive_(keep_alive),
      request_time_(request_time),
      wake_(std::move(wake)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::runtime_error("cannot create an epoll instance");
  thread_ = std::thread([this] { loop(); });
}

ParkingLot::~ParkingLot() {
  stop();
  ::close(epoll_);
}

void ParkingLot::park(std::shared_ptr<Connection> connection) {
  const int fd = connection->descriptor();
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  parked_.emplace(fd, std::move(connection));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
  event.data.fd = fd;
  // The descriptor stays registered while it is away; MOD is the common case.
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    parked_.erase(fd);
  }
}

void ParkingLot::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  parked_.clear();
}

void ParkingLot::loop() {
  epoll_event events[64];
  auto next_sweep = Connection::Clock::now();
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, events, 64, 100);
    for (int i = 0; i < count; ++i) look_at(events[i].data.fd);
    if (const auto now = Connection::Clock::now(); now >= next_sweep) {
      next_sweep = now + std::chrono::seconds(1);
      close_expired();
    }
  }
}

void ParkingLot::look_at(int descriptor) {
  std::shared_ptr<Connection> connection;
  {
    const std::lock_guard lock(mutex_);
    const auto found = parked_.find(descriptor);
    if (found == parked_.end()) return;
    connection = std::move(found->second);
    parked_.erase(found);
  }
  const Connection::Input input = connection->fill();
  if (input == Connection::Input::kPartial) {
    park(std::move(connection));
  } else if (input != Connection::Input::kClosed) {
    wake_(std::move(connection), input);
  }
}

void ParkingLot::close_expired() {
  const auto now = Connection::Clock::now();
  std::vector<std::shared_ptr<Connection>> closing;  // closed outside the lock
  const std::lock_guard lock(mutex_);
  for (auto it = parked_.begin(); it != parked_.end();) {
    if (it->second->expires(keep_alive_, request_time_) < now) {
      closing.push_back(std::move(it->second));
      it = parked_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace footlight::origin
