// A validated, zero-copy view of a snapshot.
//
//     auto view = SnapshotView::open(bytes);          // checks everything once
//     if (!view) return view.error();
//     for (const ItemRow& item : view->items()) …      // afterwards nothing can fail
//
// The view points into `bytes`, which must stay unchanged and at the same 16-byte aligned address for as long as the
// view lives. Any number of threads may read one view. open() costs one pass over the tables (about 1 ms per MB) and
// allocates nothing. After it, every index and string reference in every table is known to be inside its table, every
// float to be finite and in its range, and every grouped table to be in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/snapshot/layout.h"
#include "core/status.h"

namespace footlight::snapshot {

class SnapshotView {
 public:
  SnapshotView() = default;

  // Errors: kTruncated, kBadMagic, kUnsupportedMajor, kMissingSection, kBadSection, kBadReference, kBadValue,
  // kTooLarge.
  [[nodiscard]] static Result<SnapshotView> open(std::span<const std::byte> bytes) noexcept;

  [[nodiscard]] const Header& header() const noexcept { return *header_; }
  [[nodiscard]] std::uint64_t version() const noexcept { return header_->version; }

  [[nodiscard]] std::span<const QuestionRow> questions() const noexcept { return questions_; }
  [[nodiscard]] std::span<const OptionRow> options() const noexcept { return options_; }
  [[nodiscard]] std::span<const ItemRow> items() const noexcept { return items_; }
  [[nodiscard]] std::span<const SegmentRow> segments() const noexcept { return segments_; }
  [[nodiscard]] std::span<const ConditionRow> conditions() const noexcept { return conditions_; }
  [[nodiscard]] std::span<const SlotRow> slots() const noexcept { return slots_; }
  [[nodiscard]] std::span<const RuleRow> rules() const noexcept { return rules_; }
  [[nodiscard]] const WeightsRow& weights() const noexcept { return *weights_; }

  // Columns of a feature row: options().size() rounded up to a multiple of 16, at most kMaxColumns.
  [[nodiscard]] std::uint32_t stride() const noexcept { return stride_; }
  [[nodiscard]] const std::int8_t* features(std::uint32_t item) const noexcept {
    return features_.data() + std::size_t{item} * stride_;
  }

  struct Neighbours {
    std::span<const std::uint32_t> items;  // ascending
    std::span<const std::int8_t> weights;
    float scale;
  };
  [[nodiscard]] Neighbours neighbours(std::uint32_t item) const noexcept;

  // Log-odds in 1/32, one per item.
  [[nodiscard]] std::span<const std::int8_t> segment_priors(std::uint32_t segment) const noexcept;
  // The slate computed at publish time for a visitor known by segment alone, on a page with every slot; best first.
  [[nodiscard]] std::span<const std::uint32_t> slate(std::uint32_t segment, std::uint32_t slot) const noexcept;

  // The engagement model, or null: then the tables below are empty.
  [[nodiscard]] const EngagementRow* engagement() const noexcept { return engagement_; }
  [[nodiscard]] std::span<const FieldRow> fields() const noexcept { return fields_; }
  [[nodiscard]] std::span<const float> thresholds(const FieldRow& field) const noexcept {
    return thresholds_.subspan(field.first_threshold, field.thresholds);
  }
  // [H], [D], [L], [2^L, H], [H], [D]
  [[nodiscard]] const float* bin_weights(std::uint32_t bin) const noexcept {
    return bin_weights_.data() + std::size_t{bin} * kHeads;
  }
  [[nodiscard]] const std::int16_t* bin_vector(std::uint32_t bin) const noexcept {
    return bin_vectors_.data() + std::size_t{bin} * engagement_->dimensions;
  }
  [[nodiscard]] std::span<const TreeSplitRow> tree(std::uint32_t tree) const noexcept {
    return splits_.subspan(std::size_t{tree} * engagement_->depth, engagement_->depth);
  }
  [[nodiscard]] const std::int16_t* leaf(std::uint32_t tree, std::uint32_t leaf) const noexcept {
    return leaf_values_.data() + ((std::size_t{tree} << engagement_->depth) + leaf) * kHeads;
  }
  [[nodiscard]] const float* item_biases(std::uint32_t item) const noexcept {
    return item_biases_.data() + std::size_t{item} * kHeads;
  }
  [[nodiscard]] const std::int8_t* item_vector(std::uint32_t item) const noexcept {
    return item_vectors_.data() + std::size_t{item} * engagement_->dimensions;
  }
  [[nodiscard]] float item_scale(std::uint32_t item) const noexcept { return item_scales_[item]; }

  // First and one past the last item of a content type.
  struct Range {
    std::uint32_t begin;
    std::uint32_t end;
  };
  [[nodiscard]] Range items_of(ContentType type) const noexcept { return type_ranges_[static_cast<std::size_t>(type)]; }

  // The same snapshot with other weights, slots (as many, with the same names) and rules, which must outlive it.
  [[nodiscard]] SnapshotView adjusted(const WeightsRow& weights, std::span<const SlotRow> slots,
                                      std::span<const RuleRow> rules) const noexcept {
    SnapshotView view = *this;
    view.weights_ = &weights;
    view.slots_ = slots;
    view.rules_ = rules;
    return view;
  }

  // Index of an item, question or slot, or kNone. Cost: a binary search (items), a short scan (the others).
  [[nodiscard]] std::uint32_t find_item(std::uint32_t id) const noexcept;
  [[nodiscard]] std::uint32_t find_item_by_uuid(std::span<const std::uint8_t, 16> uuid) const noexcept;
  [[nodiscard]] std::uint32_t find_question(std::string_view name) const noexcept;
  [[nodiscard]] std::uint32_t find_slot(std::string_view name) const noexcept;
  [[nodiscard]] std::uint32_t find_locale(std::string_view tag) const noexcept;  // exact, else by language, else 0
  // By label (any locale's default label) or key.
  [[nodiscard]] std::uint32_t find_option(std::uint32_t question, std::string_view label_or_key) const noexcept;
  [[nodiscard]] std::uint32_t find_option_by_id(std::uint32_t id) const noexcept;

  [[nodiscard]] std::string_view text(StringRef ref) const noexcept {
    return {strings_.data() + ref.offset, ref.length};  // open() checked it; substr would bring abort() along
  }
  // Texts fall back to the default locale where a locale has none.
  [[nodiscard]] std::uint32_t locale_count() const noexcept { return locale_count_; }
  [[nodiscard]] std::string_view locale_tag(std::uint32_t locale) const noexcept;
  [[nodiscard]] std::string_view item_body(std::uint32_t item, std::uint32_t locale) const noexcept;
  [[nodiscard]] std::string_view item_name(std::uint32_t item, std::uint32_t locale) const noexcept;
  [[nodiscard]] std::string_view question_reason(std::uint32_t question, std::uint32_t locale) const noexcept;
  [[nodiscard]] std::string_view option_noun(std::uint32_t option, std::uint32_t locale) const noexcept;
  [[nodiscard]] std::string_view segment_name(std::uint32_t segment, std::uint32_t locale) const noexcept;
  [[nodiscard]] std::string_view reason_template(ReasonKind kind, std::uint32_t locale) const noexcept;
  [[nodiscard]] std::uint32_t bin_count() const noexcept { return static_cast<std::uint32_t>(bin_texts_.size()); }
  [[nodiscard]] std::string_view bin_name(std::uint32_t bin) const noexcept { return text(bin_texts_[bin]); }

 private:
  class Opener;
  [[nodiscard]] std::string_view localized(std::span<const StringRef> texts, std::uint32_t row,
                                           std::uint32_t locale) const noexcept;

  const Header* header_ = nullptr;
  const WeightsRow* weights_ = nullptr;
  std::string_view strings_;
  std::span<const StringRef> locales_;
  std::span<const QuestionRow> questions_;
  std::span<const StringRef> question_texts_;
  std::span<const OptionRow> options_;
  std::span<const StringRef> option_texts_;
  std::span<const ItemRow> items_;
  std::span<const StringRef> item_bodies_;
  std::span<const StringRef> item_names_;
  std::span<const std::int8_t> features_;
  std::span<const std::uint32_t> items_by_id_;
  std::span<const std::uint32_t> items_by_uuid_;
  std::span<const std::uint32_t> neighbour_offsets_;
  std::span<const std::uint32_t> neighbour_items_;
  std::span<const std::int8_t> neighbour_weights_;
  std::span<const float> neighbour_scales_;
  const EngagementRow* engagement_ = nullptr;
  std::span<const FieldRow> fields_;
  std::span<const float> thresholds_;
  std::span<const StringRef> bin_texts_;
  std::span<const float> bin_weights_;
  std::span<const std::int16_t> bin_vectors_;
  std::span<const TreeSplitRow> splits_;
  std::span<const std::int16_t> leaf_values_;
  std::span<const float> item_biases_;
  std::span<const float> item_scales_;
  std::span<const std::int8_t> item_vectors_;
  std::span<const SegmentRow> segments_;
  std::span<const StringRef> segment_texts_;
  std::span<const ConditionRow> conditions_;
  std::span<const std::int8_t> segment_priors_;
  std::span<const SlotRow> slots_;
  std::span<const std::uint32_t> slate_offsets_;
  std::span<const std::uint32_t> slate_items_;
  std::span<const RuleRow> rules_;
  std::span<const StringRef> reasons_;
  Range type_ranges_[kContentTypes] = {};
  std::uint32_t locale_count_ = 0;
  std::uint32_t stride_ = 0;
};

}  // namespace footlight::snapshot
