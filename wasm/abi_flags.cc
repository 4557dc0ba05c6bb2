// Flags and experiments in the C ABI: in engine_full.wasm alone.
#include "core/experiment/wire.h"
#include "wasm/memory.h"

namespace {

using namespace footlight;
using namespace footlight::experiment;

Program program;
const std::byte* begin = nullptr;  // of the program's bytes
FlagRow* rows = nullptr;
std::size_t row_count = 0;

}  // namespace

FL_EXPORT(fl_program)(std::uint32_t bytes)->std::int32_t {
  if (bytes > wasm::reserved().size()) return wasm::failure(Status::kTooLarge);
  const auto source = bytes > 0 ? wasm::reserved().first(bytes) : wasm::snapshot_program();
  const auto opened = open_program(source);
  if (!opened) return wasm::failure(opened.error());
  const std::size_t count = flag_rows(*opened);
  if (count > row_count) {
    auto* room = wasm::set_aside(count * sizeof(FlagRow));
    if (room == nullptr) return wasm::failure(Status::kTooLarge);
    rows = reinterpret_cast<FlagRow*>(room);
    row_count = count;
  }
  program = *opened;
  begin = source.data();
  return static_cast<std::int32_t>(count);
}

FL_EXPORT(fl_program_at)()->const std::byte* { return begin; }

FL_EXPORT(fl_flags)(std::uint32_t n, std::uint32_t now_s)->std::int32_t {
  if (n > wasm::kIoBytes) return wasm::failure(Status::kTooLarge);
  const auto table = read_request({wasm::io, n});
  if (!table) return wasm::failure(table.error());
  evaluate_all(program, Request::of(*table, now_s), {rows, row_count});
  return static_cast<std::int32_t>(reinterpret_cast<std::uintptr_t>(rows));
}

FL_EXPORT(fl_unit)()->std::uint64_t { return wasm::unit_id(); }

FL_EXPORT(fl_has_program)()->std::uint32_t { return wasm::snapshot_program().empty() ? 0 : 1; }
