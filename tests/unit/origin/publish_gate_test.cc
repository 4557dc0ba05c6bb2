// The publish gate and the replay it stands on: a site of two kinds of projects, visitors who like one kind, a model
// trained on what they chose, and a log of what its snapshot then showed.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/numeric/random.h"
#include "core/rank/decide.h"
#include "origin/learn/replay.h"
#include "origin/learn/trainer.h"
#include "origin/publish/gate.h"
#include "origin/publish/live.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using small_site::kNever;

constexpr std::uint32_t kItems = 8;  // 0 to 3 of one kind, 4 to 7 of the other
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kStart = 20'700 * kDayMs;
constexpr std::int64_t kTrained = kStart + 2 * kDayMs;

constexpr const char* kTwoKinds = R"({
  "name": "Two kinds", "locales": ["en"],
  "slots": [{"id": 1, "name": "projects", "types": ["project"], "limit": 2, "max_limit": 4, "temperature": 2,
             "hide_seen": false}],
  "questions": [{"id": 1, "name": "format", "kind": "single", "label": {"en": "Format?"},
                 "options": [{"id": 101, "key": "film", "label": {"en": "Film"}}]}]
})";

void nothing(std::string_view, double) {}

class TwoKinds {
 public:
  explicit TwoKinds(std::uint32_t visitors = 240) : site_(false), visitors_(visitors) {
    store().put_site(kTwoKinds);
    std::string content;
    for (std::uint32_t i = 0; i < kItems; ++i) {
      content += fmt::format(R"({{"id":"p{0}","type":"project","body":{{"title":"P{0}"}}}})", i) + "\n";
    }
    site_.load_content(content);
    for (std::uint32_t i = 0; i < kItems; ++i) ids_.push_back(site_.id(fmt::format("p{}", i)));
    choose_before();
    learn::train(store(), {.threads = 1}, nothing, kNever);
    change_model([](learn::Model& model) { model.trained_at_s = kTrained / 1000; });
  }

  [[nodiscard]] origin::Store& store() { return site_.store(); }
  [[nodiscard]] publish::PublishOptions options() { return site_.options(); }

  template <typename Change>
  void change_model(Change change) {
    learn::Model model = learn::decode_model(*store().model(learn::kModelName));
    change(model);
    store().put_model(learn::kModelName, learn::encode_model(model));
  }

  // What goes with what is turned round: neighbours of one kind speak for the other.
  void spoil_model() {
    change_model([&](learn::Model& model) {
      for (learn::LearnedItem& item : model.items) {
        for (auto& [neighbour, weight] : item.neighbours) {
          const auto at = static_cast<std::size_t>(std::find(ids_.begin(), ids_.end(), neighbour) - ids_.begin());
          neighbour = ids_[(at + kItems / 2) % kItems];
        }
        std::erase_if(item.neighbours, [&](const auto& pair) { return pair.first == item.item_id; });
      }
    });
  }

  // Each visitor comes back on the day after, is shown two projects as the snapshot draws them, and clicks what is of
  // their kind more often than not.
  void show_and_choose(const publish::LiveSnapshot& live) {
    Random random(99);
    const std::int64_t now = kTrained + kDayMs;
    std::vector<std::byte> scratch(decide_scratch_bytes(live.view()));
    Decision decision;
    for (std::uint32_t v = 0; v < visitors_; ++v) {
      Visitor visitor = known_[v];
      visitor.unit_id = v + 1;
      const SlotRequest request{0, 0};
      BOOST_REQUIRE(decide(live.view(), visitor, {static_cast<std::uint32_t>(now / 1000)}, {&request, 1}, scratch,
                           decision) == Status::kOk);
      std::vector<origin::Event> events;
      const auto shown = decision.entries_of(decision.slots[0]);
      for (std::size_t p = 0; p < shown.size(); ++p) {
        origin::Event event = of_item(shown[p].item_id, now);
        event.exposure = v % 3 != 0;  // the others say that they saw it
        event.slot = "projects";
        event.position = static_cast<std::uint32_t>(p);
        event.propensity = static_cast<double>(shown[p].propensity);
        event.snapshot_version = live.version();
        events.push_back(event);
      }
      for (const Entry& entry : shown) {
        if (random.uniform() >= (kind_of(entry.item_id) == v % 2 ? 0.6 : 0.05)) continue;
        origin::Event event = of_item(entry.item_id, now + 1000);
        event.action = Action::kClick;
        events.push_back(event);
      }
      write(v, events);
    }
  }

 private:
  [[nodiscard]] std::uint32_t kind_of(std::uint32_t item_id) const {
    return std::find(ids_.begin(), ids_.end(), item_id) - ids_.begin() < kItems / 2 ? 0 : 1;
  }

  [[nodiscard]] static origin::Event of_item(std::uint32_t item_id, std::int64_t at_ms) {
    origin::Event event;
    event.content_id = fmt::format("{}", item_id);
    event.occurred_at_ms = at_ms;
    return event;
  }

  // Two of the four of one's kind.
  void choose_before() {
    known_.resize(visitors_);
    for (std::uint32_t v = 0; v < visitors_; ++v) {
      std::vector<origin::Event> events;
      for (const std::uint32_t k : {v / 2 % 4, (v / 2 + 1 + v / 8 % 3) % 4}) {
        const std::uint32_t id = ids_[(v % 2) * (kItems / 2) + k];
        origin::Event event = of_item(id, kStart + static_cast<std::int64_t>(events.size()));
        event.action = Action::kClick;
        events.push_back(event);
        interact(known_[v],
                 {.item_id = id, .action = Action::kClick, .day = static_cast<std::uint16_t>(kStart / kDayMs)});
      }
      write(v, events);
    }
  }

  void write(std::uint32_t visitor, std::vector<origin::Event> events) {
    for (origin::Event& event : events) {
      const auto id = static_cast<std::uint32_t>(std::stoul(event.content_id));
      event.content_id = fmt::format("p{}", std::find(ids_.begin(), ids_.end(), id) - ids_.begin());
    }
    origin::Who who;
    who.visitor_hash.emplace();
    std::memcpy(who.visitor_hash->data(), &visitor, sizeof visitor);
    auto done = store().writer().submit(
        [&](origin::Database& db) { return apply_events(db, store().vault(), who, events, nullptr); });
    for (const origin::Receipt receipt : done.get().receipts) BOOST_REQUIRE(receipt == origin::Receipt::kCounted);
  }

  small_site::SmallSite site_;
  std::uint32_t visitors_;
  std::vector<std::uint32_t> ids_;
  std::vector<Visitor> known_;
};

std::shared_ptr<const publish::LiveSnapshot> snapshot_of(const publish::PublishOptions& options,
                                                         const publish::PublishReport& report) {
  return publish::load_snapshot_file(options.directory / report.manifest.snapshot.sha256);
}

publish::PublishReport publish_now(TwoKinds& world, bool force = false) {
  publish::PublishOptions options = world.options();
  options.force = force;
  return publish::publish(world.store(), options, nothing, kNever);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(publish_gate)

// The log was drawn by this very snapshot, so replaying it gives each card the propensity that was logged, and the
// value that was earned; only what a day of history adds could make a difference, and does not.
BOOST_AUTO_TEST_CASE(a_snapshot_replayed_on_its_own_log_gives_the_logged_propensities) {
  TwoKinds world(80);
  const auto report = publish_now(world);
  const auto live = snapshot_of(world.options(), report);
  world.show_and_choose(*live);
  const learn::Replay replay =
      learn::replay_log(world.store(), live->view(), live->view(), {.from_ms = kTrained}, nothing, kNever);
  BOOST_TEST(replay.slates == 80);
  BOOST_REQUIRE_EQUAL(replay.candidate.size(), 160U);
  double rewards = 0;
  for (const learn::Round& round : replay.candidate) {
    BOOST_REQUIRE_EQUAL(round.target, round.propensity);
    rewards += round.reward;
  }
  BOOST_TEST(rewards > 20);
  const learn::OffPolicy own = learn::estimate(replay.candidate);
  BOOST_TEST(own.ips.value == rewards / 160, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(own.clusters == 80);
  // Before that day nothing was shown.
  BOOST_TEST(
      learn::replay_log(world.store(), live->view(), live->view(), {.from_ms = kTrained + 2 * kDayMs}, nothing, kNever)
          .candidate.empty());
}

BOOST_AUTO_TEST_CASE(a_spoilt_model_is_refused_and_the_live_one_stays) {
  TwoKinds world;
  const auto first = publish_now(world);
  BOOST_CHECK(first.gate.verdict == publish::Verdict::kCannotJudge);
  world.show_and_choose(*snapshot_of(world.options(), first));
  world.spoil_model();
  try {
    publish_now(world);
    BOOST_ERROR("published a spoilt model");
  } catch (const publish::PublishRefused& refused) {
    const publish::GateReport& gate = refused.report();
    BOOST_CHECK(gate.verdict == publish::Verdict::kWorse);
    BOOST_CHECK(gate.held_out->verdict == publish::Verdict::kWorse);
    BOOST_CHECK(gate.off_policy->verdict == publish::Verdict::kWorse);
    BOOST_TEST(gate.held_out->candidate < gate.held_out->live);
    BOOST_TEST(gate.off_policy->candidate < gate.off_policy->live);
    BOOST_TEST(gate.live_version == first.manifest.version);
    const std::string why = refused.what();  // with both numbers
    BOOST_TEST(why.find(fmt::format("{:.5f} against {:.5f}", gate.held_out->candidate, gate.held_out->live)) !=
               std::string::npos);
  }
  BOOST_TEST(world.store().live_snapshot()->version == first.manifest.version);
  BOOST_TEST(world.store().snapshots().size() == 1);

  const auto forced = publish_now(world, true);
  BOOST_TEST(forced.gate.forced);
  const auto row = world.store().live_snapshot();
  BOOST_TEST(row->version == forced.manifest.version);
  BOOST_TEST(row->note.starts_with("forced although worse: held-out"));
  const auto kept = nlohmann::json::parse(row->gate);
  BOOST_TEST(kept["forced"].get<bool>());
  BOOST_TEST(kept["verdict"].get<std::string>() == "worse");
  BOOST_TEST(kept["heldOut"]["candidate"].get<double>() == forced.gate.held_out->candidate);
}

BOOST_AUTO_TEST_CASE(an_equal_model_and_a_better_one_pass) {
  TwoKinds world;
  const auto good = *world.store().model(learn::kModelName);
  const auto first = publish_now(world);
  world.show_and_choose(*snapshot_of(world.options(), first));
  world.change_model([](learn::Model& model) { ++model.visitors; });  // other bytes, the same numbers
  const auto equal = publish_now(world);
  BOOST_CHECK(equal.gate.verdict == publish::Verdict::kPasses);
  BOOST_TEST(equal.gate.held_out->difference.value == 0.0);
  BOOST_TEST(!equal.gate.forced);

  world.spoil_model();
  publish_now(world, true);
  world.store().put_model(learn::kModelName, good);
  const auto better = publish_now(world);
  BOOST_CHECK(better.gate.verdict == publish::Verdict::kPasses);
  BOOST_TEST(better.gate.held_out->difference.low > 0);
}

BOOST_AUTO_TEST_CASE(content_alone_is_not_held_up) {
  TwoKinds world;
  const auto first = publish_now(world);
  world.show_and_choose(*snapshot_of(world.options(), first));
  const auto again = publish_now(world);
  BOOST_CHECK(again.gate.verdict == publish::Verdict::kCannotJudge);
  BOOST_TEST(again.gate.why.find("the model is that of the live version") == 0);
  BOOST_TEST(!again.gate.held_out.has_value());
}

BOOST_AUTO_TEST_CASE(with_too_little_data_it_passes_and_says_so) {
  TwoKinds world(24);
  const auto first = publish_now(world);
  world.show_and_choose(*snapshot_of(world.options(), first));
  world.spoil_model();
  const auto report = publish_now(world);
  BOOST_CHECK(report.gate.verdict == publish::Verdict::kCannotJudge);
  BOOST_TEST(report.gate.why.find("fewer than 30") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_model_there_is_nothing_to_judge) {
  small_site::SmallSite site;
  BOOST_TEST(site.publish().gate.why == "there is no trained model to judge");
}

BOOST_AUTO_TEST_SUITE_END()
