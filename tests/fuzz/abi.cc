// The C ABI of the engine (wasm/ABI.md), natively: any calls in any order with any arguments and any bytes in the
// buffer. The input is a list of {u8 function, u32 a, u32 b, u32 c}. The engine is started anew for every input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "core/snapshot/builder.h"
#include "tests/world/world.h"

// What linker and machine give in WebAssembly: memory that begins behind the data, and here cannot grow.
constexpr std::size_t kMemory = std::size_t{4} << 20U;
alignas(64) std::byte heap_storage[kMemory] asm("fuzz_heap");
#define __heap_base fuzz_heap
#define __builtin_wasm_memory_size(index) ((reinterpret_cast<std::size_t>(heap_storage) + kMemory) / 65536)
#define __builtin_wasm_memory_grow(index, pages) static_cast<std::size_t>(-1)
#pragma clang diagnostic ignored "-Wshadow"  // the two files meet in one namespace here
#pragma clang diagnostic ignored "-Wunknown-attributes"
#pragma clang diagnostic ignored "-Wignored-attributes"
extern "C" void __wasm_call_ctors() {}
#include "wasm/abi.cc"        // NOLINT(bugprone-suspicious-include): with its state, to begin anew
#include "wasm/abi_flags.cc"  // NOLINT(bugprone-suspicious-include)

namespace {

using namespace footlight;

struct Call {
  std::uint8_t function;
  std::uint32_t a, b, c;
};

void begin_anew() {
  room = nullptr;
  room_bytes = 0;
  scratch = nullptr;
  scratch_bytes = 0;
  loaded = false;
  view = {};
  visitor = Visitor{};
  top = 0;
  program = {};
  rows = nullptr;
  row_count = 0;
  begin = nullptr;
  adjusted_room = nullptr;
}

const std::vector<std::byte>& good_snapshot() {
  static const std::vector<std::byte> bytes = *snapshot::build(world::make_site({.items = 24, .neighbours = 6}));
  return bytes;
}

// What a host may do with the buffer between two calls.
void write_io(std::uint32_t place, std::uint32_t value) {
  std::memcpy(wasm::io + place % (wasm::kIoBytes - 4), &value, sizeof value);
}

void call(const Call& now) {
  const auto& [function, a, b, c] = now;
  const auto word = static_cast<std::uint32_t>(a);
  switch (function % 38) {
    case 0: {
      const auto& good = good_snapshot();
      auto* place = fl_reserve(static_cast<std::uint32_t>(good.size()));
      if (place == nullptr) return;
      std::memcpy(place, good.data(), good.size());
      place[b % good.size()] ^= static_cast<std::byte>(c & 255U);
      static_cast<void>(fl_load(a % 4 == 3 ? a : static_cast<std::uint32_t>(good.size())));
      return;
    }
    case 1:
      return static_cast<void>(fl_reserve(a));
    case 2:
      return static_cast<void>(fl_load(a % (2 * kMemory)));
    case 3:
      return static_cast<void>(fl_info());
    case 4:
      return fl_visitor_reset();
    case 5:
      return static_cast<void>(fl_visitor_decode(a));
    case 6:
      return static_cast<void>(fl_visitor_encode());
    case 7:
      return fl_visitor_unit(a, b);
    case 8:
      return fl_visitor_choice(a % 8, b % 8);
    case 9:
      return static_cast<void>(fl_visitor_flags());
    case 10:
      return static_cast<void>(fl_visitor_segment(a % 70000));
    case 11:
      return static_cast<void>(fl_visitor_answer(a));
    case 12:
      return static_cast<void>(fl_visitor_interact(a % 32, b % 8, c % 8, b, c));
    case 13:
      return static_cast<void>(fl_visitor_scores());
    case 14:
      return static_cast<void>(fl_segment());
    case 15:
      return static_cast<void>(fl_find_item(a));
    case 16:
      return static_cast<void>(fl_find_slot(a));
    case 17:
      return static_cast<void>(fl_find_locale(a));
    case 18:
      return static_cast<void>(fl_find_question(a));
    case 19:
      return static_cast<void>(fl_item(a % 64));
    case 20:
      return static_cast<void>(fl_text(a % 12, b % 64, c % 4));
    case 21:
      return static_cast<void>(fl_reason(a % 16, b, c % 4, a >> 24U));
    case 22:
      return static_cast<void>(fl_decide(a % 24));
    case 23:
      return static_cast<void>(fl_explain(a % 64, b, c));
    case 24:
      return static_cast<void>(fl_features(b, c));
    case 25:
      return static_cast<void>(fl_predict(a % 64, b, c));
    case 26:
      return static_cast<void>(fl_similarity(a % 64, b % 64));
    case 27:
      return static_cast<void>(fl_slate(a % 16, b % 16));
    case 28:
      return static_cast<void>(fl_score(b, c));
    case 29:
      return static_cast<void>(fl_program(a));
    case 30:
      return static_cast<void>(fl_program_at());
    case 31:
      return static_cast<void>(fl_flags(a, b));
    case 32:
      return static_cast<void>(fl_sticky(a));
    case 33:
      return fl_stick(a, b, c);
    case 34:
      return static_cast<void>(fl_adjust(a));
    case 35:
      return static_cast<void>(fl_has_program());
    case 36:
      return static_cast<void>(fl_unit());
    default:
      return write_io(word, b);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  begin_anew();
  constexpr std::size_t kCall = 13;
  call({0, 0, size > 0 ? std::uint32_t{data[0]} : 0, 0});
  for (std::size_t at = 0; at + kCall <= size; at += kCall) {
    Call now{};
    now.function = data[at];
    std::memcpy(&now.a, data + at + 1, 4);
    std::memcpy(&now.b, data + at + 5, 4);
    std::memcpy(&now.c, data + at + 9, 4);
    call(now);
  }
  return 0;
}
