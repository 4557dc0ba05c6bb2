// Any bytes as a visitor record: a status, or a visitor whose one encoding these bytes are and for whom a page is
// decided.
#include "core/visitor/record.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"
#include "tests/world/world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  static const auto site = world::make_site({.items = 24, .neighbours = 6});
  static const std::vector<std::byte> bytes = *snapshot::build(site);
  static const auto view = *snapshot::SnapshotView::open(bytes);
  static std::vector<std::byte> scratch(decide_scratch_bytes(view));
  static const auto decision = std::make_unique<Decision>();
  if (size == 0) return 0;
  std::vector<std::byte> record(kMaxRecordBytes);
  Random random(data[0]);
  record.resize(*encode_visitor(world::make_visitor(random, site, {.items = 24}), record));
  for (std::size_t at = 1; at + 3 <= size; at += 3) {
    const std::size_t place = data[at] | std::size_t{data[at + 1]} << 8U;
    record[place % record.size()] = static_cast<std::byte>(data[at + 2]);
  }
  const auto visitor = decode_visitor(record);
  if (!visitor) return 0;
  std::vector<std::byte> again(kMaxRecordBytes);
  const auto written = encode_visitor(*visitor, again);
  if (!written || *written != record.size() || std::memcmp(again.data(), record.data(), record.size()) != 0)
    std::abort();
  const SlotRequest requests[] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}};
  if (decide(view, *visitor, {site.created_at_s}, requests, scratch, *decision) != Status::kOk) std::abort();
  return 0;
}
