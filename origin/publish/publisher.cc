#include "origin/publish/publisher.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/file.h>

#include "core/snapshot/builder.h"
#include "core/snapshot/section.h"
#include "origin/experiment/test_store.h"
#include "origin/experiment/watch.h"
#include "origin/learn/ease.h"
#include "origin/learn/model.h"
#include "origin/publish/assemble.h"
#include "origin/publish/file_write.h"
#include "origin/publish/live.h"
#include "origin/publish/pack.h"
#include "origin/publish/replace_flags.h"
#include "origin/publish/sha256.h"

namespace footlight::publish {
namespace {

using origin::Store;

// Holds publish/.lock: versions become live in the order in which they are given.
class Lock {
 public:
  explicit Lock(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    fd_ = ::open((directory / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot lock " + directory.string());
    }
  }
  ~Lock() { ::close(fd_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int fd_ = -1;
};

PublishedFile write_file(const std::filesystem::path& directory, std::span<const std::byte> bytes) {
  PublishedFile file{sha256_hex(bytes), bytes.size()};
  // A name that is a hash cannot hold other bytes, unless a disk lost some: then the size tells.
  std::error_code error;
  if (std::filesystem::file_size(directory / file.sha256, error) != bytes.size() || error) {
    replace_file(directory / file.sha256, bytes);
  }
  return file;
}

std::vector<std::byte> build_or_refuse(const snapshot::SnapshotInput& input) {
  auto built = snapshot::build(input);
  if (!built) throw CannotPublish(fmt::format("{} ({})", built.error().what, status_name(built.error().status)));
  return std::move(*built);
}

// The database counts up by itself; a folder that another database published into may be ahead of it.
std::uint64_t next_version(Store& store, const std::filesystem::path& directory) {
  std::uint64_t taken = 0;
  const auto manifest = directory / "manifest.json";
  if (std::filesystem::exists(manifest)) {
    try {
      taken = read_manifest(read_file(manifest)).version;
    } catch (const ManifestRefused&) {  // a broken file stops nobody from publishing a good one
    }
  }
  std::uint64_t version = store.next_snapshot_version();
  while (version <= taken) version = store.next_snapshot_version();
  return version;
}

std::set<std::string> files_of(const Manifest& manifest) {
  std::set<std::string> names{manifest.snapshot.sha256};
  for (const Pack& pack : manifest.packs) names.insert(pack.file.sha256);
  if (manifest.flags) names.insert(manifest.flags->sha256);
  if (manifest.canary) {
    names.insert(manifest.canary->snapshot.sha256);
    for (const Pack& pack : manifest.canary->packs) names.insert(pack.file.sha256);
  }
  return names;
}

constexpr const char* kCanaryState = "canary";

std::size_t prune(Store& store, const PublishOptions& options, const Manifest& live) {
  if (options.keep == 0) return 0;
  std::set<std::string> kept = files_of(live);
  std::size_t seen = 0;
  for (const origin::SnapshotRow& row : store.snapshots()) {
    // Those of canaries stay until they are promoted or older than all that is kept.
    const bool is_kept = seen++ < options.keep || (row.state == kCanaryState && live.canary);
    if (!is_kept) continue;
    try {
      kept.merge(files_of(read_manifest(row.manifest)));
    } catch (const ManifestRefused&) {
    }
  }
  std::size_t removed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options.directory)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (ours && !kept.contains(name) && std::filesystem::remove(entry.path())) ++removed;
  }
  return removed;
}

// Everything but the manifest: until that follows, nobody looks at these.
void copy_files_out(const PublishOptions& options, const Manifest& manifest) {
  std::filesystem::create_directories(*options.out);
  for (const std::string& name : files_of(manifest)) {
    const std::string bytes = read_file(options.directory / name);
    write_file(*options.out, std::as_bytes(std::span(bytes)));
  }
}

struct Built {
  std::uint64_t version = 0;
  std::vector<std::byte> edge;
  std::vector<std::vector<std::byte>> packs;  // by segment index
  std::optional<Canary> canary;
};

SigningKey signing_key(Store& store, const PublishOptions& options, PublishReport& report) {
  report.key_created = !std::filesystem::exists(options.signing_key);
  if (report.key_created && !options.new_signing_key && store.live_snapshot()) {
    throw CannotPublish(
        fmt::format("the signing key {} is missing, and edge and browser trust nothing else: put it back, or make "
                    "another (footlight publish --new-signing-key) and give them its public half",
                    options.signing_key.string()));
  }
  SigningKey key = SigningKey::load_or_create(options.signing_key);
  report.public_key = to_base64(key.public_key());
  if (!options.public_key.empty()) {
    const std::string line = report.public_key + "\n";
    replace_file(options.public_key, std::as_bytes(std::span(line)));
  }
  return key;
}

// Writes the files, and says which they are.
Manifest write_files(const PublishOptions& options, const std::string& site_name, const Built& built) {
  Manifest manifest;
  manifest.site = site_name;
  manifest.version = built.version;
  manifest.created_at_s = origin::now_ms() / 1000;
  manifest.expires_at_s = manifest.created_at_s + options.expires_after_s;
  manifest.snapshot = write_file(options.directory, built.edge);
  for (std::uint32_t segment = 0; segment < built.packs.size(); ++segment) {
    manifest.packs.push_back({write_file(options.directory, built.packs[segment]), segment});
  }
  const auto program = snapshot::section_bytes(built.edge, snapshot::Section::kProgram);
  if (!program.empty()) manifest.flags = write_file(options.directory, program);
  manifest.canary = built.canary;
  return manifest;
}

origin::SnapshotRow row_of(const PublishOptions& options, const Manifest& manifest, const std::string& envelope,
                           const std::string& gate) {
  return {.version = manifest.version,
          .created_at_s = manifest.created_at_s,
          .sha256 = manifest.snapshot.sha256,
          .manifest = envelope,
          .state = "pending",
          .note = options.note,
          .path = std::filesystem::absolute(options.directory / manifest.snapshot.sha256).string(),
          .gate = gate};
}

// Files, the copy of them, row, manifest.json, row again: cut off anywhere, what was live stays live or what is new is
// live, and settle() makes the row say which. From here on cancelling is over.
PublishReport finish(Store& store, const PublishOptions& options, const std::string& site_name, const Built& built,
                     const std::string& gate) {
  PublishReport report;
  const SigningKey key = signing_key(store, options, report);
  Manifest& manifest = report.manifest;
  manifest = write_files(options, site_name, built);
  const std::string envelope = seal_manifest(manifest, key);
  const auto envelope_bytes = std::as_bytes(std::span(envelope));
  if (options.out) copy_files_out(options, manifest);
  store.insert_snapshot(row_of(options, manifest, envelope, gate));
  replace_file(options.directory / "manifest.json", envelope_bytes);
  store.mark_live(manifest.version);
  if (options.out) replace_file(*options.out / "manifest.json", envelope_bytes);
  report.pruned = prune(store, options, manifest);
  return report;
}

void check(const std::atomic<bool>& cancel) {
  if (cancel.load()) throw learn::Cancelled{};
}

std::vector<std::byte> with_version(const std::filesystem::path& file, const PublishedFile& named,
                                    std::uint64_t version) {
  const std::string text = read_file(file);
  const auto bytes = std::as_bytes(std::span(text));
  check_file(named, bytes);
  std::vector<std::byte> changed(bytes.begin(), bytes.end());
  if (changed.size() < sizeof(snapshot::Header)) throw CannotPublish(named.sha256 + " is not a snapshot");
  std::memcpy(changed.data() + offsetof(snapshot::Header, version), &version, sizeof version);
  const LiveSnapshot opens(changed);
  return changed;
}

}  // namespace

void settle(Store& store, const std::filesystem::path& directory) {
  const auto file = directory / "manifest.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return;
  try {
    const std::uint64_t version = read_manifest(read_file(file)).version;
    const auto row = store.snapshot(version);
    if (row && row->state == "pending") store.mark_live(version);
  } catch (const ManifestRefused&) {  // whoever reads it for its content will say so
  }
}

namespace {

// The manifest of a version whose files are all still there.
Manifest manifest_of(const origin::SnapshotRow& row, const PublishOptions& options) {
  Manifest manifest = read_manifest(row.manifest);
  for (const std::string& name : files_of(manifest)) {
    if (!std::filesystem::exists(options.directory / name)) {
      throw CannotPublish(
          fmt::format("the files of version {} have been pruned; publish --keep keeps more", row.version));
    }
  }
  return manifest;
}

// The files of a manifest's snapshot as a new version, with today's flags.
Built with_flags(const PublishOptions& options, const PublishedFile& snapshot, const std::vector<Pack>& packs,
                 std::span<const std::byte> program, std::uint64_t version) {
  Built built;
  built.version = version;
  const LiveSnapshot edge(with_version(options.directory / snapshot.sha256, snapshot, version));
  built.edge = replace_flags(edge.bytes(), program, version);
  const LiveSnapshot opens(built.edge);
  for (const Pack& pack : packs) {
    built.packs.push_back(with_version(options.directory / pack.file.sha256, pack.file, version));
  }
  return built;
}

std::optional<experiment::StoredTest> running_canary(Store& store) {
  for (experiment::StoredTest& stored : experiment::tests(store)) {
    if (stored.test.kind == experiment::TestKind::kCanary && stored.status == experiment::TestStatus::kRunning) {
      return std::move(stored);
    }
  }
  return std::nullopt;
}

// Half of the visitors of a comparison may not change under it.
void refuse_beside_canary(Store& store) {
  if (const auto canary = running_canary(store)) {
    throw CannotPublish(
        fmt::format("the canary '{}' compares two snapshots: conclude or stop it first", canary->test.id));
  }
}

// What is live, as a new version that names `candidate` besides, and the experiment that compares the two.
PublishReport start_canary(Store& store, const PublishOptions& options, const std::string& site_name,
                           const Built& candidate, const std::string& gate) {
  const auto row = store.live_snapshot();
  if (!row) throw CannotPublish("a canary is compared with what is live, and nothing has been published yet");
  const Manifest live = manifest_of(*row, options);
  const std::string id = fmt::format("canary-{}", candidate.version);

  PublishReport unused;
  const SigningKey key = signing_key(store, options, unused);
  const Manifest own = write_files(options, site_name, candidate);
  origin::SnapshotRow own_row = row_of(options, own, seal_manifest(own, key), gate);
  own_row.state = kCanaryState;
  store.insert_snapshot(own_row);

  std::vector<origin::Fault> faults;
  const auto test = experiment::read_ab_test(
      experiment::canary_document(id, row->version, candidate.version, options.canary_share), faults);
  if (!faults.empty()) throw std::logic_error("canary: " + faults.front().pointer + " " + faults.front().detail);
  experiment::create_test(store, test, "publish");
  experiment::start_test(store, id, "publish");

  Built built = with_flags(options, live.snapshot, live.packs, flags_program(store, origin::now_ms()),
                           next_version(store, options.directory));
  built.canary = Canary{id, options.canary_share, own.snapshot, own.packs};
  PublishOptions noted = options;
  noted.note = fmt::format("{}{} beside version {}", options.note.empty() ? "" : options.note + "; ", id, row->version);
  PublishReport report = finish(store, noted, site_name, built, row->gate);
  report.canary = id;
  return report;
}

}  // namespace

PublishReport publish(Store& store, const PublishOptions& options, const PublishProgress& progress,
                      const std::atomic<bool>& cancel) {
  const auto site = store.site();
  if (!site) throw CannotPublish("no site has been imported yet: footlight import site FILE");
  const Lock lock(options.directory);
  refuse_beside_canary(store);

  progress("reading content", -1);
  std::optional<learn::Model> model;
  const auto model_bytes = store.model(learn::kModelName);
  if (model_bytes) model = learn::decode_model(*model_bytes);
  const std::int64_t as_of = origin::now_ms();
  const std::string experiments = experiment::experiments_digest(store, as_of);
  Assembled assembled = assemble(store, site->site, model, as_of);
  check(cancel);

  Built built;
  built.version = next_version(store, options.directory);
  assembled.input.version = built.version;
  assembled.input.created_at_s = static_cast<std::uint32_t>(origin::now_ms() / 1000);
  progress("building the snapshot", -1);
  built.edge = build_or_refuse(assembled.input);
  const LiveSnapshot edge(built.edge);
  const std::span<const std::byte> learned =
      model_bytes ? std::span<const std::byte>(*model_bytes) : std::span<const std::byte>();
  GateReport gate = pass_gate(store, options.directory.string(), edge.view(), learned, progress, cancel);
  PublishOptions wanted = options;
  if (gate.verdict == Verdict::kWorse) {
    if (!options.force) throw PublishRefused(std::move(gate));
    gate.forced = true;
    wanted.note += fmt::format("{}forced although worse: {}", options.note.empty() ? "" : "; ", gate.why);
  }
  const auto segments = static_cast<std::uint32_t>(edge.view().segments().size());
  for (std::uint32_t segment = 0; segment < segments; ++segment) {
    check(cancel);
    progress("cutting segment packs", static_cast<double>(segment) / segments);
    built.packs.push_back(build_or_refuse(cut_pack(assembled.input, edge.view(), segment)));
  }
  check(cancel);
  progress("writing and signing", -1);
  const std::string gate_text = gate_json(gate).dump();
  PublishReport report = options.canary_share > 0 ? start_canary(store, wanted, site->site.name, built, gate_text)
                                                  : finish(store, wanted, site->site.name, built, gate_text);
  experiment::mark_published(store,
                             options.canary_share > 0 ? experiment::experiments_digest(store, as_of) : experiments);
  report.gate = std::move(gate);
  report.items = static_cast<std::uint32_t>(assembled.input.items.size());
  report.drafts = assembled.drafts;
  report.learned_items = assembled.learned_items;
  report.has_model = model.has_value();
  report.warnings = std::move(assembled.warnings);
  return report;
}

PublishReport publish_flags(Store& store, const PublishOptions& options) {
  const Lock lock(options.directory);
  const auto row = store.live_snapshot();
  if (!row) throw CannotPublish("nothing has been published yet: footlight publish");
  const Manifest live = manifest_of(*row, options);
  const std::int64_t as_of = origin::now_ms();
  const std::string experiments = experiment::experiments_digest(store, as_of);
  const std::vector<std::byte> program = flags_program(store, as_of);
  Built built = with_flags(options, live.snapshot, live.packs, program, next_version(store, options.directory));
  if (live.canary && running_canary(store)) {
    const Built other =
        with_flags(options, live.canary->snapshot, live.canary->packs, program, next_version(store, options.directory));
    const Manifest files = write_files(options, live.site, other);
    built.canary = Canary{live.canary->experiment, live.canary->share, files.snapshot, files.packs};
  }
  PublishOptions noted = options;
  if (noted.note.empty()) noted.note = fmt::format("flags, on version {}", row->version);
  PublishReport report = finish(store, noted, live.site, built, row->gate);
  experiment::mark_published(store, experiments);
  report.items = static_cast<std::uint32_t>(LiveSnapshot(built.edge).view().items().size());
  return report;
}

PublishReport promote_canary(Store& store, std::string_view id, const PublishOptions& options) {
  const auto stored = experiment::find_test(store, id);
  if (!stored || stored->test.kind != experiment::TestKind::kCanary ||
      stored->status != experiment::TestStatus::kConcluded || stored->winner != experiment::kCanaryVariant) {
    throw CannotPublish(fmt::format("'{}' is no canary that has won", id));
  }
  PublishOptions noted = options;
  if (noted.note.empty()) noted.note = fmt::format("{} won", id);
  rollback(store, stored->test.canary_version, noted);
  return publish_flags(store, noted);  // what has changed of flags and experiments since
}

PublishReport rollback(Store& store, std::uint64_t version, const PublishOptions& options) {
  const auto row = store.snapshot(version);
  if (!row) throw CannotPublish(fmt::format("there is no version {}: footlight snapshots lists them", version));
  refuse_beside_canary(store);
  const Lock lock(options.directory);
  const Manifest old = manifest_of(*row, options);
  Built built;
  built.version = next_version(store, options.directory);
  built.edge = with_version(options.directory / old.snapshot.sha256, old.snapshot, built.version);
  for (const Pack& pack : old.packs) {
    built.packs.push_back(with_version(options.directory / pack.file.sha256, pack.file, built.version));
  }
  PublishOptions noted = options;
  if (noted.note.empty()) noted.note = fmt::format("roll back to {}", version);
  PublishReport report = finish(store, noted, old.site, built, row->gate);
  report.items = static_cast<std::uint32_t>(LiveSnapshot(built.edge).view().items().size());
  return report;
}

}  // namespace footlight::publish
