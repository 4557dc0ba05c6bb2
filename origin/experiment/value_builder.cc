#include "origin/experiment/value_builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>

#include <unicode/locid.h>
#include <unicode/unistr.h>

namespace footlight::experiment {
namespace {

// ECMAScript's StrWhiteSpaceChar and line terminators, as UTF-8.
constexpr std::string_view kSpaces[] = {" ",
                                        "\t",
                                        "\n",
                                        "\r",
                                        "\v",
                                        "\f",
                                        "\xC2\xA0",
                                        "\xEF\xBB\xBF",
                                        "\xE1\x9A\x80",
                                        "\xE2\x80\x80",
                                        "\xE2\x80\x81",
                                        "\xE2\x80\x82",
                                        "\xE2\x80\x83",
                                        "\xE2\x80\x84",
                                        "\xE2\x80\x85",
                                        "\xE2\x80\x86",
                                        "\xE2\x80\x87",
                                        "\xE2\x80\x88",
                                        "\xE2\x80\x89",
                                        "\xE2\x80\x8A",
                                        "\xE2\x80\xA8",
                                        "\xE2\x80\xA9",
                                        "\xE2\x80\xAF",
                                        "\xE2\x81\x9F",
                                        "\xE3\x80\x80"};

std::string_view trimmed(std::string_view text) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view space : kSpaces) {
      if (text.starts_with(space)) {
        text.remove_prefix(space.size());
        again = true;
      }
      if (text.ends_with(space)) {
        text.remove_suffix(space.size());
        again = true;
      }
    }
  }
  return text;
}

std::size_t digits_of(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end - from;
}

bool is_decimal(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  std::size_t digits = digits_of(text, at);
  at += digits;
  if (at < text.size() && text[at] == '.') {
    const std::size_t more = digits_of(text, at + 1);
    digits += more;
    at += 1 + more;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = digits_of(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

double with_base(std::string_view digits, int base) {
  double number = 0;
  for (const char c : digits) {
    const int lower = c | 0x20;
    const int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
    if (digit >= base) return std::numeric_limits<double>::quiet_NaN();
    number = number * base + digit;
  }
  return digits.empty() ? std::numeric_limits<double>::quiet_NaN() : number;
}

Kind kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return value.get<bool>() ? Kind::kTrue : Kind::kFalse;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return Kind::kNumber;
    case Json::value_t::string:
      return Kind::kString;
    case Json::value_t::array:
      return Kind::kArray;
    case Json::value_t::object:
      return Kind::kObject;
    default:
      return Kind::kNull;
  }
}

double number_of(const Json& value, std::string_view text) {
  switch (kind_of(value)) {
    case Kind::kNull:
    case Kind::kFalse:
      return 0;
    case Kind::kTrue:
      return 1;
    case Kind::kNumber:
      return value.get<double>();
    default:
      return js_number(text);
  }
}

std::uint32_t depth_of(const Json& value) {
  std::uint32_t depth = 0;
  if (value.is_structured()) {
    for (const Json& child : value) depth = std::max(depth, depth_of(child));
  }
  return depth + 1;
}

}  // namespace

// Number::toString of ECMA-262, 6.1.6.1.20, on the shortest digits that read back as the same number.
std::string js_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (number == 0) return "0";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(number), std::chars_format::scientific).ptr;
  const std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t e = scientific.find('e');
  std::string digits;
  for (const char c : scientific.substr(0, e)) {
    if (c != '.') digits += c;
  }
  const int point = 1 + std::atoi(std::string(scientific.substr(e + 1)).c_str());  // digits before the point
  const int count = static_cast<int>(digits.size());
  std::string text;
  if (count <= point && point <= 21) {
    text = digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    text = digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    text = "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else {
    text = digits.substr(0, 1);
    if (count > 1) text += "." + digits.substr(1);
    text += point > 0 ? "e+" : "e-";
    text += std::to_string(std::abs(point - 1));
  }
  return number < 0 ? "-" + text : text;
}

std::string js_text(const Json& value) {
  switch (kind_of(value)) {
    case Kind::kNull:
      return "null";
    case Kind::kFalse:
      return "false";
    case Kind::kTrue:
      return "true";
    case Kind::kNumber:
      return js_text(value.get<double>());
    case Kind::kString:
      return value.get<std::string>();
    case Kind::kObject:
      return "[object Object]";
    case Kind::kArray:
      break;
  }
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0) text += ',';
    if (!value[i].is_null()) text += js_text(value[i]);
  }
  return text;
}

// StringToNumber of ECMA-262, 7.1.4.1.1.
double js_number(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return 0;
  if (text.size() > 2 && text[0] == '0') {
    const int kind = text[1] | 0x20;
    const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    if (base > 0) return with_base(text.substr(2), base);
  }
  if (text == "Infinity" || text == "+Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (!is_decimal(text)) return std::numeric_limits<double>::quiet_NaN();
  return std::strtod(std::string(text).c_str(), nullptr);
}

std::string js_lower(std::string_view text) {
  std::string lower(text);
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; })) {
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return lower;
  }
  lower.clear();
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(lower);
  return lower;
}

TextRef TextPool::add(std::string_view text) {
  const auto [known, is_new] = known_.try_emplace(std::string(text));
  if (is_new) {
    known->second = {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
    text_ += text;
  }
  return known->second;
}

std::uint32_t ValueBuilder::add(Json value) {
  if (depth_of(value) > kMaxDepth) throw std::length_error("is nested too deep");
  values_.push_back(std::move(value));
  return static_cast<std::uint32_t>(values_.size() - 1);
}

std::vector<ValueRow> ValueBuilder::rows() const {
  std::vector<Json> keys;  // of the members, as values
  std::vector<const Json*> order;
  for (const Json& root : values_) order.push_back(&root);
  std::size_t key_count = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Json* parent = order[i];
    if (parent == nullptr || !parent->is_structured()) continue;  // a key, to be filled in below, or a scalar
    for (const Json& child : *parent) {
      if (parent->is_object()) {
        order.push_back(nullptr);
        ++key_count;
      }
      order.push_back(&child);
    }
  }
  keys.reserve(key_count);
  std::vector<ValueRow> rows;
  rows.reserve(order.size());
  std::size_t next = values_.size();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Json& value = *order[i];
    const std::string text = js_text(value);
    const std::string lower = js_lower(text);
    ValueRow row{kind_of(value), 0, 0, 0, pool_.add(text), pool_.add(lower), number_of(value, text)};
    if (value.is_structured()) {
      row.count = static_cast<std::uint32_t>(value.size());
      row.first = static_cast<std::uint32_t>(next);
    }
    if (value.is_object()) {
      for (const auto& member : value.items()) {
        order[next] = &keys.emplace_back(member.key());
        next += 2;
      }
    } else {
      next += row.count;
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::uint64_t> request_bytes(const Json& root) {
  TextPool pool;
  ValueBuilder values(pool);
  values.add(root);
  const std::vector<ValueRow> rows = values.rows();
  const std::size_t text_words = (pool.text().size() + 7) / 8;
  const std::uint32_t head[2] = {static_cast<std::uint32_t>(rows.size()), static_cast<std::uint32_t>(8 * text_words)};
  std::vector<std::uint64_t> words(1 + rows.size() * sizeof(ValueRow) / 8 + text_words);
  auto* out = reinterpret_cast<std::byte*>(words.data());
  std::memcpy(out, head, sizeof head);
  std::memcpy(out + sizeof head, rows.data(), rows.size() * sizeof(ValueRow));
  std::memcpy(out + sizeof head + rows.size() * sizeof(ValueRow), pool.text().data(), pool.text().size());
  return words;
}

}  // namespace footlight::experiment
