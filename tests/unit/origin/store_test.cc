// The store: group commit, ids, counters, models, migrations, and what a database file gives away.
#include "origin/store/store.h"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "origin/ingest/questionnaire.h"
#include "origin/privacy/vault.h"
#include "origin/store/profiles.h"
#include "tests/unit/origin/temporary.h"

using namespace footlight;
using namespace footlight::origin;

namespace {

ContentRow row_named(const std::string& id) {
  ContentRow row;
  row.uuid = to_string(uuid_v5(footlight_namespace(), id));
  row.foreign_id = id;
  row.body = R"({"title":"T"})";
  return row;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store)

BOOST_AUTO_TEST_CASE(content_keeps_its_id_and_never_gives_it_again) {
  const Temporary folder;
  auto store = Store::open({.path = folder / "a.db"});
  std::vector<ContentRow> rows{row_named("one"), row_named("two")};
  auto done = store->upsert_content(rows);
  BOOST_TEST(done.created == 2U);
  BOOST_TEST(rows[0].item_id != 0U);
  const auto second = rows[1].item_id;
  rows[0].body = R"({"title":"New"})";
  done = store->upsert_content(rows);
  BOOST_TEST(done.updated == 2U);
  BOOST_TEST(store->content_by_foreign("one")->body == R"({"title":"New"})");
  BOOST_TEST(store->delete_content(rows[1].uuid));
  BOOST_TEST(!store->delete_content(rows[1].uuid));
  std::vector<ContentRow> again{row_named("two")};
  store->upsert_content(again);
  BOOST_TEST(again[0].item_id > second);
}

BOOST_AUTO_TEST_CASE(a_renamed_site_does_not_move_content) {
  const Temporary folder;
  auto store = Store::open({.path = folder / "a.db"});
  std::vector<ContentRow> rows{row_named("one")};
  store->upsert_content(rows);
  std::vector<ContentRow> renamed{row_named("one")};
  renamed[0].uuid = to_string(random_uuid());
  BOOST_TEST(store->upsert_content(renamed).updated == 1U);
  BOOST_TEST(renamed[0].uuid == rows[0].uuid);
}

BOOST_AUTO_TEST_CASE(a_database_of_version_one_opens_and_keeps_its_rows) {
  const Temporary folder;
  const std::string path = folder / "a.db";
  {
    auto store = Store::open({.path = path});
    std::vector<ContentRow> rows{row_named("one")};
    store->upsert_content(rows);
    store->writer()
        .submit([](Database& db) {
          db.execute(
              "INSERT INTO visitors (visitor, hash) VALUES (1, x'01');"
              "INSERT INTO interactions (event_id, visitor, item_id, action, occurred_at, received_at, slot, position) "
              "VALUES (x'01', 1, 1, 4, 5, 5, 'projects', 2), (x'02', 1, 1, 1, 7, 7, NULL, NULL)");
          // What versions 2 to 4 added goes: the file is as version 1 left it.
          db.execute(
              "ALTER TABLE interactions DROP COLUMN context; ALTER TABLE snapshots DROP COLUMN gate; DROP TABLE "
              "would_show; DROP TABLE experiments; DROP TABLE exposures; DROP TABLE conversions; DROP TABLE audit_log; "
              "DROP TABLE erasures; DROP TABLE consents; DROP TABLE audit_checkpoints; DROP TABLE private_counts; "
              "DROP INDEX content_recommendations_profile; ALTER TABLE api_keys DROP COLUMN expires_at; "
              "ALTER TABLE user_profiles DROP COLUMN training_opt_out; "
              "ALTER TABLE personalized_content DROP COLUMN snapshot_version; PRAGMA user_version = 1");
        })
        .get();
  }
  auto store = Store::open({.path = path});
  std::size_t visitors = 0;
  store->for_each_visitor_history([&](const VisitorHistory& history) {
    ++visitors;
    BOOST_REQUIRE(history.events.size() == 1U);
    BOOST_TEST(history.events[0].occurred_at_ms == 7);
    BOOST_REQUIRE(history.exposures.size() == 1U);
    BOOST_TEST(history.exposures[0].slot == "projects");
    BOOST_TEST(history.exposures[0].position == 2);
    BOOST_TEST(history.exposures[0].propensity == -1.0);
    BOOST_TEST(history.exposures[0].context == 0U);
  });
  BOOST_TEST(visitors == 1U);
  const auto version =
      store->writer()
          .submit([](Database& db) {
            db.execute(
                "INSERT INTO interactions (event_id, visitor, item_id, action, occurred_at, received_at, "
                "context) VALUES (x'03', 1, 1, 4, 9, 9, 18);"
                "INSERT INTO would_show (event_id, visitor, item_id, occurred_at) VALUES (x'04', 1, 1, 9);"
                "SELECT chain FROM audit_log; SELECT exposed_at FROM exposures; SELECT value FROM conversions; "
                "SELECT allocation FROM experiments; SELECT gate FROM snapshots; SELECT snapshot_version FROM "
                "personalized_content");
            auto query = db.prepare("PRAGMA user_version");
            query->executeStep();
            return query.integer(0);
          })
          .get();
  BOOST_TEST(version == 4);
  BOOST_TEST(store->content_count() == 1U);
}

BOOST_AUTO_TEST_CASE(counters_models_meta_and_snapshots_survive_reopening) {
  const Temporary folder;
  {
    auto store = Store::open({.path = folder / "a.db"});
    BOOST_TEST(store->next_snapshot_version() == 1U);
    BOOST_TEST(store->next_snapshot_version() == 2U);
    const std::string bytes("\0model", 6);
    store->put_model("item_item", std::as_bytes(std::span(bytes)));
    store->set_meta("a", "b");
    store->insert_snapshot({.version = 1, .sha256 = "aa", .manifest = "{}", .state = "pending"});
    store->mark_live(1);
    store->insert_snapshot({.version = 2, .sha256 = "bb", .manifest = "{}", .state = "pending"});
    store->mark_live(2);
  }
  auto store = Store::open({.path = folder / "a.db"});
  BOOST_TEST(store->next_snapshot_version() == 3U);
  BOOST_TEST(store->model("item_item")->size() == 6U);
  BOOST_TEST(!store->model("none").has_value());
  BOOST_TEST(*store->meta("a") == "b");
  BOOST_TEST(store->live_snapshot()->version == 2U);
  BOOST_TEST(store->snapshot(1)->state == "superseded");
}

BOOST_AUTO_TEST_CASE(a_job_that_throws_is_undone_alone) {
  const Temporary folder;
  auto store = Store::open({.path = folder / "a.db"});
  auto bad = store->writer().submit([](Database& db) {
    db.prepare("INSERT INTO meta (name, value) VALUES ('x', '1')")->exec();
    throw std::runtime_error("no");
  });
  auto good = store->writer().submit(
      [](Database& db) { db.prepare("INSERT INTO meta (name, value) VALUES ('y', '1')")->exec(); });
  BOOST_CHECK_THROW(bad.get(), std::runtime_error);
  good.get();
  BOOST_TEST(!store->meta("x").has_value());
  BOOST_TEST(store->meta("y").has_value());
}

BOOST_AUTO_TEST_CASE(many_writers_share_commits, *boost::unit_test::label("threads")) {
  const Temporary folder;
  auto store = Store::open({.path = folder / "a.db"});
  const auto before = store->writer().commits();
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&store] {
      for (int i = 0; i < 50; ++i) static_cast<void>(store->next_counter("n"));
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(store->next_counter("n") == 401U);
  BOOST_TEST(store->writer().commits() - before <= 401U);
}

BOOST_AUTO_TEST_CASE(api_keys_are_checked_and_revoked) {
  const Temporary folder;
  auto store = Store::open({.path = folder / "a.db"});
  BOOST_TEST(!store->check_api_key("").has_value());
  BOOST_TEST(!store->check_api_key("flk_" + std::string(43, 'A')).has_value());
  const std::string key = store->create_api_key("editor", {"content"});
  const auto known = store->check_api_key(key);
  BOOST_REQUIRE(known.has_value());
  BOOST_TEST(known->scopes.front() == "content");
  BOOST_TEST(store->revoke_api_key(known->id));
  BOOST_TEST(!store->check_api_key(key).has_value());
}

BOOST_AUTO_TEST_CASE(a_lost_or_wrong_master_key_is_an_error_and_no_fresh_start) {
  const Temporary folder;
  { auto store = Store::open({.path = folder / "a.db"}); }
  struct stat info {};
  BOOST_TEST(::stat((folder / "a.db-master.key").c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777) == 0600);
  const std::string key = bytes_of(folder / "a.db-master.key");
  std::filesystem::remove(folder / "a.db-master.key");
  BOOST_CHECK_THROW(static_cast<void>(Store::open({.path = folder / "a.db"})), std::runtime_error);
  std::string other = key;
  other[0] = other[0] == 'a' ? 'b' : 'a';
  std::ofstream(folder / "a.db-master.key") << other;
  std::filesystem::permissions(folder / "a.db-master.key", std::filesystem::perms::owner_read);
  BOOST_CHECK_THROW(static_cast<void>(Store::open({.path = folder / "a.db"})), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_files_hold_no_plain_personal_data) {
  const Temporary folder;
  auto store = Store::open({.path = folder / "a.db"});
  Vault& vault = store->vault();
  NewProfile profile{.id = random_uuid(),
                     .email = "canary-address@example.com",
                     .answers = {{"logline", "canary-logline"}, {"format", "canary-format"}, {"own", "canary-own"}},
                     .created_at_ms = 1};
  profile.foreign_hash = vault.hash(HashOf::kForeignId, "canary-foreign");
  const auto seq = store->writer().submit([&](Database& db) { return insert_profile(db, vault, profile); }).get();
  const auto answers = read_answers(*store, seq, profile.id);
  const nlohmann::json found(answers);
  BOOST_TEST(found.dump().find("canary-own") != std::string::npos);
  BOOST_TEST(found.dump().find("canary-address@example.com") != std::string::npos);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.is_regular_file()) BOOST_TEST(bytes_of(entry.path()).find("canary") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_ciphertext_opens_only_in_its_place) {
  const Temporary folder;
  auto store = Store::open({.path = folder / "a.db"});
  Vault& vault = store->vault();
  const SecretKey key{1, 2, 3};
  auto sealed = vault.seal(key, {"t", "c", "1"}, "text");
  BOOST_TEST(*vault.open_text(key, {"t", "c", "1"}, sealed) == "text");
  BOOST_TEST(!vault.open_text(key, {"t", "c", "2"}, sealed).has_value());
  BOOST_TEST(!vault.open_text(key, {"t", "d", "1"}, sealed).has_value());
  BOOST_TEST(!vault.open_text({9}, {"t", "c", "1"}, sealed).has_value());
  for (std::size_t cut = 0; cut < sealed.size(); ++cut) {
    BOOST_TEST(!vault.open_text(key, {"t", "c", "1"}, std::span(sealed).first(cut)).has_value());
  }
  for (auto& byte : sealed) {
    byte ^= std::byte{1};
    BOOST_TEST(!vault.open_text(key, {"t", "c", "1"}, sealed).has_value());
    byte ^= std::byte{1};
  }
}

BOOST_AUTO_TEST_CASE(uuids_of_version_5_are_those_of_the_rfc) {
  const Uuid dns = *parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  BOOST_TEST(to_string(uuid_v5(dns, "www.example.com")) == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  BOOST_TEST(!parse_uuid("2ed6657d-e927-568b-95e1-2665a8aea6a").has_value());
  BOOST_TEST(!parse_uuid("2ed6657d+e927-568b-95e1-2665a8aea6a2").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
