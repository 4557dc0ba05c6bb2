#include "origin/schedule/off_peak.h"

namespace footlight::schedule {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 86'400'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "02:00" to 120; -1 for anything else.
std::int32_t minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return -1;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (!is_digit(text[i])) return -1;
  }
  const std::int32_t hours = (text[0] - '0') * 10 + (text[1] - '0');
  const std::int32_t minutes = (text[3] - '0') * 10 + (text[4] - '0');
  return hours < 24 && minutes < 60 ? 60 * hours + minutes : -1;
}

}  // namespace

std::optional<OffPeak> parse_off_peak(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const OffPeak hours{minutes_of(text.substr(0, 5)), minutes_of(text.substr(6))};
  if (hours.from_min < 0 || hours.until_min < 0 || hours.from_min == hours.until_min) return std::nullopt;
  return hours;
}

std::optional<std::int64_t> window_at(const OffPeak& hours, std::int64_t now_ms) {
  std::int64_t length = (hours.until_min - hours.from_min) * kMinuteMs;
  if (length < 0) length += kDayMs;
  const std::int64_t day = now_ms / kDayMs * kDayMs;
  for (const std::int64_t opened : {day + hours.from_min * kMinuteMs, day - kDayMs + hours.from_min * kMinuteMs}) {
    if (opened <= now_ms && now_ms < opened + length) return opened;
  }
  return std::nullopt;
}

std::int64_t window_from(const OffPeak& hours, std::int64_t now_ms) {
  if (const auto opened = window_at(hours, now_ms)) return *opened;
  const std::int64_t today = now_ms / kDayMs * kDayMs + hours.from_min * kMinuteMs;
  return today > now_ms ? today : today + kDayMs;
}

}  // namespace footlight::schedule
