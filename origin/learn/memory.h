// How much memory this process holds at most, for the figures of long work.
#pragma once

namespace footlight::learn {

// Begins the count anew (Linux: /proc/self/clear_refs); where that is not possible, the peak stays that of the whole
// process so far.
void reset_peak_memory();

// MB (2^20 bytes) resident at most since the reset; 0 when the system does not say.
[[nodiscard]] double peak_memory_mb();

}  // namespace footlight::learn
