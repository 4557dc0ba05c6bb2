#include "origin/http/client_address.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace footlight::origin {
namespace {

constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_ipv4(const Address& address) { return std::memcmp(address.data(), kMapped, sizeof kMapped) == 0; }

bool is_loopback(const Address& address) {
  if (is_ipv4(address)) return address[12] == 127;
  return std::all_of(address.begin(), address.end() - 1, [](std::uint8_t b) { return b == 0; }) && address[15] == 1;
}

std::string key_of(const Address& address) {
  const std::size_t size = is_ipv4(address) ? 16 : 8;
  return {reinterpret_cast<const char*>(address.data()), size};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "1.2.3.4:567" and "[2001:db8::1]:567" are seen as well.
std::optional<Address> parse_hop(std::string_view text) {
  text = trim(text);
  if (text.size() > 2 && text.front() == '[') {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
  }
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return parse_address(text);
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  char buffer[64];
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  Address address{};
  std::memcpy(address.data(), kMapped, sizeof kMapped);
  if (inet_pton(AF_INET, buffer, address.data() + 12) == 1) return address;
  if (inet_pton(AF_INET6, buffer, address.data()) == 1) return address;
  return std::nullopt;
}

bool contains(const Network& network, const Address& address) {
  const std::size_t bytes = network.bits / 8;
  if (std::memcmp(network.address.data(), address.data(), bytes) != 0) return false;
  const unsigned rest = network.bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
  return (network.address[bytes] & mask) == (address[bytes] & mask);
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = is_ipv4(*address) ? 32 : 128;
  unsigned bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (status != std::errc() || end != digits.data() + digits.size() || bits > most) return std::nullopt;
  }
  const Network network{*address, bits + (128 - most)};
  for (std::size_t bit = network.bits; bit < 128; ++bit) {
    if ((network.address[bit / 8] & (0x80U >> (bit % 8))) != 0) return std::nullopt;
  }
  return network;
}

Client client_of(const std::string& peer, const std::vector<std::string>& forwarded,
                 const std::vector<Network>& trusted) {
  const auto is_trusted = [&](const Address& address) {
    return std::any_of(trusted.begin(), trusted.end(), [&](const Network& one) { return contains(one, address); });
  };
  const auto from = parse_address(peer);
  if (!from) return {peer, false};
  Address client = *from;
  if (is_trusted(client)) {
    std::vector<std::string_view> hops;
    for (const std::string_view list : forwarded) {
      for (std::size_t at = 0; at <= list.size();) {
        const std::size_t comma = std::min(list.find(',', at), list.size());
        hops.push_back(list.substr(at, comma - at));
        at = comma + 1;
      }
    }
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
      const auto address = parse_hop(*hop);
      if (!address) break;  // what is further left was vouched for by nobody
      client = *address;
      if (!is_trusted(client)) break;
    }
  }
  return {key_of(client), client == *from && is_loopback(client)};
}

}  // namespace footlight::origin
