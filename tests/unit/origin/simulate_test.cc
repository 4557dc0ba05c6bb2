#include "origin/simulate/simulate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <set>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/visitor/record.h"
#include "origin/learn/ease.h"
#include "origin/report/findings.h"
#include "origin/report/model_page.h"
#include "tests/unit/origin/temporary.h"

namespace {

using namespace footlight;
using namespace footlight::simulate;

const learn::StageProgress kQuiet = [](std::string_view, double) {};
const std::atomic<bool> kNever{false};

std::unique_ptr<origin::Store> open_store(const Temporary& folder) {
  return origin::Store::open({.path = (folder.path() / "footlight.db").string(), .master_key_file = {}});
}

SimulateOptions small(std::vector<std::uint64_t> interactions) {
  SimulateOptions options;
  options.world.items = 60;
  options.interactions = std::move(interactions);
  options.visitors = 40;
  options.panel = 20;
  options.trains_between = 0;
  return options;
}

double rate(const World& world, std::span<const double> appeal, std::span<const double> traits, const Page& page,
            std::uint8_t device) {
  double sum = 0;
  for (const Card& card : page) sum += world.click_probability(appeal, traits, card, device) / kPageCards;
  return sum;
}

BOOST_AUTO_TEST_SUITE(simulate_world)

BOOST_AUTO_TEST_CASE(the_same_seed_is_the_same_world) {
  const World a({.seed = 7, .items = 80});
  const World b({.seed = 7, .items = 80});
  const World other({.seed = 8, .items = 80});
  BOOST_TEST(a.appeal(3.5) == b.appeal(3.5), boost::test_tools::per_element());
  BOOST_TEST(a.appeal(3.5)[0] != other.appeal(3.5)[0]);
  for (const std::uint64_t n : {0ULL, 1ULL, 99ULL, 1ULL << 61U}) {
    const Person p = a.person(n);
    const Person q = b.person(n);
    BOOST_TEST(p.unit_id == q.unit_id);
    BOOST_TEST((p.wants == q.wants && p.told == q.told && p.taste == q.taste));
    BOOST_TEST(p.unit_id != other.person(n).unit_id);
  }
  // More items change no visitor.
  BOOST_TEST((World({.seed = 7, .items = 90}).person(5).wants == a.person(5).wants));
}

BOOST_AUTO_TEST_CASE(probabilities_are_probabilities_and_fall_with_the_position) {
  const World world({.seed = 3, .items = 60});
  std::size_t likely = 0;
  for (std::uint64_t n = 0; n < 50; ++n) {
    const Person person = world.person(n);
    const auto traits = world.traits(person, {.device = person.device, .day_part = 2});
    const auto appeal = world.appeal(static_cast<double>(n));
    for (std::uint32_t item = 0; item < world.item_count(); ++item) {
      double before = 1;
      for (std::uint32_t position = 0; position < 4; ++position) {
        const double p = world.click_probability(appeal, traits, {item, 1, position}, person.device);
        BOOST_TEST((p > 0 && p < before));
        before = p;
      }
      likely += world.click_probability(appeal, traits, {item, 1, 0}, person.device) > 0.5 ? 1U : 0U;
    }
  }
  // Up to one half the sigmoid is convex, and best first is the best order (rearrangement); beyond, it is nearly so.
  BOOST_TEST(likely <= 50U * 60U / 100U);
  // As planted: .25 log-odds for a doubling, half as much again on a phone.
  BOOST_TEST(World::place(0, 1) == 0.0);
  BOOST_TEST(World::place(1, 1) == 0.25, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(World::place(3, 1) == 0.5, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(World::place(3, 2) == 0.75, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(nothing_beats_the_all_knowing_page) {
  const World world({.seed = 5, .items = 70});
  Random random(1);
  const auto appeal = world.appeal(10);
  for (std::uint64_t n = 0; n < 40; ++n) {
    const Person person = world.person(n);
    const Surroundings surroundings{.device = person.device, .day_part = 3};
    const auto traits = world.traits(person, surroundings);
    const double best = rate(world, appeal, traits, world.best_page(appeal, traits), person.device);
    BOOST_TEST(best >= rate(world, appeal, traits, world.default_page(), person.device));
    const Page oracle = world.best_page(appeal, world.known_traits(person, surroundings));
    BOOST_TEST(best >= rate(world, appeal, traits, oracle, person.device));
    for (int k = 0; k < 5; ++k)
      BOOST_TEST(best >= rate(world, appeal, traits, world.random_page(random), person.device));
    // Nor does another order of its own cards.
    Page turned = world.best_page(appeal, traits);
    std::swap(turned[1].item, turned[2].item);
    BOOST_TEST(best >= rate(world, appeal, traits, turned, person.device));
  }
}

BOOST_AUTO_TEST_CASE(a_page_has_each_item_once_in_its_slot) {
  const World world({.seed = 5, .items = 60});
  Random random(9);
  for (const Page& page : {world.default_page(), world.random_page(random), world.top_page(world.appeal(0))}) {
    std::set<std::uint32_t> items;
    for (const Card& card : page) {
      items.insert(card.item);
      BOOST_TEST((world.type(card.item) == kPage[card.slot].type));
    }
    BOOST_TEST(items.size() == kPageCards);
  }
}

BOOST_AUTO_TEST_CASE(reactions_come_as_often_as_the_probability_says) {
  const World world({.seed = 2, .items = 60});
  const Person person = world.person(4);
  const auto appeal = world.appeal(0);
  const auto traits = world.traits(person, {.device = person.device, .day_part = 1});
  const Card card = world.best_page(appeal, traits)[1];
  const double p = world.click_probability(appeal, traits, card, person.device);
  Random random(11);
  constexpr int kTrials = 20000;
  int clicks = 0;
  for (int t = 0; t < kTrials; ++t) {
    const Reaction r = world.react(appeal, traits, card, person.device, random);
    BOOST_TEST_REQUIRE(((r.viewed || !r.clicked) && (r.clicked || !r.engaged) && (r.engaged || !r.converted)));
    clicks += r.clicked ? 1 : 0;
  }
  BOOST_TEST(std::abs(clicks / double{kTrials} - p) < 5 * std::sqrt(p * (1 - p) / kTrials));
}

BOOST_AUTO_TEST_CASE(without_noise_answers_are_true_and_anonymous_visitors_give_none) {
  const World honest({.seed = 4, .items = 60, .noise = 0, .anonymous = 0});
  const World silent({.seed = 4, .items = 60, .anonymous = 1});
  for (std::uint64_t n = 0; n < 30; ++n) {
    const Person person = honest.person(n);
    for (std::size_t q = 0; q < person.told.size(); ++q) {
      BOOST_TEST((person.told[q].empty() || person.told[q] == person.wants[q]));
    }
    BOOST_TEST(silent.person(n).is_anonymous());
  }
}

BOOST_AUTO_TEST_CASE(drift_moves_quality_and_without_it_nothing_does) {
  const World still({.seed = 4, .items = 60, .drift = 0});
  BOOST_TEST(still.appeal(0) == still.appeal(200), boost::test_tools::per_element());
  const World moving({.seed = 4, .items = 60, .drift = 1});
  const auto now = moving.appeal(0);
  const auto later = moving.appeal(200);
  double squares = 0;
  for (std::size_t i = 0; i < now.size(); ++i)
    squares += (later[i] - now[i]) * (later[i] - now[i]) / double(now.size());
  BOOST_TEST((squares > 1 && squares < 3));  // two independent values of sd 1: 2
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
  BOOST_CHECK_THROW(World({.items = 59}), std::invalid_argument);
  BOOST_CHECK_THROW(World({.noise = 1.5}), std::invalid_argument);
  BOOST_CHECK_THROW(World({.drift = -1}), std::invalid_argument);
  BOOST_CHECK_THROW(World({.anonymous = std::nan("")}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(simulate_run)

BOOST_AUTO_TEST_CASE(what_is_simulated_is_what_the_store_holds) {
  const Temporary folder;
  const auto store = open_store(folder);
  const auto stages = simulate::simulate(*store, small({0, 300}), {}, kQuiet, kNever);
  BOOST_TEST_REQUIRE(stages.size() == 2U);
  BOOST_TEST(stages[0].interactions == 0U);
  BOOST_TEST(stages[1].interactions >= 300U);
  std::uint64_t events = 0;
  std::uint64_t exposures = 0;
  std::uint64_t visitors = 0;
  store->for_each_visitor_history([&](const origin::VisitorHistory& history) {
    events += history.events.size();
    exposures += history.exposures.size();
    ++visitors;
    for (const auto& exposure : history.exposures) {
      BOOST_TEST((exposure.propensity > 0 && exposure.propensity <= 1 && exposure.context != 0));
    }
  });
  BOOST_TEST(events == stages[1].interactions);
  BOOST_TEST(exposures == stages[1].exposures);
  BOOST_TEST(exposures == stages[1].page_views * kPageCards);
  BOOST_TEST(visitors == stages[1].visitors);
  const Rates& rates = stages[1].rates.all;
  BOOST_TEST(rates.oracle.mean > rates.footlight.mean);
  BOOST_TEST(rates.all_knowing.mean > rates.oracle.mean);
  BOOST_TEST(rates.oracle.error > 0);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_figures) {
  const auto run = [] {
    const Temporary folder;
    const auto store = open_store(folder);
    return simulate::simulate(*store, small({200}), {}, kQuiet, kNever);
  };
  const auto a = run();
  const auto b = run();
  BOOST_TEST(a[0].clicks == b[0].clicks);
  BOOST_TEST(a[0].rates.all.footlight.mean == b[0].rates.all.footlight.mean);
  BOOST_TEST(a[0].rates.returning.oracle.mean == b[0].rates.returning.oracle.mean);
}

BOOST_AUTO_TEST_CASE(an_interruption_keeps_what_was_recorded) {
  const Temporary folder;
  const auto store = open_store(folder);
  std::atomic<bool> cancel{false};
  auto options = small({100, 100000});
  options.filler = Filler::kRandom;
  const auto stop = [&](const Stage&) { cancel = true; };
  BOOST_CHECK_THROW(static_cast<void>(simulate::simulate(*store, options, stop, kQuiet, cancel)), learn::Cancelled);
  std::uint64_t events = 0;
  store->for_each_visitor_history([&](const origin::VisitorHistory& history) { events += history.events.size(); });
  BOOST_TEST((events >= 100 && events < 1000));
}

BOOST_AUTO_TEST_CASE(stages_that_are_not_ascending_are_refused) {
  const Temporary folder;
  const auto store = open_store(folder);
  BOOST_CHECK_THROW(static_cast<void>(simulate::simulate(*store, small({100, 10}), {}, kQuiet, kNever)),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(report_findings)

BOOST_AUTO_TEST_CASE(an_empty_store_gets_a_page_that_says_what_is_missing) {
  const Temporary folder;
  const auto store = open_store(folder);
  const auto findings = report::find(*store, nullptr, nullptr, {}, kQuiet, kNever);
  BOOST_TEST(findings.missing.size() == 4U);
  const std::string page = report::model_page(findings);
  for (const char* what : {"import site", "import content", "footlight train", "footlight publish"}) {
    BOOST_TEST(page.find(what) != std::string::npos);
  }
  BOOST_TEST(page.find("</html>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wilson_intervals) {
  const auto half = report::wilson(50, 100);
  BOOST_TEST(half.value == 0.5);
  BOOST_TEST(half.low == 0.40383, boost::test_tools::tolerance(1e-4));  // Newcombe 1998, table I: .4038 to .5962
  BOOST_TEST(half.high == 0.59617, boost::test_tools::tolerance(1e-4));
  const auto none = report::wilson(0, 20);
  BOOST_TEST(none.low == 0.0);
  BOOST_TEST(none.high == 0.1611, boost::test_tools::tolerance(1e-3));
  BOOST_TEST(report::wilson(0, 0).high == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
