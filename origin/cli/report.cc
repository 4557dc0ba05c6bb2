// footlight report: what the model does, as one HTML file.
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>

#include "core/snapshot/builder.h"
#include "origin/cli/commands.h"
#include "origin/cli/find_snapshot.h"
#include "origin/cli/open_store.h"
#include "origin/cli/progress.h"
#include "origin/publish/assemble.h"
#include "origin/publish/file_write.h"
#include "origin/report/findings.h"
#include "origin/report/model_page.h"

namespace footlight::cli {
namespace {

struct Wanted {
  std::string snapshot;
  std::string out = "footlight-report.html";
};

// What `footlight publish` would make now; null without a site or content.
std::shared_ptr<const publish::LiveSnapshot> candidate_of(origin::Store& store) {
  const auto site = store.site();
  if (!site || store.content_count() == 0) return nullptr;
  std::optional<learn::Model> model;
  if (const auto bytes = store.model(learn::kModelName)) model = learn::decode_model(*bytes);
  publish::Assembled assembled = publish::assemble(store, site->site, model);
  assembled.input.version = 0;
  const auto bytes = snapshot::build(assembled.input);
  if (!bytes) throw std::runtime_error("no snapshot can be built: " + bytes.error().what);
  return std::make_shared<const publish::LiveSnapshot>(*bytes);
}

void run(const Globals& globals, const Wanted& wanted) {
  const auto store = open_existing_store(globals);
  const auto subject = wanted.snapshot.empty() ? candidate_of(*store) : find_snapshot(globals, wanted.snapshot);
  std::shared_ptr<const publish::LiveSnapshot> live;
  if (store->live_snapshot()) live = find_snapshot(globals, "live");
  report::Findings findings;
  {
    Progress progress("report");
    findings = report::find(*store, subject ? &subject->view() : nullptr, live ? &live->view() : nullptr, {},
                            std::ref(progress), interrupted());
  }
  const std::string page = report::model_page(findings);
  publish::replace_file(wanted.out, std::as_bytes(std::span(page)));
  fmt::print("Wrote {} ({:.0f} kB).\n", wanted.out, static_cast<double>(page.size()) / 1000);
  for (const std::string& sentence : findings.missing) fmt::print("{}\n", sentence);
}

}  // namespace

void add_report(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("report", "Write an HTML page about what the model does");
  command->footer(
      R"(One file without scripts or requests: calibration, gain and lift, coverage and diversity, segments, learned weights,
exploration, and what changes against the live version. All of it is measured on the snapshot that a publish would
make now, scored by the core on impressions that training held out. What cannot be measured yet is said on the page.

Examples:
  footlight report
  footlight report --snapshot live --out live.html     of what is published)");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("--snapshot", wanted->snapshot, "File, version or live (default: what a publish would make now)");
  command->add_option("--out", wanted->out, "File to write")->capture_default_str();
  command->callback([&globals, wanted] { run(globals, *wanted); });
}

}  // namespace footlight::cli
