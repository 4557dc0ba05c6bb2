#include "origin/publish/replace_flags.h"

#include <cstring>
#include <limits>
#include <stdexcept>

#include "core/snapshot/layout.h"

namespace footlight::publish {
namespace {

using snapshot::Header;
using snapshot::Section;
using snapshot::SectionRow;

std::size_t aligned(std::size_t n) {
  return (n + snapshot::kAlignment - 1) / snapshot::kAlignment * snapshot::kAlignment;
}

}  // namespace

std::vector<std::byte> replace_flags(std::span<const std::byte> snapshot, std::span<const std::byte> program,
                                     std::uint64_t version) {
  Header header;
  std::memcpy(&header, snapshot.data(), sizeof header);
  std::vector<SectionRow> rows(header.section_count);
  std::memcpy(rows.data(), snapshot.data() + sizeof header, rows.size() * sizeof(SectionRow));
  std::vector<std::span<const std::byte>> parts;
  std::vector<SectionRow> kept;
  for (const SectionRow& row : rows) {
    if (row.section == Section::kProgram) continue;
    kept.push_back(row);
    parts.push_back(snapshot.subspan(row.offset, row.bytes));
  }
  if (!program.empty()) {
    const auto size = static_cast<std::uint32_t>(program.size());
    kept.push_back({Section::kProgram, 0, size, size});
    parts.push_back(program);
  }
  std::size_t at = aligned(sizeof header + kept.size() * sizeof(SectionRow));
  for (std::size_t s = 0; s < kept.size(); ++s) {
    kept[s].offset = static_cast<std::uint32_t>(at);
    at = aligned(at + parts[s].size());
  }
  if (at > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("the snapshot would be too large");
  header.version = version;
  header.section_count = static_cast<std::uint32_t>(kept.size());
  header.total_bytes = static_cast<std::uint32_t>(at);
  std::vector<std::byte> out(at);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, kept.data(), kept.size() * sizeof(SectionRow));
  for (std::size_t s = 0; s < kept.size(); ++s) {
    std::memcpy(out.data() + kept[s].offset, parts[s].data(), parts[s].size());
  }
  return out;
}

}  // namespace footlight::publish
