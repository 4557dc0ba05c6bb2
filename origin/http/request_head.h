// The head of a request as it lies in a connection's buffer: whether it can be read in one way only, and how long what
// follows it is.
//
// cpp-httplib parses the head again and believes more than it should: it skips a line whose name ends in a space, keeps
// bare carriage returns in values, and drops empty ones. Where another parser in front of it reads a length in such a
// line, the two disagree on where the next request begins, and one can be hidden inside another (request smuggling).
// So what RFC 9112 does not allow is refused before cpp-httplib sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace footlight::origin {

struct RequestHead {
  std::size_t bytes = 0;             // with the empty line that ends it
  std::uint64_t content_length = 0;  // 0 also where nothing is said
  bool is_chunked = false;
  bool takes_body = false;        // by its method: of other requests the body is not read
  bool expects_continue = false;  // the client holds its body back until it is asked for it
};

// Parses what lies before and including the empty line; `text` ends with it. False: RFC 9112 has no single reading for
// it (sections 2.2, 5.1, 5.2, 6.1, 6.3): a bare CR or LF, a control character, a folded line, a name that is no token
// or is followed by a space, a length that is not a plain number, two lengths, a length beside Transfer-Encoding, an
// encoding other than chunked. Cost: one pass. Thread-safe.
[[nodiscard]] bool parse_request_head(std::string_view text, RequestHead& head) noexcept;

}  // namespace footlight::origin
