// No heap after load: a request's whole way through the core allocates nothing. Counted by the address sanitizer's own
// hooks, since it replaces malloc and operator new already.
#include <atomic>
#include <cstddef>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/rank/wire.h"
#include "core/visitor/engagement.h"
#include "core/visitor/record.h"
#include "tests/unit/core/site.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FOOTLIGHT_COUNTS_ALLOCATIONS
#include <sanitizer/allocator_interface.h>
#endif
#endif

#ifdef FOOTLIGHT_COUNTS_ALLOCATIONS

namespace {

using namespace footlight;

thread_local bool counting = false;
thread_local int allocations = 0;

void on_malloc(const volatile void* /*at*/, std::size_t /*bytes*/) {
  if (counting) ++allocations;
}
void on_free(const volatile void* /*at*/) {}

BOOST_AUTO_TEST_SUITE(allocating)

BOOST_AUTO_TEST_CASE(nothing_after_load) {
  BOOST_REQUIRE(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
  counting = true;
  delete new int(1);
  counting = false;
  BOOST_REQUIRE_EQUAL(allocations, 1);  // the counter counts
  allocations = 0;

  Site site(world::make_site({.items = 300}));
  Random random(7);
  std::vector<std::byte> record(kMaxRecordBytes);
  std::vector<std::byte> wire(kMaxDecisionBytes);
  const SlotRequest requests[] = {{0, 0}, {1, 24}, {2, 0}, {3, 0}, {4, 0}};
  const std::string_view format = "format_1";
  char words[256];
  bool fine = true;
  for (int round = 0; round < 50; ++round) {
    const Visitor made = world::make_visitor(random, site.input, {.items = 300});
    counting = true;
    const auto view = snapshot::SnapshotView::open(site.bytes);
    const auto size = encode_visitor(made, record);
    auto visitor = decode_visitor({record.data(), *size});
    fine = fine && view && visitor && answer(*visitor, *view, "format", {&format, 1}) == Status::kOk;
    interact(*visitor, {1, Action::kClick, Feedback::kPositive, 5000, kToday});
    fine = fine && decide(*view, *visitor, {kNow}, requests, site.scratch, *site.decision) == Status::kOk;
    fine = fine && encode_decision(*site.decision, wire) > 0;
    for (std::uint32_t e = 0; e < site.decision->entry_count; ++e) {
      fine = fine && write_reason(*view, site.decision->entries[e], 0, words) > 0;
    }
    fine = fine && personalization_score(*visitor, *view) > 0;
    counting = false;
  }
  BOOST_CHECK(fine);
  BOOST_CHECK_EQUAL(allocations, 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

#endif
