#include "origin/publish/pack.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/experiment/program.h"
#include "core/rank/decide.h"
#include "core/visitor/visitor.h"
#include "origin/store/uuid.h"

namespace footlight::publish {
namespace {

using snapshot::SnapshotInput;
using snapshot::SnapshotView;

class Cutter {
 public:
  Cutter(const SnapshotView& edge) : edge_(edge), scratch_(decide_scratch_bytes(edge) + 16) {}

  // The best items of every slot for this visitor, `most(limit)` of each.
  template <typename Most>
  void add_best(const Visitor& visitor, const Most& most) {
    const std::span<std::byte> scratch(scratch_);
    score_items(edge_, visitor, Context{}, scratch);
    const auto* scores = reinterpret_cast<const double*>(scratch.data());
    for (std::uint32_t s = 0; s < edge_.slots().size(); ++s) {
      const auto& slot = edge_.slots()[s];
      ranked_.clear();
      for (std::uint32_t type = 0; type < snapshot::kContentTypes; ++type) {
        if (((slot.type_mask >> type) & 1U) == 0) continue;
        const auto range = edge_.items_of(static_cast<snapshot::ContentType>(type));
        for (std::uint32_t i = range.begin; i < range.end; ++i) ranked_.push_back(i);
      }
      const std::size_t size = std::min<std::size_t>(most(s, slot.limit), ranked_.size());
      std::partial_sort(ranked_.begin(), ranked_.begin() + static_cast<std::ptrdiff_t>(size), ranked_.end(),
                        [&](std::uint32_t a, std::uint32_t b) {
                          return scores[a] != scores[b] ? scores[a] > scores[b]
                                                        : edge_.items()[a].id < edge_.items()[b].id;
                        });
      for (std::size_t r = 0; r < size; ++r) keep(s, edge_.items()[ranked_[r]].id);
    }
  }

  void keep(std::uint32_t slot, std::uint32_t item_id) {
    if (candidates_.insert(item_id).second && slot < edge_.slots().size()) ++kept_[slot];
  }
  [[nodiscard]] std::size_t kept_for(std::uint32_t slot) const {
    const auto found = kept_.find(slot);
    return found == kept_.end() ? 0 : found->second;
  }
  [[nodiscard]] const std::unordered_set<std::uint32_t>& candidates() const { return candidates_; }

 private:
  const SnapshotView& edge_;
  std::vector<std::byte> scratch_;
  std::vector<std::uint32_t> ranked_;
  std::unordered_set<std::uint32_t> candidates_;         // item ids
  std::unordered_map<std::uint32_t, std::size_t> kept_;  // slot -> candidates that it brought in
};

void add_candidates_by_answer(const SnapshotView& edge, Cutter& cutter) {
  for (const auto& question : edge.questions()) {
    if (!(question.weight > 0)) continue;
    for (std::uint32_t o = 0; o < question.option_count; ++o) {
      Visitor visitor;
      visitor.answer_count = 1;
      visitor.answers[0] = static_cast<std::uint16_t>(edge.options()[question.first_option + o].id);
      cutter.add_best(visitor, [&](std::uint32_t slot, std::size_t limit) {
        return cutter.kept_for(slot) < 12 * limit ? limit : 0;
      });
    }
  }
}

// Items that experiments pin or keep out: their UUIDs are texts among the program's values.
void keep_named_by_flags(const SnapshotInput& full, const SnapshotView& edge, Cutter& cutter) {
  std::vector<std::uint64_t> words((full.program.size() + 7) / 8);  // aligned to 8
  std::memcpy(words.data(), full.program.data(), full.program.size());
  const auto program = experiment::open_program(std::as_bytes(std::span(words)).first(full.program.size()));
  if (!program) return;
  for (const auto& value : program->conditions.constants.rows) {
    if (value.kind != experiment::Kind::kString) continue;
    const auto uuid = origin::parse_uuid(program->text(value.text));
    if (!uuid) continue;
    const std::uint32_t item = edge.find_item_by_uuid(std::span<const std::uint8_t, 16>(*uuid));
    if (item != snapshot::kNone) cutter.keep(snapshot::kNone, edge.items()[item].id);
  }
}

// Options of questions that are inferred from what a visitor liked.
std::unordered_set<std::uint32_t> inferred_options(const SnapshotInput& full) {
  std::unordered_set<std::uint32_t> options;
  for (const auto& question : full.questions) {
    if (!question.from_history) continue;
    for (const auto& option : question.options) options.insert(option.id);
  }
  return options;
}

}  // namespace

SnapshotInput cut_pack(const SnapshotInput& full, const SnapshotView& edge, std::uint32_t segment) {
  Visitor typical;
  typical.segment_id = static_cast<std::uint16_t>(edge.segments()[segment].id);
  Cutter cutter(edge);
  cutter.add_best(typical, [](std::uint32_t, std::size_t limit) { return std::max<std::size_t>(16, 4 * limit); });
  if (segment == 0) add_candidates_by_answer(edge, cutter);
  for (const auto& rule : full.rules) cutter.keep(snapshot::kNone, rule.item_id);
  if (!full.program.empty()) keep_named_by_flags(full, edge, cutter);
  const auto& candidates = cutter.candidates();

  SnapshotInput pack = full;
  pack.pack_segment_id = edge.segments()[segment].id;
  pack.items.clear();
  pack.program.clear();  // behind a worker the browser gets results, not rules; else the manifest's `flags`
  const auto taste = inferred_options(full);
  std::vector<const snapshot::ItemInput*> ghosts;
  for (const auto& item : full.items) {
    if (candidates.contains(item.id)) {
      pack.items.push_back(item);
      continue;
    }
    const bool speaks = std::any_of(item.neighbours.begin(), item.neighbours.end(),
                                    [&](const auto& neighbour) { return candidates.contains(neighbour.item_id); }) ||
                        std::any_of(item.affinities.begin(), item.affinities.end(),
                                    [&](const auto& affinity) { return taste.contains(affinity.option_id); });
    if (speaks) ghosts.push_back(&item);
  }
  std::stable_sort(ghosts.begin(), ghosts.end(), [](const auto* a, const auto* b) { return a->bias > b->bias; });
  if (ghosts.size() > kMaxGhosts) ghosts.resize(kMaxGhosts);
  for (const auto* item : ghosts) {
    snapshot::ItemInput ghost = *item;
    ghost.history_only = true;
    ghost.body.clear();
    pack.items.push_back(std::move(ghost));
  }
  for (auto& item : pack.items) {
    std::erase_if(item.neighbours, [&](const auto& neighbour) { return !candidates.contains(neighbour.item_id); });
  }
  return pack;
}

}  // namespace footlight::publish
