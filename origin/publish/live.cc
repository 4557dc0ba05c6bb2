#include "origin/publish/live.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/experiment/program.h"
#include "core/snapshot/section.h"
#include "core/status.h"
#include "origin/publish/file_write.h"

namespace footlight::publish {

LiveSnapshot::LiveSnapshot(std::span<const std::byte> bytes, Manifest manifest)
    : blocks_((bytes.size() + sizeof(Block) - 1) / sizeof(Block)),
      size_(bytes.size()),
      manifest_(std::move(manifest)),
      flags_(std::make_unique<experiment::Program>()) {
  if (!bytes.empty()) std::memcpy(blocks_.data(), bytes.data(), bytes.size());
  const auto view = snapshot::SnapshotView::open(this->bytes());
  if (!view) throw std::invalid_argument(status_name(view.error()));
  view_ = *view;
  const auto program = snapshot::section_bytes(this->bytes(), snapshot::Section::kProgram);
  if (program.empty()) return;
  const auto flags = experiment::open_program(program);
  if (!flags) throw std::invalid_argument(std::string("flags: ") + status_name(flags.error()));
  flags_ = std::make_unique<experiment::Program>(*flags);
}

LiveSnapshot::~LiveSnapshot() = default;

std::span<const std::byte> LiveSnapshot::bytes() const noexcept {
  return std::as_bytes(std::span(blocks_)).first(size_);
}

std::shared_ptr<const LiveSnapshot> load_snapshot_file(const std::filesystem::path& file) {
  const std::string bytes = read_file(file);
  return std::make_shared<const LiveSnapshot>(std::as_bytes(std::span(bytes)));
}

std::shared_ptr<const LiveSnapshot> Live::get() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::string Live::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

Reload Live::reload(std::int64_t now_s) {
  const std::lock_guard reloading(reloading_);
  const auto file = options_.directory / "manifest.json";
  if (std::error_code error; !std::filesystem::exists(file, error)) return Reload::kMissing;
  const auto before = get();
  try {
    std::string envelope = read_file(file);
    if (envelope == seen_) return Reload::kUnchanged;
    seen_ = envelope;
    const PublicKey key = signed_with(envelope, options_.public_keys());
    Trust trust{key, options_.min_version, now_s};
    if (before && key == key_) trust.min_version = std::max(trust.min_version, before->manifest().version);
    Manifest manifest = verify_manifest(envelope, trust);
    if (before && before->manifest() == manifest) return Reload::kUnchanged;
    const std::string bytes = read_file(options_.directory / manifest.snapshot.sha256);
    check_file(manifest.snapshot, std::as_bytes(std::span(bytes)));
    auto next = std::make_shared<const LiveSnapshot>(std::as_bytes(std::span(bytes)), std::move(manifest));
    // A pack, or another version's file, under a good signature: a mistake of the publisher, and no page for anybody.
    const auto& header = next->view().header();
    if (header.version != next->manifest().version || header.segment != snapshot::kNone) {
      throw ManifestRefused("mismatch");
    }
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
    key_ = key;
    refusal_.clear();
    return Reload::kSwapped;
  } catch (const std::exception& refused) {
    const std::lock_guard lock(mutex_);
    refusal_ = refused.what();
    return Reload::kRefused;
  }
}

}  // namespace footlight::publish
