// SPEC.md's PersonalizationPrecomputer on the origin: homepages of active visitors, made before they are asked for.
//
// What is made is what GET /api/personalization/homepage would answer today in the site's first locale, section by
// section, into personalized_content (store/personalized_content.h): sealed, marked with the snapshot's version, gone
// after seven days. While there is a snapshot nobody is answered from it, because deciding (some 20 us) costs less than
// reading and opening a row, and never lags behind an interaction; when there is none, it is what the visitor gets.
//
// Who refuses personalization has nothing precomputed; who has not granted measurement only what replaces a page that
// is stored already. In apprentice mode nothing is. Slates of segments are made by every publish and lie in the
// snapshot: slates_of() shows them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "origin/publish/live.h"
#include "origin/store/store.h"
#include "origin/store/uuid.h"

namespace footlight::publish {

using Shown = std::shared_ptr<const LiveSnapshot>;

// False: there is no such profile, or it is not to be precomputed (above). `now_ms` decides the day.
bool precompute_for_user(origin::Store& store, const Shown& snapshot, const origin::Uuid& profile, std::int64_t now_ms);

struct PrecomputeOptions {
  double active_days = 7;               // profiles changed or engaged since
  std::uint64_t max_profiles = 20'000;  // the latest active first; about 8 kB each
};
struct PrecomputeReport {
  std::uint64_t snapshot_version = 0;
  std::uint64_t active = 0;  // looked at
  std::uint64_t computed = 0;
  std::uint64_t left_out = 0;  // of the active: refuse, or have gone
  double seconds = 0;
};
// Throws learn::Cancelled between batches; what is written stays.
PrecomputeReport precompute_for_active(origin::Store& store, const Shown& snapshot, const PrecomputeOptions& options,
                                       std::int64_t now_ms,
                                       const std::function<void(std::string_view stage, double share)>& progress,
                                       const std::atomic<bool>& cancel);

// SPEC.md's precomputeForSegment: what a visitor known by segment alone gets, slot by slot.
struct Slate {
  std::string_view slot;                 // name; lives as long as the snapshot
  std::span<const std::uint32_t> items;  // indexes, best first
};
[[nodiscard]] std::vector<Slate> slates_of(const snapshot::SnapshotView& snapshot, std::uint32_t segment);

}  // namespace footlight::publish
