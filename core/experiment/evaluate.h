// What a flag says to one visitor, and which variant of an experiment they are in.
//
// The order of questions is GrowthBook's (its SDK specification 0.8), so that a site can bring its flags along and keep
// every assignment. Pure: the same program, request and time give the same result on every machine. No allocation; a
// feature costs O(its rules and those of its prerequisites), at most kMaxSteps rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/experiment/program.h"
#include "core/experiment/value.h"

namespace footlight::experiment {

// The members of the request's root object, each optional:
//     attributes  what is known of the visitor and the visit, by name
//     url         {raw, href, rest: href without the origin, host, path, hash, query: {name: first value}}
//     forced      experiment key -> position of the variant to give
//     features    feature key -> value to give
//     sticky      "attribute||value" -> {"experiment__version": variant key}; present: assignments stick
//     disabled    true: no experiments
//     qa          true: experiments give nothing unless forced
struct Request {
  Value attributes;
  Value url;
  std::string_view query;  // the raw address; empty where nothing is asked in it
  Value forced;
  Value features;
  Value sticky;
  bool sticks = false;
  bool disabled = false;
  bool qa = false;
  std::uint32_t now_s = 0;

  // `table` must outlive the request.
  static Request of(const ValueTable& table, std::uint32_t now_s) noexcept;
};

enum class Source : std::uint32_t {
  kUnknownFeature = 0,
  kCyclicPrerequisite = 1,
  kOverride = 2,
  kPrerequisite = 3,
  kForce = 4,
  kExperiment = 5,
  kDefaultValue = 6,
};

struct Assignment {
  std::uint32_t experiment = kNone;
  std::uint32_t variant = 0;  // position; 0, the control, where the visitor is not in
  bool in_experiment = false;
  bool hash_used = false;
  bool sticky_used = false;
  double bucket = -1;  // 0 to 1; negative: none was drawn
  std::string_view attribute;
  Value unit;  // the attribute's value
  std::int32_t leaf = -1;
  std::uint32_t context = kNone;  // of a bandit; kNone: its own weights
};

struct Feature {
  Source source = Source::kUnknownFeature;
  Value value;
  std::uint32_t rule = kNone;
  Assignment assignment;  // of kExperiment
};

inline constexpr std::uint32_t kMaxPrerequisites = 16;  // one behind the other
inline constexpr std::uint32_t kMaxSteps = 10'000;
inline constexpr std::uint32_t kMaxRemembered = 1024;  // conditions whose outcome is kept for the request

// Position that a query string asks for ("?key=1"); -1: none.
[[nodiscard]] std::int32_t position_in_query(std::string_view url, std::string_view key) noexcept;

// `program` and `request` must outlive the evaluator and its results. Not thread-safe; cheap to make.
class Evaluator {
 public:
  Evaluator(const Program& program, const Request& request) noexcept : program_(program), request_(request) {}

  // By index in the program's features.
  [[nodiscard]] Feature feature(std::uint32_t index) noexcept;
  [[nodiscard]] Feature feature(std::string_view key) noexcept;
  // By index in the program's experiments.
  [[nodiscard]] Assignment assign(std::uint32_t index) noexcept;

 private:
  struct Unit {
    std::string_view attribute;
    Value value;
  };
  enum class Prerequisites : std::uint8_t { kHold, kFail, kFailAtGate, kCyclic };

  Feature evaluate(std::uint32_t index) noexcept;
  bool apply(const RuleRow& rule, std::uint32_t index, Feature& out) noexcept;
  Prerequisites prerequisites(Slice parents) noexcept;
  // What a condition, a root, says of the visitor: flags share them, and each is asked once.
  [[nodiscard]] bool targets(std::uint32_t condition) noexcept;
  [[nodiscard]] Unit unit_of(const HashRow& hash, bool sticks) noexcept;
  [[nodiscard]] std::optional<double> bucket(const HashRow& hash, const Unit& unit) const noexcept;
  [[nodiscard]] bool filtered_out(Slice filters) noexcept;
  [[nodiscard]] bool rolled_out(const RuleRow& rule) noexcept;
  [[nodiscard]] std::int32_t forced_variant(const ExperimentRow& row) const noexcept;
  [[nodiscard]] bool eligible(const ExperimentRow& row, const Unit& unit) noexcept;
  struct Sticky {
    std::int32_t variant = -1;
    bool blocked = false;
  };
  [[nodiscard]] Sticky sticky_variant(const ExperimentRow& row) const noexcept;

  const Program& program_;
  const Request& request_;
  std::uint32_t open_[kMaxPrerequisites] = {};  // the features being evaluated, outermost first
  std::uint32_t depth_ = 0;
  std::uint32_t steps_ = 0;
  std::uint64_t asked_[kMaxRemembered / 64] = {};
  std::uint64_t holds_[kMaxRemembered / 64] = {};
  std::uint32_t unit_attribute_ = kNone;  // whose value `unit_` is: where its name begins
  Value unit_;
};

}  // namespace footlight::experiment
