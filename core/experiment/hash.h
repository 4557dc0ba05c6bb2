// Where a unit falls: a number in [0, 1) from a seed and the unit's value, the same in every SDK of the world.
//
// FNV-1a (Fowler, Noll, Vo) with 32 bits over UTF-16 code units, in the two published GrowthBook versions:
//     1   fnv(value + seed) mod 1000 / 1000          biased between experiments; kept for those that run on it
//     2   fnv(decimal(fnv(seed + value))) mod 10000 / 10000
// SDKs that hash bytes or code points instead (Go, Python) give other variants for ids outside ASCII; ours agrees with
// the JavaScript one, which browsers have.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace footlight::experiment {

// `seed` in two parts, so that "__" + namespace needs no copy. Nothing for a version other than 1 and 2.
[[nodiscard]] std::optional<double> bucket_of(std::string_view seed_a, std::string_view seed_b, std::string_view value,
                                              std::uint32_t version) noexcept;

// FNV-1a's state after a text: of version 2's seed it can be kept.
[[nodiscard]] std::uint32_t hash_state(std::string_view seed) noexcept;
// As bucket_of() for version 2.
[[nodiscard]] double bucket_from(std::uint32_t seed_state, std::string_view value) noexcept;

struct Range {  // of buckets: from <= bucket < until
  double from;
  double until;
  [[nodiscard]] bool holds(double bucket) const noexcept { return bucket >= from && bucket < until; }
};

// Index of the first range that holds the bucket; -1: none.
[[nodiscard]] std::int32_t choose_variant(double bucket, std::span<const Range> ranges) noexcept;

}  // namespace footlight::experiment
