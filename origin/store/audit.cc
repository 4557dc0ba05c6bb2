#include "origin/store/audit.h"

#include <algorithm>
#include <array>
#include <map>
#include <sodium.h>
#include <span>

#include <fmt/format.h>

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
          .detail = std::string(query.text(5)),
          .person = {}};
}

std::string hex(std::span<const unsigned char> bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string signed_text(std::int64_t seq, std::int64_t at_ms, const std::string& chain) {
  return fmt::format("footlight-audit-checkpoint\n{}\n{}\n{}\n", seq, at_ms, chain);
}

constexpr std::size_t kSalt = 16;

std::string commitment(std::span<const unsigned char> salt, const Uuid& id) {
  std::array<unsigned char, 16> hash{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, hash.size());
  crypto_generichash_update(&state, salt.data(), salt.size());
  crypto_generichash_update(&state, id.data(), id.size());
  crypto_generichash_final(&state, hash.data(), hash.size());
  return "person:" + hex(hash);
}

struct About {
  std::int64_t profile = 0;
  std::vector<std::byte> sealed;
};

// `about` gets the row with its number, writes its subject, and says whom it is about.
template <typename Describe>
void append(Database& db, std::string_view actor, std::string_view action, std::string_view detail, Describe about) {
  Chain before{};
  AuditRow row{.seq = 1,
               .at_ms = now_ms(),
               .actor = std::string(actor),
               .action = std::string(action),
               .subject = {},
               .detail = std::string(detail),
               .person = {}};
  {
    auto last = db.prepare("SELECT seq, chain FROM audit_log ORDER BY seq DESC LIMIT 1");
    if (last->executeStep()) {
      row.seq = last.integer(0) + 1;
      before = stored_chain(last, 1);
    }
  }
  const About person = about(row);
  const Chain chain = chain_of(before, row);
  auto insert = db.prepare(
      "INSERT INTO audit_log (seq, at, actor, action, subject, detail, chain, profile, personal) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert->bind(1, row.seq);
  insert->bind(2, row.at_ms);
  insert->bind(3, row.actor);
  insert->bind(4, row.action);
  insert->bind(5, row.subject);
  insert->bind(6, row.detail);
  insert.bind_blob(7, std::as_bytes(std::span(chain)));
  if (person.profile != 0) {
    insert->bind(8, person.profile);
    insert.bind_blob(9, person.sealed);
  }
  insert->exec();
}

}  // namespace

void append_audit(Database& db, std::string_view actor, std::string_view action, std::string_view subject,
                  std::string_view detail) {
  append(db, actor, action, detail, [&](AuditRow& row) {
    row.subject = subject;
    return About{};
  });
}

void append_personal_audit(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, std::string_view actor,
                           std::string_view action, std::string_view detail) {
  append(db, actor, action, detail, [&](AuditRow& row) {
    std::array<unsigned char, kSalt + sizeof(Uuid)> secret{};
    randombytes_buf(secret.data(), kSalt);
    std::copy(id.begin(), id.end(), secret.begin() + kSalt);
    row.subject = commitment(std::span(secret).first(kSalt), id);
    const auto key = vault.data_key(id);
    if (!key) return About{};
    const std::string place = std::to_string(row.seq);
    return About{profile, vault.seal(*key, {"audit_log", "personal", place}, std::as_bytes(std::span(secret)))};
  });
}

void for_each_audit(Database& db, Vault& vault, std::int64_t before, std::int64_t limit,
                    const std::function<void(const AuditRow&)>& visit) {
  auto query = db.prepare(
      "SELECT a.seq, a.at, a.actor, a.action, a.subject, a.detail, p.id, a.personal FROM audit_log a "
      "LEFT JOIN user_profiles p ON p.seq = a.profile WHERE ?1 = 0 OR a.seq < ?1 ORDER BY a.seq DESC LIMIT ?2");
  query->bind(1, before);
  query->bind(2, limit);
  while (query->executeStep()) {
    AuditRow row = row_of(query);
    const auto id = query.is_null(6) ? std::nullopt : parse_uuid(query.text(6));
    const auto key = id ? vault.data_key(*id) : std::nullopt;
    const std::string place = std::to_string(row.seq);
    std::array<std::byte, kSalt + sizeof(Uuid)> secret{};
    if (key && vault.open(*key, {"audit_log", "personal", place}, query.blob(7), secret) == secret.size()) {
      const auto* bytes = reinterpret_cast<const unsigned char*>(secret.data());
      if (commitment({bytes, kSalt}, *id) == row.subject) row.person = to_string(*id);
    }
    visit(row);
  }
}

void checkpoint_audit(Database& db, Vault& vault) {
  AuditCheckpoint head;
  {
    auto last = db.prepare("SELECT seq, chain FROM audit_log ORDER BY seq DESC LIMIT 1");
    if (!last->executeStep()) return;
    head.seq = last.integer(0);
    head.chain = hex(stored_chain(last, 1));
  }
  {
    auto known = db.prepare("SELECT 1 FROM audit_checkpoints WHERE seq = ?");
    known->bind(1, head.seq);
    if (known->executeStep()) return;
  }
  head.at_ms = now_ms();
  const publish::Signature signature = vault.attest(signed_text(head.seq, head.at_ms, head.chain));
  auto insert = db.prepare("INSERT INTO audit_checkpoints (seq, at, chain, signature) VALUES (?, ?, ?, ?)");
  insert->bind(1, head.seq);
  insert->bind(2, head.at_ms);
  std::array<unsigned char, 32> chain{};
  sodium_hex2bin(chain.data(), chain.size(), head.chain.data(), head.chain.size(), nullptr, nullptr, nullptr);
  insert.bind_blob(3, std::as_bytes(std::span(chain)));
  insert.bind_blob(4, std::as_bytes(std::span(signature)));
  insert->exec();
  vault.set_note("audit_head", fmt::format("{} {}", head.seq, head.chain));
}

namespace {

AuditCheckpoint checkpoint_of(Prepared& query) {
  const auto signature = query.blob(3);
  return {
      .seq = query.integer(0),
      .at_ms = query.integer(1),
      .chain = hex(stored_chain(query, 2)),
      .signature = publish::to_base64({reinterpret_cast<const unsigned char*>(signature.data()), signature.size()})};
}

bool is_signed(const AuditCheckpoint& checkpoint, Vault& vault) {
  try {
    const std::string signature = publish::from_base64(checkpoint.signature);
    return publish::verify_signature(vault.attestation_key(),
                                     signed_text(checkpoint.seq, checkpoint.at_ms, checkpoint.chain),
                                     {reinterpret_cast<const unsigned char*>(signature.data()), signature.size()});
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace

std::optional<AuditCheckpoint> latest_checkpoint(Database& db) {
  auto query = db.prepare("SELECT seq, at, chain, signature FROM audit_checkpoints ORDER BY seq DESC LIMIT 1");
  if (!query->executeStep()) return std::nullopt;
  return checkpoint_of(query);
}

AuditCheck verify_audit(Database& db, Vault& vault, const std::optional<AuditCheckpoint>& kept) {
  AuditCheck check;
  // What the chain has to be at which row, and who says so.
  std::multimap<std::int64_t, std::pair<std::string, std::string>> heads;
  {
    auto query = db.prepare("SELECT seq, at, chain, signature FROM audit_checkpoints ORDER BY seq");
    while (query->executeStep()) {
      const AuditCheckpoint checkpoint = checkpoint_of(query);
      ++check.checkpoints;
      if (!is_signed(checkpoint, vault)) {
        check.broken_at = checkpoint.seq;
        check.fault = "the checkpoint there has no valid signature";
        return check;
      }
      heads.emplace(checkpoint.seq, std::pair{checkpoint.chain, std::string("the signed checkpoint there")});
    }
  }
  if (kept) {
    if (!is_signed(*kept, vault)) {
      check.broken_at = kept->seq;
      check.fault = "the checkpoint given is not signed by this installation";
      return check;
    }
    heads.emplace(kept->seq, std::pair{kept->chain, std::string("the checkpoint given")});
  }
  if (const auto note = vault.note("audit_head")) {
    const std::size_t space = note->find(' ');
    heads.emplace(std::stoll(note->substr(0, space)),
                  std::pair{note->substr(space + 1), std::string("the head noted beside the keys")});
  }
  Chain before{};
  {
    auto query = db.prepare("SELECT seq, at, actor, action, subject, detail, chain FROM audit_log ORDER BY seq");
    while (query->executeStep()) {
      const AuditRow row = row_of(query);
      const Chain chain = chain_of(before, row);
      ++check.rows;
      if (row.seq != check.rows || chain != stored_chain(query, 6)) {
        check.broken_at = row.seq;
        check.fault = "it, or what is before it, was changed, taken out or moved";
        return check;
      }
      for (auto [head, end] = heads.equal_range(row.seq); head != end; ++head) {
        if (head->second.first == hex(chain)) continue;
        check.broken_at = row.seq;
        check.fault = "the log was written anew: it does not fit " + head->second.second;
        return check;
      }
      before = chain;
    }
  }
  if (!heads.empty() && heads.rbegin()->first > check.rows) {
    check.broken_at = check.rows + 1;
    check.fault = fmt::format("rows are missing at the end: {} is at row {}", heads.rbegin()->second.second,
                              heads.rbegin()->first);
  }
  return check;
}

}  // namespace footlight::origin
