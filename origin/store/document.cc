#include "origin/store/document.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace footlight::origin {
namespace {

const Fields::Json kEmptyObject = Fields::Json::object();
const Fields::Json kEmptyArray = Fields::Json::array();

// Two or four digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::string pointer_to(std::string_view parent, std::string_view token) {
  std::string pointer(parent);
  pointer += '/';
  for (const char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) { return fmt::format("{}/{}", parent, index); }

bool valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80              ? 1
                               : (lead & 0xE0U) == 0xC0 ? 2
                               : (lead & 0xF0U) == 0xE0 ? 3
                               : (lead & 0xF8U) == 0xF0 ? 4
                                                        : 0;
    if (length == 0 || length > text.size() - i) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80) return false;
      point = (point << 6U) | (next & 0x3FU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
      return false;
    }
    i += length;
  }
  return true;
}

std::size_t utf8_length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::optional<std::int64_t> parse_time_ms(std::string_view text) {
  using namespace std::chrono;
  const int y = digits(text, 0, 4);
  const int mo = digits(text, 5, 2);
  const int d = digits(text, 8, 2);
  const int h = digits(text, 11, 2);
  const int mi = digits(text, 14, 2);
  const int s = digits(text, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0 || text.size() < 20) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok() || y < 1970 || h > 23 || mi > 59 || s > 60) return std::nullopt;
  std::size_t at = 19;
  std::int64_t fraction_ms = 0;
  if (text[at] == '.') {
    std::int64_t scale = 100;
    std::size_t count = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
      fraction_ms += (text[at] - '0') * scale;
      scale /= 10;
    }
    if (count == 0) return std::nullopt;
  }
  if (at >= text.size()) return std::nullopt;
  std::int64_t offset_min = 0;
  if (text[at] == '+' || text[at] == '-') {
    const int oh = digits(text, at + 1, 2);
    const int om = digits(text, at + 4, 2);
    if (oh < 0 || om < 0 || oh > 23 || om > 59 || text.size() != at + 6 || text[at + 3] != ':') {
      return std::nullopt;
    }
    offset_min = (text[at] == '-' ? -1 : 1) * (oh * 60 + om);
  } else if ((text[at] != 'Z' && text[at] != 'z') || at + 1 != text.size()) {
    return std::nullopt;
  }
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + h) * 60 + mi - offset_min) * 60 + s;
  const std::int64_t ms = seconds * 1000 + fraction_ms;
  if (ms < 0) return std::nullopt;
  return ms;
}

std::string format_time(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds{ms}};
  const auto day_start = floor<days>(time);
  const year_month_day date{day_start};
  const hh_mm_ss clock{time - day_start};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Fields::Fields(const Json& object, std::string pointer, std::vector<Fault>& faults)
    : object_(object.is_object() ? &object : &kEmptyObject), pointer_(std::move(pointer)), faults_(&faults) {
  if (!object.is_object()) fault("type", "must be an object");
}

void Fields::fault(std::string_view code, std::string_view detail, std::string_view field) {
  faults_->push_back(
      {.code = std::string(code), .detail = std::string(detail), .pointer = field.empty() ? pointer_ : at(field)});
}

const Fields::Json* Fields::find(std::string_view name) const {
  const auto found = object_->find(std::string(name));
  if (found == object_->end() || found->is_null()) return nullptr;
  return &*found;
}

std::string Fields::text(std::string_view name, std::size_t max_bytes) {
  if (find(name) == nullptr) {
    fault("required", "is missing", name);
    return {};
  }
  std::string value = text_or(name, max_bytes, "");
  if (value.empty() && find(name)->is_string()) fault("required", "must not be empty", name);
  return value;
}

std::string Fields::text_or(std::string_view name, std::size_t max_bytes, std::string_view otherwise) {
  const Json* value = find(name);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) {
    fault("type", "must be text", name);
    return std::string(otherwise);
  }
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() > max_bytes) {
    fault("too_long", fmt::format("must be at most {} bytes", max_bytes), name);
    return std::string(otherwise);
  }
  return text;
}

double Fields::checked(const Json& value, std::string_view name, double min, double max) {
  if (!value.is_number()) {
    fault("type", "must be a number", name);
    return min;
  }
  const double number = value.get<double>();
  if (!std::isfinite(number) || number < min || number > max) {
    fault("range", fmt::format("must be from {} to {}", min, max), name);
    return min;
  }
  return number;
}

double Fields::number(std::string_view name, double min, double max) {
  const Json* value = find(name);
  if (value == nullptr) {
    fault("required", "is missing", name);
    return min;
  }
  return checked(*value, name, min, max);
}

double Fields::number_or(std::string_view name, double min, double max, double otherwise) {
  const Json* value = find(name);
  return value == nullptr ? otherwise : checked(*value, name, min, max);
}

std::uint32_t Fields::id(std::string_view name, double max) {
  const double value = number(name, 1, max);
  if (value != std::floor(value)) fault("type", "must be a whole number", name);
  return static_cast<std::uint32_t>(value);
}

std::uint32_t Fields::whole_or(std::string_view name, double min, double max, std::uint32_t otherwise) {
  const double value = number_or(name, min, max, otherwise);
  if (value != std::floor(value)) fault("type", "must be a whole number", name);
  return static_cast<std::uint32_t>(value);
}

bool Fields::flag_or(std::string_view name, bool otherwise) {
  const Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) {
    fault("type", "must be true or false", name);
    return otherwise;
  }
  return value->get<bool>();
}

const Fields::Json& Fields::list(std::string_view name, std::size_t max, bool required) {
  const Json* value = find(name);
  if (value == nullptr) {
    if (required) fault("required", "is missing", name);
    return kEmptyArray;
  }
  if (!value->is_array()) {
    fault("type", "must be a list", name);
    return kEmptyArray;
  }
  if (value->size() > max) {
    fault("range", fmt::format("must have at most {} entries", max), name);
    return kEmptyArray;
  }
  return *value;
}

void Fields::only(std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object_->items()) {
    if (std::find(known.begin(), known.end(), std::string_view(name)) == known.end()) {
      fault("unknown", "is not a field that is known here", name);
    }
  }
}

}  // namespace footlight::origin
