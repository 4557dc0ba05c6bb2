#include "core/experiment/hash.h"

#include <cstddef>

#include "core/experiment/text.h"

namespace footlight::experiment {
namespace {

constexpr std::uint32_t kOffsetBasis = 0x811C9DC5U;
constexpr std::uint32_t kPrime = 0x01000193U;

std::uint32_t fnv1a(std::string_view text, std::uint32_t hash) noexcept {
  while (!text.empty() && static_cast<unsigned char>(text.front()) < 0x80) {
    hash = (hash ^ static_cast<unsigned char>(text.front())) * kPrime;
    text.remove_prefix(1);
  }
  Units units(text);
  for (int unit = units.next(); unit >= 0; unit = units.next()) {
    hash = (hash ^ static_cast<std::uint32_t>(unit)) * kPrime;
  }
  return hash;
}

}  // namespace

std::uint32_t hash_state(std::string_view seed) noexcept { return fnv1a(seed, kOffsetBasis); }

double bucket_from(std::uint32_t seed_state, std::string_view value) noexcept {
  std::uint32_t inner = fnv1a(value, seed_state);
  char digits[10];
  std::size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + inner % 10);
    inner /= 10;
  } while (inner > 0);
  return fnv1a({digits + first, sizeof digits - first}, kOffsetBasis) % 10000 / 10000.0;
}

std::optional<double> bucket_of(std::string_view seed_a, std::string_view seed_b, std::string_view value,
                                std::uint32_t version) noexcept {
  if (version == 1) return fnv1a(seed_b, fnv1a(seed_a, fnv1a(value, kOffsetBasis))) % 1000 / 1000.0;
  if (version == 2) return bucket_from(fnv1a(seed_b, hash_state(seed_a)), value);
  return std::nullopt;
}

std::int32_t choose_variant(double bucket, std::span<const Range> ranges) noexcept {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].holds(bucket)) return static_cast<std::int32_t>(i);
  }
  return -1;
}

}  // namespace footlight::experiment
