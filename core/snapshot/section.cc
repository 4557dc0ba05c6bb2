#include "core/snapshot/section.h"

namespace footlight::snapshot {

std::span<const std::byte> section_bytes(std::span<const std::byte> snapshot, Section section) noexcept {
  if (snapshot.size() < sizeof(Header)) return {};
  const auto& header = *reinterpret_cast<const Header*>(snapshot.data());
  const auto* rows = reinterpret_cast<const SectionRow*>(snapshot.data() + sizeof(Header));
  for (std::size_t i = 0; i < header.section_count; ++i) {
    if (rows[i].section == section) return snapshot.subspan(rows[i].offset, rows[i].bytes);
  }
  return {};
}

}  // namespace footlight::snapshot
