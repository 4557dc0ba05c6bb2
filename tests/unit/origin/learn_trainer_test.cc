#include <algorithm>
#include <fstream>
#include <random>

#include <boost/test/unit_test.hpp>

#include "core/rank/decide.h"
#include "origin/learn/ease.h"
#include "origin/learn/trainer.h"
#include "origin/publish/live.h"
#include "origin/store/profiles.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using small_site::kAtOnce;
using small_site::kNever;
using small_site::SmallSite;

const learn::StageProgress kQuiet = [](std::string_view, double) {};

learn::Model trained(SmallSite& site, const learn::TrainOptions& options = {}) {
  (void)learn::train(site.store(), options, kQuiet, kNever);
  return learn::decode_model(site.store().model(learn::kModelName).value());
}

const learn::LearnedItem* find(const learn::Model& model, std::uint32_t id) {
  const auto at = std::find_if(model.items.begin(), model.items.end(), [&](const auto& i) { return i.item_id == id; });
  return at == model.items.end() ? nullptr : &*at;
}

// Visitors with a profile who are shown all six projects, one visit after the other; low budgets click e, high ones f,
// and some of both whatever comes.
void teach(SmallSite& site, std::uint32_t visitors) {
  std::mt19937 random(5);
  auto& store = site.store();
  store.writer()
      .submit([&](origin::Database& db) {
        for (std::uint32_t v = 0; v < visitors; ++v) {
          origin::NewProfile profile{.id = origin::random_uuid(), .created_at_ms = 1};
          const bool low = random() % 2 == 0;
          profile.visitor.answer_count = 1;
          profile.visitor.answers[0] = low ? 201 : 202;
          const auto seq = insert_profile(db, store.vault(), profile);
          std::vector<origin::Event> events;
          std::int64_t at = 1'780'000'000'000 + std::int64_t{v} * 3'600'000;
          for (const char* item : {"a", "b", "c", "d", "e", "f"}) {
            origin::Event shown{.content_id = item, .exposure = true, .occurred_at_ms = at++};
            shown.slot = "projects";
            shown.position = 0;
            events.push_back(shown);
            const double rate = std::string_view(item) == (low ? "e" : "f") ? 0.75 : 0.1;
            if (random() < rate * 4294967296.0) {
              events.push_back({.content_id = item, .action = Action::kClick, .occurred_at_ms = at + 10});
            }
          }
          (void)apply_events(db, store.vault(), {.profile = std::pair{seq, profile.id}}, events, nullptr);
        }
      })
      .get();
}

bool mentions(const learn::Model& model, std::uint32_t id) {
  return find(model, id) != nullptr ||
         std::any_of(model.items.begin(), model.items.end(), [&](const learn::LearnedItem& item) {
           return std::any_of(item.neighbours.begin(), item.neighbours.end(),
                              [&](const auto& neighbour) { return neighbour.first == id; });
         });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_trainer)

BOOST_AUTO_TEST_CASE(choices_teach_views_and_dislikes_do_not) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 8; ++v) {
    site.interact(v, "a", Action::kClick);
    site.interact(v, "b", Action::kConvert);
    site.interact(v, "c", Action::kView);
    site.interact(v, "d", Action::kClick, Feedback::kNegative);
    site.interact(v, "e", Action::kView, Feedback::kPositive);
  }
  const auto model = trained(site);
  BOOST_TEST(model.visitors == 8U);
  const auto* a = find(model, site.id("a"));
  BOOST_REQUIRE(a != nullptr);
  BOOST_TEST(a->visitors == 8U);
  BOOST_TEST(a->bias > 0.0F);
  BOOST_TEST(!a->neighbours.empty());
  BOOST_TEST(find(model, site.id("e"))->visitors == 8U);  // a positive word is a choice
  for (const char* never : {"c", "d"}) {
    const auto* item = find(model, site.id(never));
    BOOST_TEST((item == nullptr || (item->visitors == 0U && item->neighbours.empty())));
  }
}

BOOST_AUTO_TEST_CASE(popular_is_what_is_popular_for_its_type) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 40; ++v) {  // every visitor opens projects, few the hero
    site.interact(v, "a", Action::kClick);
    site.interact(v, "b", Action::kClick);
    if (v <= 6) site.interact(v, "hero", Action::kClick);
  }
  const auto model = trained(site);
  const auto* a = find(model, site.id("a"));
  const auto* hero = find(model, site.id("hero"));
  BOOST_REQUIRE((a != nullptr && hero != nullptr));
  BOOST_TEST(std::abs(a->bias - hero->bias) < 1e-5F);
}

BOOST_AUTO_TEST_CASE(what_fewer_than_five_visitors_stand_behind_is_nowhere_in_the_model) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 9; ++v) site.interact(v, "a");
  for (std::uint32_t v = 1; v <= 5; ++v) site.interact(v, "b");
  for (std::uint32_t v = 1; v <= 4; ++v) site.interact(v, "c");
  BOOST_TEST(mentions(trained(site), site.id("b")));
  BOOST_TEST(!mentions(trained(site), site.id("c")));
  BOOST_TEST(mentions(trained(site, {.min_visitors = 4}), site.id("c")));
  const auto report = learn::train(site.store(), {}, kQuiet, kNever);
  BOOST_TEST(report.items_learned == 2U);
  BOOST_TEST(report.items_too_few == 1U);
}

BOOST_AUTO_TEST_CASE(repeating_oneself_does_not_count_twice) {
  SmallSite site;
  for (int round = 0; round < 20; ++round) site.interact(1, "a");
  BOOST_TEST(!mentions(trained(site), site.id("a")));
}

BOOST_AUTO_TEST_CASE(a_log_of_clicks_alone_gives_no_rate) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 8; ++v) site.interact(v, "a");
  BOOST_TEST(find(trained(site), site.id("a"))->engagement_rate == -1.0F);
}

BOOST_AUTO_TEST_CASE(rates_and_segment_priors_say_who_likes_what) {
  SmallSite site;
  // Films: everybody sees a and c, films' visitors choose a, the others choose c.
  for (std::uint32_t v = 1; v <= 40; ++v) {
    const bool film = v % 2 == 0;
    const std::uint32_t segment = film ? 7 : 8;
    for (const char* item : {"a", "b", "c"}) site.interact(v, item, Action::kView, Feedback::kNone, segment);
    site.interact(v, film ? "a" : "c", Action::kClick, Feedback::kNone, segment);
    if (v <= 4) site.interact(v, "d", Action::kClick, Feedback::kNone, segment);
  }
  const auto model = trained(site);
  const float rate = find(model, site.id("a"))->engagement_rate;
  BOOST_TEST(rate > 0.3F);
  BOOST_TEST(rate < 0.7F);
  BOOST_TEST(find(model, site.id("b"))->engagement_rate < rate);
  BOOST_REQUIRE(model.segments.size() == 2U);
  BOOST_TEST(model.segments[0].segment_id == 7U);
  const auto prior = [&](std::size_t segment, const char* item) {
    for (const auto& [id, log_odds] : model.segments[segment].log_odds) {
      if (id == site.id(item)) return log_odds;
    }
    return 0.0F;
  };
  BOOST_TEST(prior(0, "a") > 0.3F);
  BOOST_TEST(prior(1, "a") < -0.3F);
  BOOST_TEST(prior(0, "c") < -0.3F);
  BOOST_TEST(prior(1, "c") > 0.3F);
  BOOST_TEST(prior(0, "d") == 0.0F);  // two visitors
}

BOOST_AUTO_TEST_CASE(deleted_content_is_not_learned) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 8; ++v) {
    site.interact(v, "a");
    site.interact(v, "b");
  }
  const std::uint32_t gone = site.id("b");
  site.store().delete_content(site.store().content_by_foreign("b")->uuid);
  BOOST_TEST(!mentions(trained(site), gone));
}

BOOST_AUTO_TEST_CASE(cancelled_training_leaves_the_model_that_was_there) {
  SmallSite site;
  for (std::uint32_t v = 1; v <= 8; ++v) site.interact(v, "a");
  const auto before = trained(site);
  for (std::uint32_t v = 1; v <= 8; ++v) site.interact(v, "b");
  BOOST_CHECK_THROW(learn::train(site.store(), {}, kQuiet, kAtOnce), learn::Cancelled);
  BOOST_TEST((site.store().model(learn::kModelName).value() == learn::encode_model(before)));
}

BOOST_AUTO_TEST_CASE(what_is_learned_is_published_and_decides) {
  // Nothing in the content says that low budgets like e and high ones f: only the past does.
  SmallSite site;
  teach(site, 420);
  const auto report = learn::train(site.store(), {}, kQuiet, kNever);
  BOOST_TEST(report.impressions == 2'520U);
  BOOST_TEST(report.held_out > 200U);
  BOOST_TEST(report.engagement);
  BOOST_REQUIRE(report.stack.has_value());
  BOOST_TEST(report.stack->auc > 0.7);
  BOOST_TEST(report.stack->log_loss < report.stack->base_log_loss);
  BOOST_TEST(report.learned_segments.size() ==
             1U);  // low or high among those whose format is open; the rest is the other
  const auto published = site.publish();
  BOOST_TEST(published.learned_items >= 6U);
  const auto files = site.folder() / "publish";
  std::ifstream file(files / published.manifest.snapshot.sha256, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(text));
  const publish::LiveSnapshot live({bytes.begin(), bytes.end()});
  const auto& view = live.view();
  BOOST_TEST(view.engagement() != nullptr);
  BOOST_TEST(view.segments().size() == 4U);
  BOOST_TEST(view.segments()[3].id >= learn::kFirstLearnedSegment);
  std::vector<std::byte> scratch(decide_scratch_bytes(view));
  std::uint32_t in_learned = 0;
  for (const auto& [answer, item] : {std::pair{201, "e"}, std::pair{202, "f"}}) {
    Visitor visitor;
    visitor.answer_count = 1;
    visitor.answers[0] = static_cast<std::uint16_t>(answer);
    Decision decision;
    const SlotRequest request{.slot = 1};
    const Context context{.now_s = 1'790'000'000, .explore = false};
    BOOST_REQUIRE((decide(view, visitor, context, std::span(&request, 1), scratch, decision) == Status::kOk));
    BOOST_TEST(decision.entries[0].item_id == site.id(item));
    in_learned += decision.segment == 3U ? 1U : 0U;
  }
  BOOST_TEST(in_learned == 1U);
  // The same past again: the same segments under the same ids.
  const auto again = learn::train(site.store(), {}, kQuiet, kNever);
  BOOST_REQUIRE(again.learned_segments.size() == report.learned_segments.size());
  for (std::size_t s = 0; s < again.learned_segments.size(); ++s) {
    BOOST_TEST(again.learned_segments[s].id == report.learned_segments[s].id);
    BOOST_TEST(again.learned_segments[s].name == report.learned_segments[s].name);
  }
}

BOOST_AUTO_TEST_CASE(the_thread_count_changes_nothing) {
  SmallSite site;
  teach(site, 420);
  auto one = trained(site, {.threads = 1});
  auto two = trained(site, {.threads = 2});
  one.trained_at_s = two.trained_at_s = 0;
  BOOST_TEST((learn::encode_model(one) == learn::encode_model(two)));
}

BOOST_AUTO_TEST_CASE(without_a_site_it_says_what_to_do) {
  SmallSite site(false);
  BOOST_CHECK_THROW(learn::train(site.store(), {}, kQuiet, kNever), publish::CannotPublish);
}

BOOST_AUTO_TEST_CASE(an_empty_store_trains_to_an_empty_model) {
  SmallSite site;
  const auto model = trained(site);
  BOOST_TEST(model.items.empty());
  BOOST_TEST(model.segments.empty());
}

BOOST_AUTO_TEST_SUITE_END()
