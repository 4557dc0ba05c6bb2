// One client's connection: a buffered stream over a socket, with a deadline for each request.
//
// cpp-httplib's own stream waits with select() (which ends at 1,024 descriptors), writes head and
// body in two calls, and lets a client take its time for ever as long as it sends a byte now and
// then. This one polls, joins what is written into one send, and gives the whole request `deadline`
// to arrive. Thread rule: one thread at a time; the server hands it from worker to parking lot and
// back.
#pragma once

#include <chrono>
#include <cstddef>
#include <httplib.h>
#include <string>

namespace footlight::origin {

class Connection final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Connection(socket_t socket);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;  // closes

  // -- httplib::Stream
  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return !failed_; }
  ssize_t read(char* out, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  // Not the descriptor: cpp-httplib refuses numbers from FD_SETSIZE on, for the sake of the
  // select() that is not used.
  [[nodiscard]] socket_t socket() const override { return 0; }

  [[nodiscard]] int descriptor() const { return socket_; }
  // `head_bytes`: what may come before allow() is called again. cpp-httplib takes lines of any length.
  void begin_request(std::chrono::milliseconds allowed, std::size_t head_bytes);
  // How many more bytes of this request are read. What goes beyond ends the connection.
  void allow(std::size_t bytes) { left_ = bytes; }
  [[nodiscard]] bool went_beyond() const { return went_beyond_; }
  bool flush();  // false when the client is gone
  [[nodiscard]] bool has_input() const { return begin_ < end_; }
  // Whether more input comes within this time; true also when the client has hung up.
  [[nodiscard]] bool wait_input(std::chrono::milliseconds allowed) const;
  // After an answer to a request that was not read to its end: lets the client read the answer
  // before the reset.
  void linger();

  bool must_close = false;   // this answer is the last one here
  std::size_t requests = 0;  // answered on this connection
  Clock::time_point idle_since{};

 private:
  bool send_all(const char* bytes, std::size_t size);

  int socket_;
  bool failed_ = false;
  Clock::time_point deadline_{};
  std::size_t left_ = 0;
  bool went_beyond_ = false;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string remote_ip_;
  int remote_port_ = 0;
  std::string out_;
  char in_[8192];
};

}  // namespace footlight::origin
