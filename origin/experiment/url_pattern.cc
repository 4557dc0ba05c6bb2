#include "origin/experiment/url_pattern.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "origin/store/document.h"

namespace footlight::experiment {
namespace {

struct SimplePattern {
  std::string host = "*";
  std::string path = "/";
  std::string hash;                                        // with its "#"; empty: does not matter
  std::vector<std::pair<std::string, std::string>> query;  // name, pattern
};

// A pattern without a protocol that has a dot before any of ":", "/" and "?" begins with a host.
SimplePattern parse_simple(std::string_view text) {
  SimplePattern pattern;
  std::string_view rest = text;
  const std::size_t protocol = rest.find("://");
  bool has_host = false;
  if (protocol != std::string_view::npos && rest.find_first_of("/?#") > protocol) {
    rest.remove_prefix(protocol + 3);
    has_host = true;
  } else {
    const std::size_t dot = rest.find('.');
    has_host = dot != std::string_view::npos && rest.find_first_of(":/?") > dot;
  }
  const std::size_t hash = rest.find('#');
  if (hash != std::string_view::npos) {
    if (hash + 1 < rest.size()) pattern.hash = rest.substr(hash);
    rest = rest.substr(0, hash);
  }
  const std::size_t mark = rest.find('?');
  std::string_view query = mark == std::string_view::npos ? "" : rest.substr(mark + 1);
  rest = rest.substr(0, mark);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      pattern.query.emplace_back(pair.substr(0, equals), equals < pair.size() ? pair.substr(equals + 1) : "");
    }
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  if (has_host) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    pattern.host = js_lower(rest.substr(0, slash));
    rest.remove_prefix(slash);
  }
  if (!rest.empty()) pattern.path = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return pattern;
}

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  for (;;) {
    const std::size_t star = text.find('*');
    pieces.emplace_back(text.substr(0, star));
    if (star == std::string_view::npos) return pieces;
    text.remove_prefix(star + 1);
  }
}

std::string_view without_slashes(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

ConditionTree at(std::string path, ConditionTree child) {
  ConditionTree tree{Test::kPath, 0, std::move(path), {}};
  tree.children.push_back(std::move(child));
  return tree;
}

}  // namespace

ConditionTree compile_url_targets(const Json& targets, const std::string& pointer, ConditionBuilder& conditions,
                                  Findings& findings) {
  if (!targets.is_array() || targets.empty()) {
    if (!targets.is_array()) findings.faults.push_back({"type", "must be an array", pointer});
    return {Test::kFalse, 0, {}, {}};
  }
  const auto simple = [&](std::string_view text, const std::string& where) {
    const SimplePattern pattern = parse_simple(text);
    const auto part = [&](const char* name, std::string_view wanted, bool slashes) {
      return at(name, conditions.pattern(compile_wildcard(pieces_of(wanted), slashes), where));
    };
    ConditionTree all{Test::kAll, 0, {}, {}};
    all.children.push_back(part("host", pattern.host, false));
    all.children.push_back(part("path", without_slashes(pattern.path), true));
    if (!pattern.hash.empty()) all.children.push_back(part("hash", pattern.hash, false));
    for (const auto& [name, wanted] : pattern.query) {
      ConditionTree value = conditions.pattern(compile_wildcard(pieces_of(wanted), false), where);
      if (wanted.find_first_not_of('*') == std::string::npos) {  // what is missing is the empty text
        ConditionTree either{Test::kAny, 0, {}, {}};
        either.children.push_back({Test::kNull, 0, {}, {}});
        either.children.push_back(std::move(value));
        value = std::move(either);
      } else {
        ConditionTree there{Test::kAll, 0, {}, {}};
        there.children.push_back({Test::kType, 1U << static_cast<std::uint32_t>(Kind::kString), {}, {}});
        there.children.push_back(std::move(value));
        value = std::move(there);
      }
      all.children.push_back(at("query", at(name, std::move(value))));
    }
    return all;
  };
  ConditionTree included{Test::kAny, 0, {}, {}};
  ConditionTree out{Test::kAll, 0, {}, {}};
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const std::string where = origin::pointer_to(pointer, t);
    const Json& target = targets[t];
    const auto text = [&](const char* name) {
      return target.is_object() && target.contains(name) && target[name].is_string() ? target[name].get<std::string>()
                                                                                     : std::string();
    };
    ConditionTree match{Test::kFalse, 0, {}, {}};
    if (text("type") == "simple") {
      match = simple(text("pattern"), where);
    } else if (text("type") == "regex") {
      const ConditionTree pattern = conditions.pattern(compile_pattern(text("pattern"), false), where);
      match = {Test::kAny, 0, {}, {}};
      match.children = {at("href", pattern), at("rest", pattern)};
    } else {
      findings.faults.push_back({"unknown", "`type` must be simple or regex", where});
    }
    if (target.is_object() && target.contains("include") && target["include"] == Json(false)) {
      ConditionTree not_this{Test::kNot, 0, {}, {}};
      not_this.children.push_back(std::move(match));
      out.children.push_back(std::move(not_this));
    } else {
      included.children.push_back(std::move(match));
    }
  }
  if (!included.children.empty()) out.children.push_back(std::move(included));
  return out;
}

}  // namespace footlight::experiment
