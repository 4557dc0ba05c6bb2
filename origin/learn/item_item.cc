#include "origin/learn/item_item.h"

#include "origin/learn/ease.h"

namespace footlight::learn {

std::string_view item_item_method_name(ItemItemMethod method) noexcept {
  switch (method) {
    case ItemItemMethod::kSoftmax:
      return "softmax";
    case ItemItemMethod::kEase:
      return "ease";
    case ItemItemMethod::kSparse:
      return "sparse";
    case ItemItemMethod::kAutomatic:
      break;
  }
  return "automatic";
}

ItemItemModel fit_item_item(const VisitorItems& visitors, const ItemItemOptions& options, const Progress& progress,
                            const std::atomic<bool>& cancel) {
  EaseModel ease = fit_ease(visitors, {options.lambda, options.neighbours_kept, options.threads}, progress, cancel);
  return {.method = ItemItemMethod::kEase,
          .weight = 4,
          .bias = std::move(ease.bias),
          .neighbours = std::move(ease.neighbours)};
}

}  // namespace footlight::learn
