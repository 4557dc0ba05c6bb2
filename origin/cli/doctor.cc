// footlight doctor: what is wrong with an installation, and what to do about it.
#include <filesystem>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "origin/cli/commands.h"
#include "origin/cli/open_store.h"
#include "origin/privacy/erasure.h"
#include "origin/privacy/vault.h"
#include "origin/publish/file_write.h"
#include "origin/publish/live.h"
#include "origin/store/audit.h"
#include "origin/store/backup.h"
#include "origin/store/document.h"
#include "origin/store/restore.h"

namespace footlight::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::uintmax_t kLittleSpace = 1ULL << 30U;

enum class Finding { kGood, kWarning, kWrong };

class Report {
 public:
  void add(Finding finding, const std::string& what, const std::string& advice = {}) {
    constexpr const char* kMarks[] = {"ok   ", "warn ", "WRONG"};
    fmt::print("{}  {}\n", kMarks[static_cast<std::size_t>(finding)], what);
    if (!advice.empty()) fmt::print("       {}\n", advice);
    if (finding == Finding::kWrong) ++wrong_;
  }
  [[nodiscard]] int wrong() const { return wrong_; }

 private:
  int wrong_ = 0;
};

void look_at_files(Report& report, const Globals& globals) {
  for (const fs::path& file : {fs::path(globals.db), fs::path(globals.db.string() + "-keys"),
                               fs::path(globals.db.string() + "-master.key"), globals.signing_key()}) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) continue;
    if ((info.st_mode & 077U) != 0) {
      report.add(Finding::kWrong,
                 fmt::format("{} can be read by others (mode {:03o})", file.string(), info.st_mode & 0777U),
                 "chmod 600 it; if it is a key, think of a new one (footlight keys rotate, rotate-signing)");
    }
  }
  std::error_code error;
  const fs::space_info space = fs::space(globals.db.has_parent_path() ? globals.db.parent_path() : ".", error);
  if (!error) {
    const auto line = fmt::format("{:.1f} GiB free on the disk", static_cast<double>(space.available) / (1ULL << 30U));
    if (space.available < kLittleSpace) {
      report.add(Finding::kWarning, line, "a full disk refuses every write: make room");
    } else {
      report.add(Finding::kGood, line);
    }
  }
}

void look_at_databases(Report& report, const Globals& globals) {
  for (const std::string& file : {globals.db.string(), globals.db.string() + "-keys"}) {
    if (!fs::exists(file)) continue;
    const std::string wrong = origin::check_database(file);
    if (wrong.empty()) {
      report.add(Finding::kGood, file + ": every page is sound");
    } else {
      report.add(Finding::kWrong, fmt::format("{}: {}", file, wrong), "footlight restore the latest backup");
    }
  }
}

void look_at_profiles(Report& report, origin::Store& store) {
  auto db = store.reader();
  std::uint64_t profiles = 0;
  std::uint64_t unreadable = 0;
  {
    auto query = db->prepare("SELECT id FROM user_profiles");
    while (query->executeStep()) {
      ++profiles;
      const auto id = origin::parse_uuid(query.text(0));
      if (!id || !store.vault().data_key(*id)) ++unreadable;
    }
  }
  if (unreadable > 0) {
    report.add(Finding::kWrong, fmt::format("{} of {} profiles have no key that opens", unreadable, profiles),
               "put back the key store of the time (footlight restore), or erase them");
  } else {
    report.add(Finding::kGood, fmt::format("{} profiles, each with its key; master key version {}", profiles,
                                           store.vault().master_version()));
  }
  const std::uint64_t keys = store.vault().key_count();
  if (keys > profiles) {
    report.add(Finding::kWarning, fmt::format("{} keys belong to no profile", keys - profiles),
               "left by a crash between two commits, or by a restore of older data; they open nothing");
  }
  if (!store.vault().note("rotating_to").value_or("").empty()) {
    report.add(Finding::kWarning, "a rotation of the master key has not come to its end",
               "footlight keys rotate goes on with it");
  }
  std::uint64_t open = 0;
  origin::for_each_erasure(store, 0, [&](const origin::Erasure& erasure) { open += erasure.key_destroyed ? 0 : 1; });
  if (open > 0) {
    report.add(Finding::kWrong, fmt::format("{} erasures are not finished: their keys are still there", open),
               "start footlight serve: it finishes them; something may hold the key store open");
  }
  if (const std::int64_t since = origin::retraining_wanted_since(store); since != 0) {
    const bool is_late = origin::now_ms() - since > 7 * kDayMs;
    report.add(is_late ? Finding::kWrong : Finding::kWarning,
               fmt::format("somebody the model has learned from was erased on {}", origin::format_time(since)),
               "footlight train && footlight publish, or serve --off-peak");
  }
}

void look_at_audit(Report& report, origin::Store& store) {
  auto db = store.reader();
  const origin::AuditCheck check = origin::verify_audit(*db, store.vault());
  if (check.broken_at) {
    report.add(
        Finding::kWrong, fmt::format("the audit log is broken at row {}: {}", *check.broken_at, check.fault),
        "somebody has changed it; compare with a checkpoint kept elsewhere (footlight audit verify --checkpoint)");
  } else {
    report.add(Finding::kGood,
               fmt::format("audit log: {} rows, {} signed checkpoints, unbroken", check.rows, check.checkpoints));
  }
}

void look_at_keys(Report& report, origin::Store& store) {
  const std::int64_t now = origin::now_ms();
  for (const auto& key : store.api_keys()) {
    if (key.expires_at_ms != 0 && key.expires_at_ms <= now) {
      report.add(Finding::kWarning, fmt::format("API key {} ({}) has expired", key.id, key.label),
                 "footlight keys revoke " + key.id);
    } else if (key.expires_at_ms != 0 && key.expires_at_ms - now < 14 * kDayMs) {
      report.add(Finding::kWarning, fmt::format("API key {} ({}) expires on {}", key.id, key.label,
                                                origin::format_time(key.expires_at_ms)));
    } else if (key.expires_at_ms == 0) {
      report.add(Finding::kWarning, fmt::format("API key {} ({}) never expires", key.id, key.label));
    }
  }
}

void look_at_snapshot(Report& report, origin::Store& store, const Globals& globals) {
  if (!store.live_snapshot()) {
    report.add(Finding::kWarning, "nothing is published", "footlight publish");
    return;
  }
  if (!fs::exists(globals.signing_key())) {
    report.add(
        Finding::kWrong, fmt::format("the signing key {} is missing", globals.signing_key().string()),
        "put it back from where it was kept; or footlight publish --new-signing-key, and give the new public half "
        "to edge and browser");
  }
  publish::Live live({.directory = globals.publish_dir(),
                      .public_keys = [&] { return publish::trusted_keys(globals.signing_key()); }});
  const std::int64_t now_s = origin::now_ms() / 1000;
  switch (live.reload(now_s)) {
    case publish::Reload::kSwapped:
      break;
    case publish::Reload::kMissing:
      report.add(Finding::kWrong, "the manifest is missing", "footlight publish");
      return;
    default:
      report.add(Finding::kWrong, "the published snapshot is refused: " + live.refusal(),
                 live.refusal() == "expired" ? "publish again: edge and browser refuse it, too" : "footlight publish");
      return;
  }
  const auto snapshot = live.get();
  const std::int64_t left_s = snapshot->manifest().expires_at_s - now_s;
  const auto line = fmt::format("snapshot {} is live, until {}", snapshot->version(),
                                origin::format_time(snapshot->manifest().expires_at_s * 1000));
  report.add(left_s < 3 * 86'400 ? Finding::kWarning : Finding::kGood, line,
             left_s < 3 * 86'400 ? "publish before that" : "");
}

}  // namespace

void add_doctor(CLI::App& program, const Globals& globals) {
  auto* command = program.add_subcommand("doctor", "Say what is wrong with an installation, and what to do about it");
  command->footer("Looks only; safe beside a running footlight serve. Exit status 1 when something is wrong.");
  command->callback([&globals] {
    Report report;
    origin::finish_restore(globals.db.string());
    if (!fs::exists(globals.db)) {
      report.add(Finding::kWrong, "there is no database at " + globals.db.string(),
                 "--data DIR or --db FILE says where; footlight import makes one");
      throw CLI::RuntimeError(kExitRefused);
    }
    look_at_files(report, globals);
    look_at_databases(report, globals);
    try {
      const auto store = open_existing_store(globals);
      const auto site = store->site();
      if (!site) report.add(Finding::kWarning, "no site document", "footlight import site site.json");
      look_at_profiles(report, *store);
      look_at_audit(report, *store);
      look_at_keys(report, *store);
      look_at_snapshot(report, *store, globals);
    } catch (const std::exception& error) {
      report.add(Finding::kWrong, error.what());
    }
    if (report.wrong() > 0) throw CLI::RuntimeError(kExitRefused);
  });
}

}  // namespace footlight::cli
