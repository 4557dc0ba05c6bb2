// Writes simulated page views into a store as the product would: a profile by what POST /api/profile calls, exposures
// and interactions by what every interaction goes through (origin/ingest/interaction.h), many pages to a transaction.
//
// Not thread-safe. The work is done on the store's writer; write() waits for the batch before, so that one batch is
// written while the next is simulated.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/rank/decide.h"
#include "origin/ingest/interaction.h"
#include "origin/ingest/questionnaire.h"
#include "origin/publish/live.h"
#include "origin/simulate/world.h"
#include "origin/store/store.h"

namespace footlight::simulate {

// One card as it was shown and what came of it.
struct Shown {
  Card card;
  float propensity = 1;
  float confidence = 0;
  std::string reason;
  Reaction reaction;
};

struct PageView {
  std::uint64_t number = 0;
  std::shared_ptr<const Person> person;
  std::int64_t at_ms = 0;
  Surroundings surroundings;
  std::uint64_t snapshot_version = 0;  // 0: no snapshot decided it
  std::vector<Shown> cards;
};

// View, click, engage and convert rows of a page view: what counts as interactions. Exposures do not.
[[nodiscard]] std::uint32_t interactions_of(const PageView& page) noexcept;

// The answers of a person as the questionnaire sends them, checked by the product.
[[nodiscard]] origin::Answers answers_of(const World& world, const Person& person);

// What interact() takes, in the order in which it happens.
[[nodiscard]] std::vector<Interaction> reactions_of(const Reaction& reaction, std::uint32_t item_id, std::uint16_t day);

class Recorder {
 public:
  // Puts site and content of the world into the store, which should be empty.
  Recorder(origin::Store& store, const World& world);
  ~Recorder();

  [[nodiscard]] std::uint32_t item_id(std::uint32_t item) const noexcept { return item_ids_[item]; }

  // Takes the pages over. Throws what an earlier batch threw.
  void write(std::vector<PageView> pages, std::shared_ptr<const publish::LiveSnapshot> live);
  // Until everything is on disk.
  void finish();

 private:
  void write_now(origin::Database& db, const std::vector<PageView>& pages, const publish::LiveSnapshot* live);
  [[nodiscard]] origin::Who meet(origin::Database& db, const PageView& page, const publish::LiveSnapshot* live);

  origin::Store& store_;
  const World& world_;
  std::vector<std::uint32_t> item_ids_;
  std::vector<std::string> uuids_;
  std::unordered_set<std::uint64_t> met_;  // persons who have a profile; the writer's
  std::future<void> running_;
};

}  // namespace footlight::simulate
