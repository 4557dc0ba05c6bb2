// bench_flags FLAGS REQUEST OUT: compiles FLAGS, writes the program to OUT.program and the rows of REQUEST to OUT.rows,
// then for each line "N" on standard input evaluates REQUEST N times and prints microseconds for one; `./dev bench
// flags`.
#include <chrono>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "core/experiment/wire.h"
#include "origin/experiment/compile.h"

namespace {

using namespace footlight::experiment;

void write(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::ifstream flags(argv[1]);
  std::ifstream asked(argv[2]);
  const Compiled compiled = compile(Json::parse(flags));
  for (const auto& fault : compiled.findings.faults) std::cerr << fault.pointer << ' ' << fault.detail << '\n';
  const auto program = open_program(compiled.bytes());
  if (!program) return 1;
  const auto request = request_bytes(Json::parse(asked));
  std::vector<FlagRow> rows(flag_rows(*program));
  const auto evaluate = [&] {
    const auto table = read_request(std::as_bytes(std::span(request)));
    evaluate_all(*program, Request::of(*table, 1'790'000'000), rows);
  };
  evaluate();
  write(std::string(argv[3]) + ".program", compiled.bytes());
  write(std::string(argv[3]) + ".rows", std::as_bytes(std::span(rows)));
  fmt::print("ready\n");
  std::fflush(stdout);
  for (std::size_t n = 0; std::cin >> n;) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < n; ++i) evaluate();
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
    fmt::print("{}\n", spent.count() / static_cast<double>(n));
    std::fflush(stdout);
  }
}
