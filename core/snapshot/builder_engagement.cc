#include "core/snapshot/builder_engagement.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_map>

namespace footlight::snapshot {
namespace {

constexpr float kMaxLogOdds = 99.0F;  // a little inside what a reader takes
constexpr std::uint32_t kSeveral = 4;

std::string number_text(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

float bounded(float log_odds) { return std::clamp(log_odds, -kMaxLogOdds, kMaxLogOdds); }

bool has_several(FieldSource source) { return source == FieldSource::kAnswers || source == FieldSource::kLiked; }

// What the bins of a field of known source are called, in the order of layout.h.
std::vector<std::string> names_of(FieldSource source) {
  switch (source) {
    case FieldSource::kDevice:
      return {"desktop", "phone", "tablet"};
    case FieldSource::kDayPart:
      return {"night", "morning", "afternoon", "evening"};
    case FieldSource::kWeekday:
      return {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    case FieldSource::kReferrer:
      return {"none", "this site", "search", "social", "other site"};
    default:
      return {};
  }
}

class Tables {
 public:
  Tables(const EngagementInput& input, std::span<const QuestionInput> questions, std::span<const SegmentInput> segments)
      : in_(input), questions_(questions), segments_(segments) {}

  tl::expected<EngagementTables, BuildError> run(std::span<const std::uint32_t> item_ids) {
    if (!check_sizes()) return tl::unexpected(error_);
    unit_ = unit();
    out_.row.dimensions = (in_.dimensions + 15U) / 16U * 16U;
    out_.row.depth = in_.depth;
    out_.row.unit = unit_;
    for (std::uint32_t h = 0; h < kHeads; ++h) {
      out_.row.base[h] = bounded(in_.base[h]);
      out_.row.blend[h] = in_.blend[h];
      out_.row.gain[h] = in_.gain[h];
    }
    for (std::size_t f = 0; f < in_.fields.size(); ++f) add_field(f);
    add_trees();
    add_items(item_ids);
    return std::move(out_);
  }

 private:
  bool fail(Status status, std::string what) {
    error_ = {status, "engagement model: " + std::move(what)};
    return false;
  }

  bool check_sizes() {
    if (in_.fields.size() > kMaxFields) return fail(Status::kTooLarge, "more than 64 fields");
    if (in_.dimensions > kMaxDimensions) return fail(Status::kTooLarge, "more than 128 dimensions");
    if (in_.depth > kMaxTreeDepth) return fail(Status::kTooLarge, "trees deeper than 8");
    std::size_t bins = 0;
    for (const FieldInput& field : in_.fields) {
      const std::string name = "field '" + field.name + "': ";
      if (field.bins < 1 || field.bins > kMaxBins) return fail(Status::kTooLarge, name + "not 1 to 64 bins");
      if (!field.thresholds.empty() && field.thresholds.size() + 2 != field.bins) {
        return fail(Status::kBadValue, name + "bins and thresholds do not fit each other");
      }
      if (!std::is_sorted(field.thresholds.begin(), field.thresholds.end())) {
        return fail(Status::kBadValue, name + "thresholds do not ascend");
      }
      if (has_ids(field) && field.bin_ids.size() + 1 != field.bins) {
        return fail(Status::kBadValue, name + "bins and ids do not fit each other");
      }
      first_bin_.push_back(bins);
      bins += field.bins;
    }
    if (in_.bin_weights.size() != bins * kHeads) return fail(Status::kBadValue, "bin weights: not bins * heads");
    if (in_.bin_vectors.size() != bins * in_.dimensions) {
      return fail(Status::kBadValue, "bin vectors: not bins * dimensions");
    }
    trees_ = in_.depth == 0 ? 0 : in_.splits.size() / in_.depth;
    if (trees_ > kMaxTrees) return fail(Status::kTooLarge, "more than 1024 trees");
    if (in_.splits.size() != trees_ * in_.depth || in_.leaf_values.size() != (trees_ << in_.depth) * kHeads) {
      return fail(Status::kBadValue, "splits and leaves do not fit each other");
    }
    for (const TreeSplitInput& split : in_.splits) {
      if (split.field >= in_.fields.size())
        return fail(Status::kBadReference, "a split names a field that is not there");
    }
    for (const EngagementItemInput& item : in_.items) {
      if (item.vector.size() != in_.dimensions) {
        return fail(Status::kBadValue, "item " + std::to_string(item.item_id) + ": vector of another length");
      }
    }
    return true;
  }

  static bool has_ids(const FieldInput& field) {
    return has_several(field.source) || field.source == FieldSource::kSegment;
  }

  [[nodiscard]] float unit() const {
    double reach = 0;
    for (std::size_t f = 0; f < in_.fields.size(); ++f) {
      const FieldInput& field = in_.fields[f];
      double largest = 0;
      for (std::size_t v = first_bin_[f] * in_.dimensions; v < (first_bin_[f] + field.bins) * in_.dimensions; ++v) {
        largest = std::max(largest, std::abs(static_cast<double>(in_.bin_vectors[v])));
      }
      reach += largest * (has_several(field.source) ? std::min(kSeveral, field.bins) : 1U);
    }
    return static_cast<float>(reach / 32000.0);
  }

  // For each bin of the snapshot's field the bin that it was in training, or kNone.
  struct Field {
    FieldSource source = FieldSource::kExternal;
    std::uint32_t argument = 0;
    std::vector<std::uint32_t> from;
    std::vector<std::string> names;
  };

  [[nodiscard]] Field field_today(const FieldInput& field) const {
    Field today{field.source, 0, {0}, {""}};
    std::unordered_map<std::uint32_t, std::uint32_t> bin_of;
    for (std::size_t b = 0; b < field.bin_ids.size(); ++b) {
      bin_of.emplace(field.bin_ids[b], static_cast<std::uint32_t>(b) + 1);
    }
    const auto add = [&](std::uint32_t id, const std::string& name) {
      if (today.from.size() == kMaxBins) return;
      const auto found = bin_of.find(id);
      today.from.push_back(found == bin_of.end() ? kNone : found->second);
      today.names.push_back(name);
    };
    if (has_several(field.source)) {
      const auto question = std::find_if(questions_.begin(), questions_.end(),
                                         [&](const QuestionInput& q) { return q.id == field.question_id; });
      if (question != questions_.end()) {
        today.argument = static_cast<std::uint32_t>(question - questions_.begin());
        for (const OptionInput& option : question->options) add(option.id, option.key);
        return today;
      }
      today.source = FieldSource::kExternal;
    } else if (field.source == FieldSource::kSegment) {
      add(0, "everyone");
      for (const SegmentInput& segment : segments_) add(segment.id, segment.name.empty() ? "" : segment.name[0]);
      return today;
    }
    for (std::uint32_t b = 1; b < field.bins; ++b) {
      today.from.push_back(b);
      today.names.push_back(name_of(field, b));
    }
    return today;
  }

  static std::string name_of(const FieldInput& field, std::uint32_t bin) {
    if (bin < field.bin_names.size()) return field.bin_names[bin];
    if (!field.thresholds.empty()) {
      return bin <= field.thresholds.size() ? "to " + number_text(field.thresholds[bin - 1])
                                            : "over " + number_text(field.thresholds.back());
    }
    const auto names = names_of(field.source);
    return bin <= names.size() ? names[bin - 1] : std::to_string(bin);
  }

  void add_field(std::size_t f) {
    const FieldInput& field = in_.fields[f];
    Field today = field_today(field);
    FieldRow row{};
    row.source = today.source;
    row.bins = static_cast<std::uint16_t>(today.from.size());
    row.argument = today.argument;
    row.first_bin = static_cast<std::uint32_t>(out_.bin_names.size());
    row.first_threshold = static_cast<std::uint32_t>(out_.thresholds.size());
    row.thresholds = static_cast<std::uint32_t>(field.thresholds.size());
    out_.fields.push_back(row);
    out_.field_names.push_back(field.name);
    out_.thresholds.insert(out_.thresholds.end(), field.thresholds.begin(), field.thresholds.end());
    out_.bin_names.insert(out_.bin_names.end(), today.names.begin(), today.names.end());
    for (const std::uint32_t bin : today.from) {
      for (std::uint32_t h = 0; h < kHeads; ++h) {
        out_.bin_weights.push_back(bin == kNone ? 0.0F : bounded(in_.bin_weights[(first_bin_[f] + bin) * kHeads + h]));
      }
      for (std::uint32_t d = 0; d < out_.row.dimensions; ++d) {
        const bool there = bin != kNone && d < in_.dimensions && unit_ > 0.0F;
        const float value = there ? in_.bin_vectors[(first_bin_[f] + bin) * in_.dimensions + d] / unit_ : 0.0F;
        out_.bin_vectors.push_back(static_cast<std::int16_t>(std::lround(value)));
      }
    }
    today_.push_back(std::move(today.from));
  }

  void add_trees() {
    out_.row.trees = static_cast<std::uint32_t>(trees_);
    for (const TreeSplitInput& split : in_.splits) {
      std::uint64_t mask = 0;
      const auto& from = today_[split.field];
      for (std::size_t b = 0; b < from.size(); ++b) {
        if (from[b] != kNone && ((split.mask >> from[b]) & 1U) != 0) mask |= std::uint64_t{1} << b;
      }
      out_.splits.push_back({mask, split.field, 0});
    }
    for (std::uint32_t h = 0; h < kHeads; ++h) {
      float largest = 0;
      for (std::size_t v = h; v < in_.leaf_values.size(); v += kHeads) {
        largest = std::max(largest, std::abs(in_.leaf_values[v]));
      }
      out_.row.leaf_scale[h] = largest / 32767.0F;
    }
    for (std::size_t v = 0; v < in_.leaf_values.size(); ++v) {
      const float scale = out_.row.leaf_scale[v % kHeads];
      out_.leaf_values.push_back(scale > 0.0F ? static_cast<std::int16_t>(std::lround(in_.leaf_values[v] / scale))
                                              : std::int16_t{0});
    }
  }

  void add_items(std::span<const std::uint32_t> item_ids) {
    std::unordered_map<std::uint32_t, const EngagementItemInput*> known;
    for (const EngagementItemInput& item : in_.items) known.emplace(item.item_id, &item);
    for (const std::uint32_t id : item_ids) {
      const auto found = known.find(id);
      const EngagementItemInput* item = found == known.end() ? nullptr : found->second;
      float largest = 0;
      for (std::uint32_t d = 0; item != nullptr && d < in_.dimensions; ++d) {
        largest = std::max(largest, std::abs(item->vector[d]));
      }
      const float scale = largest / 127.0F;
      out_.item_scales.push_back(scale);
      for (std::uint32_t h = 0; h < kHeads; ++h) {
        out_.item_biases.push_back(item == nullptr ? 0.0F : bounded(item->bias[h]));
      }
      for (std::uint32_t d = 0; d < out_.row.dimensions; ++d) {
        const bool there = scale > 0.0F && d < in_.dimensions;
        out_.item_vectors.push_back(there ? static_cast<std::int8_t>(std::lround(item->vector[d] / scale))
                                          : std::int8_t{0});
      }
    }
  }

  const EngagementInput& in_;
  std::span<const QuestionInput> questions_;
  std::span<const SegmentInput> segments_;
  BuildError error_;
  EngagementTables out_;
  std::vector<std::size_t> first_bin_;             // of in_.fields
  std::vector<std::vector<std::uint32_t>> today_;  // by field: the training bin of each of today's
  std::size_t trees_ = 0;
  float unit_ = 0;
};

}  // namespace

tl::expected<EngagementTables, BuildError> engagement_tables(const EngagementInput& input,
                                                             std::span<const QuestionInput> questions,
                                                             std::span<const SegmentInput> segments,
                                                             std::span<const std::uint32_t> items) {
  return Tables(input, questions, segments).run(items);
}

}  // namespace footlight::snapshot
