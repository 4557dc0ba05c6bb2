// The flags and experiments of a site, compiled: what publishing puts into the snapshot, and what evaluate.h walks.
//
//     header, then tables in this order, each aligned to 8 and as long as the header says:
//     values, conditions, patterns, instructions, unit ranges, features, rules, experiments, parents, filters,
//     ranges, steps, contexts, variants, text
//
// Little-endian. A program is checked once, when it is opened; then every index in it is good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/experiment/condition.h"
#include "core/experiment/hash.h"
#include "core/experiment/value.h"
#include "core/status.h"

namespace footlight::experiment {

struct Slice {
  std::uint32_t first;
  std::uint32_t count;
};

// Whose bucket is drawn, and with which seed.
struct HashRow {
  TextRef attribute;  // never empty
  TextRef fallback;   // taken when the attribute says nothing and assignments stick; empty: none
  TextRef seed;
  std::uint32_t version;
  std::uint32_t seed_state;  // hash_state(seed)
};

struct FeatureRow {
  TextRef key;
  std::uint32_t value;  // the default: a root of the values
  Slice rules;
  std::uint32_t reserved;
};

enum class RuleKind : std::uint32_t { kForce = 0, kExperiment = 1, kGate = 2 };  // kGate: prerequisites alone

inline constexpr std::uint32_t kRuleHasRange = 1;      // `range` says who is in
inline constexpr std::uint32_t kRuleHasCoverage = 2;   // `coverage` does, or its steps
inline constexpr std::uint32_t kRuleDoesNotStick = 4;  // no fallback attribute

struct RuleRow {
  TextRef id;
  RuleKind kind;
  std::uint32_t flags;
  std::uint32_t condition;       // root of the conditions, of kForce; kNone: everybody
  std::uint32_t value;           // root of the values, of kForce
  std::uint32_t experiment;      // of kExperiment
  std::uint32_t active_from_s;   // 0: always was
  std::uint32_t active_until_s;  // exclusive; kNone: no end
  std::uint32_t reserved;
  Slice parents;
  Slice filters;
  Slice steps;  // of coverage in time, earliest first; before the first one: `coverage`
  HashRow hash;
  Range range;
  double coverage;  // 0 to 1
};

struct ParentRow {
  std::uint32_t feature;    // kNone: not there, which makes its value null
  std::uint32_t condition;  // root
  std::uint32_t gate;       // 1: where it fails, the whole feature has no value
};

struct FilterRow {
  HashRow hash;  // without fallback
  Slice ranges;
};

struct StepRow {
  std::uint32_t from_s;
  std::uint32_t reserved;
  double coverage;
};

struct ContextRow {         // of a contextual bandit: the first whose condition holds gives the ranges
  std::uint32_t condition;  // root
  std::int32_t leaf;
  Slice ranges;
};

struct VariantRow {
  TextRef key;                // "control"; what results and sticky assignments name
  TextRef name;               // may be empty
  std::uint32_t value;        // root of the values
  std::uint32_t passthrough;  // 1: counted, and the next rule decides
};

inline constexpr std::uint32_t kExperimentInactive = 1;  // a draft, or switched off: nobody is in, unless forced
inline constexpr std::uint32_t kExperimentStopped = 2;
inline constexpr std::uint32_t kExperimentDoesNotStick = 4;
inline constexpr std::uint32_t kExperimentHasNamespace = 8;
inline constexpr std::uint32_t kExperimentForces = 16;  // everybody who would be in gets `forced`
inline constexpr std::uint32_t kExperimentIsBandit = 32;

struct ExperimentRow {
  TextRef key;
  std::uint32_t flags;
  std::int32_t forced;
  std::uint32_t condition;  // root; kNone: everybody
  std::uint32_t url;        // root, of the request's url; kNone: everywhere
  std::uint32_t bucket_version;
  std::uint32_t min_bucket_version;
  std::uint32_t active_from_s;
  std::uint32_t active_until_s;
  Slice variants;
  Slice ranges;
  Slice parents;
  Slice filters;
  Slice contexts;
  TextRef space;  // the namespace's name
  HashRow hash;
  Range space_range;
};

struct ProgramHeader {
  std::uint32_t magic;
  std::uint16_t major;
  std::uint16_t minor;
  std::uint32_t value_roots;
  std::uint32_t condition_roots;
  std::uint32_t values;
  std::uint32_t conditions;
  std::uint32_t patterns;
  std::uint32_t instructions;
  std::uint32_t unit_ranges;
  std::uint32_t features;
  std::uint32_t rules;
  std::uint32_t experiments;
  std::uint32_t parents;
  std::uint32_t filters;
  std::uint32_t ranges;
  std::uint32_t steps;
  std::uint32_t contexts;
  std::uint32_t variants;
  std::uint32_t text;
  std::uint32_t listed;
};
inline constexpr std::uint32_t kProgramMagic = 0x50584C46U;  // "FLXP"
inline constexpr std::uint16_t kProgramMajor = 1;
inline constexpr std::uint32_t kMaxVariants = 64;
static_assert(sizeof(ProgramHeader) == 80);

// Not owning. The default has no features.
struct Program {
  ConditionTable conditions;
  std::span<const FeatureRow> features;  // sorted by key, byte by byte
  std::span<const RuleRow> rules;
  std::span<const ExperimentRow> experiments;
  std::uint32_t listed = 0;  // the first so many experiments stand by themselves; the others belong to rules
  std::span<const ParentRow> parents;
  std::span<const FilterRow> filters;
  std::span<const Range> ranges;
  std::span<const StepRow> steps;
  std::span<const ContextRow> contexts;
  std::span<const VariantRow> variants;

  [[nodiscard]] std::string_view text(TextRef ref) const noexcept {
    return {conditions.constants.text.data() + ref.offset, ref.size};
  }
  // Index; kNone.
  [[nodiscard]] std::uint32_t find_feature(std::string_view key) const noexcept;
};

// `bytes` aligned to 8. Checks everything: O(bytes).
[[nodiscard]] Result<Program> open_program(std::span<const std::byte> bytes) noexcept;

}  // namespace footlight::experiment
