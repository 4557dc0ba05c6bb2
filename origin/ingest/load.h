// Loads of many rows: `footlight import` and the admin API's bulk import are this code.
//
//     LoadReport report = load_content(store, site, rows, on_refused, on_progress, cancel);
//
// Good rows are kept, bad ones are reported one by one, and a load can be repeated. Rows are
// written kBatchRows to a transaction, so an interruption leaves whole rows only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <istream>

#include "origin/ingest/rows.h"
#include "origin/publish/live.h"
#include "origin/store/store.h"

namespace footlight::origin {

struct LoadReport {
  std::uint64_t rows = 0;
  std::uint64_t created = 0;
  std::uint64_t updated = 0;  // for interactions: counted before
  std::uint64_t refused = 0;
  bool interrupted = false;
};

// A refused row: its line, and what is wrong.
using OnRefused = std::function<void(std::size_t line, const Fault& fault)>;
using OnProgress = std::function<void(std::uint64_t rows)>;

inline constexpr std::size_t kBatchRows = 2000;

struct Load {
  std::istream& input;
  RowFormat format = RowFormat::kJsonLines;
  OnRefused refused;
  OnProgress progress;
  const std::atomic<bool>& cancel;
};

[[nodiscard]] LoadReport load_content(Store& store, const Site& site, const Load& load);
[[nodiscard]] LoadReport load_profiles(Store& store, const Site& site, const Load& load,
                                       const publish::LiveSnapshot* live);
[[nodiscard]] LoadReport load_interactions(Store& store, const Load& load, const publish::LiveSnapshot* live);

}  // namespace footlight::origin
