// The `footlight` program: reads the command line and hands over to one subcommand (commands.h).
#include <cstdio>
#include <exception>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/cli/interrupt.h"
#include "origin/learn/ease.h"

namespace {

constexpr const char* kDescription =
    R"(Footlight decides, next to the visitor, what a website shows.

From nothing to a personalised site:
  footlight import site site.json             the questionnaire, slots, segments and weights
  footlight import content content.jsonl      what there is to show
  footlight publish                           a signed snapshot for edge and browser
  footlight serve                             the API that profiles and interactions go to

Then, as often as there is something to learn from:
  footlight train && footlight publish

`footlight COMMAND --help` explains a command with examples.)";

constexpr const char* kFooter =
    R"(Everything lies under --data (default ./footlight-data): footlight.db, keys/, publish/.
Exit status: 0 done; 1 failed, or something was refused; 2 wrong usage; 130 interrupted (nothing half done).)";

}  // namespace

int main(int argc, char** argv) {
  using namespace footlight::cli;
  catch_interrupts();
  Globals globals;
  CLI::App program(kDescription, "footlight");
  program.footer(kFooter);
  program.require_subcommand(1);
  program.fallthrough();  // --data and --db may stand after the command as well
  program.add_option("--data", globals.data, "Folder of database, keys and published snapshots")
      ->envname("FOOTLIGHT_DATA_DIR")
      ->capture_default_str();
  program.add_option("--db", globals.db, "Database file (default: footlight.db in the data folder)")
      ->envname("FOOTLIGHT_DB");
  program.parse_complete_callback([&globals] {
    if (globals.db.empty()) globals.db = globals.data / "footlight.db";
  });
  program.set_version_flag("--version", "footlight 0.1.0");
  add_import(program, globals);
  add_train(program, globals);
  add_experiment(program, globals);
  add_flags(program, globals);
  add_publish(program, globals);
  add_serve(program, globals);
  add_snapshots(program, globals);
  add_rollback(program, globals);
  add_inspect(program, globals);
  add_diff(program, globals);
  add_evaluate(program, globals);
  add_similar(program, globals);
  add_recommend(program, globals);
  add_predict(program, globals);
  add_features(program, globals);
  add_precompute(program, globals);
  add_simulate(program);
  add_report(program, globals);
  add_keys(program, globals);
  add_audit(program, globals);
  add_privacy(program, globals);
  add_backup(program, globals);
  add_restore(program, globals);
  add_doctor(program, globals);
  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::RuntimeError& ended) {  // a subcommand that has said why
    return ended.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : kExitUsage;
  } catch (const footlight::learn::Cancelled&) {
    fmt::print(stderr, "footlight: interrupted; nothing was changed\n");
    return kExitInterrupted;
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::broken_pipe) fmt::print(stderr, "footlight: {}\n", error.what());
    return kExitFailure;  // a reader that has seen enough (`| head`) needs no message
  } catch (const std::exception& error) {
    fmt::print(stderr, "footlight: {}\n", error.what());
    return kExitFailure;
  }
}
