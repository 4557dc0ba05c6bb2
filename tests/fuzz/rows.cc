// Any bytes as JSON Lines or CSV (the first bit says which): rows that are objects, or what is wrong and on which line.
#include "origin/ingest/rows.h"

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight::origin;
  if (size == 0) return 0;
  std::istringstream input(std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  const auto kinds = [](std::string_view field) { return static_cast<CellKind>(field.size() % 4); };
  RowReader reader(input, data[0] % 2 == 0 ? RowFormat::kJsonLines : RowFormat::kCsv, kinds);
  nlohmann::ordered_json row;
  std::string error;
  std::size_t line = 0;
  for (std::size_t rows = 0; reader.next(row, error); ++rows) {
    if (rows > size) __builtin_trap();  // it comes to an end
    if (error.empty() && !row.is_object()) __builtin_trap();
    if (reader.line() < line) __builtin_trap();
    line = reader.line();
    if (error.empty()) static_cast<void>(row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return 0;
}
