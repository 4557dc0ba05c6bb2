#include "origin/experiment/flag_store.h"

namespace footlight::experiment {
namespace {

constexpr const char* kName = "flags";

}  // namespace

void put_flags(origin::Store& store, const Json& document) { store.set_meta(kName, document.dump()); }

std::optional<Json> flags(origin::Store& store) {
  const auto text = store.meta(kName);
  if (!text) return std::nullopt;
  return Json::parse(*text);
}

}  // namespace footlight::experiment
