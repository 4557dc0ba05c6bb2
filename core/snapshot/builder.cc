#include "core/snapshot/builder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "core/rank/decide.h"
#include "core/snapshot/builder_engagement.h"
#include "core/snapshot/reader.h"

namespace footlight::snapshot {
namespace {

constexpr float kMaxPrior = 3.9F;  // log-odds: 127 / 32, a little inside

// |a ∩ b| / min(|a|, |b|); a range of length 0 counts as a point that lies inside or not.
double overlap_coefficient(const Interval& a, const Interval& b) {
  const double low = std::max(a.min, b.min);
  const double high = std::min(a.max, b.max);
  if (high < low) return 0;
  const double shorter = std::min(a.max - a.min, b.max - b.min);
  return shorter > 0 ? (high - low) / shorter : 1.0;
}

std::int8_t quantised_affinity(double value) {
  return static_cast<std::int8_t>(std::lround(std::clamp(value, 0.0, 1.0) * 127.0));
}

class StringPool {
 public:
  StringRef add(std::string_view text) {
    if (text.empty()) return {0, 0};
    const auto [at, fresh] = known_.try_emplace(std::string(text), StringRef{});
    if (fresh) {
      at->second = {static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size())};
      bytes_.append(text);
    }
    return at->second;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::unordered_map<std::string, StringRef> known_;
  std::string bytes_;
};

class SectionWriter {
 public:
  template <typename T>
  void add(Section section, const std::vector<T>& rows) {
    add_raw(section, rows.data(), rows.size() * sizeof(T), rows.size());
  }
  void add_raw(Section section, const void* data, std::size_t bytes, std::size_t rows) {
    const auto* begin = static_cast<const std::byte*>(data);
    parts_.push_back({section, static_cast<std::uint32_t>(rows), std::vector<std::byte>(begin, begin + bytes)});
  }

  [[nodiscard]] std::vector<std::byte> finish(Header header) const {
    const auto aligned = [](std::size_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; };
    std::size_t at = aligned(sizeof(Header) + parts_.size() * sizeof(SectionRow));
    std::vector<SectionRow> rows;
    for (const Part& part : parts_) {
      rows.push_back(
          {part.section, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(part.bytes.size()), part.rows});
      at = aligned(at + part.bytes.size());
    }
    header.total_bytes = static_cast<std::uint32_t>(at);
    header.section_count = static_cast<std::uint32_t>(rows.size());
    std::vector<std::byte> out(at);
    std::memcpy(out.data(), &header, sizeof header);
    std::memcpy(out.data() + sizeof header, rows.data(), rows.size() * sizeof(SectionRow));
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!parts_[i].bytes.empty()) {
        std::memcpy(out.data() + rows[i].offset, parts_[i].bytes.data(), parts_[i].bytes.size());
      }
    }
    return out;
  }

 private:
  struct Part {
    Section section;
    std::uint32_t rows;
    std::vector<std::byte> bytes;
  };
  std::vector<Part> parts_;
};

class Builder {
 public:
  explicit Builder(const SnapshotInput& input) : in_(input) {}

  tl::expected<std::vector<std::byte>, BuildError> run() {
    if (!check_sizes() || !build_vocabulary() || !build_items() || !build_neighbours() || !build_segments() ||
        !build_slots() || !build_rules() || !build_engagement()) {
      return tl::unexpected(error_);
    }
    std::vector<std::uint32_t> offsets(segments_.size() * slots_.size() + 1, 0);
    std::vector<std::uint32_t> slates;
    std::vector<std::byte> bytes = assemble(offsets, slates);
    if (!compute_slates(bytes, offsets, slates)) return tl::unexpected(error_);
    return assemble(offsets, slates);
  }

 private:
  bool fail(Status status, std::string what) {
    error_ = {status, std::move(what)};
    return false;
  }

  bool check_sizes() {
    const auto within = [&](std::size_t count, std::size_t most, const char* what) {
      return count <= most || fail(Status::kTooLarge, std::string(what) + ": " + std::to_string(count) + ", at most " +
                                                          std::to_string(most));
    };
    if (in_.locales.empty()) return fail(Status::kBadValue, "locales: none given");
    return within(in_.locales.size(), kMaxLocales, "locales") &&
           within(in_.questions.size(), kMaxQuestions, "questions") && within(in_.items.size(), kMaxItems, "items") &&
           within(in_.segments.size() + 1, kMaxSegments, "segments") && within(in_.slots.size(), kMaxSlots, "slots") &&
           within(in_.rules.size(), kMaxRules, "rules") &&
           within(in_.neighbours_kept, kMaxNeighbours, "neighbours_kept");
  }

  // One StringRef per locale; those not given stay empty and fall back to the first when read.
  void add_texts(std::vector<StringRef>& refs, const Localized& texts) {
    for (std::size_t l = 0; l < in_.locales.size(); ++l) {
      refs.push_back(l < texts.size() ? pool_.add(texts[l]) : StringRef{0, 0});
    }
  }

  bool build_vocabulary() {
    for (const std::string& locale : in_.locales) locales_.push_back(pool_.add(locale));
    for (std::uint32_t q = 0; q < in_.questions.size(); ++q) {
      const QuestionInput& question = in_.questions[q];
      if (!question_index_.emplace(question.id, q).second) {
        return fail(Status::kBadValue, "question " + question.name + ": id is taken");
      }
      if (question.options.size() > kMaxOptionsPerQuestion) {
        return fail(Status::kTooLarge, "question " + question.name + ": more than 64 options");
      }
      QuestionRow row{};
      row.id = question.id;
      row.kind = question.kind;
      row.flags = static_cast<std::uint16_t>((question.per_answer ? kPerAnswer : 0) |
                                             (question.from_history ? kFromHistory : 0));
      row.name = pool_.add(question.name);
      row.factor = pool_.add(question.factor);
      row.first_option = static_cast<std::uint32_t>(options_.size());
      row.option_count = static_cast<std::uint32_t>(question.options.size());
      row.weight = question.weight;
      row.completeness = question.completeness;
      questions_.push_back(row);
      add_texts(question_texts_, question.reason);
      for (const OptionInput& option : question.options) {
        if (!option_index_.emplace(option.id, static_cast<std::uint32_t>(options_.size())).second) {
          return fail(Status::kBadValue, "option " + option.key + ": id is taken");
        }
        options_.push_back({option.id, q, pool_.add(option.key), pool_.add(option.label)});
        add_texts(option_texts_, option.noun);
      }
    }
    if (options_.size() > kMaxColumns) return fail(Status::kTooLarge, "more than 256 options together");
    stride_ = (static_cast<std::uint32_t>(options_.size()) + 15U) / 16U * 16U;
    return true;
  }

  bool build_items() {
    order_.resize(in_.items.size());
    std::iota(order_.begin(), order_.end(), 0U);
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      const ItemInput& x = in_.items[a];
      const ItemInput& y = in_.items[b];
      return x.type != y.type ? x.type < y.type : x.id < y.id;
    });
    for (const std::uint32_t source : order_) {
      const ItemInput& item = in_.items[source];
      if (!item_index_.emplace(item.id, static_cast<std::uint32_t>(items_.size())).second) {
        return fail(Status::kBadValue, "item " + std::to_string(item.id) + ": id is taken");
      }
      if (!add_item(item)) return false;
    }
    return build_indexes();
  }

  bool add_item(const ItemInput& item) {
    const std::size_t row_at = features_.size();
    features_.resize(row_at + stride_, 0);
    const std::string name = "item " + std::to_string(item.id);
    for (const AffinityInput& affinity : item.affinities) {
      const auto option = option_index_.find(affinity.option_id);
      if (option == option_index_.end()) {
        return fail(Status::kUnknownOption, name + ": option " + std::to_string(affinity.option_id) + " is not known");
      }
      auto& cell = features_[row_at + option->second];
      cell = std::max(cell, quantised_affinity(static_cast<double>(affinity.value)));
    }
    for (const auto& [question_id, range] : item.ranges) {
      const auto question = question_index_.find(question_id);
      if (question == question_index_.end()) {
        return fail(Status::kUnknownQuestion, name + ": question " + std::to_string(question_id) + " is not known");
      }
      const QuestionInput& asked = in_.questions[question->second];
      for (std::size_t o = 0; o < asked.options.size(); ++o) {
        if (!asked.options[o].range) continue;
        auto& cell = features_[row_at + questions_[question->second].first_option + o];
        cell = std::max(cell, quantised_affinity(overlap_coefficient(*asked.options[o].range, range)));
      }
    }
    double square = 0;
    for (std::size_t c = row_at; c < features_.size(); ++c) square += double{1} * features_[c] * features_[c];

    ItemRow row{};
    row.id = item.id;
    row.type = item.type;
    row.flags = item.history_only ? kHistoryOnly : std::uint16_t{0};
    std::copy(item.uuid.begin(), item.uuid.end(), row.uuid);
    row.active_from_s = item.active_from_s;
    row.active_until_s = item.active_until_s;
    row.bias = item.bias;
    row.preferred = item.preferred;
    row.engagement_rate = item.engagement_rate;
    row.norm = static_cast<float>(std::sqrt(square));
    items_.push_back(row);
    add_texts(item_bodies_, item.body);
    add_texts(item_names_, item.name);
    return true;
  }

  bool build_indexes() {
    by_id_.resize(items_.size());
    std::iota(by_id_.begin(), by_id_.end(), 0U);
    by_uuid_ = by_id_;
    std::sort(by_id_.begin(), by_id_.end(), [&](auto a, auto b) { return items_[a].id < items_[b].id; });
    const auto compare = [&](auto a, auto b) { return std::memcmp(items_[a].uuid, items_[b].uuid, 16); };
    std::sort(by_uuid_.begin(), by_uuid_.end(), [&](auto a, auto b) { return compare(a, b) < 0; });
    for (std::size_t i = 1; i < by_uuid_.size(); ++i) {
      if (compare(by_uuid_[i - 1], by_uuid_[i]) == 0) {
        return fail(Status::kBadValue, "item " + std::to_string(items_[by_uuid_[i]].id) + ": uuid is taken");
      }
    }
    return true;
  }

  bool build_neighbours() {
    neighbour_offsets_.push_back(0);
    for (const std::uint32_t source : order_) {
      const ItemInput& item = in_.items[source];
      std::map<std::uint32_t, double> row;  // by index, so ascending
      for (const NeighbourInput& neighbour : item.neighbours) {
        const auto at = item_index_.find(neighbour.item_id);
        if (at != item_index_.end() && neighbour.item_id != item.id) {
          row[at->second] = static_cast<double>(neighbour.weight);
        }
      }
      std::vector<std::pair<std::uint32_t, double>> kept(row.begin(), row.end());
      if (kept.size() > in_.neighbours_kept) {
        std::stable_sort(kept.begin(), kept.end(),
                         [](const auto& a, const auto& b) { return std::abs(a.second) > std::abs(b.second); });
        kept.resize(in_.neighbours_kept);
        std::sort(kept.begin(), kept.end());
      }
      double largest = 0;
      for (const auto& entry : kept) largest = std::max(largest, std::abs(entry.second));
      const double scale = largest / 127.0;
      for (const auto& [index, weight] : kept) {
        const long value = scale > 0 ? std::lround(weight / scale) : 0;
        if (value == 0) continue;
        neighbour_items_.push_back(index);
        neighbour_weights_.push_back(static_cast<std::int8_t>(value));
      }
      neighbour_scales_.push_back(static_cast<float>(scale));
      neighbour_offsets_.push_back(static_cast<std::uint32_t>(neighbour_items_.size()));
    }
    return true;
  }

  void add_priors(const std::vector<std::pair<std::uint32_t, float>>& priors) {
    const std::size_t at = priors_.size();
    priors_.resize(at + items_.size(), 0);
    for (const auto& [item_id, log_odds] : priors) {
      const auto item = item_index_.find(item_id);
      if (item == item_index_.end()) continue;
      priors_[at + item->second] =
          static_cast<std::int8_t>(std::lround(std::clamp(log_odds, -kMaxPrior, kMaxPrior) * 32.0F));
    }
  }

  bool build_segments() {
    segments_.push_back({0, 0, 0, 0});
    segment_index_.emplace(0, 0U);
    add_texts(segment_texts_, {"everyone"});
    add_priors(in_.everyone_priors);
    for (const SegmentInput& segment : in_.segments) {
      const std::string name = "segment " + std::to_string(segment.id);
      if (segment.id == 0 || segment.id > 65535 ||
          !segment_index_.emplace(segment.id, static_cast<std::uint32_t>(segments_.size())).second) {
        return fail(Status::kBadValue, name + ": id is taken or not in 1 to 65535");
      }
      SegmentRow row{segment.id, static_cast<std::uint32_t>(conditions_.size()), 0, 0};
      for (const auto& [question_id, option_ids] : segment.when) {
        const auto question = question_index_.find(question_id);
        if (question == question_index_.end()) return fail(Status::kUnknownQuestion, name + ": question is not known");
        const QuestionRow& asked = questions_[question->second];
        std::uint64_t mask = 0;
        for (const std::uint32_t id : option_ids) {
          const auto option = option_index_.find(id);
          if (option == option_index_.end() || options_[option->second].question != question->second) {
            return fail(Status::kUnknownOption, name + ": option " + std::to_string(id) + " is not of that question");
          }
          mask |= std::uint64_t{1} << (option->second - asked.first_option);
        }
        conditions_.push_back({question->second, 0, mask});
        ++row.condition_count;
      }
      segments_.push_back(row);
      add_texts(segment_texts_, segment.name);
      add_priors(segment.priors);
    }
    return true;
  }

  bool build_slots() {
    for (const SlotInput& slot : in_.slots) {
      SlotRow row{};
      row.id = slot.id;
      for (const ContentType type : slot.types) row.type_mask |= 1U << static_cast<std::uint32_t>(type);
      row.name = pool_.add(slot.name);
      row.limit = slot.limit;
      row.max_limit = slot.max_limit == 0 ? slot.limit : slot.max_limit;
      row.flags = slot.hide_seen ? kHideSeen : std::uint16_t{0};
      row.temperature = slot.temperature;
      row.diversity = slot.diversity;
      if (!slot_index_.emplace(slot.id, static_cast<std::uint32_t>(slots_.size())).second) {
        return fail(Status::kBadValue, "slot " + slot.name + ": id is taken");
      }
      slots_.push_back(row);
    }
    return true;
  }

  bool build_rules() {
    for (const RuleInput& rule : in_.rules) {
      const auto item = item_index_.find(rule.item_id);
      if (item == item_index_.end()) {
        if (in_.pack_segment_id) continue;  // a pack holds only the items it needs
        return fail(Status::kUnknownItem, "rule " + std::to_string(rule.id) + ": item is not known");
      }
      RuleRow row{};
      row.kind = rule.kind;
      row.item = item->second;
      row.position = rule.position;
      row.id = rule.id;
      if (!resolve(rule.slot_id, slot_index_, row.slot) || !resolve(rule.segment_id, segment_index_, row.segment)) {
        return fail(Status::kBadReference, "rule " + std::to_string(rule.id) + ": slot or segment is not known");
      }
      rules_.push_back(row);
    }
    return true;
  }

  static bool resolve(const std::optional<std::uint32_t>& id,
                      const std::unordered_map<std::uint32_t, std::uint32_t>& index, std::uint32_t& out) {
    out = kNone;
    if (!id) return true;
    const auto at = index.find(*id);
    if (at == index.end()) return false;
    out = at->second;
    return true;
  }

  bool build_engagement() {
    if (!in_.engagement) return true;
    std::vector<std::uint32_t> ids;
    for (const ItemRow& item : items_) ids.push_back(item.id);
    auto tables = engagement_tables(*in_.engagement, in_.questions, in_.segments, ids);
    if (!tables) return fail(tables.error().status, tables.error().what);
    engagement_ = std::move(*tables);
    for (std::size_t f = 0; f < engagement_->fields.size(); ++f) {
      engagement_->fields[f].name = pool_.add(engagement_->field_names[f]);
    }
    for (const std::string& name : engagement_->bin_names) bin_texts_.push_back(pool_.add(name));
    return true;
  }

  std::vector<std::byte> assemble(const std::vector<std::uint32_t>& slate_offsets,
                                  const std::vector<std::uint32_t>& slates) {
    std::vector<StringRef> reasons;
    for (const Localized& texts : in_.reasons) add_texts(reasons, texts);
    SectionWriter out;
    out.add_raw(Section::kStrings, pool_.bytes().data(), pool_.bytes().size(), pool_.bytes().size());
    out.add(Section::kLocales, locales_);
    out.add(Section::kQuestions, questions_);
    out.add(Section::kQuestionTexts, question_texts_);
    out.add(Section::kOptions, options_);
    out.add(Section::kOptionTexts, option_texts_);
    out.add(Section::kItems, items_);
    out.add(Section::kItemBodies, item_bodies_);
    out.add(Section::kItemNames, item_names_);
    out.add(Section::kItemFeatures, features_);
    out.add(Section::kItemsById, by_id_);
    out.add(Section::kItemsByUuid, by_uuid_);
    out.add(Section::kNeighbourOffsets, neighbour_offsets_);
    out.add(Section::kNeighbourItems, neighbour_items_);
    out.add(Section::kNeighbourWeights, neighbour_weights_);
    out.add(Section::kNeighbourScales, neighbour_scales_);
    out.add(Section::kSegments, segments_);
    out.add(Section::kSegmentTexts, segment_texts_);
    out.add(Section::kConditions, conditions_);
    out.add(Section::kSegmentPriors, priors_);
    out.add(Section::kSlots, slots_);
    out.add(Section::kSlateOffsets, slate_offsets);
    out.add(Section::kSlateItems, slates);
    out.add(Section::kRules, rules_);
    out.add(Section::kReasons, reasons);
    out.add(Section::kWeights, std::vector<WeightsRow>{in_.weights});
    if (!in_.program.empty()) out.add(Section::kProgram, in_.program);
    if (engagement_) {
      out.add(Section::kEngagement, std::vector<EngagementRow>{engagement_->row});
      out.add(Section::kFields, engagement_->fields);
      out.add(Section::kThresholds, engagement_->thresholds);
      out.add(Section::kBinTexts, bin_texts_);
      out.add(Section::kBinWeights, engagement_->bin_weights);
      out.add(Section::kBinVectors, engagement_->bin_vectors);
      out.add(Section::kTreeSplits, engagement_->splits);
      out.add(Section::kLeafValues, engagement_->leaf_values);
      out.add(Section::kItemBiases, engagement_->item_biases);
      out.add(Section::kItemScales, engagement_->item_scales);
      out.add(Section::kItemVectors, engagement_->item_vectors);
    }
    Header header{};
    header.magic = kMagic;
    header.major = kMajor;
    header.minor = kMinor;
    header.version = in_.version;
    header.created_at_s = in_.created_at_s;
    header.segment = kNone;
    if (in_.pack_segment_id) {
      const auto at = segment_index_.find(*in_.pack_segment_id);
      if (at != segment_index_.end()) header.segment = at->second;
    }
    return out.finish(header);
  }

  // What each segment's typical visitor gets on a page with every slot, greedily, so that no item stands in two slates.
  // (A site with more slots than one page may have gets them page by page.) The half-built snapshot is opened as a
  // reader would open it, so that whatever a reader would refuse is refused here.
  bool compute_slates(const std::vector<std::byte>& bytes, std::vector<std::uint32_t>& offsets,
                      std::vector<std::uint32_t>& slates) {
    if (bytes.size() > kMaxBytes) return fail(Status::kTooLarge, "the snapshot is larger than 256 MiB");
    const auto view = SnapshotView::open(bytes);
    if (!view) return fail(view.error(), std::string("the snapshot is not valid: ") + status_name(view.error()));
    std::vector<std::byte> scratch(decide_scratch_bytes(*view));
    const auto decision = std::make_unique<Decision>();
    const Context context{.now_s = in_.created_at_s, .explore = false};
    const std::vector<std::vector<SlotRequest>> pages = pages_of_slots();
    std::size_t row = 0;
    for (const SegmentRow& segment : segments_) {
      Visitor visitor;
      visitor.segment_id = static_cast<std::uint16_t>(segment.id);
      for (const auto& page : pages) {
        const Status status = decide(*view, visitor, context, page, scratch, *decision);
        if (status != Status::kOk) return fail(status, "slot " + in_.slots[page[0].slot].name + ": no slate");
        for (std::uint32_t s = 0; s < decision->slot_count; ++s) {
          for (const Entry& entry : decision->entries_of(decision->slots[s])) slates.push_back(entry.item);
          offsets[++row] = static_cast<std::uint32_t>(slates.size());
        }
      }
    }
    return true;
  }

  // Every slot in order, as few pages as decide() allows.
  [[nodiscard]] std::vector<std::vector<SlotRequest>> pages_of_slots() const {
    std::vector<std::vector<SlotRequest>> pages;
    std::uint32_t cards = 0;
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
      cards += slots_[slot].limit;
      if (pages.empty() || pages.back().size() == kMaxSlotRequests || cards > kMaxEntries) {
        pages.emplace_back();
        cards = slots_[slot].limit;
      }
      pages.back().push_back({slot, 0});
    }
    return pages;
  }

  const SnapshotInput& in_;
  BuildError error_;
  StringPool pool_;
  std::uint32_t stride_ = 0;
  std::vector<std::uint32_t> order_;  // new index -> input index
  std::unordered_map<std::uint32_t, std::uint32_t> question_index_, option_index_, item_index_, segment_index_,
      slot_index_;  // stable id -> index
  std::vector<StringRef> locales_, question_texts_, option_texts_, item_bodies_, item_names_, segment_texts_;
  std::vector<QuestionRow> questions_;
  std::vector<OptionRow> options_;
  std::vector<ItemRow> items_;
  std::vector<std::int8_t> features_, neighbour_weights_, priors_;
  std::vector<std::uint32_t> by_id_, by_uuid_, neighbour_offsets_, neighbour_items_;
  std::vector<float> neighbour_scales_;
  std::vector<SegmentRow> segments_;
  std::vector<ConditionRow> conditions_;
  std::vector<SlotRow> slots_;
  std::vector<RuleRow> rules_;
  std::optional<EngagementTables> engagement_;
  std::vector<StringRef> bin_texts_;
};

}  // namespace

tl::expected<std::vector<std::byte>, BuildError> build(const SnapshotInput& input) { return Builder(input).run(); }

}  // namespace footlight::snapshot
