#include "core/visitor/engagement.h"

#include <algorithm>

#include "core/numeric/elementary.h"

namespace footlight {
namespace {

constexpr std::uint32_t kActionPoints[] = {1, 4, 6, 20};
constexpr std::uint32_t kLevelFrom[] = {4, 24, 64, 160};
constexpr double kLn2 = 0.69314718055994530942;

}  // namespace

std::uint32_t engagement_points(const Interaction& interaction, const HistoryEntry* before) noexcept {
  if (interaction.feedback == Feedback::kNegative) return 0;
  std::uint32_t points = std::min<std::uint32_t>(interaction.duration_ms / 10000U, 6U);
  if (before == nullptr || interaction.action != Action::kView) {
    points += kActionPoints[static_cast<std::size_t>(interaction.action)];
  }
  const bool liked_before = before != nullptr && before->feedback == Feedback::kPositive;
  if (interaction.feedback == Feedback::kPositive && !liked_before) points += 6;
  return points;
}

std::uint32_t engagement_level(const Visitor& visitor) noexcept {
  std::uint32_t level = 1;
  for (const std::uint32_t from : kLevelFrom) level += visitor.engagement_points >= from ? 1U : 0U;
  return level;
}

std::uint32_t personalization_score(const Visitor& visitor, const snapshot::SnapshotView& snapshot) noexcept {
  std::uint64_t masks[snapshot::kMaxQuestions];
  answer_masks(visitor, snapshot, masks);
  return personalization_score(visitor, snapshot, masks);
}

std::uint32_t personalization_score(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                                    std::span<const std::uint64_t> masks) noexcept {
  double answered = 0;
  std::uint32_t text = 0;
  for (std::size_t q = 0; q < snapshot.questions().size(); ++q) {
    const auto& question = snapshot.questions()[q];
    bool given = masks[q] != 0;
    if (question.option_count == 0) {
      given = text < 16 && ((visitor.texts_given >> text) & 1U) != 0;
      ++text;
    }
    if (given) answered += static_cast<double>(question.completeness);
  }
  const double known = 1.0 - exp_exact(-kLn2 * visitor.engagement_points / 24.0);
  const double score = 85.0 * std::min(answered, 1.0) + 15.0 * known;
  return static_cast<std::uint32_t>(std::min(score, 100.0) + 0.5);
}

}  // namespace footlight
