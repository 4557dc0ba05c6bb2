// A made-up site for tests and benchmarks: questions, items, segments, slots and rules drawn from a seed, and visitors
// who answer and click at random. Same seed, same bytes, on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/numeric/random.h"
#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/visitor/visitor.h"

namespace footlight::world {

struct Options {
  std::uint64_t seed = 1;
  std::uint32_t items = 300;
  std::uint32_t neighbours = 32;
  std::uint16_t today = 20780;
  bool engagement = true;  // with an engagement model
};

inline std::uint32_t below(Random& random, std::uint32_t n) { return static_cast<std::uint32_t>(random.next() % n); }

inline snapshot::QuestionInput question(std::uint32_t id, const std::string& name, snapshot::QuestionKind kind,
                                        float weight, std::uint32_t options) {
  snapshot::QuestionInput q;
  q.id = id;
  q.name = name;
  q.factor = name + "_match";
  q.kind = kind;
  q.weight = weight;
  q.completeness = 0.1F;
  q.reason = {"Matches your " + name + " {}", "Passt zu " + name + ": {}"};
  for (std::uint32_t o = 0; o < options; ++o) {
    snapshot::OptionInput option;
    option.id = id * 100 + o;
    option.key = name + "_" + std::to_string(o);
    option.label = name + " No. " + std::to_string(o) + " \u2013 \u00e9";
    option.noun = {"the " + option.key};
    q.options.push_back(option);
  }
  return q;
}

// Twelve questions, about as many options as SPEC.md's questionnaire has.
inline std::vector<snapshot::QuestionInput> questionnaire() {
  using snapshot::QuestionKind;
  std::vector<snapshot::QuestionInput> all;
  all.push_back(question(1, "timeline", QuestionKind::kSingle, 0.05F, 4));
  all.push_back(question(2, "personal_meaning", QuestionKind::kMultiple, 0.05F, 6));
  all.push_back(question(3, "project_for", QuestionKind::kSingle, 0.05F, 5));
  all.push_back(question(4, "format", QuestionKind::kSingle, 0.3F, 7));
  all.push_back(question(5, "materials", QuestionKind::kMultiple, 0.1F, 8));
  all.push_back(question(6, "excited_parts", QuestionKind::kMultiple, 0.1F, 8));
  all.push_back(question(7, "involvement", QuestionKind::kSingle, 0.05F, 4));
  all.push_back(question(8, "start_timing", QuestionKind::kSingle, 0.15F, 5));
  all.push_back(question(9, "budget", QuestionKind::kSingle, 0.2F, 6));
  all.push_back(question(10, "preferred_genres", QuestionKind::kMultiple, 0.1F, 14));
  all.push_back(question(11, "logline", QuestionKind::kText, 0.0F, 0));
  all.push_back(question(12, "description", QuestionKind::kText, 0.0F, 0));
  all[3].from_history = true;
  all[9].from_history = true;
  all[9].per_answer = true;
  double low = 0;
  for (auto& option : all[8].options) {
    const double high = low * 2 + 5000;
    option.range = snapshot::Interval{low, high};
    low = high;
  }
  return all;
}

// An engagement model over everything that a field can be made of.
inline snapshot::EngagementInput make_engagement(Random& random, const snapshot::SnapshotInput& site) {
  using snapshot::FieldSource;
  const auto noise = [&](double reach) { return static_cast<float>((random.uniform() * 2 - 1) * reach); };
  snapshot::EngagementInput model;
  model.dimensions = 20;
  model.depth = 3;
  model.base = {-2.0F, -3.0F, -4.5F};
  model.blend = {0.6F, 0.3F, 0.1F};
  model.gain = {1.0F, 1.2F, 0.5F};
  const auto field = [&](std::string name, FieldSource source, std::vector<float> thresholds, std::uint32_t bins) {
    snapshot::FieldInput f;
    f.name = std::move(name);
    f.source = source;
    f.thresholds = std::move(thresholds);
    f.bins = f.thresholds.empty() ? bins : static_cast<std::uint32_t>(f.thresholds.size()) + 2;
    model.fields.push_back(std::move(f));
  };
  for (const auto& asked : site.questions) {
    if (asked.options.empty()) continue;
    for (const FieldSource source : {FieldSource::kAnswers, FieldSource::kLiked}) {
      if (source == FieldSource::kLiked && !asked.from_history) continue;
      field(source == FieldSource::kLiked ? "liked " + asked.name : asked.name, source, {},
            static_cast<std::uint32_t>(asked.options.size()) + 1);
      model.fields.back().question_id = asked.id;
      for (const auto& option : asked.options) model.fields.back().bin_ids.push_back(option.id);
    }
  }
  field("segment", FieldSource::kSegment, {}, static_cast<std::uint32_t>(site.segments.size()) + 2);
  model.fields.back().bin_ids.push_back(0);
  for (const auto& segment : site.segments) model.fields.back().bin_ids.push_back(segment.id);
  field("chosen", FieldSource::kChosenCount, {0, 1, 3, 8}, 0);
  field("seen", FieldSource::kSeenCount, {0, 4, 16}, 0);
  field("engagement_level", FieldSource::kEngagementLevel, {1, 2, 3, 4}, 0);
  field("idle_days", FieldSource::kIdleDays, {0, 1, 7, 30}, 0);
  field("device", FieldSource::kDevice, {}, 4);
  field("day_part", FieldSource::kDayPart, {}, 5);
  field("weekday", FieldSource::kWeekday, {}, 8);
  field("referrer", FieldSource::kReferrer, {}, 6);
  field("locale", FieldSource::kLocale, {}, static_cast<std::uint32_t>(site.locales.size()) + 1);
  field("plan", FieldSource::kExternal, {}, 3);
  for (const auto& f : model.fields) {
    for (std::uint32_t v = 0; v < f.bins * snapshot::kHeads; ++v) model.bin_weights.push_back(noise(0.3));
    for (std::uint32_t v = 0; v < f.bins * model.dimensions; ++v) model.bin_vectors.push_back(noise(0.3));
  }
  for (std::uint32_t t = 0; t < 12; ++t) {
    for (std::uint32_t l = 0; l < model.depth; ++l) {
      const std::uint32_t f = below(random, static_cast<std::uint32_t>(model.fields.size()));
      model.splits.push_back({f, random.next() & ((std::uint64_t{1} << model.fields[f].bins) - 1)});
    }
    for (std::uint32_t v = 0; v < (1U << model.depth) * snapshot::kHeads; ++v) model.leaf_values.push_back(noise(0.2));
  }
  for (const auto& item : site.items) {
    if (below(random, 10) == 0) continue;
    snapshot::EngagementItemInput row;
    row.item_id = item.id;
    for (float& bias : row.bias) bias = noise(0.5);
    for (std::uint32_t d = 0; d < model.dimensions; ++d) row.vector.push_back(noise(0.3));
    model.items.push_back(std::move(row));
  }
  return model;
}

inline snapshot::SnapshotInput make_site(const Options& options) {
  using snapshot::ContentType;
  Random random(options.seed);
  snapshot::SnapshotInput site;
  site.version = options.seed + 7;
  site.created_at_s = std::uint32_t{options.today} * 86400U;
  site.locales = {"en", "de"};
  site.questions = questionnaire();
  site.neighbours_kept = options.neighbours;
  for (std::uint32_t i = 0; i < options.items; ++i) {
    snapshot::ItemInput item;
    item.id = i * 3 + 1;
    for (auto& byte : item.uuid) byte = static_cast<std::uint8_t>(random.next());
    item.uuid[15] = static_cast<std::uint8_t>(i);
    item.uuid[14] = static_cast<std::uint8_t>(i >> 8U);
    item.uuid[13] = static_cast<std::uint8_t>(i >> 16U);
    const std::uint32_t draw = below(random, 100);
    item.type = draw < 5    ? ContentType::kHero
                : draw < 55 ? ContentType::kProject
                : draw < 75 ? ContentType::kTestimonial
                : draw < 90 ? ContentType::kService
                            : ContentType::kResource;
    if (i < 4) item.type = static_cast<ContentType>(i);
    for (const auto& asked : site.questions) {
      if (asked.options.empty() || below(random, 3) == 0) continue;
      for (std::uint32_t n = 0; n <= below(random, 3); ++n) {
        const auto& option = asked.options[below(random, static_cast<std::uint32_t>(asked.options.size()))];
        item.affinities.push_back({option.id, 1.0F});
      }
    }
    const double low = below(random, 60000);
    item.ranges.emplace_back(9, snapshot::Interval{low, low + below(random, 90000)});
    if (below(random, 20) == 0) item.active_from_s = site.created_at_s + 40000;
    if (below(random, 20) == 0) item.active_until_s = site.created_at_s + 40000;
    item.bias = static_cast<float>(random.uniform() - 0.5);
    if (below(random, 3) != 0) item.engagement_rate = static_cast<float>(random.uniform() * 0.2);
    const std::string number = std::to_string(item.id);
    std::string english = R"({"title":"Item )";
    english.append(number).append(R"(","url":"/i/)").append(number).append(R"("})");
    std::string german = R"({"title":"Ding )";
    german.append(number).append(R"("})");
    item.body = {std::move(english), std::move(german)};
    item.name = {"Item " + number, "Ding " + number};
    for (std::uint32_t n = 0; n < options.neighbours; ++n) {
      item.neighbours.push_back(
          {below(random, options.items) * 3 + 1, static_cast<float>(random.uniform() * 0.5 - 0.1)});
    }
    site.items.push_back(std::move(item));
  }
  for (std::uint32_t f = 0; f < 6; ++f) {
    snapshot::SegmentInput segment;
    segment.id = f + 1;
    segment.name = {"Segment " + std::to_string(f)};
    segment.when = {{4, {400 + f}}};
    if (f == 0) segment.when.push_back({8, {800, 801}});
    for (const auto& item : site.items) {
      segment.priors.emplace_back(item.id, static_cast<float>(random.uniform() * 2 - 1));
    }
    site.segments.push_back(std::move(segment));
  }
  const auto slot = [&](std::uint32_t id, const char* name, ContentType type, std::uint16_t limit, float temperature,
                        float diversity) {
    snapshot::SlotInput s;
    s.id = id;
    s.name = name;
    s.types = {type};
    s.limit = limit;
    s.max_limit = 24;
    s.temperature = temperature;
    s.diversity = diversity;
    s.hide_seen = id == 5;
    site.slots.push_back(s);
  };
  slot(1, "hero", ContentType::kHero, 1, 0.0F, 0.0F);
  slot(2, "projects", ContentType::kProject, 6, 0.25F, 0.3F);
  slot(3, "testimonials", ContentType::kTestimonial, 3, 0.25F, 0.0F);
  slot(4, "services", ContentType::kService, 4, 0.0F, 0.2F);
  slot(5, "resources", ContentType::kResource, 6, 0.5F, 0.1F);
  for (std::uint32_t r = 0; r < 6 && options.items >= 20; ++r) {
    snapshot::RuleInput rule;
    rule.id = r + 1;
    rule.kind = r < 3 ? snapshot::RuleKind::kPin : snapshot::RuleKind::kExclude;
    rule.item_id = site.items[below(random, options.items)].id;
    if (r % 2 == 0) rule.segment_id = r + 1;
    rule.position = r;
    site.rules.push_back(rule);
  }
  site.reasons = {snapshot::Localized{"Selected for you", "F\u00fcr Sie"},
                  {},
                  {"Because you looked at {}"},
                  {"Popular with {}"},
                  {"Popular here"},
                  {"Picked by our team"},
                  {"Suits your visit"}};
  site.weights.history_exponent = 0.3F;
  if (options.engagement) site.engagement = make_engagement(random, site);
  return site;
}

// A visitor at random: some answer everything, some nothing; up to 64 items of history, some of them unknown.
inline Visitor make_visitor(Random& random, const snapshot::SnapshotInput& site, const Options& options) {
  Visitor visitor;
  if (below(random, 8) != 0) visitor.unit_id = random.next();
  visitor.personalization = static_cast<Choice>(below(random, 3));
  visitor.measurement = static_cast<Choice>(below(random, 3));
  visitor.engagement_points = static_cast<std::uint16_t>(below(random, 300));
  visitor.texts_given = static_cast<std::uint16_t>(below(random, 4));
  const std::uint32_t eagerness = below(random, 4);
  for (const auto& asked : site.questions) {
    if (asked.options.empty() || below(random, 3) >= eagerness) continue;
    const std::uint32_t given = asked.kind == snapshot::QuestionKind::kMultiple ? 1 + below(random, 3) : 1;
    std::vector<std::uint32_t> picks;
    for (std::uint32_t n = 0; n < given; ++n) {
      picks.push_back(asked.options[below(random, static_cast<std::uint32_t>(asked.options.size()))].id);
    }
    std::sort(picks.begin(), picks.end());
    picks.erase(std::unique(picks.begin(), picks.end()), picks.end());
    for (const std::uint32_t id : picks) visitor.answers[visitor.answer_count++] = static_cast<std::uint16_t>(id);
  }
  // Of those who answered one in three has it too, so that answers decide, agree with it and contradict it; 7 is no
  // segment.
  if (visitor.answer_count == 0 || below(random, 3) == 0) {
    visitor.segment_id = static_cast<std::uint16_t>(below(random, 8));
  }
  const std::uint32_t seen = below(random, 5) == 0 ? 0 : below(random, kMaxHistory + 1);
  for (std::uint32_t h = 0; h < seen; ++h) {
    Interaction interaction;
    interaction.item_id = below(random, options.items + 5) * 3 + 1;
    interaction.action = static_cast<Action>(below(random, 4));
    interaction.feedback = below(random, 5) == 0 ? static_cast<Feedback>(below(random, 4)) : Feedback::kNone;
    interaction.day = static_cast<std::uint16_t>(options.today - below(random, 90));
    interact(visitor, interaction);
  }
  return visitor;
}

}  // namespace footlight::world
