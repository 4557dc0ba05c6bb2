#include <algorithm>
#include <fstream>
#include <set>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "origin/learn/ease.h"
#include "origin/learn/trainer.h"
#include "origin/publish/file_write.h"
#include "origin/publish/live.h"
#include "origin/publish/publisher.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using namespace footlight::publish;
using small_site::kAtOnce;
using small_site::kNever;
using small_site::SmallSite;

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  names.erase(".lock");
  return names;
}

std::set<std::string> names_of(const Manifest& manifest) {
  std::set<std::string> names{"manifest.json", manifest.snapshot.sha256};
  for (const Pack& pack : manifest.packs) names.insert(pack.file.sha256);
  return names;
}

std::shared_ptr<const LiveSnapshot> open_edge(SmallSite& site, const Manifest& manifest) {
  return load_snapshot_file(site.options().directory / manifest.snapshot.sha256);
}

LiveOptions live_options(SmallSite& site) {
  return {site.options().directory, [&] { return trusted_keys(site.options().signing_key); }, 0};
}

void write(const std::filesystem::path& file, const std::string& text) {
  replace_file(file, std::as_bytes(std::span(text)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(publish_publisher)

BOOST_AUTO_TEST_CASE(what_is_published_is_what_the_manifest_names) {
  SmallSite site;
  const auto report = site.publish();
  const Manifest& manifest = report.manifest;
  BOOST_TEST(report.key_created);
  BOOST_TEST(report.items == 7U);
  BOOST_TEST(report.drafts == 1U);
  BOOST_TEST(report.warnings.size() == 1U);  // the rule about content that is not there
  BOOST_TEST(manifest.version == 1U);
  BOOST_TEST(manifest.packs.size() == 3U);
  BOOST_TEST((names_in(site.options().directory) == names_of(manifest)));
  BOOST_TEST(manifest.expires_at_s - manifest.created_at_s == 30 * 86400);
  const Trust trust{public_key_from_base64(report.public_key), 1, manifest.created_at_s};
  BOOST_TEST((verify_manifest(read_file(site.options().directory / "manifest.json"), trust) == manifest));
  for (const Pack& pack : manifest.packs) {
    const std::string bytes = read_file(site.options().directory / pack.file.sha256);
    check_file(pack.file, std::as_bytes(std::span(bytes)));
    const LiveSnapshot opened(std::as_bytes(std::span(bytes)));
    BOOST_TEST(opened.version() == 1U);
    BOOST_TEST(opened.view().header().segment == pack.segment);
  }
}

BOOST_AUTO_TEST_CASE(the_snapshot_says_what_the_store_says) {
  SmallSite site;
  const auto snapshot = open_edge(site, site.publish().manifest);
  const auto& view = snapshot->view();
  BOOST_TEST(view.items().size() == 7U);
  BOOST_TEST(view.find_item(site.id("g")) == snapshot::kNone);
  const auto hero = view.find_item(site.id("hero"));
  BOOST_TEST(view.item_body(hero, 0) == R"({"title":"Welcome"})");
  BOOST_TEST(view.item_body(hero, 1) == R"({"title":"Willkommen"})");
  BOOST_TEST(view.item_name(hero, 1) == "Willkommen");
  const auto a = view.find_item(site.id("a"));
  BOOST_TEST(int{view.features(a)[view.find_option(view.find_question("format"), "film")]} == 127);
  BOOST_TEST(int{view.features(a)[view.find_option(view.find_question("format"), "Series")]} == 0);
  // 0 to 10,000 holds all of "up to 5,000", and half of itself is in "from 5,000".
  BOOST_TEST(int{view.features(a)[view.find_option(view.find_question("budget"), "low")]} == 127);
  BOOST_TEST(int{view.features(a)[view.find_option(view.find_question("budget"), "high")]} == 64);
  BOOST_TEST(view.option_noun(view.find_option(0, "film"), 0) == "films");
  BOOST_TEST(view.option_noun(view.find_option(0, "series"), 0) == "Series");  // the label
  BOOST_TEST(view.items()[view.find_item(site.id("f"))].active_from_s == 1767225600U);
  BOOST_TEST(view.reason_template(snapshot::ReasonKind::kHistory, 0) == "Because you looked at {}");
  // Budget's own half, and a quarter for each of the two others.
  float sum = 0;
  for (const auto& question : view.questions()) sum += question.completeness;
  BOOST_TEST(sum <= 1.0F);
  BOOST_TEST(sum > 0.9999F);
  BOOST_TEST(view.questions()[0].completeness == 0.25F, boost::test_tools::tolerance(1e-5F));
}

BOOST_AUTO_TEST_CASE(the_model_is_published_scaled_with_the_weights) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 8; ++v) {
    site.interact(v, "a");
    site.interact(v, "b");
  }
  (void)learn::train(
      site.store(), {}, [](std::string_view, double) {}, kNever);
  const auto model = learn::decode_model(*site.store().model(learn::kModelName));
  const auto report = site.publish();
  BOOST_TEST(report.learned_items == 2U);
  const auto snapshot = open_edge(site, report.manifest);
  const auto& view = snapshot->view();
  const auto a = view.find_item(site.id("a"));
  BOOST_TEST(view.items()[a].bias == 4 * model.items[0].bias, boost::test_tools::tolerance(1e-6F));
  const auto row = view.neighbours(a);
  BOOST_REQUIRE(row.items.size() == 1U);
  BOOST_TEST(view.items()[row.items[0]].id == site.id("b"));
  BOOST_TEST(static_cast<float>(row.weights[0]) * row.scale == model.items[0].neighbours[0].second,
             boost::test_tools::tolerance(1e-5F));
}

// A head start that fades as visitors see the item: 1.2 log-odds untried, half of it after 100 visitors.
BOOST_AUTO_TEST_CASE(a_preferred_item_has_a_head_start_until_the_numbers_speak) {
  SmallSite site;
  nlohmann::json document = nlohmann::json::parse(small_site::kSite);
  document["rules"] = {{{"id", 1}, {"kind", "prefer"}, {"content", "a"}},
                       {{"id", 2}, {"kind", "prefer"}, {"content", "a"}},
                       {{"id", 3}, {"kind", "prefer"}, {"content", "nowhere"}}};
  site.store().put_site(document.dump());
  const auto row = [&](const char* content) {
    const auto report = site.publish();
    BOOST_TEST(report.warnings.size() == 1U);
    const auto snapshot = open_edge(site, report.manifest);
    BOOST_TEST(snapshot->view().rules().empty());
    return snapshot->view().items()[snapshot->view().find_item(site.id(content))];
  };
  BOOST_TEST(row("a").preferred == 1.2F);
  BOOST_TEST(row("a").bias == 1.2F);
  BOOST_TEST(row("b").preferred == 0.0F);
  learn::Model model;
  model.items.push_back({.item_id = site.id("a"), .popularity = 0.5F, .seen = 100});
  site.store().put_model(learn::kModelName, learn::encode_model(model));
  BOOST_TEST(row("a").preferred == 0.6F);
  BOOST_TEST(row("a").bias == 1.1F);
}

BOOST_AUTO_TEST_CASE(a_rollback_is_a_new_version_with_older_content) {
  SmallSite site;
  const auto first = site.publish().manifest;
  site.load_content(R"({"id":"new","type":"project","body":{"title":"New"}})");
  const auto second = site.publish().manifest;
  const auto third = rollback(site.store(), 1, site.options()).manifest;
  BOOST_TEST(third.version == 3U);
  const auto before = open_edge(site, first);
  const auto after = open_edge(site, third);
  BOOST_TEST(after->version() == 3U);
  BOOST_TEST(after->bytes().size() == before->bytes().size());
  std::size_t differing = 0;
  for (std::size_t at = 0; at < after->bytes().size(); ++at) differing += after->bytes()[at] != before->bytes()[at];
  BOOST_TEST(differing == 1U);  // the version's lowest byte
  BOOST_TEST(third.packs.size() == first.packs.size());
  const auto rows = site.store().snapshots();
  BOOST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(rows[0].version == 3U);
  BOOST_TEST(rows[0].note == "roll back to 1");
  BOOST_TEST(rows[0].state == "live");
  BOOST_TEST(rows[1].state == "superseded");
  BOOST_TEST(open_edge(site, site.publish().manifest)->view().find_item(site.id("new")) != snapshot::kNone);
  BOOST_CHECK_THROW(rollback(site.store(), 99, site.options()), CannotPublish);
  BOOST_TEST(second.version == 2U);
}

BOOST_AUTO_TEST_CASE(old_files_go_and_what_rollback_needs_stays) {
  SmallSite site;
  auto options = site.options();
  options.keep = 2;
  const auto quiet = [](std::string_view, double) {};
  std::vector<Manifest> manifests;
  manifests.reserve(4);
  for (int round = 0; round < 4; ++round)
    manifests.push_back(publish::publish(site.store(), options, quiet, kNever).manifest);
  auto expected = names_of(manifests[2]);
  expected.merge(names_of(manifests[3]));
  BOOST_TEST((names_in(options.directory) == expected));
  BOOST_CHECK_NO_THROW(rollback(site.store(), 3, options));
  BOOST_CHECK_THROW(rollback(site.store(), 1, options), CannotPublish);
}

BOOST_AUTO_TEST_CASE(a_folder_for_a_static_host) {
  SmallSite site;
  auto options = site.options();
  options.out = site.folder() / "static/_fl";
  const auto manifest = publish::publish(
                            site.store(), options, [](std::string_view, double) {}, kNever)
                            .manifest;
  BOOST_TEST((names_in(*options.out) == names_of(manifest)));
  BOOST_TEST(read_file(*options.out / "manifest.json") == read_file(options.directory / "manifest.json"));
}

BOOST_AUTO_TEST_CASE(without_a_site_nothing_is_published) {
  SmallSite site(false);
  BOOST_CHECK_THROW(site.publish(), CannotPublish);
  BOOST_TEST(site.store().snapshots().empty());
  BOOST_TEST(!std::filesystem::exists(site.options().directory / "manifest.json"));
}

BOOST_AUTO_TEST_CASE(interrupted_it_leaves_what_was_live) {
  SmallSite site;
  const auto manifest = site.publish().manifest;
  BOOST_CHECK_THROW(publish::publish(
                        site.store(), site.options(), [](std::string_view, double) {}, kAtOnce),
                    learn::Cancelled);
  BOOST_TEST((names_in(site.options().directory) == names_of(manifest)));
  BOOST_TEST(site.store().live_snapshot()->version == 1U);
}

BOOST_AUTO_TEST_CASE(cut_off_after_the_manifest_what_it_names_is_live) {
  SmallSite site;
  const auto options = site.options();
  (void)site.publish();
  const std::string first = read_file(options.directory / "manifest.json");
  (void)site.publish();
  const auto row = *site.store().snapshot(2);
  // As if the second had been cut off before its manifest, and then behind it.
  site.store().mark_live(1);
  site.store()
      .writer()
      .submit([](origin::Database& db) { db.execute("UPDATE snapshots SET state = 'pending' WHERE version = 2"); })
      .get();
  std::ofstream(options.directory / "manifest.json") << first;
  settle(site.store(), options.directory);
  BOOST_TEST(site.store().live_snapshot()->version == 1U);
  BOOST_TEST(site.store().snapshot(2)->state == "pending");
  std::ofstream(options.directory / "manifest.json") << row.manifest;
  settle(site.store(), options.directory);
  BOOST_TEST(site.store().live_snapshot()->version == 2U);
  BOOST_TEST(site.store().snapshot(1)->state == "superseded");
}

BOOST_AUTO_TEST_CASE(a_copy_that_cannot_be_written_publishes_nothing) {
  SmallSite site;
  (void)site.publish();
  auto options = site.options();
  options.out = site.folder() / "file/below";
  std::ofstream(site.folder() / "file") << "in the way";
  BOOST_CHECK_THROW(publish::publish(
                        site.store(), options, [](std::string_view, double) {}, kNever),
                    std::exception);
  BOOST_TEST(site.store().live_snapshot()->version == 1U);
  BOOST_TEST(read_manifest(read_file(options.directory / "manifest.json")).version == 1U);
}

BOOST_AUTO_TEST_CASE(a_new_database_goes_on_counting_where_the_folder_stands) {
  SmallSite old;
  (void)old.publish();
  (void)old.publish();
  SmallSite fresh;
  auto options = old.options();
  const auto manifest = publish::publish(
                            fresh.store(), options, [](std::string_view, double) {}, kNever)
                            .manifest;
  BOOST_TEST(manifest.version == 3U);
}

BOOST_AUTO_TEST_CASE(a_running_origin_takes_the_new_version_and_keeps_the_good_one) {
  SmallSite site;
  const auto first = site.publish().manifest;
  Live live(live_options(site));
  const auto now = first.created_at_s;
  BOOST_TEST((live.reload(now) == Reload::kSwapped));
  BOOST_TEST((live.reload(now) == Reload::kUnchanged));
  const auto held = live.get();

  const auto second = site.publish().manifest;
  BOOST_TEST((live.reload(now) == Reload::kSwapped));
  BOOST_TEST(live.get()->version() == 2U);
  BOOST_TEST(held->view().items().size() == 7U);  // a request that still runs on the old one

  const auto manifest_file = site.options().directory / "manifest.json";
  const std::string good = read_file(manifest_file);
  const auto refused = [&](const std::string& text, const std::string& code) {
    write(manifest_file, text);
    BOOST_TEST((live.reload(now) == Reload::kRefused));
    BOOST_TEST(live.refusal() == code);
    BOOST_TEST(live.get()->version() == 2U);
  };
  refused("{}", "malformed");
  refused(site.store().snapshot(1)->manifest, "stale");
  const auto stranger = SigningKey::load_or_create(site.folder() / "stranger.key");
  refused(seal_manifest(second, stranger), "forged");
  const auto key = SigningKey::load(site.options().signing_key);
  Manifest third = second;
  third.version = 3;
  third.expires_at_s = now;
  refused(seal_manifest(third, key), "expired");
  third.expires_at_s = now + 1000;
  refused(seal_manifest(third, key), "mismatch");  // the file is version 2
  third.snapshot = first.packs[0].file;
  refused(seal_manifest(third, key), "mismatch");  // a pack
  third.snapshot = {std::string(64, '0'), 10};
  write(site.options().directory / third.snapshot.sha256, "tampered!!");
  refused(seal_manifest(third, key), "mismatch");

  write(manifest_file, good);
  BOOST_TEST((live.reload(now) == Reload::kUnchanged));  // the one in use
  std::filesystem::remove(manifest_file);
  BOOST_TEST((live.reload(now) == Reload::kMissing));
  BOOST_TEST(live.get()->version() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
