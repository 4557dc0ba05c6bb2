#include "origin/report/findings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "core/model/similarity.h"
#include "core/numeric/elementary.h"
#include "core/rank/decide.h"
#include "origin/learn/ease.h"
#include "origin/learn/features.h"
#include "origin/learn/model.h"
#include "origin/publish/assemble.h"

namespace footlight::report {
namespace {

constexpr double kZ = 1.959963984540054;  // of 95 %
constexpr std::size_t kDeciles = 10;
constexpr std::uint64_t kLeastJudged = 50;
constexpr std::size_t kMostMoved = 20;
constexpr std::uint64_t kLeastSegment = 30;  // impressions, for a row of its own

struct Judged {
  double score = 0;  // log-odds that decide the order over all visitors
  double probability = 0;
  std::uint8_t clicked = 0;
  std::uint32_t segment = 0;  // index
  std::uint32_t visitor = 0;
};

void stop_if(const std::atomic<bool>& cancel) {
  if (cancel.load(std::memory_order_relaxed)) throw learn::Cancelled{};
}

// The same half as training checks on (origin/learn/trainer.cc).
bool checks(std::size_t visitor) { return ((static_cast<std::uint64_t>(visitor) * 0x9E3779B97F4A7C15ULL) >> 63U) != 0; }

std::vector<Judged> judge(const learn::Past& past, const snapshot::SnapshotView& view,
                          const learn::StageProgress& progress, const std::atomic<bool>& cancel) {
  std::vector<Judged> rows;
  if (past.held_out_from_ms == 0) return rows;
  for (std::size_t v = 0; v < past.visitor_count(); ++v) {
    if (v % 1024 == 0) {
      stop_if(cancel);
      progress("scoring held-out impressions", static_cast<double>(v) / static_cast<double>(past.visitor_count()));
    }
    const auto own = past.impressions_of(v);
    if (!checks(v) || own.empty() || !past.is_held_out(own.back().at_ms)) continue;
    learn::replay(past, v, [&](std::uint32_t i, const Visitor& then) {
      const learn::PastImpression& impression = past.impressions[i];
      if (!past.is_held_out(impression.at_ms)) return;
      const std::uint32_t item = view.find_item(past.item_ids[impression.item]);
      if (item == snapshot::kNone) return;
      const FoldedRequest folded = fold_request(then, view, learn::context_of(impression));
      const double z = z_of(view, folded, item);
      const double p = probability(view, folded, z);
      rows.push_back({.score = p,
                      .probability = p,
                      .clicked = (impression.outcome & learn::kClicked) != 0 ? std::uint8_t{1} : std::uint8_t{0},
                      .segment = folded.visitor.segment,
                      .visitor = static_cast<std::uint32_t>(v)});
    });
  }
  return rows;
}

void judge_probabilities(const std::vector<Judged>& rows, Findings& out) {
  std::vector<double> probabilities;
  std::vector<std::uint8_t> outcomes;
  for (const Judged& row : rows) {
    probabilities.push_back(row.probability);
    outcomes.push_back(row.clicked);
  }
  const double mean = static_cast<double>(std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0})) /
                      static_cast<double>(rows.size());
  out.auc = learn::auc(probabilities, outcomes);
  out.log_loss = learn::log_loss(probabilities, outcomes);
  out.base_log_loss = learn::log_loss(std::vector<double>(rows.size(), mean), outcomes);
  const std::size_t bins = std::clamp<std::size_t>(rows.size() / 200, 1, 10);
  out.ece = learn::calibration_error(probabilities, outcomes, bins);
  out.calibration = learn::calibration_curve(probabilities, outcomes, bins);
}

void judge_order(std::vector<Judged> rows, Findings& out) {
  std::stable_sort(rows.begin(), rows.end(), [](const Judged& a, const Judged& b) { return a.score > b.score; });
  std::uint64_t clicks = 0;
  for (const Judged& row : rows) clicks += row.clicked;
  if (clicks == 0) return;
  const double mean = static_cast<double>(clicks) / static_cast<double>(rows.size());
  std::uint64_t so_far = 0;
  for (std::size_t d = 0; d < kDeciles; ++d) {
    const std::size_t from = rows.size() * d / kDeciles;
    const std::size_t to = rows.size() * (d + 1) / kDeciles;
    Decile decile{.impressions = to - from};
    std::uint64_t own = 0;
    for (std::size_t i = from; i < to; ++i) own += rows[i].clicked;
    so_far += own;
    decile.rate = to > from ? static_cast<double>(own) / static_cast<double>(to - from) : 0;
    decile.lift = decile.rate / mean;
    decile.gain = static_cast<double>(so_far) / static_cast<double>(clicks);
    out.deciles.push_back(decile);
  }
}

// Ratio of two rates with its interval in logarithms (Katz et al., Biometrics 1978), half a click added to each side.
Interval rate_ratio(double k1, double n1, double k2, double n2) {
  const double a = (k1 + 0.5) / (n1 + 1);
  const double b = (k2 + 0.5) / (n2 + 1);
  const double error = std::sqrt(1 / (k1 + 0.5) - 1 / (n1 + 1) + 1 / (k2 + 0.5) - 1 / (n2 + 1));
  return {a / b, a / b * std::exp(-kZ * error), a / b * std::exp(kZ * error)};
}

void judge_segments(const std::vector<Judged>& rows, const snapshot::SnapshotView& view, Findings& out) {
  std::map<std::uint32_t, std::vector<Judged>> by_segment;
  for (const Judged& row : rows) by_segment[row.segment].push_back(row);
  for (auto& [segment, own] : by_segment) {
    if (own.size() < kLeastSegment) continue;
    std::stable_sort(own.begin(), own.end(), [](const Judged& a, const Judged& b) { return a.score > b.score; });
    std::set<std::uint32_t> visitors;
    const std::size_t top = own.size() / 5;
    double best = 0;
    double rest = 0;
    for (std::size_t i = 0; i < own.size(); ++i) {
      visitors.insert(own[i].visitor);
      (i < top ? best : rest) += own[i].clicked;
    }
    const auto n = static_cast<double>(own.size());
    const auto n_top = static_cast<double>(top);
    std::string name(view.segment_name(segment, 0));
    out.segments.push_back({.name = segment == 0 || name.empty() ? "everyone else" : std::move(name),
                            .visitors = visitors.size(),
                            .impressions = own.size(),
                            .rate = wilson(best + rest, n),
                            .lift = rate_ratio(best, n_top, rest, n - n_top)});
  }
  std::stable_sort(out.segments.begin(), out.segments.end(),
                   [](const auto& a, const auto& b) { return a.impressions > b.impressions; });
}

Visitor visitor_now(const learn::Past& past, std::size_t v) {
  Visitor visitor = learn::visitor_before(past, v);
  for (const learn::PastEvent& event : past.events_of(v)) learn::take(visitor, past, event);
  return visitor;
}

// Pages of visitors as they are now, on `view`, and against `live` where there is one.
void decide_pages(const learn::Past& past, const snapshot::SnapshotView& view, const snapshot::SnapshotView* live,
                  const FindingOptions& options, const learn::StageProgress& progress, const std::atomic<bool>& cancel,
                  Findings& out) {
  const std::size_t all = past.visitor_count();
  if (all == 0 || view.slots().empty()) return;
  std::int64_t latest_ms = 0;
  for (const auto& impression : past.impressions) latest_ms = std::max(latest_ms, impression.at_ms);
  for (const auto& event : past.events) latest_ms = std::max(latest_ms, event.at_ms);
  const auto now_s = static_cast<std::uint32_t>(latest_ms / 1000);

  std::vector<SlotRequest> requests;
  std::uint32_t types = 0;
  for (std::uint32_t s = 0; s < view.slots().size() && requests.size() < kMaxSlotRequests; ++s) {
    requests.push_back({s, 0});
    types |= view.slots()[s].type_mask;
  }
  std::optional<publish::PageComparison> comparison;
  if (live != nullptr) comparison.emplace(*live, view, now_s);
  std::vector<std::byte> bytes(decide_scratch_bytes(view) + 16);
  const std::span<std::byte> scratch(bytes.data() + (16 - reinterpret_cast<std::uintptr_t>(bytes.data()) % 16) % 16,
                                     decide_scratch_bytes(view));
  Coverage coverage;
  std::vector<std::uint64_t> cards(view.items().size(), 0);
  double similarity = 0;
  double pairs = 0;
  Decision decision;
  const std::size_t step = std::max<std::size_t>(1, all / options.most_visitors);
  for (std::size_t v = 0; v < all; v += step) {
    if (v % 256 == 0) {
      stop_if(cancel);
      progress("deciding pages", static_cast<double>(v) / static_cast<double>(all));
    }
    const Visitor visitor = visitor_now(past, v);
    if (comparison) comparison->add(visitor);
    if (decide(view, visitor, {.now_s = now_s, .explore = false}, requests, scratch, decision) != Status::kOk) continue;
    ++coverage.visitors;
    for (std::uint32_t s = 0; s < decision.slot_count; ++s) {
      const auto entries = decision.entries_of(decision.slots[s]);
      for (std::size_t a = 0; a < entries.size(); ++a) {
        ++cards[entries[a].item];
        ++coverage.cards;
        for (std::size_t b = 0; b < a; ++b) {
          similarity += content_similarity(view, entries[a].item, entries[b].item);
          pairs += 1;
        }
      }
    }
  }
  std::vector<double> counts;
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    const auto& item = view.items()[i];
    if (((types >> static_cast<std::uint32_t>(item.type)) & 1U) == 0 || (item.flags & snapshot::kHistoryOnly) != 0) {
      continue;
    }
    counts.push_back(static_cast<double>(cards[i]));
    coverage.shown += cards[i] > 0 ? 1 : 0;
  }
  coverage.items = counts.size();
  if (coverage.cards > 0 && !counts.empty()) {
    std::sort(counts.begin(), counts.end());
    const auto total = static_cast<double>(coverage.cards);
    const auto n = static_cast<double>(counts.size());
    double weighted = 0;
    double top = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      weighted += (static_cast<double>(i) + 1) * counts[i];
      if (i + 10 >= counts.size()) top += counts[i];
    }
    coverage.gini = 2 * weighted / (n * total) - (n + 1) / n;
    coverage.top10_share = top / total;
    for (std::size_t k = 0; k <= 20; ++k) {
      const std::size_t end = counts.size() * k / 20;
      coverage.lorenz.push_back(
          std::accumulate(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(end), 0.0) / total);
    }
    coverage.similarity = pairs > 0 ? similarity / pairs : 0;
    out.coverage = std::move(coverage);
  }
  if (!comparison) return;
  Changes changes{
      .live_version = live->version(), .visitors = comparison->visitors(), .changed = comparison->changed()};
  for (const auto& [name, slot] : comparison->slots()) {
    if (slot.cards > 0) {
      changes.slots.emplace_back(name, static_cast<double>(slot.kept) / static_cast<double>(slot.cards));
    }
  }
  for (const auto& [id, item] : comparison->items()) {
    const snapshot::SnapshotView& known = view.find_item(id) != snapshot::kNone ? view : *live;
    const std::uint32_t index = known.find_item(id);
    if (index == snapshot::kNone) continue;
    std::string name(known.item_name(index, 0));
    changes.items.push_back({name.empty() ? fmt::format("item {}", id) : std::move(name), item.gained, item.lost});
  }
  std::stable_sort(changes.items.begin(), changes.items.end(),
                   [](const Moved& a, const Moved& b) { return a.gained + a.lost > b.gained + b.lost; });
  if (changes.items.size() > kMostMoved) changes.items.resize(kMostMoved);
  out.changes = std::move(changes);
}

}  // namespace

Interval wilson(double successes, double trials) noexcept {
  if (trials <= 0) return {0, 0, 1};
  const double p = successes / trials;
  const double z2 = kZ * kZ / trials;
  const double middle = (p + z2 / 2) / (1 + z2);
  const double half = kZ * std::sqrt(p * (1 - p) / trials + z2 / (4 * trials)) / (1 + z2);
  return {p, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

Findings find(origin::Store& store, const snapshot::SnapshotView* subject, const snapshot::SnapshotView* live,
              const FindingOptions& options, const learn::StageProgress& progress, const std::atomic<bool>& cancel) {
  Findings out;
  const auto document = store.site();
  if (document) out.site = document->site.name;
  if (!document) out.missing.emplace_back("There is no site: footlight import site site.json.");
  if (store.content_count() == 0) out.missing.emplace_back("There is no content: footlight import content FILE.");
  std::optional<learn::Model> model;
  if (const auto bytes = store.model(learn::kModelName)) model = learn::decode_model(*bytes);
  if (model) {
    out.trained_at_s = model->trained_at_s;
  } else {
    out.missing.emplace_back("Nothing has been learned yet, so the questionnaire alone decides: footlight train.");
  }
  if (live == nullptr)
    out.missing.emplace_back("Nothing is published, so there is nothing to compare with: footlight publish.");
  if (subject == nullptr) return out;

  const snapshot::SnapshotView& view = *subject;
  out.version = view.version();
  out.items = view.items().size();
  out.calibrated = view.weights().calibrated != 0;
  if (document) {
    const learn::StackWeights standard = publish::day0_weights(document->site, model);
    const auto& weights = view.weights();
    const float learned[] = {weights.match, weights.engagement, weights.item_item, weights.prior};
    const char* names[] = {"questionnaire match", "engagement model", "item-item", "segment and popularity"};
    for (std::size_t j = 0; j < learn::kStackParts; ++j) {
      out.weights.push_back({names[j], standard[j], static_cast<double>(learned[j])});
    }
    for (const auto& question : view.questions()) {
      for (const origin::SiteQuestion& own : document->site.questions) {
        if (own.id != question.id || own.options.empty()) continue;
        out.questions.push_back({own.name, own.weight, static_cast<double>(question.weight)});
      }
    }
    for (const auto& slot : view.slots()) {
      const std::string name(view.text(slot.name));
      for (const origin::SiteSlot& own : document->site.slots) {
        if (own.name == name) out.slots.push_back({name, own.temperature, static_cast<double>(slot.temperature)});
      }
    }
  }
  const learn::Past past = learn::read_past(store, options.hold_out, progress, cancel);
  out.visitors = past.visitor_count();
  out.impressions = past.impressions.size();
  const std::vector<Judged> rows = judge(past, view, progress, cancel);
  out.held_out = rows.size();
  if (rows.size() >= kLeastJudged) {
    judge_probabilities(rows, out);
    judge_order(rows, out);
    judge_segments(rows, view, out);
  } else {
    out.missing.push_back(
        fmt::format("There are {} held-out impressions to judge on, and {} are needed: exposures come with every page "
                    "that the edge or the SDK fills.",
                    rows.size(), kLeastJudged));
  }
  if (out.visitors == 0) out.missing.emplace_back("No visitor has done anything yet, so no pages are decided.");
  decide_pages(past, view, live, options, progress, cancel, out);
  return out;
}

}  // namespace footlight::report
