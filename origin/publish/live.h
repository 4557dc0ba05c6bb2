// The snapshot the origin decides with: loaded from the publish folder, verified like everywhere else, swapped while
// requests run.
//
//     Live live({.directory = "data/publish", .public_key = key});
//     live.reload(now_s);                       // at start, and then once a second: one small file read when nothing
//     changed if (auto snapshot = live.get()) decide(snapshot->view(), …);
//
// A request takes the pointer once and keeps it: the old snapshot lives until its last request is answered. A manifest
// that is forged, malformed, expired, older than the one in use, or names a file that is not what it says, is refused,
// and the good one stays. Thread rule: get() from any thread; reload() from one at a time (it locks).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/snapshot/reader.h"
#include "origin/publish/manifest.h"

namespace footlight::experiment {
struct Program;
}

namespace footlight::publish {

// One published snapshot in memory. The view points into bytes that this object owns.
class LiveSnapshot {
 public:
  // Throws std::invalid_argument naming the status when SnapshotView::open refuses the bytes, or open_program those of
  // the flags.
  explicit LiveSnapshot(std::span<const std::byte> bytes, Manifest manifest = {});
  ~LiveSnapshot();
  LiveSnapshot(const LiveSnapshot&) = delete;
  LiveSnapshot& operator=(const LiveSnapshot&) = delete;

  [[nodiscard]] const snapshot::SnapshotView& view() const noexcept { return view_; }
  [[nodiscard]] std::uint64_t version() const noexcept { return view_.version(); }
  // Flags and experiments; without any where the snapshot has none.
  [[nodiscard]] const experiment::Program& flags() const noexcept { return *flags_; }
  [[nodiscard]] const Manifest& manifest() const noexcept { return manifest_; }  // empty for a bare file
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept;

 private:
  struct alignas(16) Block {
    std::byte bytes[16];
  };
  std::vector<Block> blocks_;
  std::size_t size_ = 0;
  Manifest manifest_;
  snapshot::SnapshotView view_;
  std::unique_ptr<const experiment::Program> flags_;  // never empty
};

// Reads a snapshot file by itself, without a manifest. Throws.
[[nodiscard]] std::shared_ptr<const LiveSnapshot> load_snapshot_file(const std::filesystem::path& file);

struct LiveOptions {
  std::filesystem::path directory;  // of manifest.json and the files it names
  // Any of them may have signed; asked whenever there is a new manifest, because keys rotate (signing_key.h). A new key
  // begins its own count of versions.
  std::function<std::vector<PublicKey>()> public_keys;
  std::uint64_t min_version = 0;
};

enum class Reload {
  kUnchanged,  // the manifest is the one already seen
  kSwapped,    // a new snapshot is in use
  kMissing,    // there is no manifest
  kRefused,    // refusal() says why; what was in use stays
};

class Live {
 public:
  explicit Live(LiveOptions options) : options_(std::move(options)) {}

  // Empty until the first good reload.
  [[nodiscard]] std::shared_ptr<const LiveSnapshot> get() const;
  // Never throws for what lies in the folder. A refused manifest is looked at again only when the file changes.
  Reload reload(std::int64_t now_s);
  // Why the last manifest was refused, a code of manifest.h or a status of the core; empty when it was not.
  [[nodiscard]] std::string refusal() const;

 private:
  LiveOptions options_;
  std::mutex reloading_;
  PublicKey key_{};  // that signed the current one; reload() only
  std::optional<std::string>
      seen_;  // the envelope looked at last; times and sizes of files can be equal while the text is not
  mutable std::mutex mutex_;  // guards the two below, held for a copy only
  std::shared_ptr<const LiveSnapshot> current_;
  std::string refusal_;
};

}  // namespace footlight::publish
