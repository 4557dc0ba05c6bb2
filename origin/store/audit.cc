#include "origin/store/audit.h"

#include <algorithm>
#include <array>
#include <sodium.h>
#include <span>

#include "origin/store/store.h"

namespace footlight::origin {
namespace {

using Chain = std::array<unsigned char, 32>;

// Lengths go in, too: no two rows give the same bytes.
Chain chain_of(const Chain& before, const AuditRow& row) {
  crypto_generichash_state state;
  Chain chain{};
  crypto_generichash_init(&state, nullptr, 0, chain.size());
  crypto_generichash_update(&state, before.data(), before.size());
  const auto number = [&](std::int64_t value) {
    std::array<unsigned char, 8> bytes{};
    for (std::size_t b = 0; b < bytes.size(); ++b) {
      bytes[b] = static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8 * b));
    }
    crypto_generichash_update(&state, bytes.data(), bytes.size());
  };
  number(row.seq);
  number(row.at_ms);
  for (const std::string* text : {&row.actor, &row.action, &row.subject, &row.detail}) {
    number(static_cast<std::int64_t>(text->size()));
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(text->data()), text->size());
  }
  crypto_generichash_final(&state, chain.data(), chain.size());
  return chain;
}

Chain stored_chain(Prepared& query, int column) {
  Chain chain{};
  const auto bytes = query.blob(column);
  if (bytes.size() == chain.size()) {
    std::copy_n(reinterpret_cast<const unsigned char*>(bytes.data()), chain.size(), chain.begin());
  }
  return chain;
}

AuditRow row_of(Prepared& query) {
  return {.seq = query.integer(0),
          .at_ms = query.integer(1),
          .actor = std::string(query.text(2)),
          .action = std::string(query.text(3)),
          .subject = std::string(query.text(4)),
          .detail = std::string(query.text(5))};
}

}  // namespace

void append_audit(Database& db, std::string_view actor, std::string_view action, std::string_view subject,
                  std::string_view detail) {
  Chain before{};
  AuditRow row{.seq = 1,
               .at_ms = now_ms(),
               .actor = std::string(actor),
               .action = std::string(action),
               .subject = std::string(subject),
               .detail = std::string(detail)};
  {
    auto last = db.prepare("SELECT seq, chain FROM audit_log ORDER BY seq DESC LIMIT 1");
    if (last->executeStep()) {
      row.seq = last.integer(0) + 1;
      before = stored_chain(last, 1);
    }
  }
  const Chain chain = chain_of(before, row);
  auto insert =
      db.prepare("INSERT INTO audit_log (seq, at, actor, action, subject, detail, chain) VALUES (?, ?, ?, ?, ?, ?, ?)");
  insert->bind(1, row.seq);
  insert->bind(2, row.at_ms);
  insert->bind(3, row.actor);
  insert->bind(4, row.action);
  insert->bind(5, row.subject);
  insert->bind(6, row.detail);
  insert.bind_blob(7, std::as_bytes(std::span(chain)));
  insert->exec();
}

void for_each_audit(Database& db, std::int64_t before, std::int64_t limit,
                    const std::function<void(const AuditRow&)>& visit) {
  auto query = db.prepare(
      "SELECT seq, at, actor, action, subject, detail FROM audit_log WHERE ?1 = 0 OR seq < ?1 ORDER BY seq DESC "
      "LIMIT ?2");
  query->bind(1, before);
  query->bind(2, limit);
  while (query->executeStep()) visit(row_of(query));
}

AuditCheck verify_audit(Database& db) {
  AuditCheck check;
  Chain before{};
  auto query = db.prepare("SELECT seq, at, actor, action, subject, detail, chain FROM audit_log ORDER BY seq");
  while (query->executeStep()) {
    const AuditRow row = row_of(query);
    const Chain chain = chain_of(before, row);
    ++check.rows;
    if (row.seq != check.rows || chain != stored_chain(query, 6)) {
      check.broken_at = row.seq;
      return check;
    }
    before = chain;
  }
  return check;
}

}  // namespace footlight::origin
