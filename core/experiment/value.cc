#include "core/experiment/value.h"

namespace footlight::experiment {
namespace {

bool fits(TextRef ref, std::size_t size) noexcept { return ref.offset <= size && ref.size <= size - ref.offset; }

std::uint64_t children_of(const ValueRow& row) noexcept {
  if (row.kind == Kind::kArray) return row.count;
  if (row.kind == Kind::kObject) return std::uint64_t{2} * row.count;
  return 0;
}

}  // namespace

Status ValueTable::check(std::uint32_t roots) const noexcept {
  if (roots > rows.size()) return Status::kBadReference;
  std::uint64_t next = roots;  // the first row without a parent yet
  std::uint64_t level_end = roots;
  std::uint32_t depth = 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i >= next) return Status::kBadReference;
    if (i == level_end) {
      if (++depth > kMaxDepth) return Status::kTooLarge;
      level_end = next;
    }
    const ValueRow& row = rows[i];
    if (row.kind > Kind::kObject) return Status::kBadValue;
    if (!fits(row.text, text.size()) || !fits(row.lower, text.size())) return Status::kBadReference;
    const std::uint64_t children = children_of(row);
    if (children == 0) {
      if (row.count != 0) return Status::kBadReference;
      continue;
    }
    if (row.first != next || children > rows.size() - next) return Status::kBadReference;
    if (row.kind == Kind::kObject) {
      for (std::size_t m = 0; m < children; m += 2) {
        if (rows[static_cast<std::size_t>(next) + m].kind != Kind::kString) return Status::kBadValue;
      }
    }
    next += children;
  }
  return next == rows.size() ? Status::kOk : Status::kBadReference;
}

std::uint32_t Value::row() const noexcept {
  return row_ == nullptr ? kNone : static_cast<std::uint32_t>(row_ - table_->rows.data());
}

bool Value::truthy() const noexcept {
  switch (kind()) {
    case Kind::kNull:
    case Kind::kFalse:
      return false;
    case Kind::kNumber:
      return number() < 0 || number() > 0;
    case Kind::kString:
      return !text().empty();
    default:
      return true;
  }
}

Value Value::find(std::string_view key) const noexcept {
  if (kind() != Kind::kObject) return {};
  const ValueRow* member = &table_->rows[row_->first];
  for (std::uint32_t m = 0; m < row_->count; ++m, member += 2) {
    if (member->text.size != key.size()) continue;
    const char* name = table_->text.data() + member->text.offset;
    std::size_t same = 0;
    while (same < key.size() && name[same] == key[same]) ++same;  // short: a call costs more
    if (same == key.size()) return {*table_, row_->first + 2 * m + 1};
  }
  return {};
}

Value Value::at(std::string_view path) const noexcept {
  Value value = *this;
  for (;;) {
    const std::size_t dot = path.find('.');
    const std::string_view part = path.substr(0, dot);
    if (value.is_array()) {
      std::uint64_t index = 0;
      bool number = !part.empty() && part.size() < 7 && (part.size() == 1 || part[0] != '0');
      for (const char c : part) {
        number = number && c >= '0' && c <= '9';
        index = index * 10 + static_cast<std::uint64_t>(c - '0');
      }
      if (!number || index >= value.count()) return {};
      value = value.element(static_cast<std::uint32_t>(index));
    } else {
      value = value.find(part);
    }
    if (dot == std::string_view::npos) return value;
    path.remove_prefix(dot + 1);
  }
}

bool Value::equals(Value other) const noexcept {
  if (kind() != other.kind()) return false;
  if (kind() == Kind::kNumber) return number() == other.number();
  if (kind() == Kind::kString) return text() == other.text();
  return kind() < Kind::kNumber;
}

bool Value::same(Value other) const noexcept {
  if (kind() != other.kind()) return false;
  if (kind() < Kind::kArray) return equals(other);
  if (count() != other.count()) return false;
  const std::uint32_t children = kind() == Kind::kObject ? 2 * count() : count();
  for (std::uint32_t c = 0; c < children; ++c) {  // no deeper than kMaxDepth
    if (!element(c).same(other.element(c))) return false;
  }
  return true;
}

Result<ValueTable> read_request(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < 8) return Unexpected(Status::kTruncated);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(ValueRow) != 0) return Unexpected(Status::kBadSection);
  const auto* head = reinterpret_cast<const std::uint32_t*>(bytes.data());
  if (head[0] > kMaxRequestRows) return Unexpected(Status::kTooLarge);
  const std::size_t rows = head[0] * sizeof(ValueRow);
  if (rows > bytes.size() - 8 || head[1] != bytes.size() - 8 - rows) return Unexpected(Status::kTruncated);
  const ValueTable table{{reinterpret_cast<const ValueRow*>(bytes.data() + 8), head[0]},
                         {reinterpret_cast<const char*>(bytes.data() + 8 + rows), head[1]}};
  const Status status = table.check(1);
  if (status != Status::kOk) return Unexpected(status);
  if (table.rows[0].kind != Kind::kObject) return Unexpected(Status::kBadValue);
  return table;
}

}  // namespace footlight::experiment
