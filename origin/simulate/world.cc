#include "origin/simulate/world.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "core/numeric/elementary.h"

namespace footlight::simulate {
namespace {

using snapshot::ContentType;
using snapshot::QuestionKind;

// Every use of the seed has a stream of its own, so that more items do not change the visitors.
constexpr std::uint64_t kOfArchetypes = 1;
constexpr std::uint64_t kOfItems = 2;
constexpr std::uint64_t kOfPersons = 3;
constexpr std::uint64_t kOfDrift = 4;
constexpr std::uint64_t kOfEditor = 5;

constexpr double kQuality = 0.5;
constexpr double kMixed = 0.45;
constexpr double kTaste = 0.45;
constexpr double kDevice = 0.25;
constexpr double kDayPart = 0.12;
constexpr double kAnswered = 0.85;

// Log-odds of a full match; genres: of each. The site's hand weights, times 3, stand beside it.
struct Effect {
  std::string_view question;
  double log_odds;
};
constexpr Effect kEffects[] = {{"timeline", 0.0},            // .15
                               {"personal_meaning", 0.3},    // .15
                               {"project_for", 0.4},         // .15
                               {"format", 0.7},              // .9
                               {"materials", 0.1},           // .3
                               {"excited_parts", 0.45},      // .3
                               {"involvement", 0.35},        // .15
                               {"start_timing", 0.1},        // .45
                               {"budget", 0.3},              // .6
                               {"want_consult", 0.2},        // .3
                               {"preferred_genres", 0.45}};  // .3

constexpr double kBase[kPageSlots] = {-4.1, -4.3, -4.5, -4.4, -4.7};
constexpr double kSeen[kPageSlots] = {0.98, 0.85, 0.6, 0.55, 0.45};  // the first card of the slot comes into view

std::uint32_t below(Random& random, std::uint32_t n) {
  return static_cast<std::uint32_t>(random.uniform() * static_cast<double>(n));
}

// Marsaglia's polar method, one of its two numbers: log_exact and sqrt are the same everywhere.
double normal(Random& random) {
  for (;;) {
    const double u = 2 * random.uniform() - 1;
    const double v = 2 * random.uniform() - 1;
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2 * log_exact(s) / s);
  }
}

std::uint32_t slot_of(ContentType type) {
  for (std::uint32_t s = 0; s < kPageSlots; ++s) {
    if (kPage[s].type == type) return s;
  }
  throw std::logic_error("a content type without a slot");
}

std::uint32_t pick(std::span<const double> shares, Random& random) {
  double total = 0;
  for (const double share : shares) total += share;
  double target = random.uniform() * total;
  for (std::uint32_t i = 0; i + 1 < shares.size(); ++i) {
    target -= shares[i];
    if (target < 0) return i;
  }
  return static_cast<std::uint32_t>(shares.size() - 1);
}

void check(bool good, std::string_view what, double value, std::string_view range) {
  if (!good) throw std::invalid_argument(fmt::format("{} is {}; it must be {}", what, value, range));
}

}  // namespace

bool Person::is_anonymous() const noexcept {
  return std::all_of(told.begin(), told.end(), [](const auto& options) { return options.empty(); });
}

World::World(const WorldOptions& options) : options_(options), site_(make_site({})) {
  check(options.items >= kMinItems && options.items <= kMaxItems, "items", options.items, "60 to 20000");
  check(options.drift >= 0 && options.drift <= 2, "drift", options.drift, "0 to 2");
  check(options.noise >= 0 && options.noise <= 1, "noise", options.noise, "0 to 1");
  check(options.anonymous >= 0 && options.anonymous <= 1, "anonymous", options.anonymous, "0 to 1");
  for (const origin::SiteQuestion& question : site_.questions) {
    first_column_.push_back(columns_);
    columns_ += static_cast<std::uint32_t>(question.options.size());
    double effect = 0;
    for (const Effect& known : kEffects) effect = known.question == question.name ? known.log_odds : effect;
    effects_.push_back(effect);
  }
  first_column_.push_back(columns_);
  width_ = columns_ + 2 * kRank + kDevices + kDayParts;
  Random of_archetypes(seed_with(options.seed, kOfArchetypes));
  make_archetypes(of_archetypes);
  Random of_items(seed_with(options.seed, kOfItems));
  make_items(of_items);
  Random of_editor(seed_with(options.seed, kOfEditor));
  make_default_page(of_editor);
  site_ = make_site(default_items());
}

std::vector<std::uint32_t> World::default_items() const {
  std::vector<std::uint32_t> items;
  for (const Card& card : default_page_) items.push_back(card.item);
  return items;
}

void World::make_archetypes(Random& random) {
  for (std::uint32_t a = 0; a < kArchetypes; ++a) {
    archetype_share_.push_back(1.0 / (1.0 + 0.3 * a));
    for (std::size_t q = 0; q < site_.questions.size(); ++q) {
      const std::size_t first = option_share_.size();
      double total = 0;
      for (std::uint32_t c = first_column_[q]; c < first_column_[q + 1]; ++c) {
        option_share_.push_back(exp_exact(1.2 * normal(random)));
        total += option_share_.back();
      }
      for (std::size_t c = first; c < option_share_.size(); ++c) option_share_[c] /= total;
    }
    auto& taste = archetype_taste_.emplace_back();
    for (double& value : taste) value = normal(random);
  }
  for (auto* vectors : {&option_vectors_, &attribute_mixed_, &attribute_taste_}) {
    for (std::uint32_t c = 0; c < columns_ * kRank; ++c) vectors->push_back(normal(random));
  }
}

std::uint32_t World::draw_option(std::uint32_t archetype, std::uint32_t question, std::span<const std::uint32_t> taken,
                                 Random& random) const {
  const std::size_t first = std::size_t{archetype} * columns_ + first_column_[question];
  std::vector<double> shares(option_share_.begin() + static_cast<std::ptrdiff_t>(first),
                             option_share_.begin() + static_cast<std::ptrdiff_t>(first) +
                                 (first_column_[question + 1] - first_column_[question]));
  for (const std::uint32_t o : taken) shares[o] = 0;
  return pick(shares, random);
}

void World::make_items(Random& random) {
  static constexpr double kShares[kPageSlots] = {0.06, 0.42, 0.16, 0.12, 0.24};
  // As many of each type as its share of the catalogue, in a mixed order.
  std::vector<std::uint32_t> slots;
  for (std::uint32_t s = 0; s < kPageSlots; ++s) {
    const auto count = static_cast<std::uint32_t>(kShares[s] * options_.items);
    slots.insert(slots.end(), std::max(count, 2 * kPage[s].cards), s);
  }
  while (slots.size() < options_.items) slots.push_back(1);
  slots.resize(options_.items);
  for (std::size_t i = slots.size(); i > 1; --i)
    std::swap(slots[i - 1], slots[below(random, static_cast<std::uint32_t>(i))]);

  item_vectors_.assign(std::size_t{options_.items} * width_, 0.0);
  const double half = std::sqrt(0.5);
  const double per_rank = 1 / std::sqrt(static_cast<double>(kRank));
  for (std::uint32_t i = 0; i < options_.items; ++i) {
    Item& item = items_.emplace_back();
    item.type = kPage[slots[i]].type;
    by_slot_[slots[i]].push_back(i);
    item.quality = kQuality * normal(random);
    item.depth = normal(random);
    const std::uint32_t archetype = pick(archetype_share_, random);
    double* vector = item_vectors_.data() + std::size_t{i} * width_;
    std::array<double, kRank> mixed{};
    std::array<double, kRank> taste{};
    double named = 0;
    for (std::uint32_t q = 0; q < site_.questions.size(); ++q) {
      auto& has = item.attributes.emplace_back();
      const bool names = random.uniform() < (site_.questions[q].name == "format" ? 0.95 : 0.6);
      const std::uint32_t count = 1 + below(random, 2);
      const auto options = static_cast<std::uint32_t>(site_.questions[q].options.size());
      if (!names || options == 0) continue;
      for (std::uint32_t n = 0; n < count; ++n) {
        const std::uint32_t o = site_.questions[q].has_ranges() && n > 0 ? std::min(has.back() + 1, options - 1)
                                                                         : draw_option(archetype, q, has, random);
        if (std::find(has.begin(), has.end(), o) == has.end()) has.push_back(o);
      }
      std::sort(has.begin(), has.end());
      for (const std::uint32_t o : has) {
        const std::uint32_t column = first_column_[q] + o;
        vector[column] = effects_[q];
        for (std::uint32_t k = 0; k < kRank; ++k) {
          mixed[k] += attribute_mixed_[column * kRank + k];
          taste[k] += attribute_taste_[column * kRank + k];
        }
        named += 1;
      }
    }
    const double share = named > 0 ? half / std::sqrt(named) : 0;
    double* rest = vector + columns_;
    for (std::uint32_t k = 0; k < kRank; ++k) {
      rest[k] = kMixed * per_rank * (share * mixed[k] + half * normal(random));
      rest[kRank + k] = kTaste * per_rank * (share * taste[k] + half * normal(random));
    }
    for (std::uint32_t d = 0; d < kDevices; ++d) rest[2 * kRank + d] = kDevice * normal(random);
    for (std::uint32_t d = 0; d < kDayParts; ++d) rest[2 * kRank + kDevices + d] = kDayPart * normal(random);
  }
}

void World::make_default_page(Random& random) {
  constexpr std::uint64_t kJury = 400;
  std::vector<double> mean = appeal(0);
  for (std::uint64_t n = 0; n < kJury; ++n) {
    const Person one = person((std::uint64_t{1} << 62U) + n);
    const Surroundings surroundings{.device = one.device, .day_part = static_cast<std::uint8_t>(1 + n % kDayParts)};
    const std::vector<double> its = traits(one, surroundings);
    for (std::uint32_t i = 0; i < options_.items; ++i) mean[i] += fit(its, i) / static_cast<double>(kJury);
  }
  for (const auto& items : by_slot_) {
    double sum = 0;
    double squares = 0;
    const auto n = static_cast<double>(items.size());
    for (const std::uint32_t i : items) sum += mean[i];
    for (const std::uint32_t i : items) squares += (mean[i] - sum / n) * (mean[i] - sum / n);
    const double spread = std::sqrt(squares / n);
    for (const std::uint32_t i : items) mean[i] += spread * normal(random);
  }
  default_page_ = top_page(mean);
}

Person World::person(std::uint64_t number) const {
  Random random(seed_with(seed_with(options_.seed, kOfPersons), number));
  Person person;
  person.number = number;
  person.unit_id = random.next() | 1U;
  person.archetype = pick(archetype_share_, random);
  const double device = random.uniform();
  person.device = static_cast<std::uint8_t>(device < 0.5 ? 1 : device < 0.9 ? 2 : 3);
  const double half = std::sqrt(0.5);
  for (std::uint32_t k = 0; k < kRank; ++k) {
    person.taste[k] = half * archetype_taste_[person.archetype][k] + half * normal(random);
  }
  const bool anonymous = random.uniform() < options_.anonymous;
  for (std::uint32_t q = 0; q < site_.questions.size(); ++q) {
    const origin::SiteQuestion& question = site_.questions[q];
    auto& wants = person.wants.emplace_back();
    auto& told = person.told.emplace_back();
    const auto options = static_cast<std::uint32_t>(question.options.size());
    if (options == 0) continue;
    const std::uint32_t count = question.kind == QuestionKind::kMultiple ? 1 + below(random, 3) : 1;
    for (std::uint32_t n = 0; n < count; ++n) wants.push_back(draw_option(person.archetype, q, wants, random));
    const bool answers = random.uniform() < kAnswered && !anonymous;
    for (const std::uint32_t o : wants) {
      const bool is_wrong = random.uniform() < options_.noise;
      const std::uint32_t other = below(random, options);
      if (answers) told.push_back(is_wrong ? other : o);
    }
    for (auto* list : {&wants, &told}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }
  return person;
}

std::vector<double> World::appeal(double day) const {
  std::vector<double> result(options_.items);
  const double knots = day / kDriftDays;
  const double knot = std::floor(knots);
  const double after = knots - knot;
  const double before = 1 - after;
  const double norm = options_.drift / std::sqrt(before * before + after * after);
  for (std::uint32_t i = 0; i < options_.items; ++i) {
    const auto at = [&](double k) {
      Random random(seed_with(seed_with(seed_with(options_.seed, kOfDrift), i), static_cast<std::uint64_t>(k)));
      return normal(random);
    };
    const double wander = norm * (before * at(knot) + after * at(knot + 1));
    result[i] = kBase[slot_of(items_[i].type)] + items_[i].quality + wander;
  }
  return result;
}

void World::spread(std::span<const double> shares, std::span<const double> counts, std::span<double> traits) const {
  const double per_question = 1 / std::sqrt(static_cast<double>(site_.questions.size()));
  for (std::uint32_t q = 0; q < site_.questions.size(); ++q) {
    const double weight = site_.questions[q].per_answer ? counts[q] : 1.0;
    for (std::uint32_t c = first_column_[q]; c < first_column_[q + 1]; ++c) {
      traits[c] = weight * shares[c];
      for (std::uint32_t k = 0; k < kRank; ++k) {
        traits[columns_ + k] += per_question * shares[c] * option_vectors_[c * kRank + k];
      }
    }
  }
}

void World::add_setting(const Surroundings& surroundings, std::span<double> traits) const {
  const std::uint32_t first = columns_ + 2 * kRank;
  if (surroundings.device >= 1 && surroundings.device <= kDevices) traits[first + surroundings.device - 1U] = 1;
  if (surroundings.day_part >= 1 && surroundings.day_part <= kDayParts) {
    traits[first + kDevices + surroundings.day_part - 1U] = 1;
  }
}

std::vector<double> World::traits(const Person& person, const Surroundings& surroundings) const {
  std::vector<double> result(width_, 0.0);
  std::vector<double> shares(columns_, 0.0);
  std::vector<double> counts(site_.questions.size(), 1.0);
  for (std::uint32_t q = 0; q < site_.questions.size(); ++q) {
    const auto& wants = person.wants[q];
    if (wants.empty()) continue;
    counts[q] = static_cast<double>(wants.size());
    for (const std::uint32_t o : wants) shares[first_column_[q] + o] = 1 / counts[q];
  }
  spread(shares, counts, result);
  for (std::uint32_t k = 0; k < kRank; ++k) result[columns_ + kRank + k] = person.taste[k];
  add_setting(surroundings, result);
  return result;
}

std::vector<double> World::known_traits(const Person& person, const Surroundings& surroundings) const {
  // How likely each archetype is, given the answers: they are independent within one.
  std::vector<double> archetypes = archetype_share_;
  double total = 0;
  for (std::uint32_t a = 0; a < kArchetypes; ++a) {
    for (std::uint32_t q = 0; q < site_.questions.size(); ++q) {
      const double options = first_column_[q + 1] - first_column_[q];
      for (const std::uint32_t o : person.told[q]) {
        archetypes[a] *= (1 - options_.noise) * option_share_[std::size_t{a} * columns_ + first_column_[q] + o] +
                         options_.noise / options;
      }
    }
    total += archetypes[a];
  }
  for (double& share : archetypes) share /= total;

  std::vector<double> result(width_, 0.0);
  std::vector<double> shares(columns_, 0.0);
  std::vector<double> counts(site_.questions.size(), 1.0);
  for (std::uint32_t q = 0; q < site_.questions.size(); ++q) {
    const auto& told = person.told[q];
    const double trust = told.empty() ? 0 : 1 - options_.noise;
    if (site_.questions[q].kind == QuestionKind::kMultiple)
      counts[q] = told.empty() ? 2.0 : static_cast<double>(told.size());
    for (const std::uint32_t o : told) shares[first_column_[q] + o] += trust / static_cast<double>(told.size());
    for (std::uint32_t c = first_column_[q]; c < first_column_[q + 1]; ++c) {
      for (std::uint32_t a = 0; a < kArchetypes; ++a) {
        shares[c] += (1 - trust) * archetypes[a] * option_share_[std::size_t{a} * columns_ + c];
      }
    }
  }
  spread(shares, counts, result);
  for (std::uint32_t k = 0; k < kRank; ++k) {
    for (std::uint32_t a = 0; a < kArchetypes; ++a) {
      result[columns_ + kRank + k] += archetypes[a] * std::sqrt(0.5) * archetype_taste_[a][k];
    }
  }
  add_setting(surroundings, result);
  return result;
}

double World::fit(std::span<const double> traits, std::uint32_t item) const noexcept {
  const double* vector = item_vectors_.data() + std::size_t{item} * width_;
  double sum = 0;
  for (std::uint32_t d = 0; d < width_; ++d) sum += traits[d] * vector[d];
  return sum;
}

double World::place(std::uint32_t position, std::uint8_t device) noexcept {
  const double doublings = log_exact(1.0 + position) / 0.69314718055994530942;
  return 0.25 * doublings * (device == 2 ? 1.5 : 1.0);
}

double World::click_probability(std::span<const double> appeal, std::span<const double> traits, const Card& card,
                                std::uint8_t device) const noexcept {
  return sigmoid(appeal[card.item] + fit(traits, card.item) - place(card.position, device));
}

Reaction World::react(std::span<const double> appeal, std::span<const double> traits, const Card& card,
                      std::uint8_t device, Random& random) const noexcept {
  double draws[7];
  for (double& draw : draws) draw = random.uniform();
  const double likes = fit(traits, card.item);
  const Item& item = items_[card.item];
  Reaction reaction;
  reaction.clicked = draws[0] < sigmoid(appeal[card.item] + likes - place(card.position, device));
  double seen = kSeen[card.slot];
  for (std::uint32_t p = 0; p < card.position; ++p) seen *= device == 2 ? 0.85 : 0.93;
  reaction.viewed = reaction.clicked || draws[1] < seen;
  if (!reaction.clicked) return reaction;
  reaction.engaged = draws[2] < sigmoid(-0.4 + 0.8 * item.depth + 0.5 * likes);
  if (!reaction.engaged) {
    reaction.duration_ms = static_cast<std::uint32_t>(1000 + 9000 * draws[3]);
    if (draws[4] < 0.05) reaction.feedback = Feedback::kNegative;
    return reaction;
  }
  reaction.duration_ms = static_cast<std::uint32_t>(15000 - 25000 * log_exact(1 - draws[3] * 0.99));
  if (draws[4] < 0.12) reaction.feedback = Feedback::kPositive;
  const double wish = item.type == ContentType::kService ? 1.0 : item.type == ContentType::kHero ? 0.5 : 0.0;
  reaction.converted = draws[5] < sigmoid(-3 + wish + 0.4 * likes);
  return reaction;
}

Page World::top_page(std::span<const double> values) const {
  Page page;
  std::size_t at = 0;
  for (std::uint32_t s = 0; s < kPageSlots; ++s) {
    std::vector<std::uint32_t> items = by_slot_[s];
    const auto cards = static_cast<std::ptrdiff_t>(kPage[s].cards);
    std::partial_sort(items.begin(), items.begin() + cards, items.end(), [&](std::uint32_t a, std::uint32_t b) {
      return values[a] != values[b] ? values[a] > values[b] : a < b;
    });
    for (std::uint32_t p = 0; p < kPage[s].cards; ++p) page[at++] = {items[p], s, p};
  }
  return page;
}

Page World::best_page(std::span<const double> appeal, std::span<const double> traits) const {
  std::vector<double> values(options_.items);
  for (std::uint32_t i = 0; i < options_.items; ++i) values[i] = appeal[i] + fit(traits, i);
  return top_page(values);
}

Page World::random_page(Random& random) const {
  Page page;
  std::size_t at = 0;
  for (std::uint32_t s = 0; s < kPageSlots; ++s) {
    std::vector<std::uint32_t> drawn;
    while (drawn.size() < kPage[s].cards) {
      const std::uint32_t item = by_slot_[s][below(random, static_cast<std::uint32_t>(by_slot_[s].size()))];
      if (std::find(drawn.begin(), drawn.end(), item) != drawn.end()) continue;
      page[at++] = {item, s, static_cast<std::uint32_t>(drawn.size())};
      drawn.push_back(item);
    }
  }
  return page;
}

}  // namespace footlight::simulate
