#include "origin/privacy/erasure.h"

#include <sodium.h>
#include <stdexcept>
#include <utility>

#include "origin/publish/signing_key.h"
#include "origin/store/audit.h"
#include "origin/store/document.h"
#include "origin/store/profiles.h"

namespace footlight::origin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kReceiptFormat = "footlight-erasure";
constexpr std::string_view kRetrainingSince = "retraining_wanted_since";

std::string hex(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  text.pop_back();
  return text;
}

std::vector<std::byte> from_hex(std::string_view text) {
  if (text.empty()) return {};
  std::vector<std::byte> bytes(text.size() / 2 + 1);
  std::size_t size = 0;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                     &size, nullptr) != 0 ||
      2 * size != text.size()) {
    throw std::runtime_error("visitorHash is not hexadecimal");
  }
  bytes.resize(size);
  return bytes;
}

std::string seal_receipt(const Vault& vault, const Json& receipt) {
  const std::string payload = receipt.dump();
  const publish::Signature signature = vault.attest(payload);
  return Json{{"payload", publish::to_base64({reinterpret_cast<const unsigned char*>(payload.data()), payload.size()})},
              {"signature", publish::to_base64(signature)},
              {"keyId", publish::key_id(vault.attestation_key())}}
      .dump();
}

// How many rows of each table are about the visitor and the profile.
Json count_rows(Database& db, std::int64_t visitor, std::int64_t profile, const std::string& id) {
  Json counts = Json::object();
  const auto count = [&](const char* name, Sql sql, const auto& key) {
    auto query = db.prepare(sql);
    query->bind(1, key);
    query->executeStep();
    counts[name] = query.integer(0);
  };
  count("interactions", "SELECT count(*) FROM interactions WHERE visitor = ?", visitor);
  count("wouldShow", "SELECT count(*) FROM would_show WHERE visitor = ?", visitor);
  count("exposures", "SELECT count(*) FROM exposures WHERE visitor = ?", visitor);
  count("conversions", "SELECT count(*) FROM conversions WHERE visitor = ?", visitor);
  {
    auto query = db.prepare("SELECT count(*) FROM content_recommendations WHERE visitor = ? OR user_profile_id = ?");
    query->bind(1, visitor);
    query->bind(2, id);
    query->executeStep();
    counts["recommendations"] = query.integer(0);
  }
  count("personalizedContent", "SELECT count(*) FROM personalized_content WHERE user_profile_id = ?", id);
  count("consents", "SELECT count(*) FROM consents WHERE profile = ?", profile);
  count("tokens", "SELECT count(*) FROM tokens WHERE profile = ?", profile);
  return counts;
}

std::uint64_t sum(const Json& counts) {
  std::uint64_t rows = 0;
  for (const auto& [name, count] : counts.items()) rows += count.get<std::uint64_t>();
  return rows;
}

void delete_visitor(Database& db, std::int64_t visitor) {
  auto erase = db.prepare("DELETE FROM visitors WHERE visitor = ?");
  erase->bind(1, visitor);
  erase->exec();
}

// Writes the erasure down, marks the model for retraining, and signs the receipt. `profile`: the id of the profile, or
// one that nobody had.
void write_down(Database& db, const Vault& vault, Erased& erased, const Uuid& profile, bool had_profile,
                std::span<const std::byte> visitor_hash, ErasureReason reason, const Json& counts) {
  const std::string text = to_string(profile);
  {
    auto insert = db.prepare(
        "INSERT INTO erasures (id, profile, visitor_hash, reason, erased_at, key_destroyed) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (profile) DO UPDATE SET key_destroyed = 0");
    insert->bind(1, erased.id);
    insert->bind(2, text);
    if (!visitor_hash.empty()) insert.bind_blob(3, visitor_hash);
    insert->bind(4, std::string(erasure_reason_name(reason)));
    insert->bind(5, erased.at_ms);
    insert->bind(6, had_profile ? 0 : 1);  // without a profile there is no key
    insert->exec();
  }
  {
    auto mark = db.prepare("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING");
    mark->bind(1, std::string(kRetrainingSince));
    mark->bind(2, std::to_string(erased.at_ms));
    mark->exec();
  }
  erased.receipt = seal_receipt(vault, {{"format", kReceiptFormat},
                                        {"formatVersion", 1},
                                        {"id", erased.id},
                                        {"profileId", had_profile ? Json(text) : Json()},
                                        {"reason", erasure_reason_name(reason)},
                                        {"erasedAt", format_time(erased.at_ms)},
                                        {"removed", counts}});
}

std::string audit_detail(const Erased& erased, ErasureReason reason) {
  return Json{{"erasure", erased.id}, {"reason", erasure_reason_name(reason)}}.dump();
}

// What erase_profile() does inside the transaction.
std::optional<Erased> erase_rows(Database& db, Vault& vault, const Uuid& id, ErasureReason reason,
                                 std::string_view actor) {
  const auto found = find_by_id(db, id);
  if (!found) return std::nullopt;
  const std::int64_t profile = found->first;
  const std::string text = to_string(id);
  std::int64_t visitor = 0;
  std::vector<std::byte> visitor_hash;
  {
    auto query = db.prepare("SELECT visitor, hash FROM visitors WHERE profile = ?");
    query->bind(1, profile);
    if (query->executeStep()) {
      visitor = query.integer(0);
      if (!query.is_null(1)) visitor_hash.assign(query.blob(1).begin(), query.blob(1).end());
    }
  }
  const Json counts = count_rows(db, visitor, profile, text);
  Erased erased{.id = to_string(random_uuid()), .receipt = {}, .rows = sum(counts) + 1, .at_ms = now_ms()};
  append_personal_audit(db, vault, profile, id, actor, "privacy.erase", audit_detail(erased, reason));
  delete_visitor(db, visitor);
  {
    auto erase = db.prepare("DELETE FROM content_recommendations WHERE user_profile_id = ?");
    erase->bind(1, text);
    erase->exec();
  }
  {
    auto erase = db.prepare("DELETE FROM user_profiles WHERE seq = ?");
    erase->bind(1, profile);
    erase->exec();
  }
  write_down(db, vault, erased, id, true, visitor_hash, reason, counts);
  return erased;
}

// What erase_visitor() does inside the transaction.
std::optional<Erased> erase_visitor_rows(Database& db, const Vault& vault, const Hash& hash, ErasureReason reason,
                                         std::string_view actor) {
  const auto visitor = find_visitor(db, hash);
  if (!visitor || profile_of_visitor(db, *visitor)) return std::nullopt;
  const Json counts = count_rows(db, *visitor, 0, "");
  Erased erased{.id = to_string(random_uuid()), .receipt = {}, .rows = sum(counts) + 1, .at_ms = now_ms()};
  append_audit(db, actor, "privacy.erase", kWithoutProfile, audit_detail(erased, reason));
  delete_visitor(db, *visitor);
  write_down(db, vault, erased, random_uuid(), false, visitor_bytes(hash), reason, counts);
  return erased;
}

// A visitor who had no profile yet in the older copy, or still has one there.
std::uint64_t erase_older(Database& db, const std::vector<std::byte>& hash) {
  auto erase = db.prepare("DELETE FROM visitors WHERE hash = ?");
  erase.bind_blob(1, hash);
  return static_cast<std::uint64_t>(erase->exec());
}

}  // namespace

std::string_view erasure_reason_name(ErasureReason reason) {
  constexpr std::string_view kNames[] = {"person", "admin", "retention", "restore"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::optional<Erased> erase_profile(Store& store, const Uuid& profile, ErasureReason reason, std::string_view actor) {
  Vault& vault = store.vault();
  auto erased =
      store.writer().submit([&](Database& db) { return erase_rows(db, vault, profile, reason, actor); }).get();
  if (erased) static_cast<void>(finish_erasures(store));
  return erased;
}

std::optional<Erased> erase_visitor(Store& store, const Hash& visitor, ErasureReason reason, std::string_view actor) {
  const Vault& vault = store.vault();
  return store.writer()
      .submit([&](Database& db) { return erase_visitor_rows(db, vault, visitor, reason, actor); })
      .get();
}

std::uint64_t finish_erasures(Store& store) {
  {
    auto db = store.reader();
    auto query = db->prepare("SELECT 1 FROM erasures WHERE key_destroyed = 0 LIMIT 1");
    if (!query->executeStep()) return 0;
  }
  Vault& vault = store.vault();
  return store.writer()
      .submit([&vault](Database& db) {
        std::vector<std::pair<std::int64_t, Uuid>> open;
        {
          auto query = db.prepare("SELECT seq, profile FROM erasures WHERE key_destroyed = 0");
          while (query->executeStep()) {
            if (const auto id = parse_uuid(query.text(1))) open.emplace_back(query.integer(0), *id);
          }
        }
        std::uint64_t left = 0;
        for (const auto& [seq, id] : open) {
          if (!vault.destroy_data_key(id)) {
            ++left;
            continue;
          }
          auto update = db.prepare("UPDATE erasures SET key_destroyed = 1 WHERE seq = ?");
          update->bind(1, seq);
          update->exec();
        }
        return left;
      })
      .get();
}

void for_each_erasure(Store& store, std::int64_t after_seq, const std::function<void(const Erasure&)>& visit) {
  auto db = store.reader();
  auto query = db->prepare(
      "SELECT seq, id, profile, visitor_hash, reason, erased_at, key_destroyed FROM erasures WHERE seq > ? ORDER BY "
      "seq");
  query->bind(1, after_seq);
  while (query->executeStep()) {
    visit({.seq = query.integer(0),
           .id = std::string(query.text(1)),
           .profile = std::string(query.text(2)),
           .visitor_hash = query.is_null(3) ? std::string() : hex(query.blob(3)),
           .reason = std::string(query.text(4)),
           .erased_at_ms = query.integer(5),
           .key_destroyed = query.integer(6) != 0});
  }
}

Json erasure_json(const Erasure& erasure) {
  Json document = {{"id", erasure.id}, {"profile", erasure.profile}};
  if (!erasure.visitor_hash.empty()) document["visitorHash"] = erasure.visitor_hash;
  document["reason"] = erasure.reason;
  document["erasedAt"] = format_time(erasure.erased_at_ms);
  document["keyDestroyed"] = erasure.key_destroyed;
  return document;
}

Erasure parse_erasure(const Json& document) {
  std::vector<Fault> faults;
  Fields fields(document, "", faults);
  fields.only({"id", "profile", "visitorHash", "reason", "erasedAt", "keyDestroyed"});
  Erasure erasure{.id = fields.text("id", 36), .profile = fields.text("profile", 36)};
  erasure.visitor_hash = fields.text_or("visitorHash", 64, "");
  erasure.reason = fields.text("reason", 20);
  const auto at = parse_time_ms(fields.text("erasedAt", 64));
  if (!parse_uuid(erasure.profile)) fields.fault("type", "is not a UUID", "profile");
  if (!at) fields.fault("type", "is not a time", "erasedAt");
  if (!faults.empty()) throw std::runtime_error("an erasure " + faults.front().pointer + " " + faults.front().detail);
  erasure.erased_at_ms = *at;
  static_cast<void>(from_hex(erasure.visitor_hash));
  return erasure;
}

std::uint64_t replay_erasures(Store& store, const std::vector<Erasure>& erasures) {
  std::uint64_t count = 0;
  for (const Erasure& erasure : erasures) {
    const auto id = parse_uuid(erasure.profile);
    if (id && erase_profile(store, *id, ErasureReason::kRestore, "restore")) ++count;
    store.writer()
        .submit([&](Database& db) {
          if (!erasure.visitor_hash.empty()) count += erase_older(db, from_hex(erasure.visitor_hash));
          // It stays on the list, under its own id and reason, for the next restore.
          auto erase = db.prepare("DELETE FROM erasures WHERE profile = ? OR id = ?");
          erase->bind(1, erasure.profile);
          erase->bind(2, erasure.id);
          erase->exec();
          auto insert =
              db.prepare("INSERT INTO erasures (id, profile, visitor_hash, reason, erased_at) VALUES (?, ?, ?, ?, ?)");
          insert->bind(1, erasure.id);
          insert->bind(2, erasure.profile);
          if (!erasure.visitor_hash.empty()) insert.bind_blob(3, from_hex(erasure.visitor_hash));
          insert->bind(4, erasure.reason);
          insert->bind(5, erasure.erased_at_ms);
          insert->exec();
        })
        .get();
  }
  static_cast<void>(finish_erasures(store));
  return count;
}

std::optional<Json> verify_receipt(const Vault& vault, std::string_view envelope) {
  const Json parts = Json::parse(envelope, nullptr, false);
  if (!parts.is_object() || !parts.contains("payload") || !parts.contains("signature")) return std::nullopt;
  try {
    const std::string payload = publish::from_base64(parts["payload"].get<std::string>());
    const std::string signature = publish::from_base64(parts["signature"].get<std::string>());
    if (!publish::verify_signature(vault.attestation_key(), payload,
                                   {reinterpret_cast<const unsigned char*>(signature.data()), signature.size()})) {
      return std::nullopt;
    }
    Json receipt = Json::parse(payload);
    if (receipt.value("format", "") != kReceiptFormat) return std::nullopt;
    return receipt;
  } catch (const std::exception&) {  // not base64, not text, not JSON
    return std::nullopt;
  }
}

std::int64_t retraining_wanted_since(Store& store) {
  const auto since = store.meta(kRetrainingSince);
  return since ? std::stoll(*since) : 0;
}

void clear_retraining(Store& store, std::int64_t trained_from_ms) {
  store.writer()
      .submit([trained_from_ms](Database& db) {
        // What was erased while the training ran is for the next one.
        auto later = db.prepare("SELECT min(erased_at) FROM erasures WHERE erased_at >= ?");
        later->bind(1, trained_from_ms);
        std::int64_t since = 0;
        if (later->executeStep() && !later.is_null(0)) since = later.integer(0);
        auto erase = db.prepare("DELETE FROM meta WHERE name = ?");
        erase->bind(1, std::string(kRetrainingSince));
        erase->exec();
        if (since == 0) return;
        auto mark = db.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
        mark->bind(1, std::string(kRetrainingSince));
        mark->bind(2, std::to_string(since));
        mark->exec();
      })
      .get();
}

}  // namespace footlight::origin
