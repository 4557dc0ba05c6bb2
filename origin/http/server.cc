#include "origin/http/server.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>
#include <sys/socket.h>

#include "origin/http/problem.h"

namespace footlight::origin {
namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kMaxPath = 2048;
constexpr std::chrono::milliseconds kLookAgain{1};

// The connection whose request this thread answers.
thread_local Connection* current = nullptr;

bool has_body(const httplib::Request& request) {
  return request.has_header("Transfer-Encoding") ||
         (request.has_header("Content-Length") && request.get_header_value("Content-Length") != "0");
}

// Methods for which cpp-httplib reads a body.
bool reads_body(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

}  // namespace

HttpServer::HttpServer(ServerOptions options, Dispatch dispatch)
    : options_(std::move(options)), dispatch_(std::move(dispatch)) {
  waiting_.max_threads = std::max(1, static_cast<int>(options_.threads / 2));
  new_task_queue = [this] {
    auto* pool = new WorkerPool(options_.threads, options_.queue);
    pool_ = pool;
    return pool;
  };
  set_tcp_nodelay(true);
  // Without SO_REUSEPORT, which lets two processes share a port without a word.
  set_socket_options([this](socket_t socket) {
    listening_ = socket;
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  set_keep_alive_max_count(options_.max_requests);  // only for the header: the loop below counts
  set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(options_.keep_alive).count());
  route_everything();
}

HttpServer::~HttpServer() = default;

int HttpServer::bind() {
  int port = options_.port;
  if (port == 0) {
    port = bind_to_any_port(options_.host);
  } else if (!bind_to_port(options_.host, port)) {
    port = -1;
  }
  if (port < 0) {
    throw std::runtime_error("cannot listen on " + options_.host + ":" + std::to_string(options_.port));
  }
  ::listen(listening_, kBacklog);  // cpp-httplib has asked for 5
  lot_ = std::make_unique<ParkingLot>(options_.keep_alive, options_.request_time,
                                      [this](std::shared_ptr<Connection> connection, Connection::Input input) {
                                        if (WorkerPool* pool = pool_) {
                                          pool->resume([this, connection = std::move(connection), input]() mutable {
                                            serve(std::move(connection), input);
                                          });
                                        }
                                      });
  return port;
}

void HttpServer::run() {
  listen_after_bind();  // joins the workers before it returns
  pool_ = nullptr;
  lot_->stop();
}

void HttpServer::stop_gracefully() {
  stopping_ = true;
  waiting_.stopping = true;
  if (lot_) lot_->stop();  // first: afterwards nothing wakes a pool that is going away
  stop();
}

void HttpServer::close_after_answer() {
  if (current != nullptr) current->must_close = true;
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  counters_.accepted.fetch_add(1, std::memory_order_relaxed);
  // The count lives as long as the connection, wherever it is closed.
  const std::shared_ptr<Connection> connection(new Connection(socket, waiting_), [this](Connection* done) {
    delete done;
    counters_.open.fetch_sub(1, std::memory_order_relaxed);
  });
  const auto open = counters_.open.fetch_add(1, std::memory_order_relaxed) + 1;
  if (WorkerPool::overloaded() || static_cast<std::size_t>(open) > options_.max_connections) {
    counters_.refused.fetch_add(1, std::memory_order_relaxed);
    refuse(*connection, ProblemKind::kUnavailable, "Too many connections.");
    return false;
  }
  serve(connection, connection->fill());
  return true;
}

void HttpServer::refuse(Connection& connection, ProblemKind kind, const char* detail) {
  Problem problem{.kind = kind};
  if (detail != nullptr) problem.detail = detail;
  const std::string body = problem_json(problem, "");
  const ProblemRow& row = problem_row(kind);
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/problem+json\r\nConnection: close\r\nContent-Length: {}\r\n",
      row.status, row.code, body.size());
  if (kind == ProblemKind::kUnavailable) head += "Retry-After: 1\r\n";
  head += "\r\n";
  connection.write(head.data(), head.size());
  connection.write(body.data(), body.size());
  connection.flush();
}

void HttpServer::refuse(Connection& connection, Connection::Input input) {
  if (input == Connection::Input::kTooLarge) {
    refuse(connection, ProblemKind::kHeadTooLarge, nullptr);
  } else if (input == Connection::Input::kUnclear) {
    refuse(connection, ProblemKind::kBadRequest, "The head of the request can be read in more than one way.");
  } else {
    refuse(connection, ProblemKind::kUnavailable, "Too many requests are arriving slowly.");
  }
  connection.linger();
}

void HttpServer::serve(std::shared_ptr<Connection> connection, Connection::Input input) {
  using Input = Connection::Input;
  Connection& c = *connection;
  for (;; input = c.fill()) {
    // While nobody waits for this thread a moment's patience is cheaper than two trips through epoll.
    if (const WorkerPool* pool = pool_;
        input == Input::kPartial && !c.has_input() && pool != nullptr && pool->idle() && c.wait_input(kLookAgain)) {
      input = c.fill();
    }
    if (input == Input::kClosed) return;
    if (input == Input::kPartial) {
      lot_->park(std::move(connection));
      return;
    }
    if (input != Input::kReady) {
      refuse(c, input);
      return;
    }
    const bool last = stopping_ || ++c.requests >= options_.max_requests;
    bool closed = false;
    c.begin_request(options_.request_time);
    current = &c;
    const bool answered = process_request(c, last, closed, [](httplib::Request& request) {
      // JSON has no ranges, and Brotli at cpp-httplib's level costs more than everything else.
      request.ranges.clear();
      request.headers.erase("Range");
      request.headers.erase("Accept-Encoding");
    });
    current = nullptr;
    c.end_request();
    if (!c.flush() || !answered || closed || last) return;
    if (c.must_close) {
      c.linger();
      return;
    }
  }
}

void HttpServer::route_everything() {
  // Everything without a body is answered before cpp-httplib's list of regular expressions;
  // everything with one comes through the one pattern that matches all, so that the body's bytes
  // are counted as they arrive.
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    if (request.path.size() > kMaxPath) {
      if (has_body(request)) close_after_answer();
      response.status = 414;
      return HandlerResponse::Handled;
    }
    if (has_body(request) && reads_body(request.method) && !request.is_multipart_form_data()) {
      return HandlerResponse::Unhandled;
    }
    // A GET with a body: nobody reads it.
    if (has_body(request)) close_after_answer();
    answer(request, response, {});
    return HandlerResponse::Handled;
  });
  const auto with_body = [this](const httplib::Request& request, httplib::Response& response,
                                const httplib::ContentReader& content) {
    bool was_read = false;
    answer(request, response, [&](std::size_t limit, std::string& body, bool& too_large) {
      too_large = false;
      // Chunks cost some bytes of their own; twice the body is more than any client needs.
      if (current != nullptr) current->allow(2 * limit + kMaxHead);
      const bool complete = content([&](const char* bytes, std::size_t size) {
        if (body.size() + size > limit) {
          too_large = true;
          return false;
        }
        body.append(bytes, size);
        return true;
      });
      if (current != nullptr && current->went_beyond()) too_large = true;
      if (current != nullptr && current->was_starved()) {
        throw Problem{ProblemKind::kUnavailable, "Too many requests are arriving slowly."};
      }
      was_read = complete;
      return complete;
    });
    // cpp-httplib reads a chunk's size by strtoul: "+0" ends a body for it, and for a proxy in front it does not. After
    // chunks nothing more is read from this connection.
    if (!was_read || request.has_header("Transfer-Encoding")) close_after_answer();
  };
  Post(R"([\s\S]*)", with_body);
  Put(R"([\s\S]*)", with_body);
  Patch(R"([\s\S]*)", with_body);
  Delete(R"([\s\S]*)", with_body);
  set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (!response.body.empty()) return;
    // What cpp-httplib refuses by itself, and the two above.
    const bool went_beyond = current != nullptr && current->went_beyond();
    const ProblemKind kind = went_beyond              ? ProblemKind::kHeadTooLarge
                             : response.status == 404 ? ProblemKind::kNotFound
                             : response.status == 413 ? ProblemKind::kTooLarge
                             : response.status == 414 ? ProblemKind::kUriTooLong
                             : response.status >= 500 ? ProblemKind::kInternal
                                                      : ProblemKind::kBadRequest;
    const int status = went_beyond ? problem_row(kind).status : response.status;
    response.set_content(problem_json({.kind = kind}, ""), "application/problem+json");
    response.status = status;
    close_after_answer();
  });
  set_exception_handler([](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
    response.body.clear();
    response.status = 500;
    close_after_answer();
  });
  set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
    if (current == nullptr || !current->must_close) return;
    response.headers.erase("Keep-Alive");
    response.headers.erase("Connection");
    response.set_header("Connection", "close");
  });
}

void HttpServer::answer(const httplib::Request& request, httplib::Response& response, const BodyReader& reader) {
  dispatch_(request, response, reader);
}

}  // namespace footlight::origin
