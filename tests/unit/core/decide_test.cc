#include "core/rank/decide.h"

#include <cmath>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "core/match/match.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;

const Visitor kNobody;

BOOST_AUTO_TEST_SUITE(deciding)

BOOST_AUTO_TEST_CASE(without_anything_known_the_order_is_by_id) {
  Site site(plain_site());
  BOOST_TEST(ids(site.decide(kNobody, {{kProjects, 5}})) == (std::vector<std::uint32_t>{1, 4, 7, 10, 13}),
             boost::test_tools::per_element());
  const Entry& first = site.decision->entries[0];
  BOOST_CHECK(first.reason == snapshot::ReasonKind::kDefault);
  BOOST_CHECK_EQUAL(first.confidence, 0);
  BOOST_CHECK_EQUAL(first.propensity, 1.0F);
}

BOOST_AUTO_TEST_CASE(an_answer_brings_its_items_to_the_top_and_says_so) {
  auto input = plain_site();
  input.items[3].affinities = {{402, 1}};
  Site site(std::move(input));
  const Visitor visitor = answering(site, "format", "format_2");
  BOOST_CHECK_EQUAL(ids(site.decide(visitor, {{kProjects, 5}}))[0], 10U);
  const Entry& top = site.decision->entries[0];
  BOOST_CHECK(top.reason == snapshot::ReasonKind::kQuestion);
  char words[128];
  BOOST_CHECK_EQUAL(std::string_view(words, write_reason(site.view, top, 0, words)),
                    "Matches your format the format_2");
  BOOST_CHECK_EQUAL(std::string_view(words, write_reason(site.view, top, 1, words)), "Passt zu format: the format_2");
  // SPEC.md: a format match is .3, and confidence is 1 - exp(-3 * .3).
  BOOST_CHECK_CLOSE(top.score, 3 * 0.3, 0.1);
  BOOST_CHECK_SMALL(top.confidence - (1 - std::exp(-0.9)) * 10000, 3.0);
}

BOOST_AUTO_TEST_CASE(liked_items_bring_their_neighbours_and_their_genres) {
  auto input = plain_site();
  input.items[0].neighbours = {{13, 0.5F}};
  input.items[0].affinities = {{1003, 1}};
  input.items[2].affinities = {{1003, 1}};
  Site site(std::move(input));
  Visitor visitor;
  interact(visitor, {1, Action::kClick, Feedback::kNone, 0, 20780});
  const Decision& decision = site.decide(visitor, {{kProjects, 5}});
  BOOST_CHECK_EQUAL(decision.entries[0].item_id, 13U);
  BOOST_CHECK(decision.entries[0].reason == snapshot::ReasonKind::kHistory);
  char words[128];
  BOOST_CHECK_EQUAL(std::string_view(words, write_reason(site.view, decision.entries[0], 0, words)),
                    "Because you looked at Item 1");
  const FoldedVisitor folded = fold(visitor, site.view, 20780);
  BOOST_CHECK_CLOSE(match(folded, site.view, 2), 0.1 * 0.5, 1.0);  // preferred_genres, inferred at half its weight
}

BOOST_AUTO_TEST_CASE(switched_off_it_knows_nobody) {
  Site site(world::make_site({.items = 300}));
  Random random(6);
  const Visitor visitor = world::make_visitor(random, site.input, {.items = 300});
  const auto off = ids(site.decide(visitor, {{kProjects, 6}}, {kNow, true, false}));
  BOOST_CHECK(off == ids(site.decide(kNobody, {{kProjects, 6}})));
  BOOST_CHECK_EQUAL(site.decide(visitor, {{kProjects, 6}}, {kNow, true, false}).personalization_score, 0U);
}

RC_BOOST_PROP(slates_are_sorted_out_unique_and_drawn_from_candidates, (std::uint64_t seed)) {
  static Site site(world::make_site({.items = 250}));
  Random random(seed);
  const Visitor visitor = world::make_visitor(random, site.input, {.items = 250});
  const Context context{kNow - 50000 + world::below(random, 86400), true, true};
  std::vector<SlotRequest> requests;
  for (std::uint32_t s = 0; s < 5; ++s) requests.push_back({s, world::below(random, 25)});
  const Decision& decision = site.decide(visitor, requests, context);
  std::set<std::uint32_t> seen;
  for (std::uint32_t s = 0; s < decision.slot_count; ++s) {
    const auto& slot = site.view.slots()[decision.slots[s].slot];
    RC_ASSERT(decision.slots[s].count <= slot.max_limit);
    for (const Entry& entry : decision.entries_of(decision.slots[s])) {
      const auto& item = site.view.items()[entry.item];
      RC_ASSERT(seen.insert(entry.item).second);
      RC_ASSERT(((slot.type_mask >> static_cast<unsigned>(item.type)) & 1U) == 1U);
      RC_ASSERT(item.active_from_s <= context.now_s && context.now_s < item.active_until_s);
      RC_ASSERT(entry.propensity > 0 && entry.propensity <= 1);
      RC_ASSERT(entry.confidence <= 9999);
      RC_ASSERT(std::isfinite(entry.score));
      if (slot.temperature == 0 || visitor.unit_id == 0) RC_ASSERT(entry.propensity == 1.0F);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_precomputed_slate_is_what_the_segment_gets) {
  Site site(world::make_site({.items = 300}));
  for (std::uint32_t s = 0; s < site.view.segments().size(); ++s) {
    Visitor visitor;
    visitor.segment_id = static_cast<std::uint16_t>(site.view.segments()[s].id);
    const Decision& decision =
        site.decide(visitor, {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}}, {site.input.created_at_s, false, true});
    BOOST_CHECK_EQUAL(decision.segment, s);
    for (std::uint32_t slot = 0; slot < decision.slot_count; ++slot) {
      const auto slate = site.view.slate(s, slot);
      const auto entries = decision.entries_of(decision.slots[slot]);
      BOOST_REQUIRE_EQUAL(slate.size(), entries.size());
      for (std::size_t e = 0; e < slate.size(); ++e) BOOST_CHECK_EQUAL(slate[e], entries[e].item);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
