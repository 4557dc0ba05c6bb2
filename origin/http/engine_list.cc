#include "origin/http/engine_list.h"

#include <algorithm>
#include <string_view>

#include "origin/http/asked.h"
#include "origin/http/handlers.h"
#include "origin/http/homepage_json.h"
#include "origin/http/obeyed_flags.h"

namespace footlight::origin {

std::vector<learn::Recommended> engine_list(const publish::LiveSnapshot& live, const Visitor& visitor,
                                            const std::vector<std::string>& types, std::uint32_t limit) {
  std::vector<SlotRequest> requests;
  for (const std::string_view name : slots_of(types)) {
    const std::uint32_t slot = live.view().find_slot(name);
    if (slot != snapshot::kNone) requests.push_back({.slot = slot, .limit = limit});
  }
  Context context = context_for(visitor, false);
  const ObeyedFlags flags(live, visitor, context);
  const Decision& decision = decide_here(flags.view(), visitor, context, requests);
  std::vector<learn::Recommended> list;
  for (std::uint32_t i = 0; i < decision.entry_count; ++i) {
    list.push_back({.entry = decision.entries[i], .score = decision.entries[i].confidence / 10000.0});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.entry.confidence != b.entry.confidence ? a.entry.confidence > b.entry.confidence
                                                    : a.entry.item < b.entry.item;
  });
  list.resize(std::min<std::size_t>(list.size(), limit));
  return list;
}

}  // namespace footlight::origin
