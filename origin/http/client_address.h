// Whom a request comes from, for the limits: the peer, or, through proxies of one's own, whom the last of them names.
//
// X-Forwarded-For is what anybody likes to write, so it is believed only from a peer in `trusted`, and read from the
// right: each trusted hop vouches for the entry before it, and the first address that is not trusted is the client
// (RFC 7239, section 5.2; OWASP ASVS 5.0, 4.1.3). An IPv6 client stands for its /64, which is what one subscriber has.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace footlight::origin {

// 16 bytes, IPv4 mapped (::ffff:a.b.c.d).
using Address = std::array<std::uint8_t, 16>;
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

struct Network {
  Address address{};
  unsigned bits = 128;  // of the mapped form
};
// "10.0.0.0/8", "2001:db8::/32", or one address; nullopt for anything else, bits set beyond the prefix included.
[[nodiscard]] std::optional<Network> parse_network(std::string_view text);
[[nodiscard]] bool contains(const Network& network, const Address& address);

struct Client {
  std::string key;          // one bucket a key
  bool is_machine = false;  // this very machine, speaking for itself or for many it does not name
};
// `forwarded`: the values of X-Forwarded-For in the order they came.
[[nodiscard]] Client client_of(const std::string& peer, const std::vector<std::string>& forwarded,
                               const std::vector<Network>& trusted);

}  // namespace footlight::origin
