// JSON -> the value tables of core/experiment/value.h: constants of flags, and requests for the native engine.
//
//     ValueBuilder values(pool);
//     const std::uint32_t row = values.add(json);     // a root
//     const std::vector<ValueRow> rows = values.rows();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/experiment/value.h"

namespace footlight::experiment {

using Json = nlohmann::ordered_json;

// JavaScript's String(v) and Number(text).
[[nodiscard]] std::string js_text(const Json& value);
[[nodiscard]] std::string js_text(double number);
[[nodiscard]] double js_number(std::string_view text);
// String.prototype.toLowerCase, by ICU.
[[nodiscard]] std::string js_lower(std::string_view text);

// Every text once.
class TextPool {
 public:
  TextRef add(std::string_view text);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::unordered_map<std::string, TextRef> known_;
};

class ValueBuilder {
 public:
  explicit ValueBuilder(TextPool& pool) : pool_(pool) {}

  // The root's row. Throws std::length_error for a value deeper than kMaxDepth.
  std::uint32_t add(Json value);
  // The table so far, in breadth-first order.
  [[nodiscard]] std::vector<ValueRow> rows() const;
  [[nodiscard]] std::uint32_t roots() const noexcept { return static_cast<std::uint32_t>(values_.size()); }

 private:
  TextPool& pool_;
  std::vector<Json> values_;
};

// The bytes of a request (read_request) whose root is `root`, an object. In 64-bit words, for their alignment.
[[nodiscard]] std::vector<std::uint64_t> request_bytes(const Json& root);

}  // namespace footlight::experiment
