// The subcommands of the `footlight` program: one function and one file each.
//
//     void add_train(CLI::App& program, const Globals& globals);     // origin/cli/train.cc
//
// A function adds its subcommand, with a --help that teaches, and leaves the work to the subcommand's callback. A
// callback that returns has succeeded (exit status 0). It ends otherwise by throwing:
//   CLI::RuntimeError(n)      exit status n, after it has said why on stderr
//   any std::exception        main prints "footlight: <what>" and exits with kExitFailure
// `globals` is filled when the callback runs, not before, and lives as long as the program.
#pragma once

#include <atomic>
#include <filesystem>

#include <CLI/CLI.hpp>

namespace footlight::cli {

// Exit statuses. kExitRefused: the work was done and something in it was refused (rows of an import, a snapshot that is
// not valid, a benchmark that misses its goal).
inline constexpr int kExitRefused = 1;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;  // as shells report SIGINT

struct Globals {
  // --data: keys, published snapshots, and the database unless --db names another place.
  std::filesystem::path data = "footlight-data";
  // --db: the database; main fills it with DATA/footlight.db when it was not given.
  std::filesystem::path db;

  [[nodiscard]] std::filesystem::path publish_dir() const { return data / "publish"; }
  [[nodiscard]] std::filesystem::path keys_dir() const { return data / "keys"; }
  // Ed25519, of the manifests: the first publish makes it. The public half lies beside it as one line of base64.
  [[nodiscard]] std::filesystem::path signing_key() const { return keys_dir() / "signing.key"; }
  [[nodiscard]] std::filesystem::path public_key() const { return keys_dir() / "signing.pub"; }
};

// Set by the first SIGINT or SIGTERM, which main catches; a second one ends the program at once. Long work looks at it
// between steps and stops without harm; `serve` stops gracefully.
[[nodiscard]] const std::atomic<bool>& interrupted() noexcept;

void add_serve(CLI::App& program, const Globals& globals);
void add_import(CLI::App& program, const Globals& globals);
void add_similar(CLI::App& program, const Globals& globals);
void add_recommend(CLI::App& program, const Globals& globals);
void add_predict(CLI::App& program, const Globals& globals);
void add_features(CLI::App& program, const Globals& globals);
void add_precompute(CLI::App& program, const Globals& globals);
void add_keys(CLI::App& program, const Globals& globals);
void add_train(CLI::App& program, const Globals& globals);
void add_experiment(CLI::App& program, const Globals& globals);
void add_experiment_changes(CLI::App& experiment, const Globals& globals);  // its subcommands on the site's own ones
void add_audit(CLI::App& program, const Globals& globals);
void add_privacy(CLI::App& program, const Globals& globals);
void add_backup(CLI::App& program, const Globals& globals);
void add_restore(CLI::App& program, const Globals& globals);
void add_doctor(CLI::App& program, const Globals& globals);
void add_flags(CLI::App& program, const Globals& globals);
void add_publish(CLI::App& program, const Globals& globals);
void add_rollback(CLI::App& program, const Globals& globals);
void add_snapshots(CLI::App& program, const Globals& globals);
void add_inspect(CLI::App& program, const Globals& globals);
void add_diff(CLI::App& program, const Globals& globals);
void add_evaluate(CLI::App& program, const Globals& globals);
void add_evaluate_engagement(CLI::App& evaluate);  // `evaluate engagement`, of add_evaluate
void add_evaluate_ranking(CLI::App& evaluate);     // `evaluate ranking`, of add_evaluate
void add_evaluate_apprentice(CLI::App& evaluate, const Globals& globals);
void add_evaluate_policy(CLI::App& evaluate, const Globals& globals);  // a subcommand of evaluate
void add_simulate(CLI::App& program);
void add_report(CLI::App& program, const Globals& globals);

}  // namespace footlight::cli
