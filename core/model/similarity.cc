#include "core/model/similarity.h"

#include "core/numeric/dot.h"

namespace footlight {

double content_similarity(const snapshot::SnapshotView& snapshot, std::uint32_t a, std::uint32_t b) noexcept {
  const double lengths = static_cast<double>(snapshot.items()[a].norm) * static_cast<double>(snapshot.items()[b].norm);
  if (lengths <= 0.0) return 0.0;
  const double cosine = dot(snapshot.features(a), snapshot.features(b), snapshot.stride()) / lengths;
  return cosine < 1.0 ? cosine : 1.0;
}

}  // namespace footlight
