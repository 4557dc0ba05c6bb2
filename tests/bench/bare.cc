// The yardstick of `./dev bench origin`: the origin's own HTTP server, answering every request with one constant body.
//
//     bench_bare BYTES        prints the port, serves until its standard input ends
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>
#include <thread>

#include "origin/http/server.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_bare BYTES\n";
    return 2;
  }
  const std::string body(std::strtoul(argv[1], nullptr, 10), 'x');
  footlight::origin::HttpServer server(
      {.port = 0}, [&body](const httplib::Request&, httplib::Response& response, const footlight::origin::BodyReader&) {
        response.set_content(body, "application/json");
      });
  const int port = server.bind();
  std::cout << port << std::endl;
  std::thread listening([&server] { server.run(); });
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  server.stop_gracefully();
  listening.join();
  return 0;
}
