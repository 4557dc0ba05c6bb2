// Reading a JSON document field by field, collecting every fault with its pointer instead of
// stopping at the first.
//
//     Fields question(json, "/questions/3", faults);
//     id = question.number("id", 1, 4294967295);      // required: a fault when missing
//     weight = question.number_or("weight", 0, 1, 0);  // with a default
//
// After a fault a neutral value comes back and reading goes on; the caller looks at `faults` at the
// end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "origin/store/site.h"

namespace footlight::origin {

// Appends one token to a JSON pointer, escaped as RFC 6901 says.
[[nodiscard]] std::string pointer_to(std::string_view parent, std::string_view token);
[[nodiscard]] std::string pointer_to(std::string_view parent, std::size_t index);

// Whether a text is valid UTF-8; nlohmann checks what it parses, CSV goes past it.
[[nodiscard]] bool valid_utf8(std::string_view text);
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Whether a JSON text nests deeper than kMaxDepth: what recurses over it (nlohmann's own writer) must not run out of
// stack. Asked before parsing; of a text that is no JSON the answer means nothing. Cost: one pass.
inline constexpr std::size_t kMaxDepth = 64;
[[nodiscard]] bool too_deep(std::string_view text);

// RFC 3339 with a zone, "2026-01-02T10:00:00.25Z", to milliseconds since 1970; nullopt for anything
// else.
[[nodiscard]] std::optional<std::int64_t> parse_time_ms(std::string_view text);
// "2026-01-02T10:00:00.250Z"
[[nodiscard]] std::string format_time(std::int64_t ms);

class Fields {
 public:
  using Json = nlohmann::ordered_json;

  Fields(const Json& object, std::string pointer, std::vector<Fault>& faults);

  // The member, or nullptr when it is missing or null.
  [[nodiscard]] const Json* find(std::string_view name) const;

  [[nodiscard]] std::string text(std::string_view name,
                                 std::size_t max_bytes);  // required, not empty
  [[nodiscard]] std::string text_or(std::string_view name, std::size_t max_bytes, std::string_view otherwise);
  [[nodiscard]] double number(std::string_view name, double min, double max);
  [[nodiscard]] double number_or(std::string_view name, double min, double max, double otherwise);
  [[nodiscard]] std::uint32_t id(std::string_view name, double max);  // a whole number from 1
  [[nodiscard]] std::uint32_t whole_or(std::string_view name, double min, double max, std::uint32_t otherwise);
  [[nodiscard]] bool flag_or(std::string_view name, bool otherwise);
  // The array's elements; a fault when it is no array or longer than `max`.
  [[nodiscard]] const Json& list(std::string_view name, std::size_t max, bool required);
  // Every member that is not in `known` is a fault: a misspelt field must not be silently ignored.
  void only(std::initializer_list<std::string_view> known);

  void fault(std::string_view code, std::string_view detail, std::string_view field = {});
  [[nodiscard]] std::string at(std::string_view field) const { return pointer_to(pointer_, field); }
  [[nodiscard]] std::vector<Fault>& faults() { return *faults_; }

 private:
  [[nodiscard]] double checked(const Json& value, std::string_view name, double min, double max);

  const Json* object_;
  std::string pointer_;
  std::vector<Fault>* faults_;
};

}  // namespace footlight::origin
