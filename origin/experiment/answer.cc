#include "origin/experiment/answer.h"

#include "origin/experiment/request.h"

namespace footlight::experiment {

std::string_view source_name(Source source) noexcept {
  switch (source) {
    case Source::kUnknownFeature:
      return "unknownFeature";
    case Source::kCyclicPrerequisite:
      return "cyclicPrerequisite";
    case Source::kOverride:
      return "override";
    case Source::kPrerequisite:
      return "prerequisite";
    case Source::kForce:
      return "force";
    case Source::kExperiment:
      return "experiment";
    case Source::kDefaultValue:
      break;
  }
  return "defaultValue";
}

std::string variant_name(const Program& program, const Assignment& assignment) {
  const ExperimentRow& row = program.experiments[assignment.experiment];
  const VariantRow& variant = program.variants[row.variants.first + assignment.variant];
  return variant.key.size > 0 ? std::string(program.text(variant.key)) : std::to_string(assignment.variant);
}

Json answer_of(const Program& program, const Feature& feature) {
  Json out = {
      {"value", json_of(feature.value)}, {"on", feature.value.truthy()}, {"source", source_name(feature.source)}};
  if (feature.rule != kNone) {
    const std::string_view id = program.text(program.rules[feature.rule].id);
    if (!id.empty()) out["ruleId"] = id;
  }
  if (feature.source != Source::kExperiment) return out;
  const Assignment& assignment = feature.assignment;
  out["experiment"] = {{"key", program.text(program.experiments[assignment.experiment].key)},
                       {"variant", variant_name(program, assignment)},
                       {"hashUsed", assignment.hash_used},
                       {"stickyUsed", assignment.sticky_used},
                       {"bucket", assignment.bucket < 0 ? Json() : Json(assignment.bucket)},
                       {"hashAttribute", assignment.attribute}};
  if (assignment.leaf >= 0) out["experiment"]["leaf"] = assignment.leaf;
  return out;
}

}  // namespace footlight::experiment
