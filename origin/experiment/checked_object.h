// Reading a document that comes from elsewhere: a member of the type asked for; what is there and is not of it is a
// fault with its place, what is not known is a warning. A null counts as missing, 0 and "" as not said, as in
// JavaScript.
//
// origin/store/document.h's Fields is for documents that are ours, where what is not known is a fault.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/experiment/program.h"
#include "origin/experiment/compile_condition.h"
#include "origin/store/document.h"

namespace footlight::experiment {

class CheckedObject {
 public:
  CheckedObject(const Json& json, std::string pointer, Findings& findings)
      : json_(json), pointer_(std::move(pointer)), findings_(findings) {
    if (!json.is_object()) fault("type", "must be an object", "");
  }

  [[nodiscard]] const Json* find(const char* name) const {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(name);
    return found == json_.end() ? nullptr : &*found;
  }
  [[nodiscard]] bool has(const char* name) const { return find(name) != nullptr; }
  [[nodiscard]] std::string at(const char* name) const {
    return name[0] == 0 ? pointer_ : origin::pointer_to(pointer_, name);
  }

  void fault(const char* code, std::string detail, const char* name) {
    findings_.faults.push_back({code, std::move(detail), at(name)});
  }
  void warn(const char* code, std::string detail, const char* name) {
    findings_.warnings.push_back({code, std::move(detail), at(name)});
  }

  std::string text(const char* name, std::string_view otherwise = {}) {
    const Json* value = filled(name);
    if (value == nullptr) return std::string(otherwise);
    if (!value->is_string()) fault("type", "must be text", name);
    return value->is_string() && !value->get<std::string>().empty() ? value->get<std::string>()
                                                                    : std::string(otherwise);
  }
  std::optional<double> number(const char* name) {
    const Json* value = filled(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) fault("type", "must be a number", name);
    return value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
  }
  std::uint32_t whole(const char* name, std::uint32_t otherwise, double max) {
    const std::optional<double> value = number(name);
    if (!value || *value == 0) return otherwise;
    if (*value < 0 || *value > max || std::floor(*value) != *value) {
      fault("range", fmt::format("must be a whole number from 0 to {}", max), name);
      return otherwise;
    }
    return static_cast<std::uint32_t>(*value);
  }
  bool flag(const char* name, bool otherwise) {
    const Json* value = filled(name);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) fault("type", "must be true or false", name);
    return value->is_boolean() ? value->get<bool>() : otherwise;
  }
  // Nullptr when it is missing.
  const Json* list(const char* name, std::size_t max) {
    const Json* value = filled(name);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) {
      fault("type", "must be an array", name);
      return nullptr;
    }
    if (value->size() > max) fault("too_long", fmt::format("has {} entries; at most {}", value->size(), max), name);
    return value;
  }
  std::vector<double> numbers(const char* name) {
    std::vector<double> out;
    const Json* value = list(name, kMaxVariants);
    if (value == nullptr) return out;
    for (const Json& one : *value) {
      if (!one.is_number()) fault("type", "must be numbers", name);
      out.push_back(one.is_number() ? one.get<double>() : 0);
    }
    return out;
  }
  std::optional<Range> range(const Json& value, const std::string& pointer) {
    if (value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number()) {
      return Range{value[0].get<double>(), value[1].get<double>()};
    }
    findings_.faults.push_back({"type", "must be two numbers", pointer});
    return std::nullopt;
  }
  std::uint32_t time_s(const char* name, std::uint32_t otherwise) {
    const std::string value = text(name);
    if (value.empty()) return otherwise;
    const auto ms = origin::parse_time_ms(value);
    if (!ms || *ms < 0 || *ms / 1000 >= kNone) {
      fault("type", "must be a time with a zone, 2026-01-02T10:00:00Z", name);
      return otherwise;
    }
    return static_cast<std::uint32_t>(*ms / 1000);
  }
  template <std::size_t N>
  void only(const char* const (&known)[N]) {
    if (!json_.is_object()) return;
    for (const auto& member : json_.items()) {
      const bool is_known =
          std::any_of(std::begin(known), std::end(known), [&](const char* k) { return member.key() == k; });
      if (!is_known) warn("unknown", "is not known here and has no effect", member.key().c_str());
    }
  }

 private:
  [[nodiscard]] const Json* filled(const char* name) const {
    const Json* value = find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  const Json& json_;
  std::string pointer_;
  Findings& findings_;
};

}  // namespace footlight::experiment
