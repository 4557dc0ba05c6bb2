#include <algorithm>
#include <cmath>

#include <boost/test/unit_test.hpp>

#include "origin/learn/recommend.h"
#include "origin/learn/similar_users.h"
#include "origin/learn/tastes.h"
#include "origin/publish/live.h"
#include "origin/store/profiles.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using learn::SimilarUsers;
using learn::Taste;
using small_site::kAtOnce;
using small_site::kNever;
using small_site::SmallSite;

// Two questions: 1 with options 11, 12, 13 and weight .4; 2 with options 21 to 24 and weight .1.
origin::Site two_questions() {
  origin::Site site;
  site.locales = {"en"};
  for (const std::uint32_t q : {1U, 2U}) {
    origin::SiteQuestion question{.id = q, .name = "q" + std::to_string(q), .weight = q == 1 ? 0.4 : 0.1};
    for (std::uint32_t o = 1; o <= 2 + q; ++o) question.options.push_back({.id = 10 * q + o});
    site.questions.push_back(question);
  }
  return site;
}

SimilarUsers index_of(const std::vector<Taste>& people) {
  SimilarUsers index(two_questions());
  for (const Taste& one : people) index.add(one);
  index.finish();
  return index;
}

double similarity_to(const SimilarUsers& index, const Taste& target, std::int64_t profile) {
  for (const auto& one : index.find(target, 1000)) {
    if (one.profile == profile) return one.similarity;
  }
  return 0;
}

std::vector<std::int64_t> profiles(const std::vector<learn::SimilarUser>& users) {
  std::vector<std::int64_t> ids;
  ids.reserve(users.size());
  for (const auto& one : users) ids.push_back(one.profile);
  return ids;
}

// A profile of the store, as POST /api/profile makes one.
struct Made {
  std::int64_t seq = 0;
  origin::Uuid id{};
};
Made make_profile(SmallSite& site, std::vector<std::uint16_t> answers, const std::vector<std::uint32_t>& chosen = {},
                  bool opted_out = false, Choice personalization = Choice::kUnset) {
  origin::NewProfile profile{.id = origin::random_uuid(), .created_at_ms = origin::now_ms()};
  Visitor& visitor = profile.visitor;
  std::sort(answers.begin(), answers.end());
  for (const std::uint16_t one : answers) visitor.answers[visitor.answer_count++] = one;
  for (const std::uint32_t id : chosen) {
    (void)interact(visitor, {.item_id = id, .action = Action::kClick, .day = 20000});
  }
  visitor.opted_out = opted_out;
  visitor.personalization = personalization;
  Made made{.id = profile.id};
  made.seq = site.store()
                 .writer()
                 .submit([&](origin::Database& db) { return insert_profile(db, site.store().vault(), profile); })
                 .get();
  return made;
}

std::shared_ptr<const SimilarUsers> gathered(SmallSite& site) {
  return learn::index_tastes(site.store(), site.store().site()->site, kNever);
}

Taste taste(SmallSite& site, const Made& who) {
  return learn::find_profile(site.store(), origin::to_string(who.id))->taste;
}

std::vector<std::string> similar_ids(SmallSite& site, const SimilarUsers& index, const Made& who, std::size_t limit) {
  std::vector<std::string> ids;
  for (const auto& one : learn::similar_to(site.store(), index, taste(site, who), limit)) ids.push_back(one.id);
  return ids;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_similar_users)

BOOST_AUTO_TEST_CASE(the_formula_of_the_header_is_what_comes_out) {
  const std::vector<Taste> people = {{1, {11, 21}, {7, 8}, {}}, {2, {11, 22}, {7, 9}, {}}, {3, {12}, {}, {}}};
  const SimilarUsers index = index_of(people);
  const Taste target{99, {11, 21}, {7}, {}};
  const double w11 = 0.4 * std::log(4 / 2.5);
  const double w21 = 0.1 * std::log(4 / 1.5);
  const double w22 = w21;
  const double u7 = std::log(3 / 2.5);
  const double u8 = std::log(3 / 1.5);
  const double k = 1.0 / 4;
  const double items = u7 / std::sqrt(u7 * (u7 + u8)) * (1.0 / 3);
  BOOST_TEST(similarity_to(index, target, 1) == (1 - k) * 1 + k * items, boost::test_tools::tolerance(1e-6));
  const double answers = w11 / std::sqrt((w11 + w21) * (w11 + w22));
  BOOST_TEST(similarity_to(index, target, 2) == (1 - k) * answers + k * items, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(similarity_to(index, target, 3) == 0.0);
}

BOOST_AUTO_TEST_CASE(a_rare_answer_and_a_heavy_question_say_more) {
  std::vector<Taste> people;
  for (std::int64_t p = 1; p <= 20; ++p) people.push_back({p, {11}, {}, {}});  // what everybody says
  people.push_back({21, {12, 21}, {}, {}});
  people.push_back({22, {13, 21}, {}, {}});
  const SimilarUsers index = index_of(people);
  BOOST_TEST(similarity_to(index, {99, {11, 12}, {}, {}}, 21) > similarity_to(index, {99, {11, 12}, {}, {}}, 1));
  // Shared question 1 against shared question 2, equally rare.
  const std::vector<Taste> heavy = {{1, {11, 22}, {}, {}}, {2, {12, 21}, {}, {}}, {3, {13, 23}, {}, {}}};
  const SimilarUsers by_weight = index_of(heavy);
  BOOST_TEST(similarity_to(by_weight, {99, {11, 21}, {}, {}}, 1) > similarity_to(by_weight, {99, {11, 21}, {}, {}}, 2));
}

BOOST_AUTO_TEST_CASE(more_shared_items_are_more_similar_and_popular_ones_less_so) {
  std::vector<Taste> people;
  for (std::int64_t p = 1; p <= 20; ++p) people.push_back({p, {}, {1}, {}});
  people.push_back({21, {}, {2, 3}, {}});
  people.push_back({22, {}, {2, 4}, {}});
  people.push_back({23, {}, {1, 5}, {}});
  const SimilarUsers index = index_of(people);
  const Taste target{99, {}, {1, 2, 3}, {}};
  BOOST_TEST(similarity_to(index, target, 21) > similarity_to(index, target, 22));
  BOOST_TEST(similarity_to(index, target, 22) > similarity_to(index, target, 23));
  for (const auto& one : index.find(target, 100)) {
    BOOST_TEST(one.similarity > 0.0);
    BOOST_TEST(one.similarity <= 1.0);
  }
}

BOOST_AUTO_TEST_CASE(the_target_is_never_among_them_and_ties_end_at_the_older_profile) {
  const SimilarUsers index = index_of({{3, {11}, {}, {}}, {5, {11}, {}, {}}, {8, {11}, {}, {}}, {9, {12}, {}, {}}});
  BOOST_TEST(profiles(index.find({5, {11}, {}, {}}, 10)) == (std::vector<std::int64_t>{3, 8}));
  BOOST_TEST(profiles(index.find({5, {11}, {}, {}}, 1)) == (std::vector<std::int64_t>{3}));
  BOOST_TEST(index.find({5, {11}, {}, {}}, 0).empty());
  BOOST_TEST(index.find({5, {}, {}, {}}, 10).empty());
  BOOST_TEST(index.find({5, {999}, {999}, {}}, 10).empty());  // what nobody else has
  BOOST_TEST(index_of({}).find({5, {11}, {1}, {}}, 10).empty());
  SimilarUsers backwards(two_questions());
  backwards.add({5, {}, {}, {}});
  BOOST_CHECK_THROW(backwards.add({5, {}, {}, {}}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(what_similar_people_chose_is_scored_by_their_similarity) {
  std::vector<Taste> people;
  for (std::int64_t p = 1; p <= 6; ++p) people.push_back({p, {11, 21}, {1, 2}, {}});
  people.push_back({7, {11, 22}, {3}, {}});
  for (std::int64_t p = 8; p <= 20; ++p) people.push_back({p, {12}, {4}, {2}});
  people[0].disliked = {3};
  const SimilarUsers index = index_of(people);
  const Taste target{99, {11, 21}, {1}, {}};
  const auto neighbours = index.find(target, 100);
  const auto liked = index.liked(target, neighbours);
  BOOST_REQUIRE(!liked.empty());
  BOOST_TEST(liked.front().item_id == 2U);
  BOOST_TEST(liked.front().supporters == 6U);
  double total = 0;
  double of_two = 0;
  for (const auto& one : neighbours) {
    total += one.similarity;
    if (one.profile <= 6) of_two += one.similarity;
  }
  BOOST_TEST(liked.front().score == (of_two + 2 * 6.0 / 20) / (total + 2), boost::test_tools::tolerance(1e-9));
  for (const auto& item : liked) {
    BOOST_TEST(item.item_id != 1U);  // the target has it
    BOOST_TEST(item.score > 0.0);
    BOOST_TEST(item.score < 1.0);
  }
  const Taste refuses{99, {11, 21}, {1}, {2}};
  for (const auto& item : index.liked(refuses, neighbours)) BOOST_TEST(item.item_id != 2U);
}

BOOST_AUTO_TEST_CASE(who_refuses_is_not_compared_and_who_refuses_later_is_gone_at_once) {
  SmallSite site;
  const Made target = make_profile(site, {101, 201});
  const Made same = make_profile(site, {101, 201});
  const Made out = make_profile(site, {101, 201}, {}, true);
  const Made denied = make_profile(site, {101, 201}, {}, false, Choice::kDenied);
  const Made near = make_profile(site, {101, 202});
  const auto index = gathered(site);
  BOOST_TEST(index->size() == 3U);
  BOOST_TEST(similar_ids(site, *index, target, 10) ==
             (std::vector<std::string>{origin::to_string(same.id), origin::to_string(near.id)}));
  BOOST_TEST(learn::find_profile(site.store(), origin::to_string(out.id))->refuses());
  BOOST_TEST(learn::find_profile(site.store(), origin::to_string(denied.id))->refuses());

  site.store()
      .writer()
      .submit([&](origin::Database& db) {
        Visitor visitor = load_visitor(db, site.store().vault(), same.seq, same.id);
        visitor.opted_out = true;
        save_visitor(db, site.store().vault(), same.seq, same.id, visitor, {}, std::nullopt);
      })
      .get();
  BOOST_TEST(similar_ids(site, *index, target, 1) == (std::vector<std::string>{origin::to_string(near.id)}));
  BOOST_TEST(!learn::find_profile(site.store(), "no-such-profile").has_value());
}

BOOST_AUTO_TEST_CASE(interactions_and_record_together_are_what_somebody_chose) {
  SmallSite site;
  const Made who = make_profile(site, {101}, {site.id("a")});
  origin::Event event;
  event.content_id = "b";
  event.action = Action::kConvert;
  event.occurred_at_ms = 1'790'000'000'000;
  origin::Who me;
  me.profile.emplace(who.seq, who.id);
  site.store()
      .writer()
      .submit([&](origin::Database& db) {
        return apply_events(db, site.store().vault(), me, std::span(&event, 1), nullptr);
      })
      .get();
  Taste known = taste(site, who);
  std::sort(known.chosen.begin(), known.chosen.end());
  BOOST_TEST(known.chosen == (std::vector<std::uint32_t>{site.id("a"), site.id("b")}));
}

BOOST_AUTO_TEST_CASE(the_index_of_a_service_is_built_once_and_again_when_it_is_old) {
  SmallSite site;
  make_profile(site, {101});
  learn::FreshSimilarUsers fresh(site.store(), 1000);
  const auto document = std::make_shared<const origin::SiteDocument>(*site.store().site());
  const auto first = fresh.get(document, 5000);
  BOOST_REQUIRE(first.has_value());
  BOOST_TEST(first->users->size() == 1U);
  make_profile(site, {101});
  BOOST_TEST(fresh.get(document, 5999)->users.get() == first->users.get());
  const auto old = fresh.get(document, 6000);  // still answers, and a new one is being built
  BOOST_TEST(old->users->size() == 1U);
  std::optional<learn::FreshSimilarUsers::Index> next;
  do next = fresh.get(document, 6000);
  while (next->built_at_ms == 5000);
  BOOST_TEST(next->users->size() == 2U);
}

BOOST_AUTO_TEST_CASE(gathering_can_be_interrupted) {
  SmallSite site;
  make_profile(site, {101});
  BOOST_CHECK_THROW((void)learn::index_tastes(site.store(), site.store().site()->site, kAtOnce), learn::Cancelled);
}

BOOST_AUTO_TEST_CASE(recommendations_leave_out_the_known_the_few_and_the_inactive) {
  SmallSite site;
  const auto item = [&](const char* name) { return site.id(name); };
  const Made target = make_profile(site, {101, 201}, {item("a")});
  for (int i = 0; i < 6; ++i) make_profile(site, {101, 201}, {item("a"), item("b"), item("f")});
  for (int i = 0; i < 3; ++i) make_profile(site, {101, 201}, {item("e")});
  site.publish();
  const auto live = publish::load_snapshot_file(site.store().live_snapshot()->path);
  const auto& view = live->view();
  const auto index = gathered(site);
  const auto known = *learn::find_profile(site.store(), origin::to_string(target.id));
  const auto liked = learn::liked_by_similar(site.store(), *index, known.taste);
  const auto names = [&](std::uint32_t supporters, std::uint32_t now_s, std::uint32_t mask) {
    std::vector<std::uint32_t> ids;
    for (const auto& one : learn::recommend_collaborative(view, known.visitor, liked, supporters,
                                                          {.type_mask = mask, .now_s = now_s, .limit = 10})) {
      ids.push_back(one.entry.item_id);
      BOOST_TEST(one.supporters >= supporters);
      BOOST_TEST(one.entry.confidence < 10000U);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  };
  constexpr std::uint32_t kBefore2026 = 1'700'000'000;
  constexpr std::uint32_t kIn2026 = 1'790'000'000;
  const std::uint32_t all = learn::kEveryTypeButHero;
  BOOST_TEST(names(1, kIn2026, all) == (std::vector<std::uint32_t>{item("b"), item("e"), item("f")}));
  BOOST_TEST(names(5, kIn2026, all) == (std::vector<std::uint32_t>{item("b"), item("f")}));
  BOOST_TEST(names(5, kBefore2026, all) == (std::vector<std::uint32_t>{item("b")}));
  BOOST_TEST(names(1, kIn2026, 1U << 3U).empty());

  const auto by_content =
      learn::recommend_by_content(view, known.visitor, known.taste, {.type_mask = all, .now_s = kIn2026, .limit = 3});
  BOOST_REQUIRE(!by_content.empty());
  BOOST_TEST(by_content.front().entry.item_id == item("b"));  // the other film
  BOOST_TEST((by_content.front().entry.reason == snapshot::ReasonKind::kHistory));
  const Visitor answers_alone = [&] {
    Visitor visitor = known.visitor;
    visitor.history_count = 0;
    return visitor;
  }();
  const auto by_answers =
      learn::recommend_by_content(view, answers_alone, {}, {.type_mask = all, .now_s = kIn2026, .limit = 3});
  BOOST_REQUIRE(!by_answers.empty());
  BOOST_TEST((by_answers.front().entry.reason == snapshot::ReasonKind::kQuestion));
  BOOST_TEST(by_answers.front().entry.item_id == item("a"));
}

BOOST_AUTO_TEST_SUITE_END()
