#include <limits>
#include <string>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "origin/report/page.h"
#include "origin/report/svg.h"

namespace {

using namespace footlight::report;

BOOST_AUTO_TEST_SUITE(report_svg)

struct TickCase {
  double low, high;
  unsigned wanted;
  std::vector<double> expected;
};
std::ostream& operator<<(std::ostream& out, const TickCase& c) { return out << c.low << " to " << c.high; }

const TickCase kTicks[] = {
    {0, 1, 5, {0, 0.2, 0.4, 0.6, 0.8, 1}},
    {0, 0.093, 5, {0, 0.02, 0.04, 0.06, 0.08, 0.1}},
    {-3, 4, 5, {-4, -2, 0, 2, 4}},
    {0, 1234, 5, {0, 500, 1000, 1500}},
    {7, 7, 1, {7, 8}},
    {1, 0, 2, {0, 0.5, 1}},
};
BOOST_DATA_TEST_CASE(ticks_are_round_and_cover, kTicks) {
  const auto made = ticks(sample.low, sample.high, sample.wanted);
  BOOST_REQUIRE_EQUAL(made.size(), sample.expected.size());
  for (std::size_t i = 0; i < made.size(); ++i)
    BOOST_TEST(made[i] == sample.expected[i], boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(ticks_of_nothing) {
  BOOST_TEST(ticks(std::numeric_limits<double>::quiet_NaN(), 1).size() == 2U);
  BOOST_TEST(ticks(0, std::numeric_limits<double>::infinity()).size() == 2U);
}

BOOST_AUTO_TEST_CASE(tick_texts) {
  BOOST_TEST(tick_text(0.4, 0.2, Unit::kPercent) == "40 %");
  BOOST_TEST(tick_text(0.015, 0.005, Unit::kPercent) == "1.5 %");
  BOOST_TEST(tick_text(1500, 500, Unit::kNumber) == "1.5 k");
  BOOST_TEST(tick_text(2e6, 1e6, Unit::kNumber) == "2 M");
  BOOST_TEST(tick_text(0.25, 0.05, Unit::kNumber) == "0.25");
  BOOST_TEST(tick_text(-1e-17, 0.2, Unit::kNumber) == "0");
}

BOOST_AUTO_TEST_CASE(text_is_escaped) {
  BOOST_TEST(escape("a<b>&\"c\"'d'\x01") == "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;\xEF\xBF\xBD");
  const std::string bad = "</svg><script>alert(1)</script>";
  const Line line{.name = bad, .points = {{0, 1}, {1, 2}}};
  const std::string chart =
      line_chart({.label = bad, .x_label = bad, .y_label = bad, .x_names = {bad, bad}, .lines = {line}});
  BOOST_TEST(chart.find("<script") == std::string::npos);
  BOOST_TEST(legend({line}).find("<script") == std::string::npos);
  BOOST_TEST(bar_chart({.label = bad, .x_label = bad, .y_label = bad, .bars = {{bad, 1}}}).find("<script") ==
             std::string::npos);
  Page page(bad, bad);
  page.section(bad, bad);
  page.note(bad);
  page.numbers({{bad, bad}});
  page.figure(chart, bad, legend({line}));
  page.table({bad}, {{bad}});
  const std::string html = page.finish();
  BOOST_TEST(html.find("<script") == std::string::npos);
  BOOST_TEST(html.find("http") == std::string::npos);  // nothing to fetch
  BOOST_TEST(html.find("url(") == std::string::npos);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

BOOST_AUTO_TEST_CASE(points_that_are_no_numbers_are_left_out) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string chart = line_chart(
      {.lines = {{.name = "a", .points = {{0, 1}, {1, nan}, {2, std::numeric_limits<double>::infinity()}, {3, 2}}}}});
  BOOST_TEST(count(chart, "<circle") == 2U);
  BOOST_TEST(chart.find("nan") == std::string::npos);
  BOOST_TEST(chart.find("inf") == std::string::npos);
  const std::string bars = bar_chart({.bars = {{"a", nan}, {"b", 2, 1, 3}}});
  BOOST_TEST(count(bars, "class=\"bar\"") == 1U);
  BOOST_TEST(count(bars, "class=\"bar-error\"") == 1U);
  BOOST_TEST(bars.find("nan") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_line_lies_where_its_numbers_say) {
  // y from 0 to 1 is 212 to 12, x from 0 to 1 is 62 to 376.
  const std::string chart = line_chart({.lines = {{.name = "a", .points = {{0, 0}, {0.5, 0.5}, {1, 1}}}}});
  BOOST_TEST(chart.find("points=\"62.0,212.0 219.0,112.0 376.0,12.0\"") != std::string::npos);
  BOOST_TEST(line_chart({}).find("</svg>") != std::string::npos);  // nothing to draw
  BOOST_TEST(bar_chart({}).find("</svg>") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
