// Writes what parity needs: a snapshot, random cases, and the bytes that the native core answers with.
//
//     parity_world SEED ITEMS CASES OUT       writes OUT.snapshot, OUT.cases, OUT.expected
//
// A case is u32 record bytes, the record; u32 interaction {item_id, action, feedback, duration_ms, day}; u32 request
// bytes, the request of fl_decide. An answer is u32 decision bytes, the decision, u32 record bytes, the record
// afterwards.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/rank/wire.h"
#include "core/visitor/record.h"
#include "tests/world/world.h"

namespace {

using namespace footlight;

class Bytes {
 public:
  void u32(std::uint32_t value) { raw(&value, sizeof value); }
  void raw(const void* data, std::size_t size) {
    const auto* begin = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }
  void block(const void* data, std::size_t size) {
    u32(static_cast<std::uint32_t>(size));
    raw(data, size);
  }
  void save(const std::string& path) const {
    std::ofstream out(path, std::ios::binary);
    out.write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    if (!out) {
      std::fprintf(stderr, "parity_world: cannot write %s\n", path.c_str());
      std::exit(1);
    }
  }

 private:
  std::vector<char> bytes_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: parity_world SEED ITEMS CASES OUT\n");
    return 2;
  }
  world::Options options;
  options.seed = std::strtoull(argv[1], nullptr, 10);
  options.items = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const auto count = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));
  const std::string out = argv[4];

  const snapshot::SnapshotInput site = world::make_site(options);
  const auto built = snapshot::build(site);
  if (!built) {
    std::fprintf(stderr, "parity_world: %s\n", built.error().what.c_str());
    return 1;
  }
  const auto view = snapshot::SnapshotView::open(*built);
  if (!view) return 1;
  std::vector<std::byte> scratch(decide_scratch_bytes(*view));
  std::vector<std::byte> wire(kMaxDecisionBytes);
  std::byte record[kMaxRecordBytes];
  const auto decision = std::make_unique<Decision>();
  Random random(options.seed * 1000003U);
  Bytes cases;
  Bytes expected;
  for (std::uint32_t c = 0; c < count; ++c) {
    Visitor visitor = world::make_visitor(random, site, options);
    const auto size = encode_visitor(visitor, record);
    if (!size) return 1;
    cases.block(record, *size);
    const auto decoded = decode_visitor({record, *size});  // eviction may have taken something
    if (!decoded) return 1;
    visitor = *decoded;

    Interaction interaction{world::below(random, options.items) * 3 + 1, static_cast<Action>(world::below(random, 4)),
                            static_cast<Feedback>(world::below(random, 4)), world::below(random, 100000),
                            options.today};
    for (const std::uint32_t n :
         {interaction.item_id, static_cast<std::uint32_t>(interaction.action),
          static_cast<std::uint32_t>(interaction.feedback), interaction.duration_ms, std::uint32_t{interaction.day}}) {
      cases.u32(n);
    }
    interact(visitor, interaction);

    std::vector<SlotRequest> requests;
    for (std::uint32_t s = 0; s < view->slots().size(); ++s) {
      if (world::below(random, 6) != 0)
        requests.push_back({s, world::below(random, 3) == 0 ? world::below(random, 30) : 0});
    }
    const std::uint32_t surroundings = world::below(random, 1U << 16U);  // some of it values that no engine knows
    const Context context{site.created_at_s + world::below(random, 86400), world::below(random, 4) != 0,
                          world::below(random, 10) != 0, unpack_surroundings(surroundings), world::below(random, 3)};
    cases.u32(static_cast<std::uint32_t>(12 + 8 * requests.size()));
    cases.u32(context.now_s);
    cases.u32((context.explore ? 1U : 0U) | (context.personalize ? 2U : 0U) | context.locale << 8U |
              surroundings << 16U);
    cases.u32(static_cast<std::uint32_t>(requests.size()));
    for (const SlotRequest& request : requests) {
      cases.u32(request.slot);
      cases.u32(request.limit);
    }

    if (decide(*view, visitor, context, requests, scratch, *decision) != Status::kOk) return 1;
    expected.block(wire.data(), encode_decision(*decision, wire));
    const auto after = encode_visitor(visitor, record);
    if (!after) return 1;
    expected.block(record, *after);
  }
  std::ofstream file(out + ".snapshot", std::ios::binary);
  file.write(reinterpret_cast<const char*>(built->data()), static_cast<std::streamsize>(built->size()));
  file.close();
  cases.save(out + ".cases");
  expected.save(out + ".expected");
  return file ? 0 : 1;
}
