#include "origin/learn/similar_users.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace footlight::learn {
namespace {

double rarity(std::size_t all, std::uint32_t some) {
  return std::log((static_cast<double>(all) + 1) / (static_cast<double>(some) + 0.5));
}

// Better first: more similar, then the older profile.
bool before(const SimilarUser& a, const SimilarUser& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row;
}

}  // namespace

SimilarUsers::SimilarUsers(const origin::Site& site) {
  for (const origin::SiteQuestion& question : site.questions) {
    for (const origin::SiteOption& option : question.options) {
      if (columns_.size() == kMaxOptions) break;
      column_of_.emplace(option.id, static_cast<std::uint32_t>(columns_.size()));
      columns_.push_back({.weight = question.weight});
    }
  }
  words_ = std::max<std::size_t>(1, (columns_.size() + 63) / 64);
  chosen_at_.push_back(0);
  disliked_at_.push_back(0);
}

void SimilarUsers::add(const Taste& taste) {
  if (!profiles_.empty() && taste.profile <= profiles_.back()) throw std::logic_error("profiles must ascend");
  const std::size_t row = profiles_.size();
  profiles_.push_back(taste.profile);
  masks_.resize(masks_.size() + words_, 0);
  for (const std::uint16_t option : taste.answers) {
    const auto column = column_of_.find(option);
    if (column == column_of_.end()) continue;  // the site asks this no longer
    std::uint64_t& word = masks_[row * words_ + column->second / 64];
    const std::uint64_t bit = std::uint64_t{1} << (column->second % 64);
    if ((word & bit) == 0) ++columns_[column->second].people;
    word |= bit;
  }
  const auto index_of = [this](std::uint32_t id) {
    const auto [found, fresh] = item_of_.try_emplace(id, static_cast<std::uint32_t>(item_ids_.size()));
    if (fresh) {
      item_ids_.push_back(id);
      item_people_.push_back(0);
    }
    return found->second;
  };
  for (const std::uint32_t id : taste.chosen) {
    const std::uint32_t item = index_of(id);
    ++item_people_[item];
    chosen_.push_back(item);
  }
  for (const std::uint32_t id : taste.disliked) disliked_.push_back(index_of(id));
  choosers_ += taste.chosen.empty() ? 0 : 1;
  chosen_at_.push_back(chosen_.size());
  disliked_at_.push_back(disliked_.size());
}

double SimilarUsers::item_weight(std::uint32_t people) const { return rarity(choosers_, people); }

double SimilarUsers::masked_sum(std::span<const std::uint64_t> mask) const {
  double sum = 0;
  for (std::size_t w = 0; w < mask.size(); ++w) {
    for (std::uint64_t left = mask[w]; left != 0; left &= left - 1) {
      sum += columns_[64 * w + static_cast<std::size_t>(std::countr_zero(left))].weight;
    }
  }
  return sum;
}

void SimilarUsers::finish() {
  const std::size_t people = profiles_.size();
  for (Column& column : columns_) column.weight *= rarity(people, column.people);
  item_weights_.resize(item_ids_.size());
  for (std::size_t i = 0; i < item_ids_.size(); ++i) item_weights_[i] = item_weight(item_people_[i]);

  answer_norms_.resize(people);
  item_norms_.assign(people, 0);
  rows_at_.assign(item_ids_.size() + 1, 0);
  for (std::size_t i = 0; i < item_ids_.size(); ++i) rows_at_[i + 1] = rows_at_[i] + item_people_[i];
  rows_.resize(chosen_.size());
  std::vector<std::uint64_t> next(rows_at_.begin(), rows_at_.end() - 1);
  for (std::size_t row = 0; row < people; ++row) {
    answer_norms_[row] = masked_sum(std::span(masks_).subspan(row * words_, words_));
    for (std::uint64_t at = chosen_at_[row]; at < chosen_at_[row + 1]; ++at) {
      item_norms_[row] += item_weights_[chosen_[at]];
      rows_[next[chosen_[at]]++] = static_cast<std::uint32_t>(row);
    }
  }
}

SimilarUsers::Known SimilarUsers::known(const Taste& target) const {
  Known known;
  known.mask.assign(words_, 0);
  for (const std::uint16_t option : target.answers) {
    if (const auto column = column_of_.find(option); column != column_of_.end()) {
      known.mask[column->second / 64] |= std::uint64_t{1} << (column->second % 64);
    }
  }
  known.answer_norm = masked_sum(known.mask);
  for (const std::uint32_t id : target.chosen) {
    const auto item = item_of_.find(id);
    if (item == item_of_.end()) {
      known.item_norm += item_weight(0);
    } else {
      known.items.push_back(item->second);
      known.item_norm += item_weights_[item->second];
    }
  }
  const auto chosen = static_cast<double>(target.chosen.size());
  known.share = known.answer_norm > 0 ? chosen / (chosen + kItemsHalf) : 1;
  return known;
}

std::vector<SimilarUser> SimilarUsers::find(const Taste& target, std::size_t limit) const {
  std::vector<SimilarUser> best;  // a heap, the worst in front
  if (limit == 0) return best;
  const Known t = known(target);

  struct Shared {
    float weight = 0;
    std::uint32_t count = 0;
  };
  std::vector<Shared> shared(t.items.empty() ? 0 : profiles_.size());
  for (const std::uint32_t item : t.items) {
    for (std::uint64_t at = rows_at_[item]; at < rows_at_[item + 1]; ++at) {
      shared[rows_[at]].weight += static_cast<float>(item_weights_[item]);
      ++shared[rows_[at]].count;
    }
  }

  std::vector<std::uint64_t> both(words_);
  for (std::size_t row = 0; row < profiles_.size(); ++row) {
    if (profiles_[row] == target.profile) continue;
    SimilarUser one{.profile = profiles_[row], .row = static_cast<std::uint32_t>(row)};
    if (t.answer_norm > 0 && answer_norms_[row] > 0) {
      for (std::size_t w = 0; w < words_; ++w) {
        both[w] = masks_[row * words_ + w] & t.mask[w];
        one.shared_answers += static_cast<std::uint32_t>(std::popcount(both[w]));
      }
      if (one.shared_answers > 0) one.answers = masked_sum(both) / std::sqrt(t.answer_norm * answer_norms_[row]);
    }
    if (!shared.empty() && shared[row].count > 0) {
      one.shared_items = shared[row].count;
      const double c = one.shared_items;
      one.items =
          static_cast<double>(shared[row].weight) / std::sqrt(t.item_norm * item_norms_[row]) * c / (c + kSharedHalf);
    }
    one.similarity = std::min(1.0, (1 - t.share) * one.answers + t.share * one.items);
    if (one.similarity <= 0) continue;
    if (best.size() < limit) {
      best.push_back(one);
      std::push_heap(best.begin(), best.end(), before);
    } else if (before(one, best.front())) {
      std::pop_heap(best.begin(), best.end(), before);
      best.back() = one;
      std::push_heap(best.begin(), best.end(), before);
    }
  }
  std::sort(best.begin(), best.end(), before);
  return best;
}

std::vector<LikedItem> SimilarUsers::liked(const Taste& target, std::span<const SimilarUser> neighbours) const {
  double total = 0;
  std::unordered_map<std::uint32_t, LikedItem> found;  // by item index
  for (const SimilarUser& one : neighbours) {
    total += one.similarity;
    for (std::uint64_t at = chosen_at_[one.row]; at < chosen_at_[one.row + 1]; ++at) {
      LikedItem& item = found[chosen_[at]];
      item.score += one.similarity;
      ++item.supporters;
    }
    for (std::uint64_t at = disliked_at_[one.row]; at < disliked_at_[one.row + 1]; ++at) {
      found[disliked_[at]].score -= one.similarity;
    }
  }
  for (const auto* own : {&target.chosen, &target.disliked}) {
    for (const std::uint32_t id : *own) {
      if (const auto item = item_of_.find(id); item != item_of_.end()) found.erase(item->second);
    }
  }
  std::vector<LikedItem> list;
  for (const auto& [item, row] : found) {
    if (row.supporters == 0 || row.score <= 0) continue;
    const double share = static_cast<double>(item_people_[item]) / static_cast<double>(profiles_.size());
    list.push_back({item_ids_[item], (row.score + kPrior * share) / (total + kPrior), row.supporters});
  }
  std::sort(list.begin(), list.end(), [](const LikedItem& a, const LikedItem& b) {
    return a.score != b.score ? a.score > b.score : a.item_id < b.item_id;
  });
  return list;
}

}  // namespace footlight::learn
