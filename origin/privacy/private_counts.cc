#include "origin/privacy/private_counts.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace footlight::origin {
namespace {

constexpr std::string_view kActions[] = {"view", "click", "engage", "convert"};

}  // namespace

ResponseEstimate estimate_response(std::uint64_t reports, std::uint64_t ones, double epsilon) {
  if (reports == 0) return {0, std::numeric_limits<double>::infinity()};
  const double p = 1 / (1 + std::exp(-epsilon));
  const double n = static_cast<double>(reports);
  const double y = static_cast<double>(ones) / n;
  const double spread = 2 * p - 1;
  // With all reports alike the variance would come out as none: half a report on either side keeps it honest.
  const double kept = std::clamp(y, 0.5 / n, 1 - 0.5 / n);
  return {(y - (1 - p)) / spread, std::sqrt(kept * (1 - kept) / std::max(1.0, n - 1)) / spread};
}

bool insert_private_report(Store& store, const PrivateReport& report) {
  return store.writer()
      .submit([&report](Database& db) {
        std::int64_t item = 0;
        {
          auto query = db.prepare("SELECT item_id FROM content WHERE uuid = ?1 OR foreign_id = ?1 LIMIT 1");
          query->bind(1, report.content_id);
          if (!query->executeStep()) return false;
          item = query.integer(0);
        }
        auto put = db.prepare(
            "INSERT INTO private_counts (item_id, action, day, epsilon_hundredths, reports, ones) "
            "VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (item_id, action, day, epsilon_hundredths) "
            "DO UPDATE SET reports = reports + 1, ones = ones + excluded.ones");
        put->bind(1, item);
        put->bind(2, static_cast<std::int64_t>(report.action));
        put->bind(3, report.day);
        put->bind(4, static_cast<std::int64_t>(std::lround(report.epsilon * 100)));
        put->bind(5, report.bit ? 1 : 0);
        put->exec();
        return true;
      })
      .get();
}

void for_each_private_estimate(Store& store, std::int64_t since_day,
                               const std::function<void(const PrivateEstimate&)>& visit) {
  auto db = store.reader();
  auto query = db->prepare(
      "SELECT c.uuid, r.action, r.epsilon_hundredths, sum(r.reports), sum(r.ones) FROM private_counts r "
      "JOIN content c ON c.item_id = r.item_id WHERE r.day >= ? "
      "GROUP BY r.item_id, r.action, r.epsilon_hundredths ORDER BY r.item_id, r.action");
  query->bind(1, since_day);
  PrivateEstimate now;
  double weight = 0;
  const auto flush = [&] {
    if (weight <= 0) return;
    now.share /= weight;
    now.standard_error = std::sqrt(1 / weight);
    visit(now);
  };
  while (query->executeStep()) {
    const std::string_view action = kActions[static_cast<std::size_t>(query.integer(1))];
    if (query.text(0) != now.content_id || action != now.action) {
      flush();
      now = {.content_id = std::string(query.text(0)), .action = action};
      weight = 0;
    }
    const auto reports = static_cast<std::uint64_t>(query.integer(3));
    const auto one = estimate_response(reports, static_cast<std::uint64_t>(query.integer(4)),
                                       static_cast<double>(query.integer(2)) / 100);
    const double precision = 1 / (one.standard_error * one.standard_error);
    now.reports += reports;
    now.share += precision * one.share;
    weight += precision;
  }
  flush();
}

}  // namespace footlight::origin
