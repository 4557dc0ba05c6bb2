// `footlight keys rotate`: a new master key, while everything runs.
//
//     rotate_master_key(store, {.keep_old = false}, [](std::uint64_t done, std::uint64_t all) { … });
//
// 1. The new key is added to the key file, which every program on the database reads again when it meets a version it
//    does not know.  2. In one transaction new keys are wrapped with it from now on, and the installation's own secrets
// are.  3. The profiles' keys are wrapped anew in batches: no field is touched.  4. The old key leaves the file. It can
// stop anywhere and be run again: it goes on where it was. Backups made before need the old key to be opened, so
// whoever keeps such backups keeps it too (keep_old leaves it in the file).
#pragma once

#include <cstdint>
#include <functional>

#include "origin/store/store.h"

namespace footlight::origin {

struct RotateOptions {
  bool keep_old = false;
};

struct RotateReport {
  std::uint32_t version = 0;    // of the master key now
  std::uint64_t rewrapped = 0;  // keys of profiles
  bool resumed = false;         // an earlier rotation had not come to its end
};

// Cost: one small write a profile. Throws std::runtime_error; what was done stays done.
RotateReport rotate_master_key(Store& store, const RotateOptions& options,
                               const std::function<void(std::uint64_t done, std::uint64_t all)>& progress,
                               const std::function<bool()>& is_cancelled);

}  // namespace footlight::origin
