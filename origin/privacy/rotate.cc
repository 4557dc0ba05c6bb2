#include "origin/privacy/rotate.h"

#include <algorithm>

#include "origin/learn/ease.h"
#include "origin/privacy/vault.h"
#include "origin/store/audit.h"

namespace footlight::origin {
namespace {

constexpr std::size_t kBatch = 500;
constexpr const char* kUnfinished = "rotating_to";

}  // namespace

RotateReport rotate_master_key(Store& store, const RotateOptions& options,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                               const std::function<bool()>& is_cancelled) {
  Vault& vault = store.vault();
  MasterKeys keys = MasterKeys::load(vault.master_key_file(), false);
  RotateReport report;
  const std::uint32_t before = vault.master_version();
  // A key in the file (or the environment) that is newer than the one in use was to be rotated to.
  report.resumed = keys.latest() > before || !vault.note(kUnfinished).value_or("").empty();
  report.version = report.resumed ? keys.latest() : keys.add(vault.master_key_file());
  store.writer()
      .submit([&](Database&) {
        vault.set_note(kUnfinished, std::to_string(report.version));
        vault.use_master(report.version, keys);
      })
      .get();
  const std::uint64_t all = vault.key_count();
  std::uint64_t done = 0;
  std::optional<Uuid> after = Uuid{};
  while (after) {
    if (is_cancelled()) throw learn::Cancelled();
    // On the writer's thread: the key store has one writer in a process as well.
    after = store.writer()
                .submit([&](Database&) { return vault.rewrap(*after, report.version, kBatch, report.rewrapped); })
                .get();
    done += kBatch;
    if (progress) progress(std::min(done, all), all);
  }
  store.writer().submit([&](Database&) { vault.set_note(kUnfinished, ""); }).get();
  if (!options.keep_old) keys.keep_only(report.version, vault.master_key_file());
  return report;
}

}  // namespace footlight::origin
