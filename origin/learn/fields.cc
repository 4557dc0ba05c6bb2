#include "origin/learn/fields.h"

#include <algorithm>
#include <string>
#include <utility>

namespace footlight::learn {
namespace {

using snapshot::FieldInput;
using snapshot::FieldSource;

FieldInput by_id(std::string name, FieldSource source, std::uint32_t question_id, std::vector<std::uint32_t> ids) {
  if (ids.size() > snapshot::kMaxBins - 1) ids.resize(snapshot::kMaxBins - 1);
  FieldInput field{.name = std::move(name), .source = source, .question_id = question_id};
  field.bins = static_cast<std::uint32_t>(ids.size()) + 1;
  field.bin_ids = std::move(ids);
  return field;
}

FieldInput by_number(std::string name, FieldSource source, std::vector<float> thresholds) {
  FieldInput field{.name = std::move(name), .source = source};
  field.bins = static_cast<std::uint32_t>(thresholds.size()) + 2;
  field.thresholds = std::move(thresholds);
  return field;
}

FieldInput by_kind(std::string name, FieldSource source, std::size_t kinds) {
  FieldInput field{.name = std::move(name), .source = source};
  field.bins = static_cast<std::uint32_t>(std::min<std::size_t>(kinds + 1, snapshot::kMaxBins));
  return field;
}

std::vector<std::uint32_t> option_ids(const snapshot::QuestionInput& question) {
  std::vector<std::uint32_t> ids;
  for (const auto& option : question.options) ids.push_back(option.id);
  return ids;
}

}  // namespace

std::vector<FieldInput> standard_fields(const snapshot::SnapshotInput& input) {
  std::vector<FieldInput> fields;
  for (const auto& question : input.questions) {
    if (question.options.empty()) continue;
    fields.push_back(by_id(question.name, FieldSource::kAnswers, question.id, option_ids(question)));
  }
  std::vector<std::uint32_t> segments{0};  // everyone first, as in every snapshot: bins are numbered alike
  for (const auto& segment : input.segments) segments.push_back(segment.id);
  if (segments.size() > 1) fields.push_back(by_id("segment", FieldSource::kSegment, 0, std::move(segments)));
  fields.push_back(by_number("chosen", FieldSource::kChosenCount, {0, 1, 2, 4, 8, 16}));
  fields.push_back(by_number("seen", FieldSource::kSeenCount, {0, 1, 2, 4, 8, 16, 32}));
  fields.push_back(by_number("level", FieldSource::kEngagementLevel, {1, 2, 3, 4}));
  fields.push_back(by_number("idle", FieldSource::kIdleDays, {0, 1, 3, 7, 14, 30}));
  fields.push_back(by_kind("device", FieldSource::kDevice, 3));
  fields.push_back(by_kind("day_part", FieldSource::kDayPart, 4));
  fields.push_back(by_kind("weekday", FieldSource::kWeekday, 7));
  fields.push_back(by_kind("referrer", FieldSource::kReferrer, 5));
  if (input.locales.size() > 1) fields.push_back(by_kind("locale", FieldSource::kLocale, input.locales.size()));
  for (const auto& question : input.questions) {
    if (!question.from_history || question.options.empty() || fields.size() == snapshot::kMaxFields) continue;
    fields.push_back(by_id("liked_" + question.name, FieldSource::kLiked, question.id, option_ids(question)));
  }
  return fields;
}

snapshot::EngagementInput vocabulary(std::vector<FieldInput> fields) {
  snapshot::EngagementInput input;
  std::size_t bins = 0;
  for (const FieldInput& field : fields) bins += field.bins;
  input.bin_weights.assign(bins * snapshot::kHeads, 0.0F);
  input.fields = std::move(fields);
  return input;
}

std::vector<ItemFeature> item_features(const snapshot::ItemInput& item) {
  std::vector<ItemFeature> features{item_feature(ItemFeatureKind::kItem, item.id),
                                    item_feature(ItemFeatureKind::kContentType, static_cast<std::uint32_t>(item.type))};
  for (const auto& affinity : item.affinities) {
    features.push_back(item_feature(ItemFeatureKind::kOption, affinity.option_id));
  }
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  return features;
}

}  // namespace footlight::learn
