#include "origin/publish/segment_names.h"

#include <utility>

#include <fmt/format.h>

namespace footlight::publish {

std::function<std::string(std::uint32_t)> segment_names(std::shared_ptr<const LiveSnapshot> snapshot) {
  return [snapshot = std::move(snapshot)](std::uint32_t id) {
    if (snapshot) {
      const auto segments = snapshot->view().segments();
      for (std::uint32_t s = 0; s < segments.size(); ++s) {
        if (segments[s].id == id) return std::string(snapshot->view().segment_name(s, 0));
      }
    }
    return fmt::format("segment {}", id);
  };
}

}  // namespace footlight::publish
