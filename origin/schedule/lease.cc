#include "origin/schedule/lease.h"

#include <charconv>
#include <string_view>

#include "origin/store/uuid.h"

namespace footlight::schedule {
namespace {

constexpr const char* kLease = "schedule.lease";
constexpr const char* kWindow = "schedule.window";

std::string value_of(origin::Database& db, const char* name) {
  auto query = db.prepare("SELECT value FROM meta WHERE name = ?");
  query->bind(1, std::string(name));
  return query->executeStep() ? std::string(query.text(0)) : std::string();
}

void put_value(origin::Database& db, const char* name, const std::string& value) {
  auto put = db.prepare(
      "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
  put->bind(1, std::string(name));
  put->bind(2, value);
  put->exec();
}

// 0 for what is no number.
std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

Lease::Lease(origin::Store& store) : store_(store), owner_(origin::to_string(origin::random_uuid())) {}

bool Lease::take(std::int64_t now_ms) {
  return store_.writer()
      .submit([this, now_ms](origin::Database& db) {
        const std::string held = value_of(db, kLease);
        const std::size_t space = held.find(' ');
        const bool is_mine = held.substr(0, space) == owner_;
        const bool runs = space != std::string::npos && number(std::string_view(held).substr(space + 1)) > now_ms;
        if (!is_mine && runs) return false;
        put_value(db, kLease, owner_ + " " + std::to_string(now_ms + kLeaseMs));
        return true;
      })
      .get();
}

void Lease::release() {
  store_.writer()
      .submit([this](origin::Database& db) {
        if (value_of(db, kLease).starts_with(owner_ + " ")) put_value(db, kLease, "");
      })
      .get();
}

bool Lease::begin_window(std::int64_t opened_at_ms) {
  return store_.writer()
      .submit([opened_at_ms](origin::Database& db) {
        if (number(value_of(db, kWindow)) >= opened_at_ms) return false;
        put_value(db, kWindow, std::to_string(opened_at_ms));
        return true;
      })
      .get();
}

}  // namespace footlight::schedule
