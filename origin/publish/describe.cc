#include "origin/publish/describe.h"

#include <array>
#include <charconv>
#include <string>

#include <fmt/format.h>

#include "origin/store/site.h"

namespace footlight::publish {
namespace {

using Json = nlohmann::ordered_json;
using snapshot::SnapshotView;

constexpr std::array<std::string_view, 40> kSectionNames = {"",
                                                            "strings",
                                                            "locales",
                                                            "questions",
                                                            "question_texts",
                                                            "options",
                                                            "option_texts",
                                                            "items",
                                                            "item_bodies",
                                                            "item_names",
                                                            "features",
                                                            "items_by_id",
                                                            "items_by_uuid",
                                                            "neighbour_offsets",
                                                            "neighbour_items",
                                                            "neighbour_weights",
                                                            "neighbour_scales",
                                                            "segments",
                                                            "segment_texts",
                                                            "conditions",
                                                            "segment_priors",
                                                            "slots",
                                                            "slate_offsets",
                                                            "slate_items",
                                                            "rules",
                                                            "reasons",
                                                            "weights",
                                                            "experiments",
                                                            "flags",
                                                            "engagement",
                                                            "fields",
                                                            "thresholds",
                                                            "bin_texts",
                                                            "bin_weights",
                                                            "bin_vectors",
                                                            "tree_splits",
                                                            "leaf_values",
                                                            "item_biases",
                                                            "item_scales",
                                                            "item_vectors"};

constexpr std::array<std::string_view, 4> kKindNames = {"single", "multiple", "text", "boolean"};
constexpr std::array<std::string_view, snapshot::kReasonKinds> kReasonNames = {
    "default", "question", "history", "segment", "popular", "pinned", "visit"};

std::string text_of(std::string_view text) { return std::string(text); }

// Through text, so that 0.3 does not read 0.30000001192092896.
Json number(float value) {
  const std::string text = fmt::format("{}", value);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

template <typename Get>
Json by_locale(const SnapshotView& view, const Get& get) {
  Json texts = Json::object();
  for (std::uint32_t l = 0; l < view.locale_count(); ++l) texts[text_of(view.locale_tag(l))] = text_of(get(l));
  return texts;
}

Json sections_of(std::span<const std::byte> bytes) {
  // The view is valid, so the table is: SnapshotView::open has checked it.
  const auto* header = reinterpret_cast<const snapshot::Header*>(bytes.data());
  const auto* rows = reinterpret_cast<const snapshot::SectionRow*>(bytes.data() + sizeof(snapshot::Header));
  Json sections = Json::array();
  for (std::uint32_t i = 0; i < header->section_count; ++i) {
    sections.push_back({{"name", section_name(rows[i].section)}, {"rows", rows[i].rows}, {"bytes", rows[i].bytes}});
  }
  return sections;
}

Json questions_of(const SnapshotView& view) {
  Json questions = Json::array();
  for (std::uint32_t q = 0; q < view.questions().size(); ++q) {
    const auto& row = view.questions()[q];
    Json options = Json::array();
    for (std::uint32_t o = row.first_option; o < row.first_option + row.option_count; ++o) {
      const auto& option = view.options()[o];
      options.push_back({{"id", option.id},
                         {"key", view.text(option.key)},
                         {"label", view.text(option.label)},
                         {"noun", by_locale(view, [&](auto l) { return view.option_noun(o, l); })}});
    }
    questions.push_back({{"id", row.id},
                         {"name", view.text(row.name)},
                         {"factor", view.text(row.factor)},
                         {"kind", kKindNames[static_cast<std::size_t>(row.kind)]},
                         {"perAnswer", (row.flags & snapshot::kPerAnswer) != 0},
                         {"fromHistory", (row.flags & snapshot::kFromHistory) != 0},
                         {"weight", number(row.weight)},
                         {"completeness", number(row.completeness)},
                         {"reason", by_locale(view, [&](auto l) { return view.question_reason(q, l); })},
                         {"options", std::move(options)}});
  }
  return questions;
}

Json item_reference(const SnapshotView& view, std::uint32_t item) {
  return {{"id", view.items()[item].id}, {"name", view.item_name(item, 0)}};
}

Json segments_of(const SnapshotView& view) {
  Json segments = Json::array();
  for (std::uint32_t s = 0; s < view.segments().size(); ++s) {
    const auto& row = view.segments()[s];
    Json when = Json::object();
    for (std::uint32_t c = row.first_condition; c < row.first_condition + row.condition_count; ++c) {
      const auto& condition = view.conditions()[c];
      const auto& question = view.questions()[condition.question];
      Json keys = Json::array();
      for (std::uint32_t o = 0; o < question.option_count; ++o) {
        if (((condition.mask >> o) & 1U) != 0) keys.push_back(view.text(view.options()[question.first_option + o].key));
      }
      when[text_of(view.text(question.name))] = std::move(keys);
    }
    std::size_t priors = 0;
    for (const std::int8_t prior : view.segment_priors(s)) priors += prior != 0 ? 1 : 0;
    Json slates = Json::object();
    for (std::uint32_t slot = 0; slot < view.slots().size(); ++slot) {
      Json slate = Json::array();
      for (const std::uint32_t item : view.slate(s, slot)) slate.push_back(item_reference(view, item));
      slates[text_of(view.text(view.slots()[slot].name))] = std::move(slate);
    }
    segments.push_back({{"id", row.id},
                        {"name", by_locale(view, [&](auto l) { return view.segment_name(s, l); })},
                        {"when", std::move(when)},
                        {"itemsWithPrior", priors},
                        {"slates", std::move(slates)}});
  }
  return segments;
}

Json slots_of(const SnapshotView& view) {
  Json slots = Json::array();
  for (const auto& row : view.slots()) {
    Json types = Json::array();
    for (std::uint32_t type = 0; type < snapshot::kContentTypes; ++type) {
      if (((row.type_mask >> type) & 1U) != 0) {
        types.push_back(origin::content_type_name(static_cast<snapshot::ContentType>(type)));
      }
    }
    slots.push_back({{"id", row.id},
                     {"name", view.text(row.name)},
                     {"types", std::move(types)},
                     {"limit", row.limit},
                     {"maxLimit", row.max_limit},
                     {"hideSeen", (row.flags & snapshot::kHideSeen) != 0},
                     {"temperature", number(row.temperature)},
                     {"diversity", number(row.diversity)}});
  }
  return slots;
}

Json rules_of(const SnapshotView& view) {
  Json rules = Json::array();
  for (const auto& row : view.rules()) {
    Json rule = {{"id", row.id},
                 {"kind", row.kind == snapshot::RuleKind::kPin ? "pin" : "exclude"},
                 {"item", item_reference(view, row.item)}};
    rule["slot"] = row.slot == snapshot::kNone ? Json() : Json(view.text(view.slots()[row.slot].name));
    rule["segment"] = row.segment == snapshot::kNone ? Json() : Json(view.segment_name(row.segment, 0));
    if (row.kind == snapshot::RuleKind::kPin) rule["position"] = row.position;
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

std::string_view section_name(snapshot::Section section) noexcept {
  const auto number = static_cast<std::size_t>(section);
  return number < kSectionNames.size() ? kSectionNames[number] : "of a later version";
}

Json describe_snapshot(const SnapshotView& view, std::span<const std::byte> bytes) {
  const auto& header = view.header();
  const auto& weights = view.weights();
  Json reasons = Json::object();
  for (std::uint32_t kind = 0; kind < snapshot::kReasonKinds; ++kind) {
    if (static_cast<snapshot::ReasonKind>(kind) == snapshot::ReasonKind::kQuestion) continue;  // the question's own
    reasons[text_of(kReasonNames[kind])] =
        by_locale(view, [&](auto l) { return view.reason_template(static_cast<snapshot::ReasonKind>(kind), l); });
  }
  std::size_t neighbours = 0;
  std::size_t ghosts = 0;
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    neighbours += view.neighbours(i).items.size();
    ghosts += (view.items()[i].flags & snapshot::kHistoryOnly) != 0 ? 1 : 0;
  }
  Json locales = Json::array();
  for (std::uint32_t l = 0; l < view.locale_count(); ++l) locales.push_back(view.locale_tag(l));
  return {{"version", header.version},
          {"createdAt", header.created_at_s},
          {"bytes", bytes.size()},
          {"format", fmt::format("{}.{}", header.major, header.minor)},
          {"pack", header.segment == snapshot::kNone ? Json() : Json(view.segment_name(header.segment, 0))},
          {"counts",
           {{"items", view.items().size()},
            {"historyOnly", ghosts},
            {"neighbours", neighbours},
            {"questions", view.questions().size()},
            {"options", view.options().size()},
            {"segments", view.segments().size()},
            {"slots", view.slots().size()},
            {"rules", view.rules().size()},
            {"fields", view.fields().size()},
            {"trees", view.engagement() == nullptr ? 0 : view.engagement()->trees}}},
          {"sections", sections_of(bytes)},
          {"locales", std::move(locales)},
          {"weights",
           {{"match", number(weights.match)},
            {"engagement", number(weights.engagement)},
            {"itemItem", number(weights.item_item)},
            {"prior", number(weights.prior)},
            {"confidenceSlope", number(weights.confidence_slope)},
            {"halfLifeDays", number(weights.half_life_days)},
            {"historyMatch", number(weights.history_match)},
            {"historyExponent", number(weights.history_exponent)},
            {"calibrated", weights.calibrated != 0},
            {"calibrateScale", number(weights.calibrate_scale)},
            {"calibrateShift", number(weights.calibrate_shift)}}},
          {"apprentice", (weights.flags & snapshot::kApprentice) != 0},
          {"questions", questions_of(view)},
          {"segments", segments_of(view)},
          {"slots", slots_of(view)},
          {"rules", rules_of(view)},
          {"reasons", std::move(reasons)}};
}

Json describe_item(const SnapshotView& view, std::uint32_t item) {
  const auto& row = view.items()[item];
  Json attributes = Json::object();
  for (const auto& question : view.questions()) {
    Json options = Json::object();
    for (std::uint32_t o = question.first_option; o < question.first_option + question.option_count; ++o) {
      const std::int8_t affinity = view.features(item)[o];
      if (affinity != 0)
        options[text_of(view.text(view.options()[o].key))] = number(static_cast<float>(affinity) / 127);
    }
    if (!options.empty()) attributes[text_of(view.text(question.name))] = std::move(options);
  }
  const auto row_of = view.neighbours(item);
  Json neighbours = Json::array();
  for (std::size_t n = 0; n < row_of.items.size(); ++n) {
    Json neighbour = item_reference(view, row_of.items[n]);
    neighbour["weight"] = number(static_cast<float>(row_of.weights[n]) * row_of.scale);
    neighbours.push_back(std::move(neighbour));
  }
  Json priors = Json::object();
  for (std::uint32_t s = 0; s < view.segments().size(); ++s) {
    const int prior = view.segment_priors(s)[item];
    if (prior != 0) priors[text_of(view.segment_name(s, 0))] = static_cast<double>(prior) / 32;
  }
  Json bodies = Json::object();
  for (std::uint32_t l = 0; l < view.locale_count(); ++l) {
    bodies[text_of(view.locale_tag(l))] = Json::parse(view.item_body(item, l), nullptr, false);
  }
  return {{"id", row.id},
          {"uuid", uuid_text(row.uuid)},
          {"type", origin::content_type_name(row.type)},
          {"name", by_locale(view, [&](auto l) { return view.item_name(item, l); })},
          {"historyOnly", (row.flags & snapshot::kHistoryOnly) != 0},
          {"activeFrom", row.active_from_s == 0 ? Json() : Json(row.active_from_s)},
          {"activeUntil", row.active_until_s == snapshot::kNone ? Json() : Json(row.active_until_s)},
          {"bias", number(row.bias)},
          {"preferred", number(row.preferred)},
          {"engagementRate", row.engagement_rate < 0 ? Json() : number(row.engagement_rate)},
          {"attributes", std::move(attributes)},
          {"neighbours", std::move(neighbours)},
          {"priors", std::move(priors)},
          {"body", std::move(bodies)}};
}

std::optional<std::uint32_t> find_item_named(const SnapshotView& view, std::string_view name) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error == std::errc{} && end == name.data() + name.size()) {
    const std::uint32_t item = view.find_item(id);
    if (item != snapshot::kNone) return item;
  }
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    if (uuid_text(view.items()[i].uuid) == name) return i;
  }
  return std::nullopt;
}

std::string uuid_text(std::span<const std::uint8_t, 16> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

}  // namespace footlight::publish
