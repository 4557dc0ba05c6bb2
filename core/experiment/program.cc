#include "core/experiment/program.h"

#include <algorithm>

namespace footlight::experiment {
namespace {

class Opener {
 public:
  explicit Opener(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  Result<Program> run() noexcept {
    if (bytes_.size() < sizeof(ProgramHeader)) return Unexpected(Status::kTruncated);
    if (reinterpret_cast<std::uintptr_t>(bytes_.data()) % 8 != 0) return Unexpected(Status::kBadSection);
    const auto& head = *reinterpret_cast<const ProgramHeader*>(bytes_.data());
    if (head.magic != kProgramMagic) return Unexpected(Status::kBadMagic);
    if (head.major != kProgramMajor) return Unexpected(Status::kUnsupportedMajor);
    at_ = sizeof(ProgramHeader);
    table(program_.conditions.constants.rows, head.values);
    table(program_.conditions.rows, head.conditions);
    table(program_.conditions.patterns, head.patterns);
    table(program_.conditions.instructions, head.instructions);
    table(program_.conditions.ranges, head.unit_ranges);
    table(program_.features, head.features);
    table(program_.rules, head.rules);
    table(program_.experiments, head.experiments);
    table(program_.parents, head.parents);
    table(program_.filters, head.filters);
    table(program_.ranges, head.ranges);
    table(program_.steps, head.steps);
    table(program_.contexts, head.contexts);
    table(program_.variants, head.variants);
    std::span<const char> text;
    table(text, head.text);
    program_.conditions.constants.text = {text.data(), text.size()};
    require(at_ == bytes_.size(), Status::kTruncated);
    require(head.listed <= head.experiments, Status::kBadReference);
    program_.listed = head.listed;
    if (status_ != Status::kOk) return Unexpected(status_);
    value_roots_ = head.value_roots;
    condition_roots_ = head.condition_roots;
    check(program_.conditions.constants.check(value_roots_));
    check(program_.conditions.check(condition_roots_));
    if (status_ == Status::kOk) check_rows();
    if (status_ != Status::kOk) return Unexpected(status_);
    return program_;
  }

 private:
  template <typename Row>
  void table(std::span<const Row>& out, std::uint32_t rows) noexcept {
    const std::uint64_t size = (std::uint64_t{rows} * sizeof(Row) + 7) / 8 * 8;
    if (size > bytes_.size() - at_) return require(false, Status::kTruncated);
    out = {reinterpret_cast<const Row*>(bytes_.data() + at_), rows};
    at_ += static_cast<std::size_t>(size);
  }

  void check(Status status) noexcept {
    if (status_ == Status::kOk) status_ = status;
  }
  void require(bool holds, Status status) noexcept {
    if (!holds) check(status);
  }
  void text(TextRef ref) noexcept {
    const std::size_t size = program_.conditions.constants.text.size();
    require(ref.offset <= size && ref.size <= size - ref.offset, Status::kBadReference);
  }
  void slice(Slice slice, std::size_t size) noexcept {
    require(slice.first <= size && slice.count <= size - slice.first, Status::kBadReference);
  }
  void condition(std::uint32_t root, bool optional) noexcept {
    require(root < condition_roots_ || (optional && root == kNone), Status::kBadReference);
  }
  void value(std::uint32_t root) noexcept { require(root < value_roots_, Status::kBadReference); }
  void hash(const HashRow& row) noexcept {
    text(row.attribute);
    text(row.fallback);
    text(row.seed);
  }

  void check_rows() noexcept {
    for (const FeatureRow& row : program_.features) {
      text(row.key);
      value(row.value);
      slice(row.rules, program_.rules.size());
    }
    for (const RuleRow& row : program_.rules) check_rule(row);
    for (const ExperimentRow& row : program_.experiments) check_experiment(row);
    for (const ParentRow& row : program_.parents) {
      require(row.feature < program_.features.size() || row.feature == kNone, Status::kBadReference);
      condition(row.condition, false);
    }
    for (const FilterRow& row : program_.filters) {
      hash(row.hash);
      slice(row.ranges, program_.ranges.size());
    }
    for (const ContextRow& row : program_.contexts) {
      condition(row.condition, false);
      slice(row.ranges, program_.ranges.size());
    }
    for (const VariantRow& row : program_.variants) {
      text(row.key);
      text(row.name);
      value(row.value);
    }
  }

  void check_rule(const RuleRow& row) noexcept {
    text(row.id);
    hash(row.hash);
    slice(row.parents, program_.parents.size());
    slice(row.filters, program_.filters.size());
    slice(row.steps, program_.steps.size());
    if (row.kind == RuleKind::kForce) {
      condition(row.condition, true);
      value(row.value);
    } else if (row.kind != RuleKind::kGate) {
      require(row.kind == RuleKind::kExperiment, Status::kBadValue);
      require(row.experiment < program_.experiments.size(), Status::kBadReference);
    }
  }

  void check_experiment(const ExperimentRow& row) noexcept {
    text(row.key);
    text(row.space);
    hash(row.hash);
    condition(row.condition, true);
    condition(row.url, true);
    slice(row.variants, program_.variants.size());
    require(row.variants.count >= 1 && row.variants.count <= kMaxVariants, Status::kBadValue);
    slice(row.ranges, program_.ranges.size());
    slice(row.parents, program_.parents.size());
    slice(row.filters, program_.filters.size());
    slice(row.contexts, program_.contexts.size());
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  std::uint32_t value_roots_ = 0;
  std::uint32_t condition_roots_ = 0;
  Status status_ = Status::kOk;
  Program program_;
};

}  // namespace

std::uint32_t Program::find_feature(std::string_view key) const noexcept {
  const auto found = std::lower_bound(features.begin(), features.end(), key,
                                      [&](const FeatureRow& row, std::string_view k) { return text(row.key) < k; });
  if (found == features.end() || text(found->key) != key) return kNone;
  return static_cast<std::uint32_t>(found - features.begin());
}

Result<Program> open_program(std::span<const std::byte> bytes) noexcept { return Opener(bytes).run(); }

}  // namespace footlight::experiment
