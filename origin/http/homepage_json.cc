#include "origin/http/homepage_json.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace footlight::origin {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kTypeNames[] = {"hero",     "project", "testimonial", "service",
                                           "resource", "deck",    "case_study"};

struct alignas(16) Block {
  std::byte bytes[16];
};

}  // namespace

void append_uuid(const std::uint8_t (&uuid)[16], std::string& out) {
  char text[36];
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = kHex[uuid[i] >> 4U];
    text[at++] = kHex[uuid[i] & 15U];
  }
  out.append(text, sizeof text);
}

void append_json_text(std::string_view text, std::string& out) {
  out.push_back('"');
  std::size_t plain = 0;  // what needs no escape is copied in one piece
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    out.push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out.push_back(static_cast<char>(c));
        break;
      case '\b':
        out.push_back('b');
        break;
      case '\f':
        out.push_back('f');
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      default:
        out += "u00";
        out.push_back(kHex[c >> 4U]);
        out.push_back(kHex[c & 15U]);
    }
  }
  out.append(text, plain, text.size() - plain);
  out.push_back('"');
}

void append_ten_thousandths(std::uint32_t value, std::string& out) {
  out += std::to_string(value / 10000);
  std::uint32_t rest = value % 10000;
  if (rest == 0) return;
  char digits[4];
  for (std::size_t i = 4; i-- > 0; rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
  std::size_t count = 4;
  while (digits[count - 1] == '0') --count;
  out.push_back('.');
  out.append(digits, count);
}

std::string reason_text(const snapshot::SnapshotView& snapshot, const Entry& entry, std::uint32_t locale) {
  std::string text(256, '\0');
  for (;;) {
    const std::size_t needed = write_reason(snapshot, entry, locale, text);
    const bool fits = needed <= text.size();
    text.resize(needed);
    if (fits) return text;
  }
}

void append_item(const snapshot::SnapshotView& snapshot, const Entry& entry, std::uint32_t locale, std::string& out) {
  const auto& item = snapshot.items()[entry.item];
  out += "{\"id\":\"";
  append_uuid(item.uuid, out);
  out += "\",\"type\":\"";
  out += kTypeNames[static_cast<std::size_t>(item.type)];
  out.push_back('"');
  const std::string_view body = snapshot.item_body(entry.item, locale);
  if (body.size() > 2) {  // more than {}
    out.push_back(',');
    out.append(body, 1, body.size() - 2);
  }
  out += ",\"matchReason\":";
  append_json_text(reason_text(snapshot, entry, locale), out);
  out += ",\"confidence\":";
  append_ten_thousandths(entry.confidence, out);
  out += ",\"engagementRate\":";
  if (entry.engagement_rate == kRateUnknown) {
    out += "null";
  } else {
    append_ten_thousandths(entry.engagement_rate, out);
  }
  out.push_back('}');
}

void append_section(const snapshot::SnapshotView& snapshot, const Decision& decision, const HomepageSection& section,
                    std::uint32_t locale, std::string& out) {
  const bool is_hero = std::string_view(section.name) == "hero";
  const std::uint32_t slot = snapshot.find_slot(section.slot);
  std::span<const Entry> entries;
  for (std::uint32_t i = 0; i < decision.slot_count; ++i) {
    if (decision.slots[i].slot == slot) entries = decision.entries_of(decision.slots[i]);
  }
  if (is_hero) {
    if (entries.empty()) {
      out += "null";
    } else {
      append_item(snapshot, entries.front(), locale, out);
    }
    return;
  }
  out.push_back('[');
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i != 0) out.push_back(',');
    append_item(snapshot, entries[i], locale, out);
  }
  out.push_back(']');
}

void append_homepage(const snapshot::SnapshotView& snapshot, const Decision& decision, std::uint32_t locale,
                     std::string& out) {
  char before = '{';
  if ((decision.flags & snapshot::kApprentice) != 0) {
    out += "{\"apprentice\":true";
    before = ',';
  }
  for (const HomepageSection& section : kHomepage) {
    out.push_back(before);
    out.push_back('"');
    out += section.name;
    out += "\":";
    append_section(snapshot, decision, section, locale, out);
    before = ',';
  }
  out.push_back('}');
}

std::uint32_t homepage_requests(const snapshot::SnapshotView& snapshot, SlotRequest (&requests)[4]) {
  std::uint32_t count = 0;
  for (const HomepageSection& section : kHomepage) {
    const std::uint32_t slot = snapshot.find_slot(section.slot);
    if (slot != snapshot::kNone) requests[count++] = {.slot = slot, .limit = 0};
  }
  return count;
}

const Decision& decide_here(const snapshot::SnapshotView& snapshot, const Visitor& visitor, const Context& context,
                            std::span<const SlotRequest> requests) {
  thread_local std::vector<Block> scratch;
  thread_local Decision decision;
  const std::size_t needed = (decide_scratch_bytes(snapshot) + sizeof(Block) - 1) / sizeof(Block);
  if (scratch.size() < needed) scratch.resize(needed);
  const Status status =
      decide(snapshot, visitor, context, requests, std::as_writable_bytes(std::span(scratch)), decision);
  if (status != Status::kOk) throw std::logic_error(status_name(status));
  return decision;
}

}  // namespace footlight::origin
