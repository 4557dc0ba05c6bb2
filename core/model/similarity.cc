#include "core/model/similarity.h"

#include "core/numeric/dot.h"

namespace footlight {

double content_similarity(const snapshot::SnapshotView& snapshot, std::uint32_t a, std::uint32_t b) noexcept {
  const double lengths = static_cast<double>(snapshot.items()[a].norm) * static_cast<double>(snapshot.items()[b].norm);
  if (lengths <= 0.0) return 0.0;
  const double cosine = dot(snapshot.features(a), snapshot.features(b), snapshot.stride()) / lengths;
  return cosine < 1.0 ? cosine : 1.0;
}

bool is_active(const snapshot::SnapshotView& snapshot, std::uint32_t item, std::uint32_t now_s) noexcept {
  const snapshot::ItemRow& row = snapshot.items()[item];
  if ((row.flags & snapshot::kHistoryOnly) != 0 || row.active_from_s > now_s) return false;
  if (row.active_until_s != snapshot::kNone && row.active_until_s <= now_s) return false;
  for (const snapshot::RuleRow& rule : snapshot.rules()) {
    if (rule.kind == snapshot::RuleKind::kExclude && rule.item == item && rule.slot == snapshot::kNone &&
        rule.segment == snapshot::kNone) {
      return false;
    }
  }
  return true;
}

std::size_t recommend_similar_content(const snapshot::SnapshotView& snapshot, std::uint32_t item,
                                      std::uint32_t type_mask, std::uint32_t now_s,
                                      std::span<SimilarItem> out) noexcept {
  std::size_t count = 0;
  if (out.empty()) return count;
  const auto items = static_cast<std::uint32_t>(snapshot.items().size());
  const auto id = [&](std::uint32_t index) { return snapshot.items()[index].id; };
  for (std::uint32_t other = 0; other < items; ++other) {
    const auto type = static_cast<std::uint32_t>(snapshot.items()[other].type);
    if (other == item || (type_mask >> type & 1U) == 0) continue;
    const SimilarItem one{other, content_similarity(snapshot, item, other)};
    const auto before = [&](const SimilarItem& a) {
      return one.similarity != a.similarity ? one.similarity > a.similarity : id(one.item) < id(a.item);
    };
    if (one.similarity <= 0.0 || (count == out.size() && !before(out[count - 1]))) continue;
    if (!is_active(snapshot, other, now_s)) continue;
    std::size_t at = count < out.size() ? count++ : count - 1;
    for (; at > 0 && before(out[at - 1]); --at) out[at] = out[at - 1];
    out[at] = one;
  }
  return count;
}

}  // namespace footlight
