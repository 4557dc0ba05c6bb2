#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "origin/learn/ease.h"
#include "origin/learn/trainer.h"
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
  BOOST_TEST((learn::decode_model(site.store().model(learn::kModelName).value()) == before));
}

BOOST_AUTO_TEST_CASE(an_empty_store_trains_to_an_empty_model) {
  SmallSite site;
  const auto model = trained(site);
  BOOST_TEST(model.items.empty());
  BOOST_TEST(model.segments.empty());
}

BOOST_AUTO_TEST_SUITE_END()
