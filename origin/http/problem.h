// Errors as callers see them: RFC 9457 application/problem+json with a stable code (PROBLEMS.md
// lists them).
//
//     throw Problem{ProblemKind::kNotFound, "There is no such content."};
//
// A handler throws, one catch (http/api_server.cc) writes. What an unknown exception says stays in
// the log.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "origin/store/site.h"

namespace footlight::origin {

enum class ProblemKind : std::uint8_t {
  kBadRequest,  // the HTTP message itself is malformed
  kBadJson,
  kInvalid,       // the body is JSON, and not what was asked for
  kBadParameter,  // a query parameter or path
  kUnauthorized,  // no credentials, or ones that are not valid
  kForbidden,     // valid credentials for something else
  kNotFound,
  kMethodNotAllowed,
  kConflict,  // something else is going on, or stands in the way
  kWorse,     // the publish gate: the new model is worse than the live one
  kTooLarge,
  kUriTooLong,
  kHeadTooLarge,
  kUnsupportedMedia,
  kTooMany,      // rate limit
  kUnavailable,  // overloaded, or stopping
  kNoSnapshot,   // nothing has been published yet
  kInternal,
};

struct ProblemRow {
  std::string_view code;  // stable
  std::string_view title;
  int status;
  ProblemKind kind;
};

// The table, in the order of the enum.
[[nodiscard]] std::span<const ProblemRow> problem_table();
[[nodiscard]] const ProblemRow& problem_row(ProblemKind kind);

struct Problem {
  ProblemKind kind = ProblemKind::kInternal;
  std::string detail = {};         // for people; never repeats input, never says what is inside
  std::string pointer = {};        // JSON pointer to the first fault
  std::vector<Fault> faults = {};  // all of them
};

// The document; `request_id` also goes into the log.
[[nodiscard]] std::string problem_json(const Problem& problem, std::string_view request_id);

// For a body with faults: kInvalid, the first one's pointer, all of them listed.
[[nodiscard]] Problem invalid(std::vector<Fault> faults);

}  // namespace footlight::origin
