// Who may do long work on a database: one process at a time, of any number that share it.
//
// A row of `meta`, changed in one write transaction: "OWNER EXPIRES_MS". Whoever holds it renews it while it works; one
// that has died loses it after kLeaseMs. Owners are random, so nobody renews what another has taken over. The windows
// that were begun are remembered in the same table, so a restart does not begin one again.
#pragma once

#include <cstdint>
#include <string>

#include "origin/store/store.h"

namespace footlight::schedule {

inline constexpr std::int64_t kLeaseMs = 120'000;

class Lease {
 public:
  explicit Lease(origin::Store& store);  // a new owner

  // Takes or renews; false while somebody else has it. `now_ms` is the caller's clock: those of machines that share a
  // database must not differ by more than kLeaseMs.
  [[nodiscard]] bool take(std::int64_t now_ms);
  void release();
  // True once for each window, over all processes and restarts: for the first that asks.
  [[nodiscard]] bool begin_window(std::int64_t opened_at_ms);

 private:
  origin::Store& store_;
  const std::string owner_;
};

}  // namespace footlight::schedule
