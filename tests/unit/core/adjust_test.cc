#include "core/rank/adjust.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "tests/unit/core/site.h"

namespace {

using namespace footlight;

struct Bytes {
  AdjustmentHead head{1, 1, 1, 1, 0, 0};
  std::vector<SlotAdjustment> slots;
  std::vector<Placement> placements;

  [[nodiscard]] std::vector<std::byte> encode() const {
    AdjustmentHead full = head;
    full.slots = static_cast<std::uint32_t>(slots.size());
    full.placements = static_cast<std::uint32_t>(placements.size());
    std::vector<std::byte> out(sizeof full + slots.size() * sizeof(SlotAdjustment) +
                               placements.size() * sizeof(Placement));
    std::memcpy(out.data(), &full, sizeof full);
    if (!slots.empty()) std::memcpy(out.data() + sizeof full, slots.data(), slots.size() * sizeof(SlotAdjustment));
    if (!placements.empty()) {
      std::memcpy(out.data() + sizeof full + slots.size() * sizeof(SlotAdjustment), placements.data(),
                  placements.size() * sizeof(Placement));
    }
    return out;
  }
};

// The decision of an adjusted site, by item ids.
std::vector<std::uint32_t> adjusted_ids(const Site& site, const Bytes& bytes, const Visitor& visitor,
                                        const std::vector<SlotRequest>& requests) {
  const auto encoded = bytes.encode();
  const auto adjustment = read_adjustment(encoded);
  BOOST_REQUIRE(adjustment.has_value());
  std::vector<std::byte> room(adjusted_bytes(site.view));
  const Adjusted adjusted(site.view, *adjustment, room);
  std::vector<std::byte> scratch(decide_scratch_bytes(adjusted.view()));
  const auto decision = std::make_unique<Decision>();
  BOOST_REQUIRE(decide(adjusted.view(), visitor, {kNow}, requests, scratch, *decision) == Status::kOk);
  return ids(*decision);
}

BOOST_AUTO_TEST_SUITE(adjusting)

BOOST_AUTO_TEST_CASE(nothing_changed_is_the_decision_as_it_was) {
  Site site(plain_site());
  BOOST_TEST(adjusted_ids(site, {}, {}, {{kProjects, 5}}) == ids(site.decide({}, {{kProjects, 5}})),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pins_come_before_the_sites_own_and_exclusions_hold) {
  auto input = plain_site();
  snapshot::RuleInput own;
  own.id = 1;
  own.kind = snapshot::RuleKind::kPin;
  own.item_id = 13;
  own.position = 0;
  input.rules.push_back(own);
  Site site(std::move(input));
  BOOST_CHECK_EQUAL(ids(site.decide({}, {{kProjects, 5}}))[0], 13U);
  Bytes bytes;
  bytes.placements = {{kProjects, 2, 0, 0}, {kProjects, 0, snapshot::kNone, 0}};
  BOOST_TEST(adjusted_ids(site, bytes, {}, {{kProjects, 5}}) == (std::vector<std::uint32_t>{7, 4, 10, 13}),
             boost::test_tools::per_element());
  // The site itself is what it was.
  BOOST_CHECK_EQUAL(ids(site.decide({}, {{kProjects, 5}}))[0], 13U);
}

BOOST_AUTO_TEST_CASE(weights_are_factors_on_the_published_ones) {
  auto input = plain_site();
  input.items[3].affinities = {{402, 1}};
  Site site(std::move(input));
  const Visitor visitor = answering(site, "format", "format_2");
  BOOST_CHECK_EQUAL(ids(site.decide(visitor, {{kProjects, 5}}))[0], 10U);
  Bytes bytes;
  bytes.head.match = 0;
  BOOST_CHECK_EQUAL(adjusted_ids(site, bytes, visitor, {{kProjects, 5}})[0], 1U);
}

BOOST_AUTO_TEST_CASE(a_slots_limit_and_a_row_that_names_nothing) {
  Site site(plain_site());
  Bytes bytes;
  bytes.slots = {{kProjects, 2, -1, -1}, {9999, 1, 0, 0}};
  bytes.placements = {{9999, 0, 0, 0}, {kProjects, 9999, 0, 0}};
  BOOST_CHECK_EQUAL(adjusted_ids(site, bytes, {}, {{kProjects, 0}}).size(), 2U);
}

BOOST_AUTO_TEST_CASE(what_is_out_of_range_is_refused) {
  const auto status = [](const Bytes& bytes) {
    const auto encoded = bytes.encode();
    const auto read = read_adjustment(encoded);
    return read ? Status::kOk : read.error();
  };
  for (const float bad : {-1.0F, 101.0F, std::numeric_limits<float>::quiet_NaN(), HUGE_VALF}) {
    Bytes bytes;
    bytes.head.prior = bad;
    BOOST_CHECK(status(bytes) == Status::kBadValue);
  }
  Bytes bytes;
  bytes.slots = {{0, 0, std::numeric_limits<float>::quiet_NaN(), -1}};
  BOOST_CHECK(status(bytes) == Status::kBadValue);
  bytes.slots = {{0, 0, -1, 1000}};
  BOOST_CHECK(status(bytes) == Status::kBadValue);
  bytes.slots.assign(kMaxSlotAdjustments + 1, {0, 0, -1, -1});
  BOOST_CHECK(status(bytes) == Status::kTooLarge);
  BOOST_CHECK(read_adjustment({}).error() == Status::kTruncated);
}

RC_BOOST_PROP(hostile_bytes_are_refused_or_decided_with, (std::vector<std::uint8_t> random)) {
  static Site site(plain_site());
  const auto adjustment = read_adjustment(std::as_bytes(std::span(random)));
  if (!adjustment) return;
  std::vector<std::byte> room(adjusted_bytes(site.view));
  const Adjusted adjusted(site.view, *adjustment, room);
  std::vector<std::byte> scratch(decide_scratch_bytes(adjusted.view()));
  const auto decision = std::make_unique<Decision>();
  const std::vector<SlotRequest> requests{{kProjects, 0}};
  RC_ASSERT(decide(adjusted.view(), {}, {kNow}, requests, scratch, *decision) == Status::kOk);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
