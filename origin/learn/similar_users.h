// SPEC.md's CollaborativeFiltering: who is like whom, and what those like a visitor chose.
//
//     SimilarUsers index(site);
//     for (…) index.add({profile, answers, chosen, disliked});     // ascending profile
//     index.finish();
//     const auto similar = index.find(target, 10);
//     const auto liked = index.liked(target, similar);
//
// Similarity of target t and person p, in [0, 1]:
//
//     s(t, p)       = (1 - k) * answers(t, p) + k * items(t, p)         k = m / (m + 3), m items that t has chosen
//     answers(t, p) = sum of w over shared options / sqrt(sum of w of t * sum of w of p)
//     items(t, p)   = sum of u over shared items / sqrt(sum of u of t * sum of u of p) * c / (c + 2), c items shared
//     w(option)     = the question's weight * ln((n + 1) / (n_option + 1/2))     n people, n_option of them gave it
//     u(item)       = ln((n' + 1) / (n_item + 1/2))                     n' people chose anything, n_item of them this
//
// Both are cosines of vectors with entries sqrt(w), sqrt(u): inverse user frequency (Breese, Heckerman, Kadie 1998)
// makes what everybody says or opens count for little, and c / (c + 2) keeps one shared item from looking like a shared
// taste (significance weighting, Herlocker et al. 1999). Who has given no answers is compared by items alone (k = 1). A
// question of weight 0 does not count here either.
//
// Memory: about 40 bytes a person, 8 a chosen item. Cost of find(): one pass over the bit sets and the lists of the
// target's items; 100,000 people in a few milliseconds. Thread rule: after finish() every const method from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "origin/store/site.h"

namespace footlight::learn {

// What one person said and did. Options and items by stable id.
struct Taste {
  std::int64_t profile = 0;             // user_profiles.seq
  std::vector<std::uint16_t> answers;   // option ids
  std::vector<std::uint32_t> chosen;    // item ids, each once
  std::vector<std::uint32_t> disliked;  // "not for me"
};

struct SimilarUser {
  std::int64_t profile = 0;
  double similarity = 0;  // s above
  double answers = 0;     // its two parts
  double items = 0;
  std::uint32_t shared_answers = 0;
  std::uint32_t shared_items = 0;
  std::uint32_t row = 0;  // of the index that gave it
};

struct LikedItem {
  std::uint32_t item_id = 0;
  double score = 0;  // [0, 1): see liked()
  std::uint32_t supporters = 0;
};

class SimilarUsers {
 public:
  static constexpr std::size_t kMaxOptions = 256;  // as in a snapshot; what is beyond is not compared

  explicit SimilarUsers(const origin::Site& site);

  void add(const Taste& taste);  // by ascending profile
  void finish();

  // The most similar people, never the target itself and nobody with similarity 0; ties end at the older profile.
  [[nodiscard]] std::vector<SimilarUser> find(const Taste& target, std::size_t limit) const;

  // recommendBasedOnSimilarity: what these people chose, best first, ties at the lower item id, without what the target
  // chose or disliked. With S the sum of all their similarities and S_i of those who chose i:
  //     score(i) = (S_i + kPrior * share of all people who chose i) / (S + kPrior)
  // so a few lukewarm neighbours say little more than popularity does. A neighbour who disliked i counts against it
  // (minus its similarity). Items with no positive score are left out. Cost: the neighbours' items.
  [[nodiscard]] std::vector<LikedItem> liked(const Taste& target, std::span<const SimilarUser> neighbours) const;

  [[nodiscard]] std::size_t size() const { return profiles_.size(); }

  static constexpr double kItemsHalf = 3;   // chosen items at which items weigh as much as answers
  static constexpr double kSharedHalf = 2;  // shared items at which their cosine counts half
  static constexpr double kPrior = 2;       // summed similarity that the site's own share is worth

 private:
  struct Column {
    double weight = 0;  // of the question; after finish() w(option)
    std::uint32_t people = 0;
  };
  struct Known {
    std::vector<std::uint64_t> mask;   // words_ long
    double answer_norm = 0;            // sum of w
    std::vector<std::uint32_t> items;  // indexes
    double item_norm = 0;              // sum of u, unknown items included
    double share = 0;                  // k
  };
  [[nodiscard]] Known known(const Taste& target) const;
  [[nodiscard]] double masked_sum(std::span<const std::uint64_t> mask) const;
  [[nodiscard]] double item_weight(std::uint32_t people) const;

  std::unordered_map<std::uint32_t, std::uint32_t> column_of_;  // option id -> column
  std::vector<Column> columns_;
  std::size_t words_ = 1;  // of a mask

  // Rows, by ascending profile.
  std::vector<std::int64_t> profiles_;
  std::vector<std::uint64_t> masks_;      // words_ a row
  std::vector<double> answer_norms_;      // a row
  std::vector<double> item_norms_;        // a row
  std::vector<std::uint32_t> chosen_;     // item indexes, row after row
  std::vector<std::uint64_t> chosen_at_;  // row -> begin in chosen_; one more at the end
  std::vector<std::uint32_t> disliked_;   // the same
  std::vector<std::uint64_t> disliked_at_;
  std::uint32_t choosers_ = 0;  // rows with a chosen item

  // Items, in order of first appearance.
  std::unordered_map<std::uint32_t, std::uint32_t> item_of_;  // item id -> index
  std::vector<std::uint32_t> item_ids_;
  std::vector<std::uint32_t> item_people_;
  std::vector<double> item_weights_;  // u
  std::vector<std::uint32_t> rows_;   // who chose the item, item after item
  std::vector<std::uint64_t> rows_at_;
};

}  // namespace footlight::learn
