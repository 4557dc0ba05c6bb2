// A small deterministic random source and the hash that seeds it. Not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

namespace footlight {

// SplitMix64 (Steele, Lea, Flood 2014): one 64-bit state, period 2^64, passes BigCrush.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    return mix(state_);
  }

  // Uniform in [0, 1): the upper 53 bits.
  constexpr double uniform() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  // The finaliser alone: a bijection of 64 bits.
  static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

// Folds one more number into a seed; order matters.
constexpr std::uint64_t seed_with(std::uint64_t seed, std::uint64_t value) noexcept {
  return Random::mix(seed ^ Random::mix(value + 0x9e3779b97f4a7c15U));
}

}  // namespace footlight
