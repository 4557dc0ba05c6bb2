// Random bytes for nonces and ids, fetched from the system in larger pieces: one system call for
// dozens of rows.
#pragma once

#include <cstddef>
#include <span>

namespace footlight::origin {

// From the system's generator, each byte given once. Any thread. Not for keys and tokens: those are
// few, and go to the system directly so that no copy stays behind.
void random_bytes(std::span<unsigned char> out);

}  // namespace footlight::origin
