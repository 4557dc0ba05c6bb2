#include "origin/experiment/outcomes.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "origin/experiment/published_flags.h"

namespace footlight::experiment {
namespace {

using origin::Database;

constexpr double kDayMs = 86'400'000;
constexpr double kHourMs = 3'600'000;
constexpr std::int64_t kExposureAction = 4;

using Values = std::array<double, kParts>;

struct Unit {
  std::int64_t visitor = 0;
  std::size_t variant = 0;
  std::uint32_t segment = 0;
  std::int64_t exposed_ms = 0;
  std::int64_t until_ms = 0;  // exclusive
};

// One event of a unit, from either table.
struct Event {
  std::int64_t at_ms = 0;
  std::string_view action;  // of an interaction; empty: a conversion
  std::string_view goal;
  std::string_view slot;
  std::string_view type;
  std::string_view uuid;
  std::string_view foreign_id;
  double value = 0;
  double seconds = 0;
};

constexpr std::string_view kActions[] = {"view", "click", "engage", "convert"};

bool counts(const EventFilter& filter, const Event& event) {
  if (!filter.goal.empty()) return event.goal == filter.goal;
  if (event.action != filter.action) return false;
  if (!filter.slot.empty() && event.slot != filter.slot) return false;
  if (!filter.type.empty() && event.type != filter.type) return false;
  return filter.content.empty() || event.uuid == filter.content || event.foreign_id == filter.content;
}

double amount(const EventFilter& filter, const Event& event) {
  switch (filter.measure) {
    case Measure::kCount:
      return 1;
    case Measure::kValue:
      return event.value;
    case Measure::kSeconds:
      return event.seconds;
  }
  return 0;
}

struct DecidingEvent {
  std::int64_t at_ms = 0;
  std::size_t unit = 0;
  Part part = kValue;
  double amount = 0;
};

class Collector {
 public:
  Collector(Database& db, const ABTest& test, std::int64_t now) : db_(db), test_(test), now_(now) {
    const auto deciding =
        std::find_if(test.metrics.begin(), test.metrics.end(), [](const TestMetric& m) { return !m.guardrail; });
    out_.deciding = static_cast<std::size_t>(deciding - test.metrics.begin());
  }

  Outcomes run() {
    read_units();
    rows_.resize(units_.size() * test_.metrics.size());
    std::size_t kept = 0;
    for (std::size_t u = 0; u < units_.size(); ++u) {
      const std::size_t deciding_before = deciding_.size();
      if (kept != u) units_[kept] = units_[u];
      std::fill_n(rows_.begin() + static_cast<std::ptrdiff_t>(kept * test_.metrics.size()), test_.metrics.size(),
                  Values{});
      if (read_events(kept)) {
        ++kept;
      } else {  // a program
        ++out_.bots;
        deciding_.resize(deciding_before);
      }
    }
    units_.resize(kept);
    cap();
    sum();
    follow();
    return std::move(out_);
  }

 private:
  void read_units() {
    std::map<std::string, std::size_t, std::less<>> index;
    for (std::size_t v = 0; v < test_.variants.size(); ++v) index.emplace(test_.variants[v].key, v);
    const auto window = static_cast<std::int64_t>(test_.attribution_hours * kHourMs);
    const bool is_rollout = test_.kind == TestKind::kRollout;
    auto query = db_.prepare(
        "SELECT e.visitor, e.variant, e.exposed_at, v.segment_id FROM exposures e "
        "JOIN visitors v ON v.visitor = e.visitor WHERE e.experiment = ? AND e.exposed_at <= ? "
        "ORDER BY e.visitor, e.exposed_at, e.variant");
    query->bind(1, test_.id);
    query->bind(2, now_);
    std::int64_t visitor = 0;
    bool excluded = false;
    while (query->executeStep()) {
      const auto found = index.find(query.text(1));
      if (found == index.end()) {
        ++out_.unknown;
        continue;
      }
      const std::int64_t at = query.integer(2);
      if (query.integer(0) != visitor) {
        visitor = query.integer(0);
        excluded = false;
        units_.push_back({visitor, found->second, static_cast<std::uint32_t>(query.integer(3)), at, at + window});
      } else if (is_rollout) {
        units_.back().until_ms = std::min(units_.back().until_ms, at);
      } else if (!excluded) {
        excluded = true;
        units_.pop_back();
        ++out_.data.multiple_exposed;
      }
      if (out_.first_ms == 0 || at < out_.first_ms) out_.first_ms = at;
      out_.last_ms = std::max(out_.last_ms, at);
    }
  }

  void take(std::size_t u, const Event& event) {
    const Unit& unit = units_[u];
    const bool before = event.at_ms < unit.exposed_ms;
    if (!before && event.at_ms >= unit.until_ms) return;
    for (std::size_t m = 0; m < test_.metrics.size(); ++m) {
      const TestMetric& metric = test_.metrics[m];
      Values& values = rows_[u * test_.metrics.size() + m];
      const auto add = [&](const EventFilter& filter, Part part) {
        if (!counts(filter, event)) return;
        const double change = amount(filter, event);
        values[part] = metric.kind == MetricKind::kProportion ? 1 : values[part] + change;
        if (m == out_.deciding && !before) deciding_.push_back({event.at_ms, u, part, change});
      };
      add(metric.events, before ? kValueBefore : kValue);
      if (metric.kind == MetricKind::kRatio) add(metric.per, before ? kBaseBefore : kBase);
    }
  }

  // False when the unit behaves like a program.
  bool read_events(std::size_t u) {
    const Unit unit = units_[u];
    const auto from = unit.exposed_ms - static_cast<std::int64_t>(test_.before_days * kDayMs);
    const std::int64_t until = std::min(unit.until_ms, now_ + 1);
    std::int64_t hour = 0;
    std::int64_t in_hour = 0;
    auto query = db_.prepare(
        "SELECT i.occurred_at, i.action, i.duration_ms, i.slot, c.type, c.uuid, c.foreign_id FROM interactions i "
        "LEFT JOIN content c ON c.item_id = i.item_id "
        "WHERE i.visitor = ?1 AND i.occurred_at >= ?2 AND i.occurred_at < ?3 AND i.action <> ?4 "
        "ORDER BY i.occurred_at");
    query->bind(1, unit.visitor);
    query->bind(2, from);
    query->bind(3, until);
    query->bind(4, kExposureAction);
    while (query->executeStep()) {
      Event event;
      event.at_ms = query.integer(0);
      event.action = kActions[static_cast<std::size_t>(query.integer(1))];
      event.seconds = static_cast<double>(query.integer(2)) / 1000;
      event.slot = query.text(3);
      event.type = query.text(4);
      event.uuid = query.text(5);
      event.foreign_id = query.text(6);
      const auto its_hour = static_cast<std::int64_t>(static_cast<double>(event.at_ms) / kHourMs);
      in_hour = its_hour == hour ? in_hour + 1 : 1;
      hour = its_hour;
      if (in_hour > kMostEventsAnHour) return false;
      take(u, event);
    }
    auto conversions = db_.prepare(
        "SELECT occurred_at, goal, value FROM conversions WHERE visitor = ?1 AND occurred_at >= ?2 AND occurred_at < "
        "?3");
    conversions->bind(1, unit.visitor);
    conversions->bind(2, from);
    conversions->bind(3, until);
    std::int64_t reached = 0;
    while (conversions->executeStep()) {
      if (++reached > kMostEventsAnHour * 24) return false;
      Event event;
      event.at_ms = conversions.integer(0);
      event.goal = conversions.text(1);
      event.value = conversions.is_null(2) ? 0 : conversions.real(2);
      take(u, event);
    }
    return true;
  }

  [[nodiscard]] Values& row(std::size_t unit, std::size_t metric) {
    return rows_[unit * test_.metrics.size() + metric];
  }

  void cap() {
    caps_.assign(test_.metrics.size(), std::nullopt);
    for (std::size_t m = 0; m < test_.metrics.size(); ++m) {
      caps_[m] = test_.metrics[m].cap;
      if (test_.metrics[m].cap_percentile && !units_.empty()) {
        std::vector<double> values;
        values.reserve(units_.size());
        for (std::size_t u = 0; u < units_.size(); ++u) values.push_back(row(u, m)[kValue]);
        const auto at =
            static_cast<std::ptrdiff_t>(*test_.metrics[m].cap_percentile * static_cast<double>(values.size() - 1));
        std::nth_element(values.begin(), values.begin() + at, values.end());
        // Where hardly anybody has a value, a cap of 0 would take all of it away.
        if (values[static_cast<std::size_t>(at)] > 0) caps_[m] = values[static_cast<std::size_t>(at)];
      }
      if (!caps_[m]) continue;
      for (std::size_t u = 0; u < units_.size(); ++u) {
        for (const Part part : {kValue, kValueBefore}) row(u, m)[part] = capped(row(u, m)[part], *caps_[m]);
      }
    }
  }

  [[nodiscard]] ExperimentData empty() const {
    ExperimentData data;
    data.name = test_.name;
    data.fixed_shares = test_.kind != TestKind::kRollout && !test_.bandit;
    for (const TestVariant& variant : test_.variants) {
      data.variants.push_back(variant.key);
      data.weights.push_back(variant.weight);
    }
    data.units.assign(test_.variants.size(), 0);
    for (const TestMetric& metric : test_.metrics) {
      data.metrics.push_back({metric.name,
                              {.kind = metric.kind, .before = false},
                              metric.less_is_better,
                              metric.guardrail,
                              std::vector<Sums>(test_.variants.size())});
    }
    return data;
  }

  void add(ExperimentData& data, std::size_t u) {
    const Unit& unit = units_[u];
    data.units[unit.variant] += 1;
    for (std::size_t m = 0; m < data.metrics.size(); ++m) {
      const Values& values = row(u, m);
      data.metrics[m].variants[unit.variant].add(values);
      if (values[kValueBefore] != 0 || values[kBaseBefore] != 0) data.metrics[m].metric.before = true;
    }
  }

  void sum() {
    const double multiple = out_.data.multiple_exposed;
    out_.data = empty();
    out_.data.multiple_exposed = multiple;
    std::map<std::uint32_t, ExperimentData> segments;
    for (std::size_t u = 0; u < units_.size(); ++u) {
      add(out_.data, u);
      add(segments.try_emplace(units_[u].segment, empty()).first->second, u);
    }
    if (segments.size() < 2) return;
    for (auto& [segment, data] : segments) out_.segments.push_back({segment, std::move(data)});
  }

  // The deciding metric day by day.
  void follow() {
    if (units_.empty()) return;
    std::sort(deciding_.begin(), deciding_.end(),
              [](const DecidingEvent& a, const DecidingEvent& b) { return a.at_ms < b.at_ms; });
    const TestMetric& metric = test_.metrics[out_.deciding];
    const double span = static_cast<double>(now_ - out_.first_ms) + 1;
    const auto days = static_cast<std::size_t>(std::clamp(span / kDayMs + 1, 1.0, double{kMostDays}));
    std::vector<Values> so_far(units_.size());
    for (std::size_t u = 0; u < units_.size(); ++u) {  // what lies before is known from the first day on
      so_far[u][kValueBefore] = row(u, out_.deciding)[kValueBefore];
      so_far[u][kBaseBefore] = row(u, out_.deciding)[kBaseBefore];
    }
    std::size_t next = 0;
    for (std::size_t d = 1; d <= days; ++d) {
      DayOutcomes day;
      day.until_ms =
          d == days
              ? now_
              : out_.first_ms + static_cast<std::int64_t>(span * static_cast<double>(d) / static_cast<double>(days));
      for (; next < deciding_.size() && deciding_[next].at_ms <= day.until_ms; ++next) {
        double& value = so_far[deciding_[next].unit][deciding_[next].part];
        value = metric.kind == MetricKind::kProportion ? 1 : value + deciding_[next].amount;
      }
      day.units.assign(test_.variants.size(), 0);
      day.variants.resize(test_.variants.size());
      for (std::size_t u = 0; u < units_.size(); ++u) {
        if (units_[u].exposed_ms > day.until_ms) continue;
        Values values = so_far[u];
        if (caps_[out_.deciding]) values[kValue] = capped(values[kValue], *caps_[out_.deciding]);
        day.units[units_[u].variant] += 1;
        day.variants[units_[u].variant].add(values);
      }
      out_.days.push_back(std::move(day));
    }
  }

  Database& db_;
  const ABTest& test_;
  const std::int64_t now_;
  Outcomes out_;
  std::vector<Unit> units_;
  std::vector<Values> rows_;  // by unit, then metric
  std::vector<std::optional<double>> caps_;
  std::vector<DecidingEvent> deciding_;
};

}  // namespace

Outcomes collect_outcomes(Database& db, const origin::Vault& vault, ABTest test, std::int64_t now_ms) {
  // Goals are kept as keyed hashes, so that is what they are compared with.
  for (TestMetric& metric : test.metrics) {
    for (EventFilter* filter : {&metric.events, &metric.per}) {
      if (!filter->goal.empty()) filter->goal = vault.goal_hash(filter->goal);
    }
  }
  return Collector(db, test, now_ms).run();
}

}  // namespace footlight::experiment
