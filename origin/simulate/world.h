// A world in which everything is known: what each item is worth to each visitor, now, at each place of the page.
//
// Somebody shows a page; the world says how likely each card is clicked, and draws what happens. A policy sees of it
// only what a site would see: answers, surroundings, exposures and interactions. What it is measured against is the
// oracle: the best policy among those that see no more of a visitor than their answers and surroundings, but know the
// world (known_traits()). Regret is against it, as for every contextual bandit (Langford and Zhang, "The epoch-greedy
// algorithm", NIPS 2007). Beside it stands one that is all-knowing and reads every visitor's mind (traits()).
//
//     P(click) = sigmoid( type(i) + quality(i, day) + answers(v, i) + mixed(v, i) + taste(v, i) + setting(v, ctx, i)
//                         - place(slot position, device) )
//
//   type      base rate of a content type, -3.8 to -3.2 (one card in 25 to 45 at a place of no advantage)
//   quality   what an item is worth to everybody: sd .5 for ever, and beside it sd `drift` that wanders: a new value
//             every kDriftDays days, interpolated between
//   answers   a sum over the questions of effect * (share of what the visitor wants that the item has): the form of
//             core/match/match.h with other weights. The hand weights of the site are a guess: of some questions they
//             are near (format), of some too high (budget, timeline), of some nearly blind (involvement)
//   mixed     what the matcher cannot express, sd .45: any option speaks for or against any attribute of any question
//             and any single item; of rank 4
//   taste     sd .45, of rank 4: half of its variance is the visitor's archetype (so answers give a hint), half is the
//             visitor's own and shows in behaviour alone
//   setting   devices (sd .25) and parts of the day (sd .12) like other items
//   place     .25 for each doubling of the position in a slot, half as much again on a phone
//
// Visitors are drawn from 8 archetypes with preferences of their own for every option, so that answers are correlated
// with each other and with taste. One in `anonymous` answers nothing; the others answer each question with probability
// .85, and an answer is wrong (another option at random) with probability `noise`. Items are made for an archetype, so
// that their attributes are correlated too, and name attributes for six questions in ten.
//
// After a click: a stay ("engage", 15 s or more) is likelier on an item of depth and on one that fits the visitor;
// depth is independent of quality, so there is clickbait. Conversion follows a stay, feedback now and then.
//
// What it leaves out, in a policy's favour and against it: a visitor's taste does not change, seeing an item again does
// not tire, and cards of one page do not influence each other.
//
// Deterministic by seed on every machine (core's random numbers, exp and log). Thread-safe: const after construction.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/engagement.h"
#include "core/numeric/random.h"
#include "core/visitor/visitor.h"
#include "origin/simulate/site.h"

namespace footlight::simulate {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t items = 120;  // 60 to 20,000
  double drift = 0.25;        // sd of the part of quality that wanders, log-odds; 0 to 2
  double noise = 0.1;         // share of answers that say something else than the truth; 0 to 1
  double anonymous = 0.15;    // share of visitors who answer nothing; 0 to 1
};
inline constexpr std::uint32_t kMinItems = 60;
inline constexpr std::uint32_t kMaxItems = 20000;
inline constexpr std::uint32_t kDriftDays = 30;

// One visitor as they are, and what they have told.
struct Person {
  std::uint64_t number = 0;
  std::uint64_t unit_id = 0;  // never 0
  std::uint32_t archetype = 0;
  std::uint8_t device = 1;  // Surroundings::device
  Attributes wants;         // by question: what they really want; never empty where the question has options
  Attributes told;          // by question: the answers given; all empty for an anonymous visitor
  std::array<double, 4> taste{};
  [[nodiscard]] bool is_anonymous() const noexcept;
};

struct Card {
  std::uint32_t item = 0;
  std::uint32_t slot = 0;      // of kPage
  std::uint32_t position = 0;  // from 0, within the slot
};
using Page = std::array<Card, kPageCards>;  // slot after slot

// What a visitor did with one card.
struct Reaction {
  bool viewed = false;
  bool clicked = false;
  bool engaged = false;
  bool converted = false;
  Feedback feedback = Feedback::kNone;
  std::uint32_t duration_ms = 0;
};

class World {
 public:
  // Throws std::invalid_argument when an option is out of its range.
  explicit World(const WorldOptions& options);

  [[nodiscard]] const WorldOptions& options() const noexcept { return options_; }
  [[nodiscard]] const origin::Site& site() const noexcept { return site_; }
  [[nodiscard]] std::uint32_t item_count() const noexcept { return options_.items; }
  [[nodiscard]] snapshot::ContentType type(std::uint32_t item) const noexcept { return items_[item].type; }
  [[nodiscard]] const Attributes& attributes(std::uint32_t item) const noexcept { return items_[item].attributes; }
  [[nodiscard]] std::span<const std::uint32_t> items_of(std::uint32_t slot) const noexcept { return by_slot_[slot]; }

  // The number-th visitor; the same whenever asked.
  [[nodiscard]] Person person(std::uint64_t number) const;

  // type + quality of every item on a day (from 0); [items].
  [[nodiscard]] std::vector<double> appeal(double day) const;
  // All that is the visitor's own, as one vector that an item's vector is multiplied with.
  [[nodiscard]] std::vector<double> traits(const Person& person, const Surroundings& surroundings) const;
  // Its expectation given what is known of a visitor who never came before: answers (with their noise), surroundings,
  // and how the world draws visitors. Where several options may be chosen it is an approximation.
  [[nodiscard]] std::vector<double> known_traits(const Person& person, const Surroundings& surroundings) const;
  // answers + mixed + taste + setting
  [[nodiscard]] double fit(std::span<const double> traits, std::uint32_t item) const noexcept;
  // Log-odds taken off, at least 0.
  [[nodiscard]] static double place(std::uint32_t position, std::uint8_t device) noexcept;

  // In (0, 1). `appeal` as appeal() gives it.
  [[nodiscard]] double click_probability(std::span<const double> appeal, std::span<const double> traits,
                                         const Card& card, std::uint8_t device) const noexcept;
  // Draws what happens to a card. Consumes a fixed number of draws.
  [[nodiscard]] Reaction react(std::span<const double> appeal, std::span<const double> traits, const Card& card,
                               std::uint8_t device, Random& random) const noexcept;

  // In each slot the items of the largest appeal + fit, best first, ties at the lower number: with known traits this is
  // the oracle's page, with true ones the all-knowing one's. No page has a larger expected click rate as long as no
  // probability exceeds 1/2 (up to there the sigmoid rewards the best card at the best place).
  [[nodiscard]] Page best_page(std::span<const double> appeal, std::span<const double> traits) const;
  // In each slot the items of the largest value, best first.
  [[nodiscard]] Page top_page(std::span<const double> values) const;
  // What a good editor shows everybody: the items of the largest mean appeal over visitors, judged with an error as
  // large as the differences between items are.
  [[nodiscard]] const Page& default_page() const noexcept { return default_page_; }
  [[nodiscard]] std::vector<std::uint32_t> default_items() const;
  [[nodiscard]] Page random_page(Random& random) const;

 private:
  static constexpr std::uint32_t kRank = 4;
  static constexpr std::uint32_t kArchetypes = 8;
  static constexpr std::uint32_t kDevices = 3;
  static constexpr std::uint32_t kDayParts = 4;

  struct Item {
    snapshot::ContentType type{};
    Attributes attributes;
    double quality = 0;
    double depth = 0;
  };

  void make_archetypes(Random& random);
  void make_items(Random& random);
  void make_default_page(Random& random);
  [[nodiscard]] std::uint32_t draw_option(std::uint32_t archetype, std::uint32_t question,
                                          std::span<const std::uint32_t> taken, Random& random) const;
  // Fills the places of the options (`shares`: of what is wanted, [columns], 1 / n each) and of what depends on them.
  void spread(std::span<const double> shares, std::span<const double> counts, std::span<double> traits) const;
  void add_setting(const Surroundings& surroundings, std::span<double> traits) const;

  WorldOptions options_;
  origin::Site site_;
  std::vector<std::uint32_t> first_column_;  // by question
  std::uint32_t columns_ = 0;
  std::uint32_t width_ = 0;              // columns + 2 * rank + devices + parts of the day
  std::vector<double> effects_;          // by question: true log-odds of a full match
  std::vector<double> archetype_share_;  // [archetypes]
  std::vector<double> option_share_;     // [archetypes, columns]
  std::vector<double> option_vectors_;   // [columns, rank]: of the visitor's options
  std::vector<double> attribute_mixed_;  // [columns, rank]: of the items' attributes
  std::vector<double> attribute_taste_;  // [columns, rank]
  std::vector<std::array<double, kRank>> archetype_taste_;
  std::vector<Item> items_;
  std::vector<double> item_vectors_;  // [items, width]
  std::array<std::vector<std::uint32_t>, kPageSlots> by_slot_;
  Page default_page_{};
};

}  // namespace footlight::simulate
