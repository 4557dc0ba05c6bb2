// A small site in a store of its own, for tests of learning and publishing: two formats as segments, six projects and a
// draft, a hero. Everything lies in a temporary folder that goes with the object.
#pragma once

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "origin/ingest/interaction.h"
#include "origin/ingest/load.h"
#include "origin/publish/publisher.h"
#include "origin/store/store.h"

namespace footlight::small_site {

inline const std::atomic<bool> kNever{false};
inline const std::atomic<bool> kAtOnce{true};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "footlight-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline constexpr const char* kSite = R"({
  "name": "Small", "locales": ["en", "de"],
  "questions": [
    {"id": 1, "name": "format", "kind": "single", "factor": "format_match", "weight": 0.3,
     "label": {"en": "Format?"}, "reason": {"en": "Matches {}"}, "options": [
       {"id": 101, "key": "film", "label": {"en": "Film"}, "noun": {"en": "films"}},
       {"id": 102, "key": "series", "label": {"en": "Series"}}]},
    {"id": 2, "name": "budget", "kind": "single", "weight": 0.2, "completeness": 0.5, "label": {"en": "Budget?"},
     "options": [{"id": 201, "key": "low", "label": {"en": "Low"}, "max": 5000},
                 {"id": 202, "key": "high", "label": {"en": "High"}, "min": 5000}]},
    {"id": 3, "name": "logline", "kind": "text", "label": {"en": "Logline"}}],
  "slots": [{"id": 1, "name": "hero", "types": ["hero"], "limit": 1},
            {"id": 2, "name": "projects", "types": ["project"], "limit": 3, "max_limit": 6}],
  "segments": [{"id": 7, "name": {"en": "Film"}, "when": {"format": ["film"]}},
               {"id": 8, "name": {"en": "Series"}, "when": {"format": ["series"]}}],
  "rules": [{"id": 1, "kind": "exclude", "slot": "projects", "content": "nowhere"}]
})";

inline constexpr const char* kContent =
    R"({"id":"hero","type":"hero","body":{"title":"Welcome"},"locales":{"de":{"title":"Willkommen"}}}
{"id":"a","type":"project","attributes":{"format":["film"],"budget":{"min":0,"max":10000}},"body":{"title":"A"}}
{"id":"b","type":"project","attributes":{"format":["film"]},"body":{"title":"B"}}
{"id":"c","type":"project","attributes":{"format":["series"]},"body":{"title":"C"}}
{"id":"d","type":"project","attributes":{"format":["series"]},"body":{"title":"D"}}
{"id":"e","type":"project","body":{"title":"E"}}
{"id":"f","type":"project","body":{"title":"F"},"active_from":"2026-01-01T00:00:00Z"}
{"id":"g","type":"project","status":"draft","body":{"title":"G"}}
)";

class SmallSite {
 public:
  explicit SmallSite(bool with_site = true) {
    store_ = origin::Store::open({.path = (folder_.path() / "store.db").string(), .master_key_file = {}});
    if (!with_site) return;
    store_->put_site(kSite);
    load_content(kContent);
  }

  [[nodiscard]] origin::Store& store() { return *store_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  void load_content(const std::string& lines) {
    std::istringstream input(lines);
    std::string first_fault;
    const auto report = origin::load_content(
        *store_, store_->site()->site,
        {.input = input,
         .refused = [&](std::size_t, const origin::Fault& fault) { first_fault = fault.pointer + " " + fault.detail; },
         .progress = [](std::uint64_t) {},
         .cancel = kNever});
    if (report.refused > 0) throw std::runtime_error("content refused: " + first_fault);
  }

  // One interaction of a visitor without a profile, who is in a segment.
  void interact(std::uint32_t visitor, const std::string& content, Action action = Action::kClick,
                Feedback feedback = Feedback::kNone, std::uint32_t segment_id = 0) {
    origin::Event event;
    event.content_id = content;
    event.action = action;
    event.feedback = feedback;
    event.occurred_at_ms = 1'790'000'000'000 + next_++;
    origin::Who who;
    who.visitor_hash.emplace();
    std::memcpy(who.visitor_hash->data(), &visitor, sizeof visitor);
    who.segment_id = segment_id;
    auto done = store_->writer().submit([this, who, event](origin::Database& db) {
      return apply_events(db, store_->vault(), who, std::span(&event, 1), nullptr);
    });
    if (done.get().receipts.front() != origin::Receipt::kCounted) throw std::runtime_error("not counted: " + content);
  }

  [[nodiscard]] std::uint32_t id(const std::string& content) { return store_->content_by_foreign(content)->item_id; }

  [[nodiscard]] publish::PublishOptions options() const {
    publish::PublishOptions options;
    options.directory = folder_.path() / "publish";
    options.signing_key = folder_.path() / "keys/signing.key";
    options.public_key = folder_.path() / "keys/signing.pub";
    return options;
  }
  publish::PublishReport publish() {
    return publish::publish(
        *store_, options(), [](std::string_view, double) {}, kNever);
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<origin::Store> store_;
  std::int64_t next_ = 0;
};

}  // namespace footlight::small_site
