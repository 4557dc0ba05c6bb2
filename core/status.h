// What the core says when it cannot do something. The core throws nothing: every fallible call gives a Result.
#pragma once

#include <cstdint>

#include <tl/expected.hpp>

namespace footlight {

// Numbers are part of the C ABI (wasm/ABI.md) and never reused.
enum class Status : std::uint32_t {
  kOk = 0,
  kTruncated = 1,         // bytes end before the structure does
  kBadMagic = 2,          // not a Footlight snapshot or visitor record
  kUnsupportedMajor = 3,  // a format this engine is too old (or too new) for
  kMissingSection = 4,    // a section that must be there is not
  kBadSection = 5,        // a section overlaps, is misaligned, or its size is not a whole number of rows
  kBadReference = 6,      // an index, id or string reference points outside its table
  kBadValue = 7,          // a number outside its documented range (NaN included)
  kTooLarge = 8,          // more of something than the format or the caller's buffer allows
  kUnknownItem = 9,       // no such item in this snapshot
  kUnknownSlot = 10,      // no such slot in this snapshot
  kUnknownQuestion = 11,  // no such question in this snapshot
  kUnknownOption = 12,    // the question has no such option
  kNotLoaded = 13,        // the engine has no snapshot yet
};

template <typename T>
using Result = tl::expected<T, Status>;

using Unexpected = tl::unexpected<Status>;

// A short stable name for logs and errors, such as "bad_section".
[[nodiscard]] const char* status_name(Status status) noexcept;

}  // namespace footlight
