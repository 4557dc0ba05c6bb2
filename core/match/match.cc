#include "core/match/match.h"

#include <algorithm>
#include <bit>

#include "core/numeric/dot.h"
#include "core/numeric/elementary.h"

namespace footlight {
namespace {

constexpr double kFullMatch = 127.0 * kFoldUnit;  // an affinity of 127 times a folded weight of 1.0

std::int16_t folded(double weight) noexcept { return static_cast<std::int16_t>(weight * kFoldUnit + 0.5); }

// Whether each matching answer adds the whole weight; of a question with one answer, one can match.
bool counts_each(const snapshot::QuestionRow& question) noexcept {
  return question.kind == snapshot::QuestionKind::kMultiple && (question.flags & snapshot::kPerAnswer) != 0;
}

// Fills the columns of an unanswered question from the items the visitor liked, if they say anything about it.
void infer(const snapshot::SnapshotView& snapshot, const snapshot::QuestionRow& question, FoldedVisitor& out) noexcept {
  const bool each_counts = counts_each(question);
  double sums[snapshot::kMaxOptionsPerQuestion] = {};
  double total = 0;
  for (std::uint32_t h = 0; h < out.recent.count; ++h) {
    const double strength = out.recent.weights[h];
    if (strength <= 0.0) continue;
    const std::int8_t* row = snapshot.features(out.recent.items[h]) + question.first_option;
    std::int32_t voice = 0;
    for (std::uint32_t o = 0; o < question.option_count; ++o) {
      sums[o] += strength * row[o];
      voice += row[o];
    }
    if (voice == 0) continue;  // an item that says nothing about the question does not dilute it
    total += strength * (each_counts ? 127 : std::max(voice, 127));
  }
  if (total <= 0.0) return;
  const double weight = static_cast<double>(question.weight) * static_cast<double>(snapshot.weights().history_match);
  for (std::uint32_t o = 0; o < question.option_count; ++o) {
    out.weights[question.first_option + o] = folded(weight * (sums[o] / total));
  }
}

}  // namespace

FoldedVisitor fold(const Visitor& visitor, const snapshot::SnapshotView& snapshot, std::uint16_t today) noexcept {
  FoldedVisitor out;
  answer_masks(visitor, snapshot, out.masks);
  out.segment = segment_of(visitor, snapshot, out.masks);
  std::uint64_t masks[snapshot::kMaxQuestions];
  std::copy_n(out.masks, snapshot::kMaxQuestions, masks);
  imply_answers(snapshot, out.segment, masks);
  out.recent = recent_items(visitor, snapshot, today);
  for (std::size_t q = 0; q < snapshot.questions().size(); ++q) {
    const auto& question = snapshot.questions()[q];
    if (masks[q] == 0) {
      if ((question.flags & snapshot::kFromHistory) != 0) infer(snapshot, question, out);
      continue;
    }
    double weight = static_cast<double>(question.weight);
    // Of a question with one answer a record may yet hold several (another snapshot's, or a forged one).
    if (out.masks[q] == 0 || !counts_each(question)) weight /= std::popcount(masks[q]);
    for (std::uint32_t o = 0; o < question.option_count; ++o) {
      if (((masks[q] >> o) & 1U) != 0) out.weights[question.first_option + o] = folded(weight);
    }
  }
  for (std::uint32_t c = 0; c < snapshot.options().size(); ++c) {
    if (out.weights[c] != 0) out.columns[out.column_count++] = static_cast<std::uint16_t>(c);
  }
  return out;
}

double match(const FoldedVisitor& folded, const snapshot::SnapshotView& snapshot, std::uint32_t item) noexcept {
  return dot(folded.weights, snapshot.features(item), snapshot.stride()) / kFullMatch;
}

std::size_t match_factors(const FoldedVisitor& folded, const snapshot::SnapshotView& snapshot, std::uint32_t item,
                          std::span<MatchFactor, kMaxFactors> factors) noexcept {
  std::size_t count = 0;
  const std::int8_t* row = snapshot.features(item);
  for (std::uint32_t c = 0; c < folded.column_count;) {  // columns of one question stand together
    const std::uint32_t question = snapshot.options()[folded.columns[c]].question;
    std::int32_t sum = 0;
    std::int32_t strongest = 0;
    std::uint32_t argument = 0;
    for (; c < folded.column_count && snapshot.options()[folded.columns[c]].question == question; ++c) {
      const std::uint32_t column = folded.columns[c];
      const std::int32_t part = std::int32_t{folded.weights[column]} * row[column];
      sum += part;
      if (part > strongest) {
        strongest = part;
        argument = column;
      }
    }
    if (sum <= 0) continue;
    factors[count++] = {snapshot::ReasonKind::kQuestion, static_cast<std::uint16_t>(question), argument,
                        sum / kFullMatch};
  }
  // Few and nearly sorted: insertion keeps equal scores in question order.
  for (std::size_t i = 1; i < count; ++i) {
    const MatchFactor factor = factors[i];
    std::size_t at = i;
    for (; at > 0 && factors[at - 1].score < factor.score; --at) factors[at] = factors[at - 1];
    factors[at] = factor;
  }
  return count;
}

double calculate_confidence(std::span<const MatchFactor> factors, double slope) noexcept {
  double sum = 0;
  for (const MatchFactor& factor : factors) sum += factor.score > 0 ? factor.score : 0;
  return 1.0 - exp_exact(-slope * sum);
}

}  // namespace footlight
