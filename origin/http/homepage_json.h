// A decision as SPEC.md's JSON (HOMEPAGE.md), made by copying the texts that lie in the snapshot:
// no parsing, no DOM.
#pragma once

#include <cstdint>
#include <string>

#include "core/rank/decide.h"
#include "core/snapshot/reader.h"

namespace footlight::origin {

// SPEC.md's four sections in order, and the slots that fill them.
struct HomepageSection {
  const char* name;          // "featuredProjects"
  const char* slot;          // "projects"
  const char* content_type;  // of personalized_content: "featured_projects"
};
inline constexpr HomepageSection kHomepage[] = {{"hero", "hero", "hero"},
                                                {"featuredProjects", "projects", "featured_projects"},
                                                {"testimonials", "testimonials", "testimonials"},
                                                {"services", "services", "services"}};

// {"id":…,"type":…,<fields of the body>,"matchReason":…,"confidence":…,"engagementRate":…}
void append_item(const snapshot::SnapshotView& snapshot, const Entry& entry, std::uint32_t locale, std::string& out);
// The items of a slot as an array; of the hero, the first as an object, or null.
void append_section(const snapshot::SnapshotView& snapshot, const Decision& decision, const HomepageSection& section,
                    std::uint32_t locale, std::string& out);
void append_homepage(const snapshot::SnapshotView& snapshot, const Decision& decision, std::uint32_t locale,
                     std::string& out);

void append_uuid(const std::uint8_t (&uuid)[16], std::string& out);
void append_json_text(std::string_view text,
                      std::string& out);  // quoted and escaped as JSON.stringify does
void append_ten_thousandths(std::uint32_t value,
                            std::string& out);  // 8900 is 0.89, as JavaScript prints it
[[nodiscard]] std::string reason_text(const snapshot::SnapshotView& snapshot, const Entry& entry, std::uint32_t locale);

// The requests for a homepage: those of its slots that the snapshot has. Returns how many.
[[nodiscard]] std::uint32_t homepage_requests(const snapshot::SnapshotView& snapshot, SlotRequest (&requests)[4]);

// decide() with scratch of this thread. The decision is this thread's too: valid until its next
// call. Throws std::logic_error when core refuses, which it does only for a request that is wrong.
[[nodiscard]] const Decision& decide_here(const snapshot::SnapshotView& snapshot, const Visitor& visitor,
                                          const Context& context, std::span<const SlotRequest> requests);

}  // namespace footlight::origin
