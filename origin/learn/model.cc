#include "origin/learn/model.h"

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace footlight::learn {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 4;

// [first, id, number, id, number, …]
Json pairs_row(std::uint32_t first, const std::vector<std::pair<std::uint32_t, float>>& pairs) {
  Json row = Json::array({first});
  for (const auto& [id, number] : pairs) {
    row.push_back(id);
    row.push_back(number);
  }
  return row;
}

float finite(const Json& json) {
  const auto number = json.get<float>();
  if (!std::isfinite(number)) throw std::runtime_error("holds a number that is none");
  return number;
}

std::vector<std::pair<std::uint32_t, float>> pairs_of(const Json& row) {
  if (row.size() % 2 != 1) throw std::runtime_error("has a row of odd length");
  std::vector<std::pair<std::uint32_t, float>> pairs;
  pairs.reserve(row.size() / 2);
  for (std::size_t i = 1; i < row.size(); i += 2) {
    pairs.emplace_back(row[i].get<std::uint32_t>(), finite(row[i + 1]));
  }
  return pairs;
}

double finite_double(const Json& json) {
  const auto number = json.get<double>();
  if (!std::isfinite(number)) throw std::runtime_error("holds a number that is none");
  return number;
}

Json stack_json(const StackFit& stack) {
  return {{"weights", stack.weights},
          {"scale", stack.calibrate_scale},
          {"shift", stack.calibrate_shift},
          {"calibrated", stack.calibrated},
          {"fittedOn", stack.fitted_on},
          {"checkedOn", stack.checked_on},
          {"auc", stack.auc},
          {"logLoss", stack.log_loss},
          {"baseLogLoss", stack.base_log_loss},
          {"ece", stack.ece}};
}

StackFit stack_of(const Json& json) {
  StackFit stack;
  const Json& weights = json.at("weights");
  for (std::size_t j = 0; j < kStackParts; ++j) stack.weights[j] = finite_double(weights.at(j));
  stack.calibrate_scale = finite_double(json.at("scale"));
  stack.calibrate_shift = finite_double(json.at("shift"));
  stack.calibrated = json.at("calibrated").get<bool>();
  stack.fitted_on = json.at("fittedOn").get<std::uint64_t>();
  stack.checked_on = json.at("checkedOn").get<std::uint64_t>();
  stack.auc = finite_double(json.at("auc"));
  stack.log_loss = finite_double(json.at("logLoss"));
  stack.base_log_loss = finite_double(json.at("baseLogLoss"));
  stack.ece = finite_double(json.at("ece"));
  return stack;
}

Json segments_json(const std::vector<LearnedSegment>& segments) {
  Json all = Json::array();
  for (const LearnedSegment& segment : segments) {
    Json when = Json::array();
    for (const auto& [question, options] : segment.when) {
      Json condition = Json::array({question});
      for (const std::uint32_t option : options) condition.push_back(option);
      when.push_back(std::move(condition));
    }
    all.push_back(Json::array({segment.id, segment.visitors, segment.gain, std::move(when)}));
  }
  return all;
}

std::vector<LearnedSegment> segments_of(const Json& json) {
  std::vector<LearnedSegment> all;
  for (const Json& row : json) {
    LearnedSegment segment{
        row.at(0).get<std::uint32_t>(), {}, row.at(1).get<std::uint64_t>(), finite_double(row.at(2))};
    for (const Json& condition : row.at(3)) {
      if (condition.size() < 2) throw std::runtime_error("has a segment with an empty condition");
      std::vector<std::uint32_t> options;
      for (std::size_t i = 1; i < condition.size(); ++i) options.push_back(condition[i].get<std::uint32_t>());
      segment.when.emplace_back(condition[0].get<std::uint32_t>(), std::move(options));
    }
    all.push_back(std::move(segment));
  }
  return all;
}

Model model_of(const Json& json) {
  if (json.at("format") != kFormat) throw std::runtime_error("has a format this program does not know");
  Model model;
  model.trained_at_s = json.at("trainedAt").get<std::int64_t>();
  model.visitors = json.at("visitors").get<std::uint64_t>();
  model.held_out_from_ms = json.at("heldOutFrom").get<std::int64_t>();
  const Json& item_item = json.at("itemItem");
  model.item_item_method = item_item.at("method").get<std::string>();
  model.item_item_weight = finite_double(item_item.at("weight"));
  model.history_exponent = finite_double(item_item.at("historyExponent"));
  model.min_visitors = json.at("minVisitors").get<std::uint32_t>();
  const Json& items = json.at("items");
  const Json& rows = json.at("rows");
  if (items.size() != rows.size()) throw std::runtime_error("has items without rows");
  for (std::size_t i = 0; i < items.size(); ++i) {
    LearnedItem item;
    item.item_id = items[i].at(0).get<std::uint32_t>();
    item.visitors = items[i].at(1).get<std::uint32_t>();
    item.bias = finite(items[i].at(2));
    item.engagement_rate = finite(items[i].at(3));
    item.popularity = finite(items[i].at(4));
    item.seen = items[i].at(5).get<std::uint32_t>();
    if (rows[i].at(0) != item.item_id) throw std::runtime_error("has rows of other items");
    item.neighbours = pairs_of(rows[i]);
    model.items.push_back(std::move(item));
  }
  for (const Json& row : json.at("priors")) {
    model.segments.push_back({row.at(0).get<std::uint32_t>(), pairs_of(row)});
  }
  model.learned_segments = segments_of(json.at("segments"));
  model.next_segment_id = json.at("nextSegment").get<std::uint32_t>();
  if (!json.at("stack").is_null()) model.stack = stack_of(json.at("stack"));
  for (const Json& row : json.at("temperatures")) {
    model.temperatures.emplace_back(row.at(0).get<std::uint32_t>(), finite_double(row.at(1)));
  }
  for (const Json& row : json.at("questionWeights")) {
    model.question_weights.emplace_back(row.at(0).get<std::uint32_t>(), finite_double(row.at(1)));
  }
  if (!json.at("engagement").is_null()) model.engagement = decode_engagement(json.at("engagement"));
  return model;
}

}  // namespace

std::vector<std::byte> encode_model(const Model& model) {
  Json items = Json::array();
  Json rows = Json::array();
  for (const LearnedItem& item : model.items) {
    items.push_back(
        Json::array({item.item_id, item.visitors, item.bias, item.engagement_rate, item.popularity, item.seen}));
    rows.push_back(pairs_row(item.item_id, item.neighbours));
  }
  Json priors = Json::array();
  for (const SegmentPriors& segment : model.segments) priors.push_back(pairs_row(segment.segment_id, segment.log_odds));
  Json temperatures = Json::array();
  for (const auto& [slot, temperature] : model.temperatures) temperatures.push_back(Json::array({slot, temperature}));
  Json question_weights = Json::array();
  for (const auto& [question, weight] : model.question_weights) {
    question_weights.push_back(Json::array({question, weight}));
  }
  const std::vector<std::uint8_t> cbor =
      Json::to_cbor(Json{{"format", kFormat},
                         {"trainedAt", model.trained_at_s},
                         {"visitors", model.visitors},
                         {"heldOutFrom", model.held_out_from_ms},
                         {"itemItem",
                          {{"method", model.item_item_method},
                           {"weight", model.item_item_weight},
                           {"historyExponent", model.history_exponent}}},
                         {"segments", segments_json(model.learned_segments)},
                         {"nextSegment", model.next_segment_id},
                         {"stack", model.stack ? stack_json(*model.stack) : Json()},
                         {"temperatures", std::move(temperatures)},
                         {"questionWeights", std::move(question_weights)},
                         {"engagement", model.engagement ? encode_engagement(*model.engagement) : Json()},
                         {"minVisitors", model.min_visitors},
                         {"items", std::move(items)},
                         {"rows", std::move(rows)},
                         {"priors", std::move(priors)}});
  const auto bytes = std::as_bytes(std::span(cbor));
  return {bytes.begin(), bytes.end()};
}

Model decode_model(std::span<const std::byte> bytes) {
  const char* const remedy = ": run `footlight train`";
  try {
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return model_of(Json::from_cbor(first, first + bytes.size()));
  } catch (const Json::exception&) {
    throw std::runtime_error(std::string("the stored model cannot be read") + remedy);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(std::string("the stored model ") + error.what() + remedy);
  }
}

}  // namespace footlight::learn
