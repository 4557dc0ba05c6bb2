#include "core/model/engagement.h"

namespace footlight {

Surroundings unpack_surroundings(std::uint32_t word) noexcept {
  const auto part = [&](unsigned shift, std::uint32_t largest) {
    const std::uint32_t value = (word >> shift) & 15U;
    return static_cast<std::uint8_t>(value <= largest ? value : 0);
  };
  return {part(0, 3), part(4, 4), part(8, 7), part(12, 5)};
}

}  // namespace footlight
