#include "origin/simulate/simulate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <unordered_map>

#include <fmt/format.h>

#include "core/numeric/elementary.h"
#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/visitor/record.h"
#include "origin/publish/assemble.h"
#include "origin/publish/live.h"

namespace footlight::simulate {
namespace {

using publish::LiveSnapshot;

constexpr std::size_t kBatch = 500;  // page views to a transaction
constexpr std::uint64_t kOfTraffic = 0x54524146U;
constexpr std::int64_t kDayMs = 86'400'000;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The popularity that the model knows: rates, else nothing.
std::vector<double> popularity_of(const std::optional<learn::Model>& model, const World& world,
                                  const Recorder& recorder) {
  std::vector<double> values(world.item_count(), 0.0);
  if (!model) return values;
  std::unordered_map<std::uint32_t, double> by_id;
  for (const learn::LearnedItem& item : model->items) by_id.emplace(item.item_id, item.engagement_rate);
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    const auto found = by_id.find(recorder.item_id(i));
    values[i] = found == by_id.end() ? 0 : found->second;
  }
  return values;
}

class Run {
 public:
  Run(origin::Store& store, const SimulateOptions& options, const learn::StageProgress& progress,
      const std::atomic<bool>& cancel)
      : store_(store),
        options_(options),
        progress_(progress),
        cancel_(cancel),
        world_(options.world),
        recorder_(store, world_),
        random_(seed_with(options.world.seed, kOfTraffic)) {
    for (std::uint32_t i = 0; i < world_.item_count(); ++i) item_of_id_.emplace(recorder_.item_id(i), i);
  }

  std::vector<Stage> run(const OnStage& on_stage) {
    std::unique_ptr<Panel> panel;
    if (options_.filler == Filler::kFootlight) {
      std::vector<std::uint32_t> ids;
      for (std::uint32_t i = 0; i < world_.item_count(); ++i) ids.push_back(recorder_.item_id(i));
      panel = std::make_unique<Panel>(world_, options_.panel, ids);
      build();
    }
    std::vector<Stage> stages;
    for (const std::uint64_t target : options_.interactions) {
      const double spent = training_seconds_;
      const auto start = std::chrono::steady_clock::now();
      simulate_until(target);
      now_.simulate_seconds = seconds_since(start) - (training_seconds_ - spent);
      now_.train_seconds = 0;
      if (panel) {
        if (now_.interactions > 0) now_.train_seconds = train();
        progress_("measuring", -1);
        now_.snapshot_bytes = live_->bytes().size();
        now_.rates = panel->measure(live_->view(), popularity_of(model_, world_, recorder_), now_.day, now_s());
      }
      stages.push_back(now_);
      if (on_stage) on_stage(now_);
    }
    return stages;
  }

 private:
  [[nodiscard]] std::uint32_t now_s() const {
    return static_cast<std::uint32_t>(kStartMs / 1000 + static_cast<std::int64_t>(now_.day * 86400.0));
  }

  // Retrains on the way where it is due: with k trainings between stages a and b, at a * (b / a)^(j / (k + 1)).
  void simulate_until(std::uint64_t target) {
    const std::uint64_t from = now_.interactions;
    std::vector<std::uint64_t> trainings;
    if (options_.filler == Filler::kFootlight && from > 0) {
      for (std::uint32_t j = 1; j <= options_.trains_between; ++j) {
        const double share = static_cast<double>(j) / (options_.trains_between + 1);
        const double ratio = std::log(static_cast<double>(target) / static_cast<double>(from));
        trainings.push_back(static_cast<std::uint64_t>(static_cast<double>(from) * std::exp(share * ratio)));
      }
    }
    std::size_t next = 0;
    while (now_.interactions < target) {
      if (cancel_.load(std::memory_order_relaxed)) {
        flush();
        throw learn::Cancelled{};
      }
      PageView page = next_page();
      now_.interactions += interactions_of(page);
      ++now_.page_views;
      now_.exposures += page.cards.size();
      for (const Shown& shown : page.cards) now_.clicks += shown.reaction.clicked ? 1 : 0;
      batch_.push_back(std::move(page));
      if (batch_.size() >= kBatch) {
        write();
        progress_(fmt::format("simulating, {} interactions", now_.interactions),
                  static_cast<double>(now_.interactions) / static_cast<double>(options_.interactions.back()));
      }
      while (next < trainings.size() && now_.interactions >= trainings[next]) {
        static_cast<void>(train());
        ++next;
      }
    }
    flush();
  }

  PageView next_page() {
    PageView page;
    page.number = now_.page_views;
    now_.day = static_cast<double>(page.number) / options_.pages_a_day;
    const auto day = static_cast<std::int64_t>(now_.day);
    if (day != appeal_day_) {
      appeal_ = world_.appeal(static_cast<double>(day));
      appeal_day_ = day;
    }
    // Within a day the page views come in the order of its parts: night .05, morning .25, afternoon .35, evening .35.
    const double of_day = now_.day - static_cast<double>(day);
    const std::uint8_t part = of_day < 0.05 ? 1 : of_day < 0.3 ? 2 : of_day < 0.65 ? 3 : 4;
    const double u = random_.uniform();
    const auto number = static_cast<std::uint64_t>(options_.visitors * exp_exact(1.6 * log_exact(std::max(u, 1e-12))));
    page.person = person(std::min<std::uint64_t>(number, options_.visitors - 1));
    page.at_ms = kStartMs + static_cast<std::int64_t>(now_.day * static_cast<double>(kDayMs));
    page.surroundings = {.device = page.person->device,
                         .day_part = part,
                         .weekday = static_cast<std::uint8_t>(1 + day % 7),
                         .referrer = static_cast<std::uint8_t>(1 + static_cast<unsigned>(random_.uniform() * 5))};
    fill(page);
    const std::vector<double> traits = world_.traits(*page.person, page.surroundings);
    for (Shown& shown : page.cards) {
      shown.reaction = world_.react(appeal_, traits, shown.card, page.person->device, random_);
    }
    if (options_.filler == Filler::kFootlight) remember(page);
    return page;
  }

  void fill(PageView& page) {
    if (options_.filler == Filler::kRandom) {
      for (const Card& card : world_.random_page(random_)) {
        page.cards.push_back(
            {.card = card, .propensity = 1.0F / static_cast<float>(world_.items_of(card.slot).size() - card.position)});
      }
      return;
    }
    const snapshot::SnapshotView& view = live_->view();
    const Visitor visitor = visitor_of(*page.person);
    const Context context{.now_s = static_cast<std::uint32_t>(page.at_ms / 1000), .surroundings = page.surroundings};
    if (decide(view, visitor, context, requests_, scratch(), decision_) != Status::kOk) {
      throw std::logic_error("a simulated page could not be decided");
    }
    page.snapshot_version = view.version();
    for (std::uint32_t s = 0; s < decision_.slot_count; ++s) {
      std::uint32_t position = 0;
      for (const Entry& entry : decision_.entries_of(decision_.slots[s])) {
        char words[200];
        const std::size_t length = std::min(write_reason(view, entry, 0, words), sizeof words);
        page.cards.push_back({.card = {item_of_id_.at(entry.item_id), s, position++},
                              .propensity = entry.propensity,
                              .confidence = static_cast<float>(entry.confidence) / 10000.0F,
                              .reason = std::string(words, length)});
      }
    }
  }

  // The visitor's own record after this page, as browser or origin keep it.
  void remember(const PageView& page) {
    Visitor visitor = visitor_of(*page.person);
    const auto today = static_cast<std::uint16_t>(page.at_ms / kDayMs);
    for (const Shown& shown : page.cards) {
      for (const Interaction& one : reactions_of(shown.reaction, recorder_.item_id(shown.card.item), today)) {
        static_cast<void>(interact(visitor, one));
      }
    }
    std::vector<std::byte>& record = records_[page.person->number];
    record.resize(kMaxRecordBytes);
    const auto size = encode_visitor(visitor, record);
    if (!size) throw std::logic_error("a simulated visitor does not fit its record");
    record.resize(*size);
    record.shrink_to_fit();
  }

  [[nodiscard]] Visitor visitor_of(const Person& person) const {
    if (const auto found = records_.find(person.number); found != records_.end()) {
      const auto visitor = decode_visitor(found->second);
      if (!visitor) throw std::logic_error("a simulated visitor record does not open");
      return *visitor;
    }
    Visitor visitor;
    visitor.unit_id = person.unit_id;
    visitor.personalization = Choice::kGranted;
    visitor.measurement = Choice::kGranted;
    origin::apply_answers(visitor, answers_of(world_, person), world_.site());
    return visitor;
  }

  // The person is drawn anew at each visit: it costs less than to keep all of them.
  [[nodiscard]] std::shared_ptr<const Person> person(std::uint64_t number) {
    if (came_.size() <= number) came_.resize(options_.visitors, false);
    if (!came_[number]) ++now_.visitors;
    came_[number] = true;
    return std::make_shared<const Person>(world_.person(number));
  }

  void write() {
    recorder_.write(std::move(batch_), live_);
    batch_.clear();
  }

  void flush() {
    if (!batch_.empty()) write();
    recorder_.finish();
  }

  double train() {
    flush();
    const auto start = std::chrono::steady_clock::now();
    static_cast<void>(learn::train(store_, options_.train, progress_, cancel_));
    const auto bytes = store_.model(learn::kModelName);
    if (bytes) model_ = learn::decode_model(*bytes);
    build();
    const double seconds = seconds_since(start);
    training_seconds_ += seconds;
    return seconds;
  }

  void build() {
    publish::Assembled assembled = publish::assemble(store_, world_.site(), model_);
    assembled.input.version = ++version_;
    assembled.input.created_at_s = now_s();
    const auto bytes = snapshot::build(assembled.input);
    if (!bytes) throw std::runtime_error("the snapshot cannot be built: " + bytes.error().what);
    live_ = std::make_shared<const LiveSnapshot>(*bytes);
    const snapshot::SnapshotView& view = live_->view();
    for (std::uint32_t s = 0; s < kPageSlots; ++s) requests_[s] = {view.find_slot(kPage[s].name), kPage[s].cards};
    scratch_.resize(decide_scratch_bytes(view) / sizeof(Block) + 1);
  }

  struct alignas(16) Block {
    std::byte bytes[16];
  };
  [[nodiscard]] std::span<std::byte> scratch() { return std::as_writable_bytes(std::span(scratch_)); }

  origin::Store& store_;
  const SimulateOptions& options_;
  const learn::StageProgress& progress_;
  const std::atomic<bool>& cancel_;
  World world_;
  Recorder recorder_;
  Random random_;
  Stage now_;
  std::vector<double> appeal_;
  std::int64_t appeal_day_ = -1;
  std::vector<PageView> batch_;
  std::vector<bool> came_;
  std::unordered_map<std::uint64_t, std::vector<std::byte>> records_;
  std::unordered_map<std::uint32_t, std::uint32_t> item_of_id_;
  std::optional<learn::Model> model_;
  std::shared_ptr<const LiveSnapshot> live_;
  std::uint64_t version_ = 0;
  std::array<SlotRequest, kPageSlots> requests_{};
  std::vector<Block> scratch_;
  Decision decision_;
  double training_seconds_ = 0;
};

}  // namespace

std::vector<Stage> simulate(origin::Store& store, const SimulateOptions& options, const OnStage& on_stage,
                            const learn::StageProgress& progress, const std::atomic<bool>& cancel) {
  if (!std::is_sorted(options.interactions.begin(), options.interactions.end()) || options.interactions.empty()) {
    throw std::invalid_argument("the stages must be ascending numbers of interactions");
  }
  if (options.visitors == 0 || options.pages_a_day == 0 || options.panel < 2) {
    throw std::invalid_argument("visitors and pages a day must be at least 1, the panel at least 2");
  }
  return Run(store, options, progress, cancel).run(on_stage);
}

}  // namespace footlight::simulate
