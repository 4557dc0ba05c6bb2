// Any bytes as the head of a request, and as what stands in its headers and query: addresses of proxies, times, ids.
#include <cstddef>
#include <cstdint>
#include <string>

#include "origin/http/client_address.h"
#include "origin/http/request_head.h"
#include "origin/privacy/vault.h"
#include "origin/store/document.h"
#include "origin/store/uuid.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight::origin;
  const std::string text(reinterpret_cast<const char*>(data), size);
  RequestHead head;
  if (parse_request_head(text, head)) {
    if (head.bytes > size) __builtin_trap();
    if (head.bytes > 0 && !text.substr(0, head.bytes).ends_with("\n")) __builtin_trap();
    if (head.is_chunked && head.content_length > 0) __builtin_trap();  // a request that can be read in two ways
  }
  static const std::vector<Network> trusted = {*parse_network("10.0.0.0/8"), *parse_network("::1")};
  if (client_of("10.0.0.1", {text}, trusted).key.empty()) __builtin_trap();
  if (const auto network = parse_network(text)) {
    if (!contains(*network, network->address)) __builtin_trap();
  }
  if (const auto time = parse_time_ms(text)) {
    if (parse_time_ms(format_time(*time)) != time) __builtin_trap();
  }
  if (const auto uuid = parse_uuid(text)) {
    if (parse_uuid(to_string(*uuid)) != uuid) __builtin_trap();
  }
  if (const auto bytes = from_base64url(text)) {
    if (from_base64url(to_base64url(*bytes)) != bytes) __builtin_trap();
  }
  static_cast<void>(too_deep(text));
  return 0;
}
