// The compact visitor record: what the cookie, the profile row and the SDK's storage hold. RECORD.md draws the bytes.
//
// At most kMaxRecordBytes, so that its base64url text stays within 1 KiB. A record is the visitor's own to change: it
// is validated, never trusted, and grants nothing. Encoding drops what does not fit from the history alone, plain
// views first, oldest first (RECORD.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/visitor/visitor.h"

namespace footlight {

inline constexpr std::size_t kMaxRecordBytes = 768;  // 1,024 characters of base64url

// Errors: kTruncated, kBadMagic, kUnsupportedMajor, kBadValue, kTooLarge. Bytes after the record are an error too.
[[nodiscard]] Result<Visitor> decode_visitor(std::span<const std::byte> record) noexcept;

// Returns the number of bytes written. `out` must have room for kMaxRecordBytes; less gives kTooLarge.
[[nodiscard]] Result<std::size_t> encode_visitor(const Visitor& visitor, std::span<std::byte> out) noexcept;

}  // namespace footlight
