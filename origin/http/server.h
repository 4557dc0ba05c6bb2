// The HTTP server: cpp-httplib's parser and writer, with its limits put right (see
// ARCHITECTURE.md, "origin").
//
//     accept ─> [cap: 503] ─> queue ─> worker: gather ─┬─> dispatch, write ─> gather …
//                                                      └─> parked until there is a request ─> queue …
//
// Bounded: connections, queue, threads, threads that wait for a client, time for a request, body (by the route, counted
// while it is read). Who sends slowly, or nothing, holds a descriptor and no thread. A body that was not read to its
// end closes the connection, so that its rest is never taken for a request.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <httplib.h>
#include <memory>
#include <string>

#include "origin/http/connection.h"
#include "origin/http/parking_lot.h"
#include "origin/http/problem.h"
#include "origin/http/worker_pool.h"

namespace footlight::origin {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8787;  // 0: any free one
  std::size_t threads = 16;
  std::size_t queue = 1024;  // connections that wait for a thread, beyond which new ones get 503
  std::size_t max_connections = 8192;
  std::size_t max_requests = 100'000;  // on one connection
  std::chrono::milliseconds keep_alive{15'000};
  std::chrono::milliseconds request_time{10'000};  // for a request to arrive (connection.h)
};

// Reads the body of the request that is being answered, counting its bytes. False: more than
// `limit`, or broken off; `too_large` says which.
using BodyReader = std::function<bool(std::size_t limit, std::string& body, bool& too_large)>;

// Answers one request. `reader` is empty when there is no body. Throws nothing.
using Dispatch =
    std::function<void(const httplib::Request& request, httplib::Response& response, const BodyReader& reader)>;

struct ServerCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};  // over the cap
  std::atomic<std::int64_t> open{0};
};

class HttpServer final : public httplib::Server {
 public:
  HttpServer(ServerOptions options, Dispatch dispatch);
  ~HttpServer() override;

  // Returns the port. Throws std::runtime_error when it cannot be had.
  int bind();
  // Serves until stop(); returns when the last answer is written.
  void run();
  void stop_gracefully();  // from any thread

  // This request's connection ends with its answer.
  static void close_after_answer();
  [[nodiscard]] const ServerCounters& counters() const { return counters_; }

 private:
  bool process_and_close_socket(socket_t socket) override;
  // Answers what is there; `input` is what fill() has just said.
  void serve(std::shared_ptr<Connection> connection, Connection::Input input);
  void refuse(Connection& connection, Connection::Input input);
  void refuse(Connection& connection, ProblemKind kind, const char* detail);
  void route_everything();
  void answer(const httplib::Request& request, httplib::Response& response, const BodyReader& reader);

  ServerOptions options_;
  Dispatch dispatch_;
  ServerCounters counters_;
  std::atomic<bool> stopping_{false};
  std::atomic<WorkerPool*> pool_{nullptr};  // owned by httplib while it listens
  int listening_ = -1;
  Waiting waiting_;
  std::unique_ptr<ParkingLot> lot_;
};

}  // namespace footlight::origin
