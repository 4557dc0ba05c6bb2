// Charts as SVG text for a page that loads nothing: axes, ticks, lines, bars, intervals.
//
//     std::string svg = line_chart({.x_label = "predicted", .y_label = "observed", .lines = {{"clicks", points}}});
//
// A chart is 400 x 260 units and scales with the page. Colours are CSS variables of page.h (--c0 to --c5 for series,
// --ink, --grid), so that light and dark share one drawing. All text is escaped; numbers are written with at most six
// digits, never as nan or inf: a point that is not finite is left out. Pure functions, thread-safe.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace footlight::report {

// & < > " ' as entities; what XML 1.0 does not allow (control characters) becomes U+FFFD.
[[nodiscard]] std::string escape(std::string_view text);

// Round steps (1, 2, 5 times a power of ten) that cover [low, high], about `wanted` of them, ascending; the first is at
// most `low`, the last at least `high`. An empty or unordered range is widened to one step.
[[nodiscard]] std::vector<double> ticks(double low, double high, unsigned wanted = 5);

// Short: "0.25", "12 k", "1.5 M", "40 %".
enum class Unit { kNumber, kPercent };
[[nodiscard]] std::string tick_text(double value, double step, Unit unit);

struct Point {
  double x = 0;
  double y = 0;
  // An interval around y; drawn when both are finite.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

struct Line {
  std::string name;
  std::vector<Point> points;  // in the order in which they are joined
  bool dashed = false;
  bool marks = true;
};

struct LineChart {
  std::string label;  // what a screen reader says
  std::string x_label;
  std::string y_label;
  Unit x_unit = Unit::kNumber;
  Unit y_unit = Unit::kNumber;
  std::vector<std::string> x_names;  // not empty: x are indexes into these, and these are the ticks
  std::vector<Line> lines;           // at most six
  bool from_zero = true;             // the y axis begins at 0, or below when a value is
};
[[nodiscard]] std::string line_chart(const LineChart& chart);

struct Bar {
  std::string name;
  double value = 0;
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

struct BarChart {
  std::string label;
  std::string x_label;
  std::string y_label;
  Unit y_unit = Unit::kNumber;
  std::vector<Bar> bars;
  double reference = std::numeric_limits<double>::quiet_NaN();  // a dashed line across
};
[[nodiscard]] std::string bar_chart(const BarChart& chart);

// The names of a chart's lines with their colours, as an HTML list.
[[nodiscard]] std::string legend(const std::vector<Line>& lines);

}  // namespace footlight::report
