// What the site's flags make of a decision at the origin, as edge/flags.ts has it at the edge: the flags that act on
// pages (experiment/page_flags.h), for a profile with its unit id, segment and level of engagement. Of the page view
// nothing is known here.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/rank/adjust.h"
#include "core/rank/score.h"
#include "core/visitor/visitor.h"
#include "origin/publish/live.h"

namespace footlight::origin {

// Whether there is any such flag; without one a decision depends on snapshot, visitor and day alone.
[[nodiscard]] bool acts_on_pages(const publish::LiveSnapshot& live);

// Outlived by `live`. Cost: one evaluation of all such flags; nothing where there is none.
class ObeyedFlags {
 public:
  ObeyedFlags(const publish::LiveSnapshot& live, const Visitor& visitor, Context& context);
  ObeyedFlags(const ObeyedFlags&) = delete;
  ObeyedFlags& operator=(const ObeyedFlags&) = delete;

  // What is to be decided with. Where the flag `personalization` is off, `context` says so now: an API has no page
  // whose own content could stand, so it answers as for somebody unknown.
  [[nodiscard]] const snapshot::SnapshotView& view() const noexcept {
    return adjusted_ ? adjusted_->view() : live_.view();
  }

 private:
  const publish::LiveSnapshot& live_;
  std::vector<std::byte> room_;
  std::optional<Adjusted> adjusted_;
};

}  // namespace footlight::origin
