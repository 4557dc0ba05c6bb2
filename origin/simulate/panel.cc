#include "origin/simulate/panel.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <unordered_map>

#include "core/rank/decide.h"

namespace footlight::simulate {
namespace {

constexpr std::uint64_t kFirstMember = std::uint64_t{1} << 61U;  // no visitor of the traffic has so high a number
constexpr std::uint64_t kOfPanel = 0x50414E45U;

enum Policy : std::size_t { kFixed, kPopularity, kFootlight, kOracle, kAllKnowing, kPolicies };
using Sample = std::array<double, kPolicies>;

// Mean and standard error of weights . sample; a ratio's by linearisation about its value (the delta method).
Estimate estimate(std::span<const Sample> samples, const Sample& weights) {
  const auto n = static_cast<double>(samples.size());
  if (samples.empty()) return {};
  const auto value = [&](const Sample& sample) {
    double sum = 0;
    for (std::size_t p = 0; p < kPolicies; ++p) sum += weights[p] * sample[p];
    return sum;
  };
  double mean = 0;
  for (const Sample& sample : samples) mean += value(sample) / n;
  double squares = 0;
  for (const Sample& sample : samples) squares += (value(sample) - mean) * (value(sample) - mean);
  return {mean, samples.size() < 2 ? 0 : std::sqrt(squares / (n - 1) / n)};
}

Estimate ratio(std::span<const Sample> samples, const Sample& above, const Sample& below) {
  const Estimate whole = estimate(samples, below);
  if (whole.mean <= 0) return {};
  const double share = estimate(samples, above).mean / whole.mean;
  Sample linear;
  for (std::size_t p = 0; p < kPolicies; ++p) linear[p] = (above[p] - share * below[p]) / whole.mean;
  return {share, estimate(samples, linear).error};
}

Rates rates_of(std::span<const Sample> samples) {
  Rates rates;
  rates.visitors = samples.size();
  const auto only = [](Policy policy) {
    Sample weights{};
    weights[policy] = 1;
    return weights;
  };
  const auto difference = [](Policy plus, Policy minus) {
    Sample weights{};
    weights[plus] = 1;
    weights[minus] = -1;
    return weights;
  };
  rates.fixed = estimate(samples, only(kFixed));
  rates.popularity = estimate(samples, only(kPopularity));
  rates.footlight = estimate(samples, only(kFootlight));
  rates.oracle = estimate(samples, only(kOracle));
  rates.all_knowing = estimate(samples, only(kAllKnowing));
  rates.regret = estimate(samples, difference(kOracle, kFootlight));
  rates.lift = ratio(samples, difference(kFootlight, kFixed), only(kFixed));
  rates.gain_share = ratio(samples, difference(kFootlight, kFixed), difference(kOracle, kFixed));
  return rates;
}

}  // namespace

Panel::Panel(const World& world, std::uint32_t visitors, std::span<const std::uint32_t> item_ids)
    : world_(world), item_ids_(item_ids.begin(), item_ids.end()) {
  const std::vector<double> appeal = world.appeal(0);
  for (std::uint32_t n = 0; n < visitors; ++n) {
    Random random(seed_with(seed_with(world.options().seed, kOfPanel), n));
    Member& member = members_.emplace_back();
    member.person = world.person(kFirstMember + n);
    const auto setting = [&] {
      return Surroundings{.device = member.person.device,
                          .day_part = static_cast<std::uint8_t>(1 + static_cast<unsigned>(random.uniform() * 4)),
                          .weekday = static_cast<std::uint8_t>(1 + static_cast<unsigned>(random.uniform() * 7)),
                          .referrer = 1};
    };
    member.surroundings = setting();
    member.traits = world.traits(member.person, member.surroundings);
    member.known = world.known_traits(member.person, member.surroundings);
    member.visitor.unit_id = member.person.unit_id;
    member.visitor.personalization = Choice::kGranted;
    member.visitor.measurement = Choice::kGranted;
    origin::apply_answers(member.visitor, answers_of(world, member.person), world.site());
    if (random.uniform() < kFirstVisit) continue;
    member.pages = 1 + static_cast<std::uint32_t>(random.uniform() * 8);
    for (std::uint32_t p = 0; p < member.pages; ++p) {
      const auto age = static_cast<std::uint16_t>(3 * (member.pages - p));
      const std::vector<double> traits = world.traits(member.person, setting());
      for (const Card& card : world.random_page(random)) {
        const Reaction reaction = world.react(appeal, traits, card, member.person.device, random);
        for (const Interaction& one : reactions_of(reaction, item_ids_[card.item], age)) member.past.push_back({one});
      }
    }
  }
}

PanelRates Panel::measure(const snapshot::SnapshotView& snapshot, std::span<const double> popularity, double day,
                          std::uint32_t now_s) const {
  const std::vector<double> appeal = world_.appeal(day);
  const Page popular_page = world_.top_page(popularity);
  std::unordered_map<std::uint32_t, std::uint32_t> item_of_id;
  for (std::uint32_t i = 0; i < item_ids_.size(); ++i) item_of_id.emplace(item_ids_[i], i);
  SlotRequest requests[kPageSlots];
  for (std::uint32_t s = 0; s < kPageSlots; ++s) {
    requests[s] = {snapshot.find_slot(kPage[s].name), kPage[s].cards};
  }
  std::vector<std::byte> scratch(decide_scratch_bytes(snapshot) + 16);
  auto* aligned = scratch.data() + (16 - reinterpret_cast<std::uintptr_t>(scratch.data()) % 16) % 16;
  const std::span<std::byte> room(aligned, decide_scratch_bytes(snapshot));
  Context context{.now_s = now_s, .explore = false};
  const auto today = static_cast<std::uint16_t>(now_s / 86400);
  Decision decision;

  std::vector<Sample> all;
  std::vector<Sample> first_visit;
  std::vector<Sample> returning;
  std::vector<Sample> anonymous;
  for (const Member& member : members_) {
    const auto rate = [&](const Page& page) {
      double sum = 0;
      for (const Card& card : page) {
        sum += world_.click_probability(appeal, member.traits, card, member.person.device) / kPageCards;
      }
      return sum;
    };
    context.surroundings = member.surroundings;
    Visitor visitor = member.visitor;
    for (const Past& past : member.past) {
      Interaction interaction = past.interaction;
      interaction.day = static_cast<std::uint16_t>(today - past.interaction.day);
      static_cast<void>(interact(visitor, interaction));
    }
    if (decide(snapshot, visitor, context, requests, room, decision) != Status::kOk ||
        decision.entry_count != kPageCards) {
      throw std::logic_error("a page of the panel could not be decided");
    }
    Page page;
    std::size_t at = 0;
    for (std::uint32_t s = 0; s < kPageSlots; ++s) {
      std::uint32_t position = 0;
      for (const Entry& entry : decision.entries_of(decision.slots[s])) {
        page[at++] = {item_of_id.at(entry.item_id), s, position++};
      }
    }
    const Sample sample = {rate(world_.default_page()), rate(popular_page), rate(page),
                           rate(world_.best_page(appeal, member.known)), rate(world_.best_page(appeal, member.traits))};
    all.push_back(sample);
    (member.pages == 0 ? first_visit : returning).push_back(sample);
    if (member.person.is_anonymous()) anonymous.push_back(sample);
  }
  return {rates_of(all), rates_of(first_visit), rates_of(returning), rates_of(anonymous)};
}

}  // namespace footlight::simulate
