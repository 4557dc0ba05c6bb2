// Where connections wait without holding a thread: new ones and kept-alive ones for a request, slow ones for the rest
// of theirs.
//
// One thread and one epoll for all of them. A connection leaves with a request that is worth a thread, or one to be
// refused (to `wake`), or is closed: `keep_alive` after its last answer, `request_time` after a request began to
// arrive. Thread rule: park() from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "origin/http/connection.h"

namespace footlight::origin {

class ParkingLot {
 public:
  // The second is what fill() said: neither kPartial nor kClosed.
  using Wake = std::function<void(std::shared_ptr<Connection>, Connection::Input)>;

  ParkingLot(std::chrono::milliseconds keep_alive, std::chrono::milliseconds request_time, Wake wake);
  ~ParkingLot();

  // After stop() the connection is simply closed.
  void park(std::shared_ptr<Connection> connection);
  // Closes what is parked.
  void stop();

 private:
  void loop();
  void look_at(int descriptor);
  void close_expired();

  const std::chrono::milliseconds keep_alive_;
  const std::chrono::milliseconds request_time_;
  Wake wake_;
  int epoll_ = -1;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::unordered_map<int, std::shared_ptr<Connection>> parked_;
  std::thread thread_;
};

}  // namespace footlight::origin
