// The right to be forgotten, in one transaction.
//
//     if (auto erased = erase_profile(store, id, ErasureReason::kPerson, "person")) send(erased->receipt);
//
// One transaction of the main database takes the profile and all that hangs on it (answers, interactions, exposures,
// conversions, recommendations, stored pages, tokens, choices), writes the erasure down, marks the model for retraining
// and adds to the audit log: after a crash it has happened or it has not. Then the profile's key is destroyed in the
// key store, with which every older copy of the fields, backups too, becomes noise. A crash between the two leaves the
// erasure marked as open, and finish_erasures() (at every start, and once a second) destroys the key then.
//
// `erasures` stays: an id that names nobody any more, the keyed hash of the visitor behind it, and a time. It is what
// `restore` replays on an older copy of the data. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "origin/privacy/vault.h"
#include "origin/store/store.h"

namespace footlight::origin {

enum class ErasureReason { kPerson, kAdmin, kRetention, kRestore };
[[nodiscard]] std::string_view erasure_reason_name(ErasureReason reason);  // "person", …

struct Erased {
  std::string id;          // of the erasure, UUID
  std::string receipt;     // an envelope like that of a manifest, signed with Vault::attestation_key()
  std::uint64_t rows = 0;  // taken out
  std::int64_t at_ms = 0;
};

// nullopt: there is no such profile (any more). Cost: the person's rows.
std::optional<Erased> erase_profile(Store& store, const Uuid& profile, ErasureReason reason, std::string_view actor);

// Whoever is known by the hash of their unit id alone. nullopt: nothing is kept under it, or a profile is: that goes by
// erase_profile() only. What still comes under this hash is refused
// from then on (is_erased_visitor).
std::optional<Erased> erase_visitor(Store& store, const Hash& visitor, ErasureReason reason, std::string_view actor);

// Destroys the keys of what was erased and not finished. How many are still open: the key store's log is being read by
// somebody.
std::uint64_t finish_erasures(Store& store);

// One line of the list of erasures, as `footlight privacy erasures` writes it and `restore` reads it.
struct Erasure {
  std::int64_t seq = 0;
  std::string id;
  std::string profile;
  std::string visitor_hash;  // hex; empty: there was none
  std::string reason;
  std::int64_t erased_at_ms = 0;
  bool key_destroyed = false;
};
void for_each_erasure(Store& store, std::int64_t after_seq, const std::function<void(const Erasure&)>& visit);
[[nodiscard]] nlohmann::ordered_json erasure_json(const Erasure& erasure);
// Throws std::runtime_error naming what is wrong.
[[nodiscard]] Erasure parse_erasure(const nlohmann::ordered_json& document);

// On an older copy of the data: takes out whoever has been erased since. How many were.
std::uint64_t replay_erasures(Store& store, const std::vector<Erasure>& erasures);

// What a receipt says, when its signature is this installation's; nullopt otherwise.
[[nodiscard]] std::optional<nlohmann::ordered_json> verify_receipt(const Vault& vault, std::string_view envelope);

// The oldest erasure that no training has come after, or 0: until then the live model still remembers.
[[nodiscard]] std::int64_t retraining_wanted_since(Store& store);
void clear_retraining(Store& store, std::int64_t trained_from_ms);

}  // namespace footlight::origin
