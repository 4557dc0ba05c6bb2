// One HTML file that needs nothing else: its style inside, drawings as SVG, no script, no request; light and dark as
// the reader's system has it; one column on a phone, two on a desk.
//
//     Page page("Footlight report", "version 12 against 11");
//     page.section("Calibration", "Of cards that …");
//     page.figure(line_chart(chart), "Held-out impressions");
//     page.table({"item", "moved"}, {{"The Salt Road", "+12"}});
//     std::string html = page.finish();
//
// Texts are escaped here; figures are taken as they come from svg.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace footlight::report {

// The Content-Security-Policy that a page lives under: its own style sheet, by hash, and nothing else.
[[nodiscard]] const std::string& page_policy();

class Page {
 public:
  Page(std::string_view title, std::string_view subtitle);

  void section(std::string_view heading, std::string_view text);
  void text(std::string_view paragraph);
  void note(std::string_view paragraph);  // what is missing, and how to come by it
  // Large numbers side by side: what, and how much.
  void numbers(const std::vector<std::pair<std::string, std::string>>& values);
  void figure(const std::string& svg, std::string_view caption, const std::string& legend = {});
  // The first column is text, the others are set to the right. Scrolls sideways where it is too wide.
  void table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows);
  [[nodiscard]] std::string finish();

 private:
  void close_figures();

  std::string html_;
  bool in_section_ = false;
  bool in_figures_ = false;
};

}  // namespace footlight::report
