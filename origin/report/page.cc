#include "origin/report/page.h"

#include <array>
#include <sodium.h>

#include <fmt/format.h>

#include "origin/publish/signing_key.h"
#include "origin/report/svg.h"

namespace footlight::report {
namespace {

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--paper:#fff;--ink:#1c1d21;--soft:#5d6270;--grid:#e3e5ea;--card:#f6f7f9;
--c0:#1f5fbf;--c1:#c2500a;--c2:#1c7f4e;--c3:#8a3fa8;--c4:#8a6d00;--c5:#b3264a}
@media (prefers-color-scheme:dark){:root{--paper:#14161a;--ink:#e8eaee;--soft:#a0a6b4;--grid:#31353e;--card:#1c1f25;
--c0:#78a9f5;--c1:#f0995a;--c2:#62c794;--c3:#c88fe0;--c4:#d9bd55;--c5:#f07f9b}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:72rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:0 0 .3rem}
p{max-width:46rem;margin:.3rem 0 .8rem}
.subtitle,figcaption{color:var(--soft)}
section{margin-top:2.2rem;border-top:1px solid var(--grid);padding-top:1.2rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem}
figure{margin:0;background:var(--card);border-radius:.5rem;padding:.8rem;max-width:36rem;width:100%}
figcaption{font-size:.9rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}
.grid{stroke:var(--grid)}.axis{stroke:var(--soft)}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}
.line{fill:none;stroke:var(--c);stroke-width:2}.line.dashed,.reference{stroke-dasharray:5 4}
.reference{stroke:var(--c1);stroke-width:1.5}
.mark{fill:var(--c)}.bar{fill:var(--c0);opacity:.8}.bar-error{stroke:var(--c,var(--ink));stroke-width:1.5}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:0 0 .4rem;padding:0;font-size:.9rem}
.legend li::before{content:"";display:inline-block;width:1.1em;border-top:3px solid var(--c);vertical-align:middle;
margin-right:.4em}.legend li.dashed::before{border-top-style:dashed}
.numbers{display:flex;flex-wrap:wrap;gap:.6rem;margin:.6rem 0 1rem}
.numbers div{background:var(--card);border-radius:.5rem;padding:.5rem .9rem;min-width:8.5rem}
.numbers b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}.numbers span{color:var(--soft);font-size:.9rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums;margin:.4rem 0 1rem}
th,td{padding:.25rem .5rem;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;min-width:9rem}
th{color:var(--soft);font-weight:600}
.note{border-left:3px solid var(--c1);padding:.1rem 0 .1rem .8rem}
@media print{section{break-inside:avoid}}
)css";

}  // namespace

const std::string& page_policy() {
  static const std::string policy = [] {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(kStyle.data()), kStyle.size());
    return fmt::format(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        publish::to_base64(hash));
  }();
  return policy;
}

Page::Page(std::string_view title, std::string_view subtitle) {
  html_ = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<h1>{}</h1>\n<p class=\"subtitle\">{}</p>\n",
      escape(title), kStyle, escape(title), escape(subtitle));
}

void Page::close_figures() {
  if (in_figures_) html_ += "</div>\n";
  in_figures_ = false;
}

void Page::section(std::string_view heading, std::string_view text) {
  close_figures();
  if (in_section_) html_ += "</section>\n";
  in_section_ = true;
  html_ += fmt::format("<section>\n<h2>{}</h2>\n<p>{}</p>\n", escape(heading), escape(text));
}

void Page::text(std::string_view paragraph) {
  close_figures();
  html_ += fmt::format("<p>{}</p>\n", escape(paragraph));
}

void Page::note(std::string_view paragraph) {
  close_figures();
  html_ += fmt::format("<p class=\"note\">{}</p>\n", escape(paragraph));
}

void Page::numbers(const std::vector<std::pair<std::string, std::string>>& values) {
  close_figures();
  html_ += "<div class=\"numbers\">";
  for (const auto& [what, value] : values) {
    html_ += fmt::format("<div><b>{}</b><span>{}</span></div>", escape(value), escape(what));
  }
  html_ += "</div>\n";
}

void Page::figure(const std::string& svg, std::string_view caption, const std::string& legend) {
  if (!in_figures_) html_ += "<div class=\"figures\">\n";
  in_figures_ = true;
  html_ += fmt::format("<figure>{}{}<figcaption>{}</figcaption></figure>\n", legend, svg, escape(caption));
}

void Page::table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
  close_figures();
  html_ += "<div class=\"wide\"><table><thead><tr>";
  for (const std::string& cell : head) html_ += fmt::format("<th>{}</th>", escape(cell));
  html_ += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    html_ += "<tr>";
    for (const std::string& cell : row) html_ += fmt::format("<td>{}</td>", escape(cell));
    html_ += "</tr>\n";
  }
  html_ += "</tbody></table></div>\n";
}

std::string Page::finish() {
  close_figures();
  if (in_section_) html_ += "</section>\n";
  in_section_ = false;
  return html_ + "</body>\n</html>\n";
}

}  // namespace footlight::report
