#include "core/experiment/wire.h"

namespace footlight::experiment {
namespace {

void put_assignment(const Program& program, const Assignment& assignment, FlagRow& row) noexcept {
  const ExperimentRow& experiment = program.experiments[assignment.experiment];
  row.experiment = assignment.experiment;
  row.variant = assignment.variant;
  row.bits |= (assignment.in_experiment ? kInExperiment : 0) | (assignment.hash_used ? kHashUsed : 0) |
              (assignment.sticky_used ? kStickyUsed : 0);
  if (assignment.attribute != program.text(experiment.hash.attribute)) row.bits |= kByFallback;
  row.bucket = assignment.bucket;
  row.unit = assignment.unit.row();
  row.leaf = assignment.leaf;
  row.context = assignment.context;
}

constexpr FlagRow kEmpty{0, kNone, kNone, kNone, 0, 0, -1, kNone, -1, kNone, 0};

}  // namespace

void evaluate_all(const Program& program, const Request& request, std::span<FlagRow> rows) noexcept {
  Evaluator evaluator(program, request);
  std::size_t at = 0;
  for (std::uint32_t f = 0; f < program.features.size(); ++f) {
    const Feature feature = evaluator.feature(f);
    FlagRow& row = rows[at++] = kEmpty;
    row.source = static_cast<std::uint32_t>(feature.source);
    row.value = feature.value.row();
    row.rule = feature.rule;
    if (feature.value.truthy()) row.bits |= kOn;
    if (feature.source == Source::kOverride) row.bits |= kValueOfRequest;
    if (feature.source == Source::kExperiment) put_assignment(program, feature.assignment, row);
  }
  for (std::uint32_t e = 0; e < program.listed; ++e) {
    const Assignment assignment = evaluator.assign(e);
    const VariantRow& variant = program.variants[program.experiments[e].variants.first + assignment.variant];
    FlagRow& row = rows[at++] = kEmpty;
    row.source = static_cast<std::uint32_t>(Source::kExperiment);
    row.value = variant.value;
    if (Value(program.conditions.constants, variant.value).truthy()) row.bits |= kOn;
    put_assignment(program, assignment, row);
  }
}

}  // namespace footlight::experiment
