#include "origin/learn/features.h"

#include <algorithm>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {
namespace {

// An index no snapshot has, so that the field stays at "not known".
constexpr std::uint32_t kNoLocale = snapshot::kMaxBins;

// Vectors of one visitor that are looked through for an equal one before a new one is kept.
constexpr std::size_t kLookBack = 8;

}  // namespace

Context context_of(const PastImpression& impression) noexcept {
  Context context;
  context.now_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(impression.at_ms / 1000, 0, 0xFFFFFFFF));
  context.surroundings = unpack_surroundings(impression.context);
  context.locale = kNoLocale;
  return context;
}

Features features_of(const Past& past, const snapshot::SnapshotView& view, const StageProgress& progress,
                     const std::atomic<bool>& cancel) {
  Features features;
  features.fields = view.fields().size();
  features.of_impression.resize(past.impressions.size());
  for (std::size_t v = 0; v < past.visitor_count(); ++v) {
    if (v % 1024 == 0) {
      if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
      progress("replaying visitors", static_cast<double>(v) / static_cast<double>(past.visitor_count()));
    }
    const std::size_t first_own = features.vector_count();
    replay(past, v, [&](std::uint32_t i, const Visitor& then) {
      const Context context = context_of(past.impressions[i]);
      const FoldedVisitor folded = fold(then, view, context.day());
      const FeatureVector vector =
          prepare_features(then, folded, view, context.surroundings, context.locale, context.day());
      const std::span<const std::uint64_t> row(vector.masks, features.fields);
      const std::size_t count = features.vector_count();
      for (std::size_t k = count; k > first_own && k + kLookBack > count; --k) {
        if (!std::ranges::equal(features.of(k - 1), row)) continue;
        features.of_impression[i] = static_cast<std::uint32_t>(k - 1);
        return;
      }
      features.of_impression[i] = static_cast<std::uint32_t>(count);
      features.masks.insert(features.masks.end(), row.begin(), row.end());
    });
  }
  return features;
}

std::vector<bool> known_fields(const Past& past, const Features& features) {
  std::vector<bool> known(features.fields, false);
  for (std::size_t i = 0; i < past.impressions.size(); ++i) {
    if (past.is_held_out(past.impressions[i].at_ms)) continue;
    const auto row = features.of(features.of_impression[i]);
    for (std::size_t f = 0; f < features.fields; ++f) {
      if (row[f] != 1) known[f] = true;
    }
  }
  return known;
}

}  // namespace footlight::learn
