#include "core/snapshot/reader.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace footlight::snapshot {
namespace {

bool between(float value, float low, float high) noexcept { return value >= low && value <= high; }  // false for NaN

}  // namespace

// Walks the section table once and checks every table against the others. Each step records the first failure.
class SnapshotView::Opener {
 public:
  explicit Opener(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  Result<SnapshotView> run() noexcept {
    read_header();
    if (ok()) read_sections();
    if (ok()) read_tables();
    if (ok()) check_vocabulary();
    if (ok()) check_items();
    if (ok()) check_neighbours();
    if (ok()) check_segments();
    if (ok()) check_slots();
    if (ok() && sections_[static_cast<std::size_t>(Section::kEngagement)] != nullptr) read_engagement();
    if (!ok()) return Unexpected(status_);
    return view_;
  }

 private:
  static constexpr std::size_t kKnownSections = 40;

  [[nodiscard]] bool ok() const noexcept { return status_ == Status::kOk; }
  void fail(Status status) noexcept {
    if (ok()) status_ = status;
  }
  [[gnu::noinline]] void require(bool holds, Status status) noexcept {
    if (!holds) fail(status);
  }

  void read_header() noexcept {
    if (bytes_.size() < sizeof(Header)) return fail(Status::kTruncated);
    if (reinterpret_cast<std::uintptr_t>(bytes_.data()) % kAlignment != 0) return fail(Status::kBadSection);
    const auto* header = reinterpret_cast<const Header*>(bytes_.data());
    if (header->magic != kMagic) return fail(Status::kBadMagic);
    if (header->major != kMajor) return fail(Status::kUnsupportedMajor);
    if (header->total_bytes > kMaxBytes) return fail(Status::kTooLarge);
    if (header->total_bytes > bytes_.size()) return fail(Status::kTruncated);
    if (header->total_bytes < bytes_.size()) return fail(Status::kBadSection);
    view_.header_ = header;
  }

  void read_sections() noexcept {
    const std::size_t count = view_.header_->section_count;
    if (count > (bytes_.size() - sizeof(Header)) / sizeof(SectionRow)) return fail(Status::kTruncated);
    const auto* rows = reinterpret_cast<const SectionRow*>(bytes_.data() + sizeof(Header));
    std::size_t end = sizeof(Header) + count * sizeof(SectionRow);
    for (std::size_t i = 0; i < count; ++i) {
      const SectionRow& row = rows[i];
      if (row.offset % kAlignment != 0 || row.offset < end) return fail(Status::kBadSection);
      if (row.offset > bytes_.size() || row.bytes > bytes_.size() - row.offset) return fail(Status::kTruncated);
      end = std::size_t{row.offset} + row.bytes;
      const auto number = static_cast<std::uint32_t>(row.section);
      if (number >= kKnownSections) continue;  // a later minor's: skipped
      if (sections_[number] != nullptr) return fail(Status::kBadSection);
      sections_[number] = &row;
    }
  }

  struct Rows {
    const std::byte* data = nullptr;
    std::size_t count = 0;
  };

  // Ids of a short table are its rows' first number, and no two are equal: records and logs refer by them. Compares
  // each pair, which is less code than sorting and, at kMaxSegments, half a million comparisons.
  template <typename T>
  void check_ids(std::span<const T> rows) noexcept {
    static_assert(offsetof(T, id) == 0);
    require_unique(reinterpret_cast<const std::byte*>(rows.data()), sizeof(T), rows.size());
  }
  [[gnu::noinline]] void require_unique(const std::byte* rows, std::size_t row_bytes, std::size_t count) noexcept {
    const auto id = [&](std::size_t i) { return *reinterpret_cast<const std::uint32_t*>(rows + i * row_bytes); };
    for (std::size_t i = 1; i < count; ++i) {
      for (std::size_t j = 0; j < i; ++j) require(id(i) != id(j), Status::kBadValue);
    }
  }

  // Kept out of line, as check() below: the engine is downloaded, and these have dozens of callers.
  [[gnu::noinline]] Rows rows_of(Section section, std::size_t row_bytes, std::size_t max_rows) noexcept {
    const SectionRow* row = sections_[static_cast<std::size_t>(section)];
    if (row == nullptr) {
      fail(Status::kMissingSection);
      return {};
    }
    if (row->rows > max_rows) {
      fail(Status::kTooLarge);
      return {};
    }
    if (std::uint64_t{row->rows} * row_bytes != row->bytes) {
      fail(Status::kBadSection);
      return {};
    }
    return {bytes_.data() + row->offset, row->rows};
  }

  template <typename T>
  std::span<const T> table(Section section, std::size_t max_rows) noexcept {
    const Rows rows = rows_of(section, sizeof(T), max_rows);
    return {reinterpret_cast<const T*>(rows.data), rows.count};
  }

  // A table whose number of rows follows from others.
  template <typename T>
  std::span<const T> table_of(Section section, std::uint64_t count) noexcept {
    const auto result = table<T>(section, kMaxBytes);
    require(result.size() == count, Status::kBadSection);
    return result;
  }

  void read_tables() noexcept {
    SnapshotView& v = view_;
    const auto strings = table<char>(Section::kStrings, kMaxBytes);
    v.strings_ = {strings.data(), strings.size()};
    v.locales_ = table<StringRef>(Section::kLocales, kMaxLocales);
    v.questions_ = table<QuestionRow>(Section::kQuestions, kMaxQuestions);
    v.options_ = table<OptionRow>(Section::kOptions, kMaxColumns);
    v.items_ = table<ItemRow>(Section::kItems, kMaxItems);
    v.segments_ = table<SegmentRow>(Section::kSegments, kMaxSegments);
    v.conditions_ = table<ConditionRow>(Section::kConditions, std::size_t{kMaxSegments} * kMaxQuestions);
    v.slots_ = table<SlotRow>(Section::kSlots, kMaxSlots);
    v.rules_ = table<RuleRow>(Section::kRules, kMaxRules);
    const auto weights = table_of<WeightsRow>(Section::kWeights, 1);
    if (!ok()) return;
    require(!v.locales_.empty() && !v.segments_.empty(), Status::kBadValue);
    v.weights_ = weights.data();
    v.locale_count_ = static_cast<std::uint32_t>(v.locales_.size());
    v.stride_ = (static_cast<std::uint32_t>(v.options_.size()) + 15U) / 16U * 16U;
    const std::uint64_t locales = v.locales_.size();
    const std::uint64_t items = v.items_.size();
    v.question_texts_ = table_of<StringRef>(Section::kQuestionTexts, v.questions_.size() * locales);
    v.option_texts_ = table_of<StringRef>(Section::kOptionTexts, v.options_.size() * locales);
    v.item_bodies_ = table_of<StringRef>(Section::kItemBodies, items * locales);
    v.item_names_ = table_of<StringRef>(Section::kItemNames, items * locales);
    v.features_ = table_of<std::int8_t>(Section::kItemFeatures, items * v.stride_);
    v.items_by_id_ = table_of<std::uint32_t>(Section::kItemsById, items);
    v.items_by_uuid_ = table_of<std::uint32_t>(Section::kItemsByUuid, items);
    v.neighbour_offsets_ = table_of<std::uint32_t>(Section::kNeighbourOffsets, items + 1);
    v.neighbour_items_ = table<std::uint32_t>(Section::kNeighbourItems, std::size_t{kMaxItems} * kMaxNeighbours);
    v.neighbour_weights_ = table_of<std::int8_t>(Section::kNeighbourWeights, v.neighbour_items_.size());
    v.neighbour_scales_ = table_of<float>(Section::kNeighbourScales, items);
    v.segment_texts_ = table_of<StringRef>(Section::kSegmentTexts, v.segments_.size() * locales);
    v.segment_priors_ = table_of<std::int8_t>(Section::kSegmentPriors, v.segments_.size() * items);
    v.slate_offsets_ = table_of<std::uint32_t>(Section::kSlateOffsets, v.segments_.size() * v.slots_.size() + 1);
    v.slate_items_ = table<std::uint32_t>(Section::kSlateItems, kMaxBytes / sizeof(std::uint32_t));
    v.reasons_ = table_of<StringRef>(Section::kReasons, kReasonKinds * locales);
    if (!ok()) return;
    for (const auto refs : {v.locales_, v.question_texts_, v.option_texts_, v.item_bodies_, v.item_names_,
                            v.segment_texts_, v.reasons_}) {
      for (const StringRef ref : refs) check(ref);
    }
  }

  [[gnu::noinline]] void check(StringRef ref) noexcept {
    require(ref.offset <= view_.strings_.size() && ref.length <= view_.strings_.size() - ref.offset,
            Status::kBadReference);
  }

  void check_vocabulary() noexcept {
    std::uint32_t next = 0;
    for (const QuestionRow& question : view_.questions_) {
      check(question.name);
      check(question.factor);
      require(static_cast<std::uint16_t>(question.kind) <= 3, Status::kBadValue);
      require(question.option_count <= kMaxOptionsPerQuestion, Status::kTooLarge);
      require(question.first_option == next, Status::kBadReference);
      require(between(question.weight, 0.0F, 1.0F) && between(question.completeness, 0.0F, 1.0F), Status::kBadValue);
      if (!ok()) return;
      next += question.option_count;
    }
    require(next == view_.options_.size(), Status::kBadReference);
    if (!ok()) return;
    check_ids(view_.questions_);
    check_ids(view_.options_);
    for (std::uint32_t q = 0; q < view_.questions_.size(); ++q) {
      const QuestionRow& question = view_.questions_[q];
      for (std::uint32_t o = 0; o < question.option_count; ++o) {
        const OptionRow& option = view_.options_[question.first_option + o];
        require(option.question == q, Status::kBadReference);
        require(option.id >= 1 && option.id <= 65535, Status::kBadValue);
        check(option.key);
        check(option.label);
      }
    }
    const WeightsRow& w = *view_.weights_;
    require(between(w.match, 0.0F, 100.0F) && between(w.engagement, 0.0F, 100.0F) &&
                between(w.item_item, 0.0F, 100.0F) && between(w.prior, 0.0F, 100.0F) &&
                between(w.confidence_slope, 0.0F, 100.0F) && between(w.half_life_days, 0.0F, 36500.0F) &&
                between(w.history_match, 0.0F, 1.0F) && between(w.history_exponent, 0.0F, 1.0F) &&
                between(w.calibrate_scale, 0.0F, 100.0F) && between(w.calibrate_shift, -100.0F, 100.0F),
            Status::kBadValue);
  }

  void check_items() noexcept {
    SnapshotView& v = view_;
    std::uint32_t at = 0;
    const auto count = static_cast<std::uint32_t>(v.items_.size());
    for (std::uint32_t type = 0; type < kContentTypes; ++type) {
      const std::uint32_t begin = at;
      while (at < count && static_cast<std::uint32_t>(v.items_[at].type) == type) {
        require(at == begin || v.items_[at - 1].id < v.items_[at].id, Status::kBadValue);
        ++at;
      }
      v.type_ranges_[type] = {begin, at};
    }
    require(at == count, Status::kBadValue);  // out of order, or a type unknown to this major
    for (const ItemRow& item : v.items_) {
      require(item.id != 0, Status::kBadValue);
      require(between(item.bias, -1000.0F, 1000.0F), Status::kBadValue);
      require(between(item.preferred, 0.0F, 1000.0F), Status::kBadValue);
      require(between(item.engagement_rate, -1.0F, 1.0F), Status::kBadValue);
      require(between(item.norm, 0.0F, 1.0e6F), Status::kBadValue);
    }
    for (const std::int8_t affinity : v.features_) require(affinity >= 0, Status::kBadValue);
    if (!ok()) return;
    check_order(v.items_by_id_, [&](std::uint32_t a, std::uint32_t b) { return v.items_[a].id < v.items_[b].id; });
    check_order(v.items_by_uuid_, [&](std::uint32_t a, std::uint32_t b) {
      return std::memcmp(v.items_[a].uuid, v.items_[b].uuid, 16) < 0;
    });
  }

  // A strictly ascending index of all items: since it has as many rows as there are items, it is a permutation.
  template <typename Less>
  void check_order(std::span<const std::uint32_t> index, Less less) noexcept {
    for (std::size_t i = 0; i < index.size(); ++i) {
      if (index[i] >= view_.items_.size()) return fail(Status::kBadReference);
      if (i > 0 && !less(index[i - 1], index[i])) return fail(Status::kBadValue);
    }
  }

  // Offsets that start at 0, never fall and end at `total`.
  void check_offsets(std::span<const std::uint32_t> offsets, std::size_t total, std::uint32_t longest) noexcept {
    require(offsets.front() == 0 && offsets.back() == total, Status::kBadReference);
    for (std::size_t i = 1; i < offsets.size() && ok(); ++i) {
      require(offsets[i - 1] <= offsets[i] && offsets[i] <= total, Status::kBadReference);
      require(offsets[i] - offsets[i - 1] <= longest, Status::kTooLarge);
    }
  }

  void check_neighbours() noexcept {
    check_offsets(view_.neighbour_offsets_, view_.neighbour_items_.size(), kMaxNeighbours);
    if (!ok()) return;
    for (std::size_t i = 0; i < view_.items_.size(); ++i) {
      for (std::uint32_t n = view_.neighbour_offsets_[i]; n < view_.neighbour_offsets_[i + 1]; ++n) {
        const std::uint32_t item = view_.neighbour_items_[n];
        require(item < view_.items_.size(), Status::kBadReference);
        require(n == view_.neighbour_offsets_[i] || view_.neighbour_items_[n - 1] < item, Status::kBadValue);
      }
      require(between(view_.neighbour_scales_[i], 0.0F, 1000.0F), Status::kBadValue);
    }
  }

  void check_segments() noexcept {
    std::uint64_t next = 0;
    for (const SegmentRow& segment : view_.segments_) {
      require(segment.id <= 65535, Status::kBadValue);  // what a visitor record can hold
      require(segment.first_condition == next, Status::kBadReference);
      next += segment.condition_count;
      require(next <= view_.conditions_.size(), Status::kBadReference);
      if (!ok()) return;
    }
    require(next == view_.conditions_.size(), Status::kBadReference);
    require(view_.segments_.front().id == 0, Status::kBadValue);
    check_ids(view_.segments_);
    for (const ConditionRow& condition : view_.conditions_) {
      require(condition.question < view_.questions_.size(), Status::kBadReference);
    }
    const std::uint32_t cut_for = view_.header_->segment;
    require(cut_for == kNone || cut_for < view_.segments_.size(), Status::kBadReference);
  }

  void check_slots() noexcept {
    const auto known = [](std::uint32_t index, std::size_t count) { return index == kNone || index < count; };
    check_ids(view_.slots_);
    for (const SlotRow& slot : view_.slots_) {
      check(slot.name);
      require(slot.limit >= 1 && slot.limit <= slot.max_limit && slot.max_limit <= kMaxSlotLimit, Status::kBadValue);
      require(between(slot.temperature, 0.0F, 100.0F) && between(slot.diversity, 0.0F, 100.0F), Status::kBadValue);
    }
    check_offsets(view_.slate_offsets_, view_.slate_items_.size(), kMaxSlotLimit);
    for (const std::uint32_t item : view_.slate_items_) require(item < view_.items_.size(), Status::kBadReference);
    for (const RuleRow& rule : view_.rules_) {
      require(static_cast<std::uint32_t>(rule.kind) <= 1, Status::kBadValue);
      require(known(rule.slot, view_.slots_.size()) && known(rule.segment, view_.segments_.size()) &&
                  rule.item < view_.items_.size(),
              Status::kBadReference);
    }
  }

  [[gnu::noinline]] void check_range(std::span<const float> values, float low, float high) noexcept {
    for (const float value : values) require(between(value, low, high), Status::kBadValue);
  }

  // Integers may have any value: sums of them are bounded by the number of rows (core/model/engagement.cc).
  void read_engagement() noexcept {
    SnapshotView& v = view_;
    const auto rows = table_of<EngagementRow>(Section::kEngagement, 1);
    v.fields_ = table<FieldRow>(Section::kFields, kMaxFields);
    v.thresholds_ = table<float>(Section::kThresholds, std::size_t{kMaxFields} * kMaxBins);
    if (!ok()) return;
    const EngagementRow& row = rows.front();
    require(row.dimensions <= kMaxDimensions && row.trees <= kMaxTrees && row.depth <= kMaxTreeDepth,
            Status::kTooLarge);
    require(row.dimensions % 16 == 0, Status::kBadValue);
    if (!ok()) return;
    check_range({&row.unit, 1}, 0.0F, 1.0F);
    check_range(row.base, -100.0F, 100.0F);
    check_range(row.blend, 0.0F, 1.0F);
    check_range(row.gain, 0.0F, 100.0F);
    check_range(row.leaf_scale, 0.0F, 1.0F);
    std::uint64_t bins = 0;
    std::uint64_t thresholds = 0;
    for (const FieldRow& field : v.fields_) {
      check(field.name);
      require(static_cast<std::uint16_t>(field.source) < kFieldSources, Status::kBadValue);
      const bool asks = field.source == FieldSource::kAnswers || field.source == FieldSource::kLiked;
      require(asks ? field.argument < v.questions_.size() : field.argument == 0, Status::kBadReference);
      require(field.bins >= 1 && field.bins <= kMaxBins, Status::kTooLarge);
      require(field.first_bin == bins && field.first_threshold == thresholds, Status::kBadReference);
      require(field.thresholds == 0 || field.thresholds + 2 == field.bins, Status::kBadValue);
      bins += field.bins;
      thresholds += field.thresholds;
    }
    require(thresholds == v.thresholds_.size(), Status::kBadSection);
    const std::uint64_t items = v.items_.size();
    v.bin_texts_ = table_of<StringRef>(Section::kBinTexts, bins);
    v.bin_weights_ = table_of<float>(Section::kBinWeights, bins * kHeads);
    v.bin_vectors_ = table_of<std::int16_t>(Section::kBinVectors, bins * row.dimensions);
    v.splits_ = table_of<TreeSplitRow>(Section::kTreeSplits, std::uint64_t{row.trees} * row.depth);
    v.leaf_values_ = table_of<std::int16_t>(Section::kLeafValues, (std::uint64_t{row.trees} << row.depth) * kHeads);
    v.item_biases_ = table_of<float>(Section::kItemBiases, items * kHeads);
    v.item_scales_ = table_of<float>(Section::kItemScales, items);
    v.item_vectors_ = table_of<std::int8_t>(Section::kItemVectors, items * row.dimensions);
    if (!ok()) return;
    check_range(v.thresholds_, -3.0e38F, 3.0e38F);
    for (const FieldRow& field : v.fields_) {
      const auto bounds = v.thresholds(field);
      for (std::size_t t = 1; t < bounds.size(); ++t) require(bounds[t - 1] < bounds[t], Status::kBadValue);
    }
    for (const StringRef ref : v.bin_texts_) check(ref);
    check_range(v.bin_weights_, -100.0F, 100.0F);
    for (const TreeSplitRow& split : v.splits_) require(split.field < v.fields_.size(), Status::kBadReference);
    check_range(v.item_biases_, -100.0F, 100.0F);
    check_range(v.item_scales_, 0.0F, 1000.0F);
    v.engagement_ = &row;
  }

  std::span<const std::byte> bytes_;
  const SectionRow* sections_[kKnownSections] = {};
  SnapshotView view_;
  Status status_ = Status::kOk;
};

Result<SnapshotView> SnapshotView::open(std::span<const std::byte> bytes) noexcept { return Opener(bytes).run(); }

SnapshotView::Neighbours SnapshotView::neighbours(std::uint32_t item) const noexcept {
  const std::uint32_t begin = neighbour_offsets_[item];
  const std::uint32_t count = neighbour_offsets_[item + 1] - begin;
  return {neighbour_items_.subspan(begin, count), neighbour_weights_.subspan(begin, count), neighbour_scales_[item]};
}

std::span<const std::int8_t> SnapshotView::segment_priors(std::uint32_t segment) const noexcept {
  return segment_priors_.subspan(std::size_t{segment} * items_.size(), items_.size());
}

std::span<const std::uint32_t> SnapshotView::slate(std::uint32_t segment, std::uint32_t slot) const noexcept {
  const std::size_t row = std::size_t{segment} * slots_.size() + slot;
  return slate_items_.subspan(slate_offsets_[row], slate_offsets_[row + 1] - slate_offsets_[row]);
}

std::uint32_t SnapshotView::find_item(std::uint32_t id) const noexcept {
  const auto* at = std::lower_bound(items_by_id_.data(), items_by_id_.data() + items_by_id_.size(), id,
                                    [&](std::uint32_t index, std::uint32_t value) { return items_[index].id < value; });
  if (at == items_by_id_.data() + items_by_id_.size() || items_[*at].id != id) return kNone;
  return *at;
}

std::uint32_t SnapshotView::find_item_by_uuid(std::span<const std::uint8_t, 16> uuid) const noexcept {
  const auto* end = items_by_uuid_.data() + items_by_uuid_.size();
  const auto* at = std::lower_bound(
      items_by_uuid_.data(), end, uuid.data(),
      [&](std::uint32_t index, const std::uint8_t* value) { return std::memcmp(items_[index].uuid, value, 16) < 0; });
  if (at == end || std::memcmp(items_[*at].uuid, uuid.data(), 16) != 0) return kNone;
  return *at;
}

std::uint32_t SnapshotView::find_question(std::string_view name) const noexcept {
  for (std::uint32_t i = 0; i < questions_.size(); ++i) {
    if (text(questions_[i].name) == name) return i;
  }
  return kNone;
}

std::uint32_t SnapshotView::find_slot(std::string_view name) const noexcept {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (text(slots_[i].name) == name) return i;
  }
  return kNone;
}

std::uint32_t SnapshotView::find_locale(std::string_view tag) const noexcept {
  for (std::uint32_t i = 0; i < locale_count_; ++i) {
    if (locale_tag(i) == tag) return i;
  }
  const std::string_view language = tag.substr(0, tag.find('-'));
  for (std::uint32_t i = 0; i < locale_count_; ++i) {
    if (locale_tag(i).substr(0, locale_tag(i).find('-')) == language) return i;
  }
  return 0;
}

std::uint32_t SnapshotView::find_option(std::uint32_t question, std::string_view label_or_key) const noexcept {
  const QuestionRow& row = questions_[question];
  for (std::uint32_t i = row.first_option; i < row.first_option + row.option_count; ++i) {
    if (text(options_[i].label) == label_or_key || text(options_[i].key) == label_or_key) return i;
  }
  return kNone;
}

std::uint32_t SnapshotView::find_option_by_id(std::uint32_t id) const noexcept {
  for (std::uint32_t i = 0; i < options_.size(); ++i) {
    if (options_[i].id == id) return i;
  }
  return kNone;
}

std::string_view SnapshotView::localized(std::span<const StringRef> texts, std::uint32_t row,
                                         std::uint32_t locale) const noexcept {
  const std::size_t first = std::size_t{row} * locale_count_;
  const StringRef own = texts[first + (locale < locale_count_ ? locale : 0)];
  return text(own.length != 0 ? own : texts[first]);
}

std::string_view SnapshotView::locale_tag(std::uint32_t locale) const noexcept { return text(locales_[locale]); }

std::string_view SnapshotView::item_body(std::uint32_t item, std::uint32_t locale) const noexcept {
  return localized(item_bodies_, item, locale);
}

std::string_view SnapshotView::item_name(std::uint32_t item, std::uint32_t locale) const noexcept {
  return localized(item_names_, item, locale);
}

std::string_view SnapshotView::question_reason(std::uint32_t question, std::uint32_t locale) const noexcept {
  return localized(question_texts_, question, locale);
}

std::string_view SnapshotView::option_noun(std::uint32_t option, std::uint32_t locale) const noexcept {
  const std::string_view noun = localized(option_texts_, option, locale);
  return noun.empty() ? text(options_[option].label) : noun;
}

std::string_view SnapshotView::segment_name(std::uint32_t segment, std::uint32_t locale) const noexcept {
  return localized(segment_texts_, segment, locale);
}

std::string_view SnapshotView::reason_template(ReasonKind kind, std::uint32_t locale) const noexcept {
  return localized(reasons_, static_cast<std::uint32_t>(kind), locale);
}

}  // namespace footlight::snapshot
