#include "origin/experiment/request.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace footlight::experiment {
namespace {

// application/x-www-form-urlencoded, as URLSearchParams reads it.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) {
      const int c = at < text.size() ? text[at] : 0;
      const int lower = c | 0x20;
      return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    };
    if (text[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      out += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

Json url_of(std::string_view address) {
  Json url = Json::object();
  url["raw"] = address;
  std::string origin = "https://_";
  std::string host = "_";
  std::string_view rest = address;
  const std::size_t protocol = rest.find("://");
  if (protocol != std::string_view::npos && rest.find_first_of("/?#") > protocol) {
    const std::string scheme = js_lower(rest.substr(0, protocol));
    rest.remove_prefix(protocol + 3);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    host = js_lower(rest.substr(0, end));
    const std::string_view port = scheme == "http" ? ":80" : ":443";
    if (host.ends_with(port)) host.resize(host.size() - port.size());
    origin = scheme + "://" + host;
    rest.remove_prefix(end);
  }
  std::string_view tail = rest;
  const std::size_t mark = tail.find('#');
  url["hash"] = mark == std::string_view::npos || mark + 1 == tail.size() ? "" : std::string(tail.substr(mark));
  tail = tail.substr(0, mark);
  const std::size_t question = tail.find('?');
  std::string path(tail.substr(0, question));
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  url["host"] = host;
  url["path"] = path;
  url["rest"] = path + std::string(rest.substr(std::min(rest.find_first_of("?#"), rest.size())));
  url["href"] = origin + url["rest"].get<std::string>();
  Json query = Json::object();
  std::string_view pairs = question == std::string_view::npos ? "" : tail.substr(question + 1);
  while (!pairs.empty()) {
    const std::string_view pair = pairs.substr(0, pairs.find('&'));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = decoded(pair.substr(0, equals));
    if (!pair.empty() && !query.contains(name)) {
      query[name] = equals < pair.size() ? decoded(pair.substr(equals + 1)) : "";
    }
    pairs.remove_prefix(std::min(pair.size() + 1, pairs.size()));
  }
  url["query"] = std::move(query);
  return url;
}

Json json_of(Value value) {
  switch (value.kind()) {
    case Kind::kNull:
      return nullptr;
    case Kind::kFalse:
      return false;
    case Kind::kTrue:
      return true;
    case Kind::kNumber: {
      const double number = value.number();
      constexpr double kExact = 9007199254740992.0;  // 2^53
      const bool whole = number >= -kExact && number <= kExact && std::trunc(number) == number;
      return whole ? Json(static_cast<std::int64_t>(number)) : Json(number);
    }
    case Kind::kString:
      return std::string(value.text());
    case Kind::kArray: {
      Json array = Json::array();
      for (std::uint32_t e = 0; e < value.count(); ++e) array.push_back(json_of(value.element(e)));
      return array;
    }
    case Kind::kObject:
      break;
  }
  Json object = Json::object();
  for (std::uint32_t m = 0; m < value.count(); ++m) {
    object[std::string(value.element(2 * m).text())] = json_of(value.element(2 * m + 1));
  }
  return object;
}

}  // namespace footlight::experiment
