#include "origin/cli/find_snapshot.h"

#include <charconv>
#include <stdexcept>

#include <fmt/format.h>

#include "origin/cli/open_store.h"

namespace footlight::cli {
namespace {

std::shared_ptr<const publish::LiveSnapshot> open_file(const std::filesystem::path& file) {
  try {
    return publish::load_snapshot_file(file);
  } catch (const std::invalid_argument& refused) {
    throw std::runtime_error(fmt::format("{} is not a valid snapshot: {}", file.string(), refused.what()));
  }
}

}  // namespace

std::shared_ptr<const publish::LiveSnapshot> find_snapshot(const Globals& globals, const std::string& name) {
  const bool live = name.empty() || name == "live";
  if (!live && std::filesystem::exists(name)) return open_file(name);
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (!live && (error != std::errc{} || end != name.data() + name.size())) {
    throw std::runtime_error(fmt::format("{} is neither a file nor a version", name));
  }
  const auto store = open_existing_store(globals);
  const auto row = live ? store->live_snapshot() : store->snapshot(version);
  if (!row) {
    throw std::runtime_error(live ? std::string("nothing has been published yet: footlight publish")
                                  : fmt::format("there is no version {}: footlight snapshots lists them", version));
  }
  // The folder may have been moved since: the name within --data counts before the path that was noted.
  const auto beside = globals.publish_dir() / row->sha256;
  const std::filesystem::path file = std::filesystem::exists(beside) ? beside : std::filesystem::path(row->path);
  if (!std::filesystem::exists(file)) {
    throw std::runtime_error(fmt::format("the files of version {} have been pruned", row->version));
  }
  return open_file(file);
}

}  // namespace footlight::cli
