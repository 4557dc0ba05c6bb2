// Private counts are unbiased; clients are told apart behind proxies; an erasure survives a crash between its two
// commits.
#include <cmath>
#include <random>

#include <boost/test/unit_test.hpp>

#include "origin/http/client_address.h"
#include "origin/privacy/erasure.h"
#include "origin/privacy/private_counts.h"
#include "origin/privacy/vault.h"
#include "origin/store/profiles.h"
#include "tests/unit/origin/small_site.h"
#include "tests/unit/origin/temporary.h"

namespace footlight::origin {
namespace {

BOOST_AUTO_TEST_SUITE(privacy)

// A whole population: who did what, one report a device about one of the pairs, and what the origin makes of it.
BOOST_AUTO_TEST_CASE(randomised_responses_give_unbiased_estimates) {
  std::mt19937_64 random(20261127);
  std::uniform_real_distribution<double> uniform;
  constexpr double kTruth[] = {0.0, 0.02, 0.3, 0.9};  // share of devices that did it, by pair
  constexpr int kDevices = 4000;
  constexpr int kRounds = 300;
  for (const double epsilon : {0.5, 1.0, 3.0}) {
    const double p = 1 / (1 + std::exp(-epsilon));
    double sum[4] = {};
    double squares[4] = {};
    int covered = 0;
    for (int round = 0; round < kRounds; ++round) {
      std::uint64_t reports[4] = {};
      std::uint64_t ones[4] = {};
      for (int device = 0; device < kDevices; ++device) {
        const auto pair = static_cast<std::size_t>(uniform(random) * 4);
        const bool truth = uniform(random) < kTruth[pair];
        const bool answer = uniform(random) < p ? truth : !truth;
        ++reports[pair];
        ones[pair] += answer ? 1 : 0;
      }
      for (std::size_t pair = 0; pair < 4; ++pair) {
        const ResponseEstimate one = estimate_response(reports[pair], ones[pair], epsilon);
        sum[pair] += one.share;
        squares[pair] += one.share * one.share;
        covered += std::abs(one.share - kTruth[pair]) < 1.96 * one.standard_error ? 1 : 0;
      }
    }
    for (std::size_t pair = 0; pair < 4; ++pair) {
      const double mean = sum[pair] / kRounds;
      const double error = std::sqrt((squares[pair] / kRounds - mean * mean) / kRounds);
      BOOST_TEST(std::abs(mean - kTruth[pair]) < 4 * error, "epsilon " << epsilon << ", pair " << pair << ": " << mean);
    }
    const double coverage = covered / (4.0 * kRounds);
    BOOST_TEST(coverage > 0.93);
    BOOST_TEST(coverage < 0.97);
  }
}

// Warner's mechanism: whatever is answered, it is at most e^epsilon likelier from one who did it than from one who did
// not.
BOOST_AUTO_TEST_CASE(a_response_says_no_more_than_epsilon) {
  for (const double epsilon : {0.1, 1.0, 8.0}) {
    const double p = 1 / (1 + std::exp(-epsilon));
    BOOST_TEST(std::log(p / (1 - p)) == epsilon, boost::test_tools::tolerance(1e-9));
  }
  BOOST_TEST(std::isinf(estimate_response(0, 0, 1).standard_error));
}

BOOST_AUTO_TEST_CASE(a_client_is_the_first_address_that_no_proxy_of_ours_has) {
  const std::vector<Network> none;
  const std::vector<Network> ours = {*parse_network("10.0.0.0/8"), *parse_network("::1")};
  const auto key = [](const char* address) { return client_of(address, {}, {}).key; };
  BOOST_TEST(client_of("203.0.113.7", {"1.2.3.4"}, none).key == key("203.0.113.7"));
  BOOST_TEST(client_of("203.0.113.7", {"1.2.3.4"}, ours).key == key("203.0.113.7"));
  BOOST_TEST(client_of("10.1.2.3", {"1.2.3.4"}, ours).key == key("1.2.3.4"));
  BOOST_TEST(client_of("10.1.2.3", {"6.6.6.6, 1.2.3.4, 10.9.9.9"}, ours).key == key("1.2.3.4"));
  BOOST_TEST(client_of("10.1.2.3", {"6.6.6.6", "1.2.3.4"}, ours).key == key("1.2.3.4"));
  BOOST_TEST(client_of("10.1.2.3", {"1.2.3.4, nonsense"}, ours).key == key("10.1.2.3"));
  BOOST_TEST(client_of("10.1.2.3", {}, ours).key == key("10.1.2.3"));
  BOOST_TEST(client_of("::1", {"[2001:db8::7]:443"}, ours).key == key("2001:db8::7"));
  BOOST_TEST(client_of("10.1.2.3", {"1.2.3.4:99"}, ours).key == key("1.2.3.4"));
  // One subscriber has a whole /64.
  BOOST_TEST(key("2001:db8::1") == key("2001:db8::ffff"));
  BOOST_TEST(key("2001:db8:0:1::1") != key("2001:db8::1"));
  BOOST_TEST(key("::ffff:1.2.3.4") == key("1.2.3.4"));
  BOOST_TEST(client_of("127.0.0.1", {}, none).is_machine);
  BOOST_TEST(client_of("::ffff:127.0.0.1", {}, none).is_machine);
  BOOST_TEST(!client_of("127.0.0.1", {"1.2.3.4"}, {*parse_network("127.0.0.1")}).is_machine);
  for (const char* wrong : {"", "10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8x", "host"}) {
    BOOST_TEST(!parse_network(wrong).has_value(), wrong);
  }
}

struct Person {
  std::int64_t profile = 0;
  Uuid id{};
};

Person add_person(Store& store, const char* email) {
  Person person{.id = random_uuid()};
  store.writer()
      .submit([&](Database& db) {
        person.profile = insert_profile(
            db, store.vault(), {.id = person.id, .email = email, .answers = {{"logline", "x"}}, .created_at_ms = 1});
        static_cast<void>(visitor_of_profile(db, person.profile));
      })
      .get();
  return person;
}

// The rows are gone and the erasure is written down, but the program ended before the key was destroyed.
BOOST_AUTO_TEST_CASE(an_erasure_that_was_cut_short_is_finished_at_the_next_start) {
  const Temporary folder;
  const std::string path = (folder.path() / "footlight.db").string();
  Person person;
  {
    const auto store = Store::open({.path = path});
    person = add_person(*store, "a@example.com");
    store->writer()
        .submit([&](Database& db) {
          auto erase = db.prepare("DELETE FROM user_profiles WHERE seq = ?");
          erase->bind(1, person.profile);
          erase->exec();
          auto insert =
              db.prepare("INSERT INTO erasures (id, profile, reason, erased_at) VALUES ('e', ?, 'person', 5)");
          insert->bind(1, to_string(person.id));
          insert->exec();
        })
        .get();
    BOOST_TEST(store->vault().key_count() == 1U);
  }
  const auto store = Store::open({.path = path});
  BOOST_TEST(store->vault().key_count() == 0U);
  BOOST_TEST(!store->vault().data_key(person.id).has_value());
  std::size_t open = 0;
  for_each_erasure(*store, 0, [&](const Erasure& erasure) { open += erasure.key_destroyed ? 0 : 1; });
  BOOST_TEST(open == 0U);
}

BOOST_AUTO_TEST_CASE(an_erasure_happens_once_and_its_line_is_read_back) {
  const Temporary folder;
  const auto store = Store::open({.path = (folder.path() / "footlight.db").string()});
  const Person person = add_person(*store, "b@example.com");
  const auto erased = erase_profile(*store, person.id, ErasureReason::kPerson, "person");
  BOOST_REQUIRE(erased.has_value());
  BOOST_TEST(!erase_profile(*store, person.id, ErasureReason::kPerson, "person").has_value());
  const auto receipt = verify_receipt(store->vault(), erased->receipt);
  BOOST_REQUIRE(receipt.has_value());
  BOOST_TEST(receipt->at("profileId") == to_string(person.id));
  std::string other = erased->receipt;
  other[other.find("payload") + 20] ^= 1;
  BOOST_TEST(!verify_receipt(store->vault(), other).has_value());
  BOOST_TEST(retraining_wanted_since(*store) == erased->at_ms);
  clear_retraining(*store, erased->at_ms);  // it was erased while that training ran
  BOOST_TEST(retraining_wanted_since(*store) == erased->at_ms);
  clear_retraining(*store, erased->at_ms + 1);
  BOOST_TEST(retraining_wanted_since(*store) == 0);
  for_each_erasure(*store, 0, [&](const Erasure& erasure) {
    const Erasure again = parse_erasure(erasure_json(erasure));
    BOOST_TEST(again.profile == erasure.profile);
    BOOST_TEST(again.erased_at_ms == erasure.erased_at_ms);
  });
  BOOST_CHECK_THROW(static_cast<void>(parse_erasure(nlohmann::ordered_json::parse(R"({"id":"x"})"))),
                    std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace footlight::origin
