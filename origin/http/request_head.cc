#include "origin/http/request_head.h"

#include <algorithm>

namespace footlight::origin {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kMaxDigits = 15;  // of a length

bool is_token(std::string_view name) {  // RFC 9110, section 5.6.2
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Controls do not belong into a head, a tab aside; bytes from 0x80 on are allowed in values.
bool has_controls(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool is_same(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

std::string_view trimmed(std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

bool parse_length(std::string_view digits, std::uint64_t& length) {
  if (digits.empty() || digits.size() > kMaxDigits) return false;
  length = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    length = 10 * length + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

}  // namespace

bool parse_request_head(std::string_view text, RequestHead& head) noexcept {
  head = {};
  head.bytes = text.size();
  bool is_first = true;
  bool has_framing = false;
  while (!text.empty()) {
    const std::size_t end = text.find(kLineEnd);
    if (end == std::string_view::npos) return false;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    if (has_controls(line)) return false;
    if (is_first) {
      if (line.empty()) return false;
      is_first = false;
      for (const std::string_view method : {"POST ", "PUT ", "PATCH ", "DELETE "}) {
        head.takes_body = head.takes_body || line.starts_with(method);
      }
      continue;
    }
    if (line.empty()) return text.empty();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    const bool is_length = is_same(name, "content-length");
    const bool is_encoding = is_same(name, "transfer-encoding");
    if (is_length || is_encoding) {
      if (has_framing) return false;
      has_framing = true;
    }
    if (is_length && !parse_length(value, head.content_length)) return false;
    if (is_encoding) {
      if (!is_same(value, "chunked")) return false;
      head.is_chunked = true;
    }
    if (is_same(name, "expect")) head.expects_continue = true;
  }
  return false;  // no empty line
}

}  // namespace footlight::origin
