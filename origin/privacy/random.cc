#include "origin/privacy/random.h"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace footlight::origin {
namespace {

struct Kept {
  unsigned char bytes[2048];
  std::size_t left = 0;
};

}  // namespace

void random_bytes(std::span<unsigned char> out) {
  thread_local Kept kept;
  while (!out.empty()) {
    if (kept.left == 0) {
      randombytes_buf(kept.bytes, sizeof kept.bytes);
      kept.left = sizeof kept.bytes;
    }
    const std::size_t count = std::min(out.size(), kept.left);
    unsigned char* from = kept.bytes + (kept.left - count);
    std::memcpy(out.data(), from, count);
    std::memset(from, 0, count);
    kept.left -= count;
    out = out.subspan(count);
  }
}

}  // namespace footlight::origin
