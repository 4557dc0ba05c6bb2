// The site's flags and experiments in the store: one document, as it was imported (compile.h says what it may hold).
#pragma once

#include <optional>

#include "origin/experiment/compile.h"
#include "origin/store/store.h"

namespace footlight::experiment {

// Only what compiles without a fault belongs here.
void put_flags(origin::Store& store, const Json& document);
// Nothing when none were ever imported.
[[nodiscard]] std::optional<Json> flags(origin::Store& store);

}  // namespace footlight::experiment
