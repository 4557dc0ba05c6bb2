// What a publish would change: content and weights of two snapshots side by side, and the pages of real visitors.
//
// Visitors are decided for without exploration: the draw is seeded with the version, and would differ between any two.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/rank/decide.h"
#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"

namespace footlight::publish {

// {"items": {"added": [{id, name}], "removed": […], "changed": [{id, name, "what": ["body", "attributes", …]}]},
//  "weights": {name: [before, after]}, "slots": […names…], "segments": […], "questions": […], "rules": [before, after]}
// Empty parts are left out.
[[nodiscard]] nlohmann::ordered_json compare_content(const snapshot::SnapshotView& before,
                                                     const snapshot::SnapshotView& after);

class PageComparison {
 public:
  // Both views must outlive this. Slots are compared by name; one that only one side has is compared with nothing.
  PageComparison(const snapshot::SnapshotView& before, const snapshot::SnapshotView& after, std::uint32_t now_s);

  void add(const Visitor& visitor);

  struct Slot {
    std::uint64_t changed = 0;  // visitors whose slate differs in any card or in order
    std::uint64_t cards = 0;    // shown before, over all visitors
    std::uint64_t kept = 0;     // of those shown after as well
  };
  struct Item {
    std::uint64_t gained = 0;  // visitors who see it after and not before
    std::uint64_t lost = 0;
  };
  [[nodiscard]] std::uint64_t visitors() const noexcept { return visitors_; }
  [[nodiscard]] std::uint64_t changed() const noexcept { return changed_; }  // in any slot
  [[nodiscard]] const std::map<std::string, Slot>& slots() const noexcept { return slots_; }
  [[nodiscard]] const std::map<std::uint32_t, Item>& items() const noexcept { return items_; }  // by stable id

 private:
  struct Side {
    const snapshot::SnapshotView* view;
    std::vector<SlotRequest> requests;
    std::vector<std::byte> scratch;
    std::map<std::string, std::vector<std::uint32_t>> slates;  // slot name -> stable ids
  };
  void decide_for(Side& side, const Visitor& visitor) const;

  Side before_;
  Side after_;
  Context context_;
  std::uint64_t visitors_ = 0;
  std::uint64_t changed_ = 0;
  std::map<std::string, Slot> slots_;
  std::map<std::uint32_t, Item> items_;
};

}  // namespace footlight::publish
