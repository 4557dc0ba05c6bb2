#include "core/visitor/visitor.h"

#include <algorithm>

#include "core/visitor/engagement.h"

namespace footlight {
namespace {

// Position of the question among those without options, or kNone beyond the sixteen that a record can mark.
std::uint32_t text_position(const snapshot::SnapshotView& snapshot, std::uint32_t question) noexcept {
  std::uint32_t position = 0;
  for (std::uint32_t q = 0; q < question; ++q) {
    if (snapshot.questions()[q].option_count == 0) ++position;
  }
  return position < 16 ? position : snapshot::kNone;
}

// The entry to give up for a new one: the oldest plain view, else the oldest.
std::uint32_t victim(const Visitor& visitor) noexcept {
  for (std::uint32_t i = visitor.history_count; i-- > 0;) {
    const HistoryEntry& entry = visitor.history[i];
    if (entry.action == Action::kView && entry.feedback == Feedback::kNone) return i;
  }
  return visitor.history_count - 1;
}

// Index of the segment with a stable id, or 0.
std::uint32_t segment_by_id(const snapshot::SnapshotView& snapshot, std::uint32_t id) noexcept {
  for (std::uint32_t s = 1; s < snapshot.segments().size(); ++s) {
    if (snapshot.segments()[s].id == id) return s;
  }
  return 0;
}

std::span<const snapshot::ConditionRow> conditions_of(const snapshot::SnapshotView& snapshot,
                                                      std::uint32_t segment) noexcept {
  const auto& row = snapshot.segments()[segment];
  return snapshot.conditions().subspan(row.first_condition, row.condition_count);
}

}  // namespace

Status answer(Visitor& visitor, const snapshot::SnapshotView& snapshot, std::string_view question,
              std::span<const std::string_view> values) noexcept {
  const std::uint32_t q = snapshot.find_question(question);
  if (q == snapshot::kNone) return Status::kUnknownQuestion;
  const auto& row = snapshot.questions()[q];
  if (row.option_count == 0) {
    const std::uint32_t position = text_position(snapshot, q);
    if (position == snapshot::kNone) return Status::kOk;
    const bool given = std::any_of(values.begin(), values.end(), [](std::string_view v) { return !v.empty(); });
    const auto bit = static_cast<std::uint16_t>(1U << position);
    visitor.texts_given = static_cast<std::uint16_t>(given ? visitor.texts_given | bit : visitor.texts_given & ~bit);
    return Status::kOk;
  }
  std::uint64_t mask = 0;
  for (const std::string_view value : values) {
    if (value.empty()) continue;
    const std::uint32_t option = snapshot.find_option(q, value);
    if (option == snapshot::kNone) return Status::kUnknownOption;
    const std::uint64_t bit = std::uint64_t{1} << (option - row.first_option);
    mask = row.kind == snapshot::QuestionKind::kMultiple ? mask | bit : bit;
  }
  // Keep the answers to other questions (those of other snapshots too), add the new ones, in order.
  std::uint16_t kept[kMaxAnswers + snapshot::kMaxOptionsPerQuestion];
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < visitor.answer_count; ++i) {
    const std::uint32_t option = snapshot.find_option_by_id(visitor.answers[i]);
    if (option == snapshot::kNone || snapshot.options()[option].question != q) kept[count++] = visitor.answers[i];
  }
  for (std::uint32_t o = 0; o < row.option_count; ++o) {
    if (((mask >> o) & 1U) != 0) {
      kept[count++] = static_cast<std::uint16_t>(snapshot.options()[row.first_option + o].id);
    }
  }
  if (count > kMaxAnswers) return Status::kTooLarge;
  // Nearly sorted and short, and std::sort would be a tenth of the whole engine: insertion. Option ids are unique.
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t at = i;
    for (; at > 0 && visitor.answers[at - 1] > kept[i]; --at) visitor.answers[at] = visitor.answers[at - 1];
    visitor.answers[at] = kept[i];
  }
  visitor.answer_count = count;
  return Status::kOk;
}

std::uint32_t interact(Visitor& visitor, const Interaction& interaction) noexcept {
  std::uint32_t at = 0;
  while (at < visitor.history_count && visitor.history[at].item_id != interaction.item_id) ++at;
  const bool known = at < visitor.history_count;
  const std::uint32_t points = engagement_points(interaction, known ? &visitor.history[at] : nullptr);
  visitor.engagement_points = static_cast<std::uint16_t>(std::min(visitor.engagement_points + points, 65535U));
  if (known && interaction.action == Action::kView && interaction.feedback == Feedback::kNone) return points;

  HistoryEntry entry{interaction.item_id, interaction.day, interaction.action, interaction.feedback};
  if (known) {
    const HistoryEntry& before = visitor.history[at];
    entry.action = std::max(before.action, interaction.action);
    entry.day = std::max(before.day, interaction.day);
    if (interaction.feedback == Feedback::kNone) entry.feedback = before.feedback;
  } else {
    if (visitor.history_count == kMaxHistory) {
      at = victim(visitor);
    } else {
      at = visitor.history_count++;
    }
  }
  for (; at > 0; --at) visitor.history[at] = visitor.history[at - 1];
  visitor.history[0] = entry;
  return points;
}

std::uint32_t segment_of(const Visitor& visitor, const snapshot::SnapshotView& snapshot) noexcept {
  std::uint64_t masks[snapshot::kMaxQuestions];
  answer_masks(visitor, snapshot, masks);
  return segment_of(visitor, snapshot, masks);
}

std::uint32_t segment_of(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                         std::span<const std::uint64_t> masks) noexcept {
  const auto segments = snapshot.segments();
  for (std::uint32_t s = 1; s < segments.size(); ++s) {
    const auto conditions = conditions_of(snapshot, s);
    const bool holds = !conditions.empty() && std::all_of(conditions.begin(), conditions.end(), [&](const auto& c) {
      return (masks[c.question] & c.mask) != 0;
    });
    if (holds) return s;
  }
  const std::uint32_t known = segment_by_id(snapshot, visitor.segment_id);
  const auto conditions = conditions_of(snapshot, known);
  const bool contradicted = std::any_of(conditions.begin(), conditions.end(), [&](const auto& c) {
    return masks[c.question] != 0 && (masks[c.question] & c.mask) == 0;
  });
  return contradicted ? 0 : known;
}

void answer_masks(const Visitor& visitor, const snapshot::SnapshotView& snapshot,
                  std::span<std::uint64_t> masks) noexcept {
  std::fill_n(masks.begin(), snapshot.questions().size(), std::uint64_t{0});
  // Answers are in order of id, options by question: a search for each option beats a scan for each answer.
  const std::uint16_t* end = visitor.answers + visitor.answer_count;
  for (std::size_t q = 0; q < snapshot.questions().size(); ++q) {
    const auto& question = snapshot.questions()[q];
    for (std::uint32_t o = 0; o < question.option_count; ++o) {
      const std::uint32_t id = snapshot.options()[question.first_option + o].id;
      const std::uint16_t* at = std::lower_bound(visitor.answers, end, id);
      if (at != end && *at == id) masks[q] |= std::uint64_t{1} << o;
    }
  }
}

void imply_answers(const snapshot::SnapshotView& snapshot, std::uint32_t segment,
                   std::span<std::uint64_t> masks) noexcept {
  const auto conditions = conditions_of(snapshot, segment);
  std::uint32_t open = 0;  // settled before the first is filled: two conditions may ask for one question
  for (const auto& c : conditions) open |= masks[c.question] == 0 ? 1U << c.question : 0U;
  for (const auto& c : conditions) {
    if (((open >> c.question) & 1U) != 0) masks[c.question] |= c.mask;
  }
}

}  // namespace footlight
