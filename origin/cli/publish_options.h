// What `publish` and `rollback` share: where things are published, and how the outcome is told.
#pragma once

#include "origin/cli/commands.h"
#include "origin/publish/publisher.h"

namespace footlight::cli {

[[nodiscard]] publish::PublishOptions publish_options(const Globals& globals);
void print_published(const publish::PublishReport& report, const publish::PublishOptions& options);

}  // namespace footlight::cli
