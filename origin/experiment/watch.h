// What running experiments need without anybody looking: ended by their date, stopped when a guardrail surely breaks,
// and, of bandits, new shares. The origin does it every few minutes (schedule/experiments.h), and so does
// `footlight experiment watch`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "origin/experiment/results.h"
#include "origin/store/store.h"

namespace footlight::experiment {

struct Watched {
  std::string id;
  std::string what;    // "ended", "rolled_back", "shares", "running"
  std::string detail;  // in plain words
};

// A guardrail breaks when the always-valid test says so, whatever statistics the experiment has been given: this looks
// all the time.
[[nodiscard]] std::vector<Watched> watch_tests(origin::Store& store, const SegmentNames& names, std::string_view actor,
                                               std::int64_t now_ms);

// Whether what running experiments make of the flags differs from what was published last.
[[nodiscard]] bool needs_publish(origin::Store& store, std::int64_t now_ms);
// Writes down that it has been; after a publish.
void mark_published(origin::Store& store, const std::string& digest);
// Of the running experiments' part of the flags, as of a time.
[[nodiscard]] std::string experiments_digest(origin::Store& store, std::int64_t now_ms);

}  // namespace footlight::experiment
