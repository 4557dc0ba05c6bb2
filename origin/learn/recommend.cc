#include "origin/learn/recommend.h"

#include <algorithm>
#include <string>

#include "core/match/match.h"
#include "core/model/item_item.h"
#include "core/model/similarity.h"
#include "origin/store/site.h"

namespace footlight::learn {
namespace {

using snapshot::ReasonKind;
using snapshot::SnapshotView;

constexpr std::pair<std::string_view, Method> kMethods[] = {
    {"engine", Method::kEngine}, {"collaborative", Method::kCollaborative}, {"content", Method::kContent}};

// Items the visitor chose or disliked, by index.
std::vector<bool> settled(const SnapshotView& snapshot, const Visitor& visitor, const Taste* taste) {
  std::vector<bool> is_settled(snapshot.items().size(), false);
  const auto mark = [&](std::uint32_t id) {
    const std::uint32_t item = snapshot.find_item(id);
    if (item != snapshot::kNone) is_settled[item] = true;
  };
  for (std::uint32_t i = 0; i < visitor.history_count; ++i) {
    if (interaction_strength(visitor.history[i]) != 0) mark(visitor.history[i].item_id);
  }
  if (taste != nullptr) {
    for (const std::uint32_t id : taste->chosen) mark(id);
    for (const std::uint32_t id : taste->disliked) mark(id);
  }
  return is_settled;
}

Recommended recommended(const SnapshotView& snapshot, std::uint32_t item, double score) {
  Recommended one{.score = score};
  const snapshot::ItemRow& row = snapshot.items()[item];
  one.entry.item = item;
  one.entry.item_id = row.id;
  one.entry.score = score;
  one.entry.propensity = 1;
  one.entry.confidence = static_cast<std::uint16_t>(std::clamp(score * 10000 + 0.5, 0.0, 9999.0));
  one.entry.engagement_rate =
      row.engagement_rate < 0 ? kRateUnknown : static_cast<std::uint16_t>(row.engagement_rate * 10000.0F + 0.5F);
  return one;
}

void keep_best(std::vector<Recommended>& list, std::size_t limit) {
  std::sort(list.begin(), list.end(), [](const Recommended& a, const Recommended& b) {
    return a.score != b.score ? a.score > b.score : a.entry.item_id < b.entry.item_id;
  });
  if (list.size() > limit) list.resize(limit);
}

bool is_wanted(const SnapshotView& snapshot, std::uint32_t item, const Wanted& wanted) {
  const auto type = static_cast<std::uint32_t>(snapshot.items()[item].type);
  return (wanted.type_mask >> type & 1U) != 0 && is_active(snapshot, item, wanted.now_s);
}

// By what the questionnaire says alone.
std::vector<Recommended> by_answers(const SnapshotView& snapshot, const FoldedVisitor& folded,
                                    const std::vector<bool>& is_settled, const Wanted& wanted) {
  std::vector<Recommended> list;
  MatchFactor factors[kMaxFactors];
  for (std::uint32_t item = 0; item < snapshot.items().size(); ++item) {
    if (is_settled[item] || !is_wanted(snapshot, item, wanted)) continue;
    const std::size_t count = match_factors(folded, snapshot, item, factors);
    if (count == 0) continue;
    const double slope = static_cast<double>(snapshot.weights().confidence_slope);
    Recommended one = recommended(snapshot, item, calculate_confidence({factors, count}, slope));
    one.entry.reason = factors[0].kind;
    one.entry.reason_question = factors[0].question;
    one.entry.reason_argument = factors[0].argument;
    list.push_back(one);
  }
  keep_best(list, wanted.limit);
  return list;
}

}  // namespace

std::optional<Method> method_from(std::string_view name) {
  for (const auto& [known, method] : kMethods) {
    if (known == name) return method;
  }
  return std::nullopt;
}

std::string_view method_name(Method method) { return kMethods[static_cast<std::size_t>(method)].first; }

std::optional<std::uint32_t> type_mask_of(std::span<const std::string> names) {
  std::uint32_t mask = 0;
  for (const std::string& name : names) {
    const auto type = origin::content_type_from(name);
    if (!type) return std::nullopt;
    mask |= 1U << static_cast<std::uint32_t>(*type);
  }
  return mask == 0 ? kEveryTypeButHero : mask;
}

std::vector<Recommended> recommend_collaborative(const SnapshotView& snapshot, const Visitor& visitor,
                                                 std::span<const LikedItem> liked, std::uint32_t min_supporters,
                                                 const Wanted& wanted) {
  const std::vector<bool> is_settled = settled(snapshot, visitor, nullptr);
  const std::uint32_t segment = segment_of(visitor, snapshot);
  std::vector<Recommended> list;
  for (const LikedItem& one : liked) {
    if (one.supporters < min_supporters) continue;
    const std::uint32_t item = snapshot.find_item(one.item_id);
    if (item == snapshot::kNone || is_settled[item] || !is_wanted(snapshot, item, wanted)) continue;
    Recommended found = recommended(snapshot, item, one.score);
    found.supporters = one.supporters;
    found.entry.reason = ReasonKind::kSegment;
    found.entry.reason_argument = segment;
    // "Popular with {}" has no word for everyone, and a site may have no words at all for this.
    const std::string_view words = snapshot.reason_template(ReasonKind::kSegment, 0);
    if (words.empty() || (segment == 0 && words.find("{}") != std::string_view::npos)) {
      found.entry.reason = ReasonKind::kDefault;
    }
    list.push_back(found);
  }
  keep_best(list, wanted.limit);
  return list;
}

std::vector<Recommended> recommend_by_content(const SnapshotView& snapshot, const Visitor& visitor, const Taste& taste,
                                              const Wanted& wanted) {
  const auto today = static_cast<std::uint16_t>(std::min(wanted.now_s / 86400U, 65535U));
  const FoldedVisitor folded = fold(visitor, snapshot, today);
  const std::vector<bool> is_settled = settled(snapshot, visitor, &taste);
  double total = 0;
  for (std::uint32_t h = 0; h < folded.recent.count; ++h) total += std::max(0.0, folded.recent.weights[h]);
  if (total <= 0) return by_answers(snapshot, folded, is_settled, wanted);

  const bool has_words = !snapshot.reason_template(ReasonKind::kHistory, 0).empty();
  std::vector<Recommended> list;
  for (std::uint32_t item = 0; item < snapshot.items().size(); ++item) {
    if (is_settled[item] || !is_wanted(snapshot, item, wanted)) continue;
    double sum = 0;
    double most = 0;
    std::uint32_t because = snapshot::kNone;
    for (std::uint32_t h = 0; h < folded.recent.count; ++h) {
      if (folded.recent.weights[h] <= 0) continue;
      const double part = folded.recent.weights[h] * content_similarity(snapshot, folded.recent.items[h], item);
      sum += part;
      if (part > most) {
        most = part;
        because = folded.recent.items[h];
      }
    }
    if (because == snapshot::kNone) continue;
    Recommended one = recommended(snapshot, item, sum / total);
    one.entry.reason = has_words ? ReasonKind::kHistory : ReasonKind::kDefault;
    one.entry.reason_argument = because;
    list.push_back(one);
  }
  keep_best(list, wanted.limit);
  return list;
}

}  // namespace footlight::learn
