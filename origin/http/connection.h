// One client's connection: a buffered stream over a socket, with a deadline for each request.
//
// cpp-httplib's own stream waits with select() (which ends at 1,024 descriptors), writes head and body in two calls,
// and lets a client take its time for ever as long as it sends a byte now and then. Here a request is gathered without
// blocking (fill()) until it is worth a thread: its head and, up to kMaxGathered, its body. Only longer bodies, chunked
// ones and those the client holds back are waited for on a thread, and `Waiting` bounds how many threads may do that.
// What is written is joined into one send. Thread rule: one thread at a time; the server hands it from worker to
// parking lot and back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <httplib.h>
#include <memory>
#include <string>

#include "origin/http/request_head.h"

namespace footlight::origin {

inline constexpr std::size_t kMaxHead = 32'768;      // request line and headers; trailers again
inline constexpr std::size_t kMaxGathered = 65'536;  // of a body, before a thread is given to it

// What all connections of a server share.
struct Waiting {
  int max_threads = 1;                            // that wait for a client's bytes at a time
  std::size_t max_gathered_bytes = 64ULL << 20U;  // beyond 8 KiB a connection
  std::atomic<int> threads{0};
  std::atomic<std::size_t> gathered_bytes{0};
  std::atomic<bool> stopping{false};  // then a client is waited for no longer than a second
};

class Connection final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(socket_t socket, Waiting& waiting);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;  // closes

  // -- gathering
  enum class Input {
    kPartial,   // nothing, or a part of a request
    kReady,     // enough of a request to answer it
    kTooLarge,  // a head beyond kMaxHead
    kUnclear,   // a head that could be read in two ways
    kBusy,      // no memory left for slow clients
    kClosed,    // the client is gone
  };
  // Takes what has arrived, without blocking. Cost: each byte is looked at once.
  [[nodiscard]] Input fill();
  // Whether more input comes within this time; true also when the client has hung up.
  [[nodiscard]] bool wait_input(std::chrono::milliseconds allowed) const;
  [[nodiscard]] bool has_input() const { return begin_ < end_; }
  // When a connection that waits in the parking lot is given up: `idle` after its last answer or, once a part of a
  // request is there, `request` after that began.
  [[nodiscard]] Clock::time_point expires(std::chrono::milliseconds idle, std::chrono::milliseconds request) const;

  // -- answering
  // After kReady: from here on the whole request has `allowed` to arrive, and a second more for every 64 KiB of it.
  void begin_request(std::chrono::milliseconds allowed);
  // How many more bytes of this request are read. What goes beyond ends the connection.
  void allow(std::size_t bytes) { left_ = bytes; }
  [[nodiscard]] bool went_beyond() const { return went_beyond_; }
  // Its body would have had to be waited for, and too many threads were waiting already.
  [[nodiscard]] bool was_starved() const { return was_starved_; }
  // The request has been answered, or given up.
  void end_request();
  bool flush();  // false when the client is gone
  // After an answer to a request that was not read to its end: lets the client read the answer before the reset.
  void linger();

  // -- httplib::Stream
  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return !failed_; }
  ssize_t read(char* out, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  // Not the descriptor: cpp-httplib refuses numbers from FD_SETSIZE on, for the sake of the select() that is not used.
  [[nodiscard]] socket_t socket() const override { return 0; }

  [[nodiscard]] int descriptor() const { return socket_; }

  bool must_close = false;   // this answer is the last one here
  std::size_t requests = 0;  // answered on this connection

 private:
  [[nodiscard]] Input assess();
  bool make_room();
  void resize(std::size_t capacity);
  bool wait_for_client();
  bool send_all(const char* bytes, std::size_t size);

  int socket_;
  Waiting& waiting_;
  bool failed_ = false;
  Clock::time_point idle_since_ = Clock::now();
  Clock::time_point begun_{};  // when the first byte of the request at hand came
  Clock::time_point deadline_{};
  std::size_t left_ = 0;
  bool went_beyond_ = false;
  bool was_starved_ = false;
  RequestHead head_;
  bool has_head_ = false;    // head_ is that of the request at hand
  std::size_t scanned_ = 0;  // bytes from begin_ on that hold no end of a head
  std::size_t begin_ = 0;    // in_[begin_, end_) has arrived and was not read yet
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> in_;
  std::string remote_ip_;
  int remote_port_ = 0;
  std::string out_;
};

}  // namespace footlight::origin
