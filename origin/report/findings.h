// What `footlight report` says about a snapshot, in numbers: the page is made of these (model_page.h).
//
// Everything is measured on the quantised snapshot as core scores it. Impressions are the held-out ones of the store's
// past (origin/learn/past.h), each visitor replayed to the moment; only the half of the visitors that training checks
// on counts where a probability is judged, for the other half has chosen the weights. Pages are decided greedily, for
// visitors as they are now.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/snapshot/reader.h"
#include "origin/learn/metrics.h"
#include "origin/learn/past.h"
#include "origin/learn/trainer.h"
#include "origin/publish/compare.h"

namespace footlight::report {

struct Interval {
  double value = 0;
  double low = 0;
  double high = 0;
};

// 95 % interval of a rate (Wilson 1927): stays within 0 and 1, and says something for 0 of n.
[[nodiscard]] Interval wilson(double successes, double trials) noexcept;

struct Decile {
  std::uint64_t impressions = 0;
  double rate = 0;  // clicked
  double lift = 0;  // rate over the mean rate
  double gain = 0;  // share of all clicks in this and the better ones
};

struct SegmentFindings {
  std::string name;
  std::uint64_t visitors = 0;  // with a held-out impression
  std::uint64_t impressions = 0;
  Interval rate;
  Interval lift;  // click rate of the fifth that scores highest within the segment, over that of the others
};

struct Coverage {
  std::uint64_t visitors = 0;  // whose pages were decided
  std::uint64_t cards = 0;
  std::uint64_t items = 0;     // that any slot could show
  std::uint64_t shown = 0;     // to at least one of them
  double gini = 0;             // of the cards over those items: 0 all alike, 1 all cards one item
  double top10_share = 0;      // cards of the ten shown most
  double similarity = 0;       // mean content similarity of two cards of one slot
  std::vector<double> lorenz;  // share of the cards of the least shown i/20 of the items, i = 0 to 20
};

struct WeightFinding {
  std::string name;
  double standard = 0;  // the day-0 weight
  double learned = 0;
};

struct SlotFinding {
  std::string name;
  double cap = 0;  // the site's temperature
  double temperature = 0;
};

struct Moved {
  std::string name;
  std::uint64_t gained = 0;  // visitors
  std::uint64_t lost = 0;
};

struct Changes {
  std::uint64_t live_version = 0;
  std::uint64_t visitors = 0;
  std::uint64_t changed = 0;
  std::vector<Moved> items;                           // those that move most, at most 20
  std::vector<std::pair<std::string, double>> slots;  // share of the cards that stay
};

struct Findings {
  std::string site;
  std::uint64_t version = 0;      // 0: not published yet
  std::int64_t trained_at_s = 0;  // 0: never
  std::uint64_t items = 0;
  std::uint64_t visitors = 0;
  std::uint64_t impressions = 0;
  std::uint64_t held_out = 0;  // of those, that were judged
  bool calibrated = false;
  double auc = 0;
  double log_loss = 0;
  double base_log_loss = 0;
  double ece = 0;
  std::vector<learn::CalibrationBin> calibration;
  std::vector<Decile> deciles;
  std::vector<SegmentFindings> segments;
  std::optional<Coverage> coverage;
  std::vector<WeightFinding> weights;
  std::vector<WeightFinding> questions;  // what a matching answer weighs
  std::vector<SlotFinding> slots;
  std::optional<Changes> changes;
  std::vector<std::string> missing;  // sentences: what is not there, and how to come by it
};

struct FindingOptions {
  learn::HoldOut hold_out;
  std::size_t most_visitors = 5000;  // whose pages are decided, evenly spread over all
};

// `subject`: null when there is none (no site, no content). `live`: null when nothing is published. Throws
// learn::Cancelled or what the store throws; what is merely not there is said in `missing`.
[[nodiscard]] Findings find(origin::Store& store, const snapshot::SnapshotView* subject,
                            const snapshot::SnapshotView* live, const FindingOptions& options,
                            const learn::StageProgress& progress, const std::atomic<bool>& cancel);

}  // namespace footlight::report
