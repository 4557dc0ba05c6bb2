// The database of --db and --data, opened as every subcommand opens it.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>

#include <sys/stat.h>

#include "origin/cli/commands.h"
#include "origin/publish/publisher.h"
#include "origin/store/restore.h"
#include "origin/store/store.h"

namespace footlight::cli {

// Creates what is not there.
[[nodiscard]] inline std::unique_ptr<origin::Store> open_store(const Globals& globals) {
  if (globals.db.has_parent_path()) std::filesystem::create_directories(globals.db.parent_path());
  const mode_t mask = ::umask(077);  // profiles, though sealed, are nobody else's
  std::unique_ptr<origin::Store> store;
  try {
    store = origin::Store::open({.path = globals.db.string(), .master_key_file = {}});
  } catch (const std::exception& error) {
    throw std::runtime_error(globals.db.string() + ": " + error.what());
  }
  ::umask(mask);
  publish::settle(*store, globals.publish_dir());
  return store;
}

// For commands that only look: a mistyped path is an error and makes no empty database.
[[nodiscard]] inline std::unique_ptr<origin::Store> open_existing_store(const Globals& globals) {
  origin::finish_restore(globals.db.string());
  if (!std::filesystem::exists(globals.db)) {
    throw std::runtime_error("there is no database at " + globals.db.string() +
                             " (--data DIR or --db FILE says where; footlight import makes one)");
  }
  return open_store(globals);
}

}  // namespace footlight::cli
