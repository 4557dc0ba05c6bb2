// The fitted engagement model: for the builder, for a look at its log-odds, and as JSON.
#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

#include "origin/learn/engagement.h"

namespace footlight::learn {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;

const EngagementFeature* find(const EngagementModel& model, ItemFeature feature) {
  const auto found = std::lower_bound(model.features.begin(), model.features.end(), feature,
                                      [](const EngagementFeature& a, ItemFeature b) { return a.feature < b; });
  return found == model.features.end() || found->feature != feature ? nullptr : &*found;
}

std::size_t bins_of(const EngagementModel& model) {
  std::size_t bins = 0;
  for (const auto& field : model.fields) bins += field.bins;
  return bins;
}

// A side's own log-odds [H] and vector [D].
struct Visitor {
  std::array<double, kHeads> own{};
  std::vector<double> vector;
};

Visitor fold(const EngagementModel& model, std::span<const std::uint64_t> masks) {
  Visitor visitor;
  visitor.vector.assign(model.dimensions, 0);
  for (std::size_t h = 0; h < kHeads; ++h) visitor.own[h] = model.base[h];
  std::size_t first = 0;
  for (std::size_t f = 0; f < masks.size(); ++f) {
    for (std::uint64_t rest = masks[f]; rest != 0; rest &= rest - 1) {
      const std::size_t bin = first + static_cast<std::size_t>(std::countr_zero(rest));
      for (std::size_t h = 0; h < kHeads; ++h) visitor.own[h] += model.bin_weights[bin * kHeads + h];
      for (std::size_t d = 0; d < model.dimensions; ++d) {
        visitor.vector[d] += model.bin_vectors[bin * model.dimensions + d];
      }
    }
    first += model.fields[f].bins;
  }
  const std::size_t leaves = std::size_t{1} << model.depth;
  for (std::size_t t = 0; t * model.depth < model.splits.size(); ++t) {
    std::size_t leaf = 0;
    for (std::size_t level = 0; level < model.depth; ++level) {
      const auto& [field, mask] = model.splits[t * model.depth + level];
      if ((masks[field] & mask) != 0) leaf |= std::size_t{1} << level;
    }
    for (std::size_t h = 0; h < kHeads; ++h) visitor.own[h] += model.leaf_values[(t * leaves + leaf) * kHeads + h];
  }
  return visitor;
}

}  // namespace

snapshot::EngagementItemInput engagement_item(const EngagementModel& model, std::uint32_t item_id,
                                              std::span<const ItemFeature> features) {
  snapshot::EngagementItemInput item;
  item.item_id = item_id;
  item.vector.assign(model.dimensions, 0);
  for (const ItemFeature feature : features) {
    const EngagementFeature* known = find(model, feature);
    if (known == nullptr) continue;
    for (std::size_t h = 0; h < kHeads; ++h) item.bias[h] += known->bias[h];
    for (std::size_t d = 0; d < model.dimensions; ++d) item.vector[d] += known->vector[d];
  }
  return item;
}

snapshot::EngagementInput engagement_input(const EngagementModel& model,
                                           std::span<const std::pair<std::uint32_t, std::vector<ItemFeature>>> items) {
  snapshot::EngagementInput input{.dimensions = model.dimensions,
                                  .depth = model.depth,
                                  .base = model.base,
                                  .blend = model.blend,
                                  .gain = model.gain,
                                  .fields = model.fields,
                                  .bin_weights = model.bin_weights,
                                  .bin_vectors = model.bin_vectors,
                                  .splits = model.splits,
                                  .leaf_values = model.leaf_values,
                                  .items = {}};
  for (const auto& [id, features] : items) input.items.push_back(engagement_item(model, id, features));
  return input;
}

std::vector<double> engagement_logits(const EngagementModel& model, const EngagementData& data) {
  const std::size_t width = model.fields.size();
  std::vector<Visitor> visitors;
  for (std::size_t v = 0; v * width < data.masks.size(); ++v) {
    visitors.push_back(fold(model, std::span(data.masks).subspan(v * width, width)));
  }
  std::vector<snapshot::EngagementItemInput> items;
  for (const EngagementItem& item : data.items) items.push_back(engagement_item(model, 0, item.features));
  std::vector<double> logits;
  logits.reserve(data.rows.size() * kHeads);
  for (const Impression& row : data.rows) {
    double product = 0;
    for (std::size_t d = 0; d < model.dimensions; ++d) {
      product += visitors[row.side].vector[d] * items[row.item].vector[d];
    }
    for (std::size_t h = 0; h < kHeads; ++h) {
      logits.push_back(visitors[row.side].own[h] + items[row.item].bias[h] + model.gain[h] * product);
    }
  }
  return logits;
}

Json encode_engagement(const EngagementModel& model) {
  Json fields = Json::array();
  for (const auto& field : model.fields) {
    fields.push_back({{"name", field.name},
                      {"source", static_cast<int>(field.source)},
                      {"question", field.question_id},
                      {"ids", field.bin_ids},
                      {"names", field.bin_names},
                      {"thresholds", field.thresholds},
                      {"bins", field.bins}});
  }
  Json splits = Json::array();
  for (const auto& split : model.splits) {
    splits.push_back(split.field);
    splits.push_back(split.mask);
  }
  Json features = Json::array();
  for (const auto& feature : model.features) {
    features.push_back({feature.feature, feature.rows, feature.bias, feature.vector});
  }
  return {{"format", kFormat},
          {"dimensions", model.dimensions},
          {"depth", model.depth},
          {"base", model.base},
          {"gain", model.gain},
          {"blend", model.blend},
          {"fields", std::move(fields)},
          {"binWeights", model.bin_weights},
          {"binVectors", model.bin_vectors},
          {"splits", std::move(splits)},
          {"leaves", model.leaf_values},
          {"features", std::move(features)},
          {"positions", model.positions},
          {"rows", model.rows},
          {"trees", model.trees},
          {"sweeps", model.sweeps},
          {"validationLogLoss", model.validation_log_loss}};
}

EngagementModel decode_engagement(const Json& json) {
  const auto expect = [](bool holds, const char* what) {
    if (!holds)
      throw std::runtime_error(std::string("the stored engagement model ") + what + ": run `footlight train`");
  };
  expect(json.is_object() && json.value("format", 0) == kFormat, "is of another format");
  EngagementModel model;
  json.at("dimensions").get_to(model.dimensions);
  json.at("depth").get_to(model.depth);
  json.at("base").get_to(model.base);
  json.at("gain").get_to(model.gain);
  json.at("blend").get_to(model.blend);
  for (const Json& field : json.at("fields")) {
    const auto source = field.at("source").get<std::uint32_t>();
    expect(source < snapshot::kFieldSources, "has a field from a source that is not known");
    model.fields.push_back({.name = field.at("name"),
                            .source = static_cast<snapshot::FieldSource>(source),
                            .question_id = field.at("question"),
                            .bin_ids = field.at("ids"),
                            .bin_names = field.at("names"),
                            .thresholds = field.at("thresholds"),
                            .bins = field.at("bins")});
    expect(model.fields.back().bins >= 1 && model.fields.back().bins <= snapshot::kMaxBins, "has a field without bins");
  }
  json.at("binWeights").get_to(model.bin_weights);
  json.at("binVectors").get_to(model.bin_vectors);
  const auto splits = json.at("splits").get<std::vector<std::uint64_t>>();
  expect(splits.size() % 2 == 0, "is cut short");
  for (std::size_t at = 0; at < splits.size(); at += 2) {
    expect(splits[at] < model.fields.size(), "tests a field that is not there");
    model.splits.push_back({static_cast<std::uint32_t>(splits[at]), splits[at + 1]});
  }
  json.at("leaves").get_to(model.leaf_values);
  for (const Json& feature : json.at("features")) {
    model.features.push_back({feature.at(0), feature.at(1), feature.at(2), feature.at(3)});
    expect(model.features.back().vector.size() == model.dimensions, "has a vector of another length");
  }
  expect(std::is_sorted(model.features.begin(), model.features.end(),
                        [](const auto& a, const auto& b) { return a.feature < b.feature; }),
         "is out of order");
  json.at("positions").get_to(model.positions);
  json.at("rows").get_to(model.rows);
  json.at("trees").get_to(model.trees);
  json.at("sweeps").get_to(model.sweeps);
  json.at("validationLogLoss").get_to(model.validation_log_loss);
  expect(model.depth >= 1 && model.depth <= snapshot::kMaxTreeDepth, "has trees of another depth");
  expect(model.splits.size() % model.depth == 0, "is cut short");
  const std::size_t bins = bins_of(model);
  const std::size_t leaves = model.splits.size() / model.depth * (std::size_t{1} << model.depth);
  expect(model.bin_weights.size() == bins * kHeads && model.bin_vectors.size() == bins * model.dimensions &&
             model.leaf_values.size() == leaves * kHeads,
         "is cut short");
  return model;
}

}  // namespace footlight::learn
