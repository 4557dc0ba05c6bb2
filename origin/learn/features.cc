#include "origin/learn/features.h"

#include <algorithm>
#include <bit>

#include "origin/learn/visitor_items.h"

namespace footlight::learn {
namespace {

// An index no snapshot has, so that the field stays at "not known".
constexpr std::uint32_t kNoLocale = snapshot::kMaxBins;

// Vectors of one visitor that are looked through for an equal one before a new one is kept.
constexpr std::size_t kLookBack = 8;

}  // namespace

Context context_of(const Impression& impression) noexcept {
  Context context;
  context.now_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(impression.at_ms / 1000, 0, 0xFFFFFFFF));
  context.surroundings = unpack_surroundings(impression.context);
  context.locale = kNoLocale;
  return context;
}

Features features_of(const Past& past, const snapshot::SnapshotView& view, const StageProgress& progress,
                     const std::atomic<bool>& cancel) {
  Features features;
  for (const auto& field : view.fields()) features.first_bin.push_back(field.first_bin);
  features.first_bin.push_back(view.fields().empty() ? 0 : view.fields().back().first_bin + view.fields().back().bins);
  features.of_impression.resize(past.impressions.size());
  std::vector<std::uint16_t> row;
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
      row.clear();
      for (std::size_t f = 0; f < view.fields().size(); ++f) {
        for (std::uint64_t mask = vector.masks[f]; mask != 0; mask &= mask - 1) {
          row.push_back(
              static_cast<std::uint16_t>(features.first_bin[f] + static_cast<std::uint32_t>(std::countr_zero(mask))));
        }
      }
      const std::size_t count = features.vector_count();
      for (std::size_t k = count; k > first_own && k + kLookBack > count; --k) {
        if (!std::ranges::equal(features.of(k - 1), row)) continue;
        features.of_impression[i] = static_cast<std::uint32_t>(k - 1);
        return;
      }
      features.of_impression[i] = static_cast<std::uint32_t>(count);
      features.bins.insert(features.bins.end(), row.begin(), row.end());
      features.offsets.push_back(static_cast<std::uint32_t>(features.bins.size()));
    });
  }
  return features;
}

std::vector<bool> known_fields(const Past& past, const Features& features) {
  const std::size_t fields = features.first_bin.size() - 1;
  std::vector<bool> known(fields, false);
  std::vector<bool> looked(features.vector_count(), false);
  for (std::size_t i = 0; i < past.impressions.size(); ++i) {
    const std::uint32_t vector = features.of_impression[i];
    if (looked[vector] || past.is_held_out(past.impressions[i].at_ms)) continue;
    looked[vector] = true;
    std::size_t field = 0;
    for (const std::uint16_t bin : features.of(vector)) {
      while (bin >= features.first_bin[field + 1]) ++field;
      if (bin != features.first_bin[field]) known[field] = true;
    }
  }
  return known;
}

}  // namespace footlight::learn
