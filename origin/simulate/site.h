// The site of the simulation: SPEC.md's questionnaire, a page of five slots, and made-up content.
//
// The documents are those that `footlight import` takes, so that the simulated store is filled by the product's own
// code. The weights of the questions are the documented hand weights of a site on its first day (SPEC.md: format .3,
// budget .2, …); what is true of the simulated visitors is world.h's business and differs from them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/snapshot/layout.h"
#include "origin/store/site.h"

namespace footlight::simulate {

// A place on the page, in the order in which the page has them.
struct PageSlot {
  std::string_view name;
  snapshot::ContentType type;
  std::uint32_t cards;
};
inline constexpr PageSlot kPage[] = {{"hero", snapshot::ContentType::kHero, 1},
                                     {"projects", snapshot::ContentType::kProject, 4},
                                     {"testimonials", snapshot::ContentType::kTestimonial, 2},
                                     {"services", snapshot::ContentType::kService, 2},
                                     {"resources", snapshot::ContentType::kResource, 3}};
inline constexpr std::uint32_t kPageSlots = 5;
inline constexpr std::uint32_t kPageCards = 12;

// site.json. Every slot explores with temperature .2 and has no diversity penalty, and the objective is the click
// alone: that is what is measured.
// `preferred`: items that a rule prefers, those of the default page.
[[nodiscard]] nlohmann::ordered_json site_document(std::span<const std::uint32_t> preferred);

// site_document() as the product reads it.
[[nodiscard]] origin::Site make_site(std::span<const std::uint32_t> preferred);

// What a piece of content has: positions of options by question (both as in Site), empty where it says nothing.
using Attributes = std::vector<std::vector<std::uint32_t>>;

// One line of content.jsonl. `number` counts from 0; the id is "item-NUMBER".
[[nodiscard]] nlohmann::ordered_json content_document(const origin::Site& site, std::uint32_t number,
                                                      snapshot::ContentType type, const Attributes& attributes);

}  // namespace footlight::simulate
