// The site's experiments in the store, and every way in which one changes: each change is one transaction with its line
// in the audit log.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "origin/experiment/ab_test.h"
#include "origin/experiment/published_flags.h"
#include "origin/store/store.h"

namespace footlight::experiment {

struct StoredTest {
  ABTest test;
  TestStatus status = TestStatus::kDraft;
  std::string winner;  // key of a variant, of a concluded one; empty: none
  std::string note;    // why it was stopped or concluded
  std::optional<Allocation> allocation;
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
  std::int64_t started_at_ms = 0;  // 0: not yet
  std::int64_t stopped_at_ms = 0;  // 0: not yet
};

// What an experiment's owner can put right; what() is written for them.
class CannotChange : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[nodiscard]] std::vector<StoredTest> tests(origin::Store& store);  // by id
[[nodiscard]] std::optional<StoredTest> find_test(origin::Store& store, std::string_view id);
[[nodiscard]] Json test_document(const StoredTest& stored);

// Each throws CannotChange when there is no such experiment or its status does not allow it. `actor` goes into the
// audit log.
void create_test(origin::Store& store, const ABTest& test, std::string_view actor);
void replace_test(origin::Store& store, const ABTest& test, std::string_view actor);  // a draft
void delete_test(origin::Store& store, std::string_view id, std::string_view actor);  // a draft
// Of running experiments no two may set one flag for the same visitors: refused unless they exclude each other by a
// namespace or a condition is there.
void start_test(origin::Store& store, std::string_view id, std::string_view actor);
void stop_test(origin::Store& store, std::string_view id, std::string_view actor, std::string_view note);
// Names the winner (empty: there is none); a running one is stopped by it.
void conclude_test(origin::Store& store, std::string_view id, std::string_view winner, std::string_view actor,
                   std::string_view note);
// Makes the winner's value what the flag is by default, for everybody; of a concluded one.
void promote_test(origin::Store& store, std::string_view id, std::string_view actor);
void set_allocation(origin::Store& store, std::string_view id, const Allocation& allocation, std::string_view actor);

}  // namespace footlight::experiment
