// Publishing: the store's content, site and model become files that an edge, a browser and the origin decide with.
//
//     publish/
//       manifest.json    the signed envelope of what is live (wasm/binding/manifest.ts); replaced last
//       <sha256>         immutable: the edge snapshot and one segment pack per segment
//       .lock            one publish at a time
//
// Before anything is written the gate compares the new model with the live one (gate.h).
//
// Order of writing: files, then the row in the store, then manifest.json, each whole or not at all. Interrupted
// anywhere, what was live stays live; a row without its manifest.json is made good by the next publish, and no version
// is ever given twice. Nothing is published that the reader of core, which every consumer runs, would refuse.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "origin/publish/gate.h"
#include "origin/publish/manifest.h"
#include "origin/publish/signing_key.h"
#include "origin/store/store.h"

namespace footlight::publish {

struct PublishOptions {
  std::filesystem::path directory;            // "publish" above; made when it is not there
  std::filesystem::path signing_key;          // made on the first publish, mode 0600
  std::filesystem::path public_key;           // its public half as text is kept here; empty: nowhere
  std::int64_t expires_after_s = 30 * 86400;  // consumers refuse the manifest then: publish at least this often
  std::size_t keep = 10;                      // files of the newest so many versions stay, for rollback; 0: of all
  std::optional<std::filesystem::path> out;   // copy what was published here: a folder for any static host
  std::string note;
  // Above 0: what is live stays live, and this share of the visitors gets what is published now, as an experiment of
  // the kind canary. At most .5.
  double canary_share = 0;
  bool new_signing_key = false;  // make one where it is missing though something has been published
  bool force = false;            // publish what the gate (gate.h) finds worse; the row's note and figures say so
};

struct PublishReport {
  Manifest manifest;
  std::string public_key;  // base64
  bool key_created = false;
  std::uint32_t items = 0;
  std::uint32_t drafts = 0;
  std::uint32_t learned_items = 0;
  bool has_model = false;
  std::size_t pruned = 0;  // files removed
  std::string canary;      // the experiment, where this is one
  GateReport gate;         // of publish(); a rollback is the owner's own decision
  std::vector<std::string> warnings;
};

// What the owner can put right: no site imported, content that does not fit the format, a version that is not there.
class CannotPublish : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The gate found the new model worse than the live one; what() says why, with both numbers. Nothing was written.
class PublishRefused : public CannotPublish {
 public:
  explicit PublishRefused(GateReport report) : CannotPublish(report.why), report_(std::move(report)) {}
  [[nodiscard]] const GateReport& report() const noexcept { return report_; }

 private:
  GateReport report_;
};

using PublishProgress = std::function<void(std::string_view stage, double share)>;

// Throws PublishRefused, CannotPublish, learn::Cancelled, std::system_error (files), or what the store throws.
PublishReport publish(origin::Store& store, const PublishOptions& options, const PublishProgress& progress,
                      const std::atomic<bool>& cancel);

// After a publish that was cut off between manifest.json and the database: what the manifest names is live.
void settle(origin::Store& store, const std::filesystem::path& directory);

// Publishes the content of an older version as a new version: consumers refuse to go back, and need not know that
// this is one. Content, model and site in the store are not changed: the next publish brings them back.
PublishReport rollback(origin::Store& store, std::uint64_t version, const PublishOptions& options);

// Publishes what is live with today's flags and experiments: content and model stay as they are live, so there is
// nothing for the gate to hold up. What an experiment's start and stop need. A canary stays as long as its experiment
// runs.
PublishReport publish_flags(origin::Store& store, const PublishOptions& options);

// Makes the snapshot of a concluded canary that has won the live one. Throws CannotPublish for any other experiment.
PublishReport promote_canary(origin::Store& store, std::string_view experiment, const PublishOptions& options);

}  // namespace footlight::publish
