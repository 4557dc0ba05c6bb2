// A built snapshot with what it takes to decide on it, and the small plain site that most tests change one thing in.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"
#include "tests/world/world.h"

namespace footlight {

inline constexpr std::uint16_t kToday = 20780;
inline constexpr std::uint32_t kNow = std::uint32_t{kToday} * 86400U + 50000;

// Indexes of slots in world.h; of items of plain_site() the id is 3 * index + 1.
inline constexpr std::uint32_t kProjects = 1;
inline constexpr std::uint32_t kResources = 4;

struct Site {
  explicit Site(snapshot::SnapshotInput made) : input(std::move(made)) {
    auto built = snapshot::build(input);
    BOOST_REQUIRE_MESSAGE(built.has_value(), (built ? "" : built.error().what));
    bytes = std::move(*built);
    view = *snapshot::SnapshotView::open(bytes);
    scratch.resize(decide_scratch_bytes(view));
  }

  // The decision stays valid until the next call.
  const Decision& decide(const Visitor& visitor, const std::vector<SlotRequest>& requests, Context context = {kNow}) {
    BOOST_REQUIRE(footlight::decide(view, visitor, context, requests, scratch, *decision) == Status::kOk);
    return *decision;
  }

  snapshot::SnapshotInput input;
  std::vector<std::byte> bytes;
  snapshot::SnapshotView view;
  std::vector<std::byte> scratch;
  std::unique_ptr<Decision> decision = std::make_unique<Decision>();
};

// Projects 1, 4, 7, … and nothing that would choose between them.
inline snapshot::SnapshotInput plain_site(std::uint32_t items = 5) {
  snapshot::SnapshotInput site = world::make_site({.items = items, .engagement = false});
  site.rules.clear();
  site.weights.history_exponent = 0;
  for (auto& item : site.items) {
    item.type = snapshot::ContentType::kProject;
    item.affinities.clear();
    item.ranges.clear();
    item.neighbours.clear();
    item.bias = 0;
    item.engagement_rate = -1;
    item.active_from_s = 0;
    item.active_until_s = snapshot::kNone;
  }
  for (auto& segment : site.segments) segment.priors.clear();
  return site;
}

inline std::vector<std::uint32_t> ids(const Decision& decision) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t e = 0; e < decision.entry_count; ++e) out.push_back(decision.entries[e].item_id);
  return out;
}

// Item ids slot by slot.
inline std::vector<std::vector<std::uint32_t>> slates(const Decision& decision) {
  std::vector<std::vector<std::uint32_t>> out;
  for (std::uint32_t s = 0; s < decision.slot_count; ++s) {
    out.emplace_back();
    for (const Entry& entry : decision.entries_of(decision.slots[s])) out.back().push_back(entry.item_id);
  }
  return out;
}

// Gives answers to one question, by key.
inline void give(Visitor& visitor, const Site& site, std::string_view question,
                 std::initializer_list<std::string_view> values) {
  BOOST_REQUIRE(answer(visitor, site.view, question, {values.begin(), values.size()}) == Status::kOk);
}

inline Visitor answering(const Site& site, std::string_view question, std::string_view value) {
  Visitor visitor;
  give(visitor, site, question, {value});
  return visitor;
}

}  // namespace footlight
