// A snapshot with bytes overwritten: a status, or a view on which pages are decided. The input is {u32 place, u8 byte},
// as often as there are: of a file made from nothing, few would get past the header.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"
#include "tests/world/world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  static const world::Options options{.items = 24, .neighbours = 6};
  static const auto site = world::make_site(options);
  static const std::vector<std::byte> good = *snapshot::build(site);
  std::vector<std::byte> bytes = good;
  for (std::size_t at = 0; at + 5 <= size; at += 5) {
    std::uint32_t place = 0;
    std::memcpy(&place, data + at, sizeof place);
    bytes[place % bytes.size()] = static_cast<std::byte>(data[at + 4]);
  }
  const auto view = snapshot::SnapshotView::open(bytes);
  if (!view) return 0;
  std::vector<std::byte> scratch(decide_scratch_bytes(*view));
  const auto decision = std::make_unique<Decision>();
  Random random(size);
  for (int round = 0; round < 2; ++round) {
    const Visitor visitor = world::make_visitor(random, site, options);
    std::vector<SlotRequest> requests;
    for (std::uint32_t s = 0; s < view->slots().size() && s < kMaxSlotRequests; ++s) requests.push_back({s, 0});
    const std::uint32_t now_s = std::uint32_t{options.today} * 86400U;
    if (decide(*view, visitor, {now_s}, requests, scratch, *decision) != Status::kOk) continue;
    for (std::uint32_t e = 0; e < decision->entry_count; ++e) {
      char words[256];
      (void)write_reason(*view, decision->entries[e], 1, words);
    }
  }
  return 0;
}
