// Where kept-alive connections wait for their next request without holding a thread.
//
// One thread and one epoll for all of them. A connection comes in idle, leaves with input (to
// `wake`) or is closed after `keep_alive`. Thread rule: park() from any thread.
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
  using Wake = std::function<void(std::shared_ptr<Connection>)>;

  ParkingLot(std::chrono::milliseconds keep_alive, Wake wake);
  ~ParkingLot();

  // After stop() the connection is simply closed.
  void park(std::shared_ptr<Connection> connection);
  // Closes what is parked.
  void stop();

 private:
  void loop();
  void close_idle();

  const std::chrono::milliseconds keep_alive_;
  Wake wake_;
  int epoll_ = -1;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::unordered_map<int, std::shared_ptr<Connection>> parked_;
  std::thread thread_;
};

}  // namespace footlight::origin
