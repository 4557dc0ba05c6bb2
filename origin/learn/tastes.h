// From the store to SimilarUsers (similar_users.h): whose taste counts, and how fresh the index is.
//
// Nobody who has opted out or denied personalization is in the index, and since an index may be minutes old everyone it
// names is looked up once more before being used (similar_to). What a person chose is what chosen.h says, over the
// interactions that are stored and the visitor record.
//
// Freshness: an index is built when the first question comes and again, behind the answer, when a question finds it
// older than `max_age_ms` (ten minutes) or made for another version of the site. The target itself is always read anew:
// what it did a second ago counts. Building 100,000 profiles with 1,000,000 interactions takes about two seconds.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "origin/learn/similar_users.h"
#include "origin/store/profiles.h"
#include "origin/store/store.h"

namespace footlight::learn {

// A profile as it is now.
struct KnownProfile {
  std::int64_t profile = 0;
  origin::Uuid id{};
  Visitor visitor;
  Taste taste;

  [[nodiscard]] bool refuses() const { return visitor.opted_out || visitor.personalization == Choice::kDenied; }
};

// By UUID, or by the id that the site's owner knows it by. nullopt: there is none, or it was erased.
[[nodiscard]] std::optional<KnownProfile> find_profile(origin::Store& store, std::string_view id);
// What a session's visitor said and did.
[[nodiscard]] Taste taste_of(origin::Store& store, std::int64_t profile, const Visitor& visitor);

// Everybody's. Throws learn::Cancelled.
[[nodiscard]] std::shared_ptr<const SimilarUsers> index_tastes(origin::Store& store, const origin::Site& site,
                                                               const std::atomic<bool>& cancel);

// SPEC.md's findSimilarUsers: index.find(), without those who are gone or have refused since, with their public ids.
struct SimilarProfile {
  SimilarUser user;
  std::string id;
  std::uint32_t engagement_level = 1;
};
[[nodiscard]] std::vector<SimilarProfile> similar_to(origin::Store& store, const SimilarUsers& index,
                                                     const Taste& target, std::size_t limit);

// Those whose choices recommendBasedOnSimilarity counts: on visits held out of a real log (Anonymous Microsoft Web
// Data) 200 rank better than 100 or 1,000 and as well as 400.
inline constexpr std::size_t kNeighbours = 200;
// Fewer similar visitors than this stand behind nothing that anybody but an administrator sees.
inline constexpr std::uint32_t kMinSupporters = 5;

// What similar visitors chose (SimilarUsers::liked over kNeighbours of them).
[[nodiscard]] std::vector<LikedItem> liked_by_similar(origin::Store& store, const SimilarUsers& index,
                                                      const Taste& target);

// The index of a running service. Thread rule: every method from any thread.
class FreshSimilarUsers {
 public:
  explicit FreshSimilarUsers(origin::Store& store, std::int64_t max_age_ms = 600'000)
      : store_(store), max_age_ms_(max_age_ms) {}
  ~FreshSimilarUsers();  // ends a build that is going on
  FreshSimilarUsers(const FreshSimilarUsers&) = delete;
  FreshSimilarUsers& operator=(const FreshSimilarUsers&) = delete;

  struct Index {
    std::shared_ptr<const SimilarUsers> users;
    std::int64_t built_at_ms = 0;
  };
  // The first caller builds it; nullopt for those who come meanwhile.
  // Somebody was erased: what is known here is of no use any more, nor is what is being built.
  void expire();
  [[nodiscard]] std::optional<Index> get(const std::shared_ptr<const origin::SiteDocument>& site, std::int64_t now_ms);

 private:
  void build(const origin::SiteDocument& site, std::int64_t now_ms);

  origin::Store& store_;
  const std::int64_t max_age_ms_;
  std::atomic<bool> cancel_{false};
  std::mutex mutex_;  // guards what follows
  Index index_;
  std::uint64_t site_version_ = 0;
  bool building_ = false;
  bool expired_ = false;  // while building
  std::thread builder_;
};

}  // namespace footlight::learn
