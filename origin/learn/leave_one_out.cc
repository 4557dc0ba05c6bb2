#include "origin/learn/leave_one_out.h"

#include <cmath>
#include <utility>

#include "core/rank/decide.h"

namespace footlight::learn {
namespace {

constexpr std::uint16_t kToday = 20000;  // any day: all entries are of it

}  // namespace

LeaveOneOut::LeaveOneOut(const snapshot::SnapshotView& view, std::vector<std::uint32_t> popularity)
    : view_(view),
      popularity_(std::move(popularity)),
      scratch_(decide_scratch_bytes(view)),
      given_(view.items().size(), 0) {
  popularity_.resize(view.items().size(), 0);
}

void LeaveOneOut::add(std::span<const std::uint32_t> chosen) {
  std::vector<std::uint32_t> items;  // indexes
  for (const std::uint32_t id : chosen) {
    const std::uint32_t item = view_.find_item(id);
    if (item != snapshot::kNone) items.push_back(item);
  }
  if (items.size() < 2) return;
  ++sums_.visitors;
  for (std::size_t held_out = 0; held_out < items.size(); ++held_out) add_case(items, held_out);
}

void LeaveOneOut::add_case(std::span<const std::uint32_t> items, std::size_t held_out) {
  Visitor visitor;
  for (std::size_t k = 0; k < items.size(); ++k) {
    if (k == held_out) continue;
    given_[items[k]] = 1;
    interact(visitor, {.item_id = view_.items()[items[k]].id, .action = Action::kClick, .day = kToday});
  }
  score_items(view_, visitor, {.now_s = std::uint32_t{kToday} * 86400U}, scratch_);
  const auto* scores = reinterpret_cast<const double*>(scratch_.data());
  const std::uint32_t target = items[held_out];
  const auto range = view_.items_of(view_.items()[target].type);
  const auto more_popular = [&](std::uint32_t i) {
    if (popularity_[i] != popularity_[target]) return popularity_[i] > popularity_[target];
    return view_.items()[i].id < view_.items()[target].id;
  };
  std::uint64_t rank = 0;
  std::uint64_t popularity_rank = 0;
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    if (i == target || given_[i] != 0) continue;
    if (scores[i] > scores[target] || (scores[i] == scores[target] && more_popular(i))) ++rank;
    if (more_popular(i)) ++popularity_rank;
  }
  for (const std::uint32_t item : items) given_[item] = 0;
  ++sums_.cases;
  sums_.hr3 += rank < 3 ? 1 : 0;
  sums_.mrr += 1.0 / static_cast<double>(rank + 1);
  sums_.halflife += std::exp2(-static_cast<double>(rank) / 4);
  sums_.popularity_mrr += 1.0 / static_cast<double>(popularity_rank + 1);
}

Figures LeaveOneOut::figures() const noexcept {
  Figures means = sums_;
  if (sums_.cases == 0) return means;
  const auto n = static_cast<double>(sums_.cases);
  means.hr3 /= n;
  means.mrr /= n;
  means.halflife /= n;
  means.popularity_mrr /= n;
  return means;
}

}  // namespace footlight::learn
