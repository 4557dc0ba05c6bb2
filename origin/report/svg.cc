#include "origin/report/svg.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace footlight::report {
namespace {

constexpr double kWidth = 400;
constexpr double kHeight = 260;
constexpr double kLeft = 62;
constexpr double kRight = 376;
constexpr double kTop = 12;
constexpr double kBottom = 212;
constexpr std::size_t kColours = 6;

struct Axis {
  double low = 0;
  double high = 1;
  double from = 0;  // pixels
  double to = 1;
  [[nodiscard]] double at(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] bool empty() const { return low > high; }
};

std::string open_svg(const std::string& label) {
  return fmt::format(R"(<svg viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">)", kWidth, kHeight, escape(label));
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor, escape(text));
}

std::string line_at(double x1, double y1, double x2, double y2, std::string_view css) {
  return fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)", x1, y1, x2, y2, css);
}

std::string labels(const std::string& x, const std::string& y) {
  std::string out = text_at((kLeft + kRight) / 2, kHeight - 8, "middle", x);
  out += fmt::format(R"svg(<text transform="translate(12 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>)svg",
                     (kTop + kBottom) / 2, escape(y));
  return out;
}

// The grid and numbers of the y axis; fits the axis to whole steps.
std::string y_axis(Axis& axis, const Range& range, Unit unit, bool from_zero) {
  const double low = range.empty() ? 0 : from_zero ? std::min(0.0, range.low) : range.low;
  const double high = range.empty() ? 1 : from_zero ? std::max(0.0, range.high) : range.high;
  const std::vector<double> steps = ticks(low, high);
  axis = {steps.front(), steps.back(), kBottom, kTop};
  std::string out;
  for (const double step : steps) {
    const double y = axis.at(step);
    out += line_at(kLeft, y, kRight, y, "grid");
    out += text_at(kLeft - 6, y + 4, "end", tick_text(step, steps[1] - steps[0], unit));
  }
  return out;
}

bool has_interval(double low, double high) { return std::isfinite(low) && std::isfinite(high); }

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::vector<double> ticks(double low, double high, unsigned wanted) {
  if (!std::isfinite(low) || !std::isfinite(high)) return {0, 1};
  if (low > high) std::swap(low, high);
  if (low == high) high = low + std::max(1e-9, std::abs(low) * 0.1);
  const double rough = (high - low) / std::max(1U, wanted);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * (1 - 1e-9)) step = factor * power;
  }
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  const int count = static_cast<int>(last - first) + 1;  // some more than `wanted`
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(std::max(count, 0)));
  for (int n = 0; n < count; ++n) result.push_back((first + n) * step);
  return result;
}

std::string tick_text(double value, double step, Unit unit) {
  if (unit == Unit::kPercent) {
    const int digits = step >= 0.01 - 1e-12 ? 0 : step >= 0.001 - 1e-12 ? 1 : 2;
    return fmt::format("{:.{}f} %", 100 * value + 0.0, digits);
  }
  for (const auto& [unit_value, name] : {std::pair{1e6, " M"}, std::pair{1e3, " k"}}) {
    if (std::abs(value) >= unit_value && step >= unit_value / 100)
      return fmt::format("{:g}{}", value / unit_value, name);
  }
  return fmt::format("{:.6g}", std::abs(value) < step / 1e6 ? 0.0 : value);
}

std::string line_chart(const LineChart& chart) {
  Range x_range;
  Range y_range;
  for (const Line& line : chart.lines) {
    for (const Point& point : line.points) {
      x_range.take(point.x);
      for (const double y : {point.y, point.low, point.high}) y_range.take(y);
    }
  }
  std::string out = open_svg(chart.label);
  Axis y;
  out += y_axis(y, y_range, chart.y_unit, chart.from_zero);
  Axis x{0, 1, kLeft, kRight};
  if (!chart.x_names.empty()) {
    x = {-0.5, static_cast<double>(chart.x_names.size()) - 0.5, kLeft, kRight};
    const std::size_t every = (chart.x_names.size() + 7) / 8;
    for (std::size_t i = 0; i < chart.x_names.size(); i += every) {
      out += text_at(x.at(static_cast<double>(i)), kBottom + 16, "middle", chart.x_names[i]);
    }
  } else {
    const std::vector<double> steps = x_range.empty() ? ticks(0, 1) : ticks(x_range.low, x_range.high);
    x = {steps.front(), steps.back(), kLeft, kRight};
    for (const double step : steps) {
      out += text_at(x.at(step), kBottom + 16, "middle", tick_text(step, steps[1] - steps[0], chart.x_unit));
    }
  }
  out += line_at(kLeft, kBottom, kRight, kBottom, "axis");
  for (std::size_t l = 0; l < chart.lines.size(); ++l) {
    const Line& line = chart.lines[l];
    const std::size_t colour = l % kColours;
    std::string points;
    std::string marks;
    for (const Point& point : line.points) {
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
      points += fmt::format("{:.1f},{:.1f} ", x.at(point.x), y.at(point.y));
      if (line.marks) {
        marks += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="2.6" class="mark c{}"/>)", x.at(point.x),
                             y.at(point.y), colour);
      }
      if (has_interval(point.low, point.high)) {
        marks += fmt::format(R"(<line x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}" class="bar-error c{3}"/>)",
                             x.at(point.x), y.at(point.low), y.at(point.high), colour);
      }
    }
    if (points.empty()) continue;
    points.pop_back();
    out += fmt::format(R"(<polyline points="{}" class="line c{}{}"/>)", points, colour, line.dashed ? " dashed" : "");
    out += marks;
  }
  return out + labels(chart.x_label, chart.y_label) + "</svg>";
}

std::string bar_chart(const BarChart& chart) {
  Range range;
  for (const Bar& bar : chart.bars) {
    for (const double y : {bar.value, bar.low, bar.high}) range.take(y);
  }
  range.take(chart.reference);
  std::string out = open_svg(chart.label);
  Axis y;
  out += y_axis(y, range, chart.y_unit, true);
  const double step = (kRight - kLeft) / static_cast<double>(std::max<std::size_t>(1, chart.bars.size()));
  std::size_t longest = 1;
  for (const Bar& bar : chart.bars) longest = std::max(longest, bar.name.size());
  // As many names as fit: about 7 units a character, and a gap.
  const auto every = static_cast<std::size_t>(std::ceil((7.0 * static_cast<double>(longest) + 8) / step));
  for (std::size_t b = 0; b < chart.bars.size(); ++b) {
    const Bar& bar = chart.bars[b];
    const double middle = kLeft + (static_cast<double>(b) + 0.5) * step;
    if (b % every == 0) out += text_at(middle, kBottom + 16, "middle", bar.name);
    if (!std::isfinite(bar.value)) continue;
    const double top = std::min(y.at(bar.value), y.at(0));
    out += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="bar"/>)",
                       middle - 0.36 * step, top, 0.72 * step, std::abs(y.at(bar.value) - y.at(0)));
    if (has_interval(bar.low, bar.high)) {
      out += line_at(middle, y.at(bar.low), middle, y.at(bar.high), "bar-error");
    }
  }
  out += line_at(kLeft, y.at(0), kRight, y.at(0), "axis");
  if (std::isfinite(chart.reference)) {
    out += line_at(kLeft, y.at(chart.reference), kRight, y.at(chart.reference), "reference");
  }
  return out + labels(chart.x_label, chart.y_label) + "</svg>";
}

std::string legend(const std::vector<Line>& lines) {
  std::string out = "<ul class=\"legend\">";
  for (std::size_t l = 0; l < lines.size(); ++l) {
    out += fmt::format("<li class=\"c{}{}\">{}</li>", l % kColours, lines[l].dashed ? " dashed" : "",
                       escape(lines[l].name));
  }
  return out + "</ul>";
}

}  // namespace footlight::report
