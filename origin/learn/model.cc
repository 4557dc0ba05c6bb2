#include "origin/learn/model.h"

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace footlight::learn {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;

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

Model model_of(const Json& json) {
  if (json.at("format") != kFormat) throw std::runtime_error("has a format this program does not know");
  Model model;
  model.trained_at_s = json.at("trainedAt").get<std::int64_t>();
  model.visitors = json.at("visitors").get<std::uint64_t>();
  model.lambda = json.at("lambda").get<double>();
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
    if (rows[i].at(0) != item.item_id) throw std::runtime_error("has rows of other items");
    item.neighbours = pairs_of(rows[i]);
    model.items.push_back(std::move(item));
  }
  for (const Json& row : json.at("priors")) {
    model.segments.push_back({row.at(0).get<std::uint32_t>(), pairs_of(row)});
  }
  return model;
}

}  // namespace

std::vector<std::byte> encode_model(const Model& model) {
  Json items = Json::array();
  Json rows = Json::array();
  for (const LearnedItem& item : model.items) {
    items.push_back(Json::array({item.item_id, item.visitors, item.bias, item.engagement_rate, item.popularity}));
    rows.push_back(pairs_row(item.item_id, item.neighbours));
  }
  Json priors = Json::array();
  for (const SegmentPriors& segment : model.segments) priors.push_back(pairs_row(segment.segment_id, segment.log_odds));
  const std::vector<std::uint8_t> cbor = Json::to_cbor(Json{{"format", kFormat},
                                                            {"trainedAt", model.trained_at_s},
                                                            {"visitors", model.visitors},
                                                            {"lambda", model.lambda},
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
