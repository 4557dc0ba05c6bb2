// The flags that act on pages by themselves, wherever a decision is made (edge/flags.ts, edge/adjust.ts):
//
//     personalization   boolean: false keeps the page as the site wrote it
//     weights           {"match", "engagement", "item_item", "prior"}: factors on the published weights, 0 to 100
//     slot:NAME         {"limit", "diversity", "temperature", "pin": [content or null, …], "exclude": [content, …]}
//
// Any of their values may be null or an empty object: nothing changes then.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "origin/experiment/value_builder.h"
#include "origin/store/site.h"

namespace footlight::experiment {

[[nodiscard]] bool acts_on_pages(std::string_view flag);
// Faults of one value of such a flag, with their places below `pointer`.
void check_page_value(std::string_view flag, const Json& value, const std::string& pointer,
                      std::vector<origin::Fault>& faults);

// The content's UUID by UUID or the site's own id; nothing: there is none.
using ResolveContent = std::function<std::optional<std::string>(const std::string& id)>;
// Puts UUIDs into every value of the flags `slot:…` of a document (compile.h), in place of the site's own ids; what is
// not there becomes null, and is named in `missing` ("flag: id").
void resolve_contents(Json& flags, const ResolveContent& resolve, std::vector<std::string>& missing);

}  // namespace footlight::experiment
