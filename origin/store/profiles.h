// Profiles, their tokens, and the visitors that interactions belong to.
//
// The functions that take a Database& run on the writer's thread, inside a job (store/writer.h), so
// that a profile, its token and its first interactions share one commit. The others read.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/visitor/visitor.h"
#include "origin/privacy/vault.h"
#include "origin/store/store.h"

namespace footlight::origin {

// What a request is answered from: one indexed read and one decryption (find_session).
struct Session {
  std::int64_t profile = 0;  // user_profiles.seq
  Uuid id{};
  bool enabled = true;
  Hash token{};  // the token it was found by
  std::int64_t token_expires_at_ms = 0;
  Visitor visitor;
  mutable std::atomic<bool> asked_before{false};  // a page is worth keeping from the second request on
};

// The profile was erased while a request about it was under way.
struct ProfileGone : std::runtime_error {
  ProfileGone() : std::runtime_error("the profile was erased") {}
};

// A question's name and its stored text; an empty text takes the answer back.
using StoredAnswers = std::vector<std::pair<std::string, std::string>>;

struct NewProfile {
  Uuid id{};
  std::string email;                 // normal form; empty: none
  std::optional<Hash> foreign_hash;  // of the id the site's owner knows it by
  StoredAnswers answers;
  Visitor visitor;
  std::uint32_t personalization_score = 0;
  std::int64_t created_at_ms = 0;
};

enum class TokenPurpose : std::int64_t { kBearer = 0, kClaim = 1 };

// -- writer only
[[nodiscard]] std::int64_t insert_profile(Database& db, Vault& vault, const NewProfile& profile);
void update_answers(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, const StoredAnswers& answers);
// The profile that holds the address, if one does.
[[nodiscard]] std::optional<std::pair<std::int64_t, Uuid>> find_by_email(Database& db, const Hash& email_hash);
[[nodiscard]] std::optional<std::pair<std::int64_t, Uuid>> find_by_foreign(Database& db, const Hash& foreign_hash);
[[nodiscard]] std::optional<std::pair<std::int64_t, Uuid>> find_by_id(Database& db, const Uuid& id);
void set_email(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, std::string_view email);
// Whether a claim that could be redeemed, and was not yet, has been made for this profile since then.
[[nodiscard]] bool has_claim_since(Database& db, std::int64_t profile, std::int64_t since_ms);
void insert_token(Database& db, const Hash& hash, std::int64_t profile, TokenPurpose purpose,
                  std::int64_t expires_at_ms);
// Uses a claim up: the profile it was for, once, while it has not expired.
[[nodiscard]] std::optional<std::pair<std::int64_t, Uuid>> redeem_claim(Database& db, const Hash& hash);

[[nodiscard]] Visitor load_visitor(Database& db, Vault& vault, std::int64_t profile, const Uuid& id);
struct Scores {
  std::uint32_t engagement_level = 1;
  std::uint32_t personalization_score = 0;
};
// `engaged_at_ms`: when the visitor last did something; nullopt leaves it.
void save_visitor(Database& db, Vault& vault, std::int64_t profile, const Uuid& id, const Visitor& visitor,
                  const Scores& scores, std::optional<std::int64_t> engaged_at_ms);

// visitors.visitor of a profile, or of someone known by a keyed hash only; made when it is not
// there.
[[nodiscard]] std::int64_t visitor_of_profile(Database& db, std::int64_t profile);
[[nodiscard]] std::int64_t visitor_of_hash(Database& db, const Hash& hash);
// As it is kept: 128 bits are enough to tell visitors apart.
[[nodiscard]] inline std::span<const std::byte> visitor_bytes(const Hash& hash) {
  return std::as_bytes(std::span(hash)).first(16);
}
[[nodiscard]] std::optional<std::int64_t> find_visitor(Database& db, const Hash& hash);
// Whether whoever this was has been erased at their own wish or by an admin: what still comes of them is refused.
[[nodiscard]] bool is_erased_visitor(Database& db, const Hash& hash);
// From now on the hash (of a unit id) is this profile's; what it did before becomes the profile's
// past.
void link_visitor(Database& db, std::int64_t profile, const Hash& hash);
// The profile behind a visitor, if any.
[[nodiscard]] std::optional<std::pair<std::int64_t, Uuid>> profile_of_visitor(Database& db, std::int64_t visitor);
void set_segment(Database& db, std::int64_t visitor, std::uint32_t segment_id);

// -- any thread
// nullptr when the token is unknown, expired, not a bearer token, or its profile was erased.
[[nodiscard]] std::shared_ptr<const Session> find_session(Store& store, const Hash& token);
// The stored answers and e-mail of a profile, decrypted: name and text.
[[nodiscard]] StoredAnswers read_answers(Store& store, std::int64_t profile, const Uuid& id);
[[nodiscard]] StoredAnswers read_answers(Database& db, Vault& vault, std::int64_t profile, const Uuid& id);

}  // namespace footlight::origin
