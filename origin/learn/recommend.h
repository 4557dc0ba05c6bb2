// What to recommend to one visitor, beside the engine's own ranking: by the choices of similar visitors, or by the
// attributes of what this visitor chose. Both leave out what the visitor chose or disliked and what is not active, and
// give each item a reason in the snapshot's own words.
//
//                    score, and with it the confidence                                      reason
//   collaborative    SimilarUsers::liked: the share of similar visitors who chose it         "segment"
//   content          mean similarity to the items chosen, the later and stronger the more    "history", the item that
//                                                                                            says most
//   content, of a visitor who has chosen nothing: confidence of the content matcher          the question
//
// Pure but for their input: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/rank/decide.h"
#include "core/snapshot/reader.h"
#include "origin/learn/similar_users.h"

namespace footlight::learn {

enum class Method { kEngine, kCollaborative, kContent };
[[nodiscard]] std::optional<Method> method_from(std::string_view name);  // "engine", "collaborative", "content"
[[nodiscard]] std::string_view method_name(Method method);

struct Recommended {
  Entry entry;                   // confidence is the score in 1/10000
  double score = 0;              // [0, 1]
  std::uint32_t supporters = 0;  // similar visitors who chose it; 0: not asked
};

struct Wanted {
  std::uint32_t type_mask = 0;  // bits of snapshot::ContentType
  std::uint32_t now_s = 0;
  std::size_t limit = 0;
};

// SPEC.md's names and several with commas to a mask; nullopt for an unknown one. Empty: everything but heroes, which
// nobody looks for.
[[nodiscard]] std::optional<std::uint32_t> type_mask_of(std::span<const std::string> names);
inline constexpr std::uint32_t kEveryTypeButHero = (1U << snapshot::kContentTypes) - 2;

// `liked` as liked_by_similar (tastes.h) gives it; items with fewer than `min_supporters` are left out.
[[nodiscard]] std::vector<Recommended> recommend_collaborative(const snapshot::SnapshotView& snapshot,
                                                               const Visitor& visitor, std::span<const LikedItem> liked,
                                                               std::uint32_t min_supporters, const Wanted& wanted);

[[nodiscard]] std::vector<Recommended> recommend_by_content(const snapshot::SnapshotView& snapshot,
                                                            const Visitor& visitor, const Taste& taste,
                                                            const Wanted& wanted);

}  // namespace footlight::learn
