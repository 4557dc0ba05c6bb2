#include "origin/learn/trainer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"
#include "origin/learn/features.h"
#include "origin/learn/fields.h"
#include "origin/learn/memory.h"
#include "origin/learn/question_weights.h"
#include "origin/learn/temperature.h"
#include "origin/privacy/erasure.h"
#include "origin/publish/assemble.h"
#include "origin/publish/publisher.h"

namespace footlight::learn {
namespace {

// The bytes of a snapshot with a view into them.
class Opened {
 public:
  explicit Opened(const snapshot::SnapshotInput& input) {
    auto built = snapshot::build(input);
    if (!built) throw publish::CannotPublish("the content cannot be published as it is: " + built.error().what);
    bytes_ = std::move(*built);
    auto view = snapshot::SnapshotView::open(bytes_);
    if (!view)
      throw std::runtime_error(
          fmt::format("a snapshot built for training does not open ({})", status_name(view.error())));
    view_ = *view;
  }
  [[nodiscard]] const snapshot::SnapshotView& view() const { return view_; }

 private:
  std::vector<std::byte> bytes_;
  snapshot::SnapshotView view_;
};

class Training {
 public:
  Training(origin::Store& store, const TrainOptions& options, const StageProgress& progress,
           const std::atomic<bool>& cancel)
      : store_(store), options_(options), progress_(progress), cancel_(cancel) {}

  TrainReport run() {
    const auto start = std::chrono::steady_clock::now();
    const auto document = store_.site();
    if (!document) throw publish::CannotPublish("no site has been imported yet: footlight import site FILE");
    site_ = document->site;

    timed("past", [&] { read(); });
    timed("segments", [&] { learn_segments(); });
    // From here on with the learned segments: those of this training, whatever the model in the store says.
    const publish::Assembled base = publish::assemble(store_, site_, model_);
    input_ = base.input;
    for (const auto& item : input_.items) items_.emplace(item.id, &item);
    snapshot::SnapshotInput words = input_;
    words.engagement = vocabulary(standard_fields(input_));
    const Opened vocabulary_snapshot(words);
    timed("item-item", [&] {
      counts_ = count_visitors(past_, vocabulary_snapshot.view(), cancel_);
      learn_item_item();
    });
    timed("rates", [&] { learn_rates(vocabulary_snapshot.view()); });
    if (past_.held_out_from_ms != 0) {
      timed("match", [&] { learn_question_weights(); });
    }
    if (options_.engagement && past_.held_out_from_ms != 0) {
      timed("engagement", [&] { learn_engagement(vocabulary_snapshot.view(), words.engagement->fields); });
    }
    for (auto& [id, item] : learned_) model_.items.push_back(std::move(item));
    timed("stack", [&] { learn_stack(); });
    timed("temperature", [&] { learn_temperatures(); });

    stop_if_cancelled();
    const std::vector<std::byte> bytes = encode_model(model_);
    store_.put_model(kModelName, bytes);
    report_.model_bytes = bytes.size();
    report_.seconds = seconds_since(start);
    return std::move(report_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  template <typename Work>
  void timed(const char* name, const Work& work) {
    stop_if_cancelled();
    const auto start = Clock::now();
    reset_peak_memory();
    work();
    report_.stages.push_back({name, seconds_since(start), peak_memory_mb()});
  }

  void stop_if_cancelled() const {
    if (cancel_.load()) throw Cancelled{};
  }

  void read() {
    past_ = read_past(store_, options_.hold_out, progress_, cancel_);
    report_.visitors = past_.visitor_count();
    report_.impressions = past_.impressions.size();
    for (const PastImpression& i : past_.impressions) report_.held_out += past_.is_held_out(i.at_ms) ? 1 : 0;
    model_.trained_at_s = origin::now_ms() / 1000;
    model_.held_out_from_ms = past_.held_out_from_ms;
    model_.min_visitors = options_.min_visitors;
  }

  void learn_segments() {
    std::vector<LearnedSegment> before;
    if (const auto bytes = store_.model(kModelName)) {
      try {
        Model old = decode_model(*bytes);
        before = std::move(old.learned_segments);
        model_.next_segment_id = old.next_segment_id;
      } catch (const std::runtime_error&) {  // of an older format: ids start anew
      }
    }
    if (options_.max_segments == 0) return;
    const publish::Assembled assembled = publish::assemble(store_, site_, std::nullopt);
    model_.learned_segments = find_segments(
        past_, assembled.input,
        {.min_visitors = std::uint64_t{5} * options_.min_visitors, .most = options_.max_segments}, progress_, cancel_);
    std::vector<std::uint32_t> taken;
    for (const origin::SiteSegment& segment : site_.segments) taken.push_back(segment.id);
    name_segments(model_.learned_segments, before, taken, model_.next_segment_id);
    for (const LearnedSegment& segment : model_.learned_segments) {
      const auto name = segment_name(segment.when, site_);
      report_.learned_segments.push_back({segment.id, name ? name->front() : "", segment.visitors});
    }
  }

  LearnedItem& learned(std::uint32_t id) {
    LearnedItem& item = learned_[id];
    item.item_id = id;
    return item;
  }

  void learn_item_item() {
    std::vector<std::uint32_t> choosers(past_.item_ids.size(), 0);
    for (const std::uint32_t item : counts_.chosen.items) ++choosers[item];
    std::vector<std::uint32_t> kept;  // items of the past
    for (std::uint32_t i = 0; i < choosers.size(); ++i) {
      if (choosers[i] == 0 || !items_.contains(past_.item_ids[i])) continue;  // what was deleted since is not learned
      if (choosers[i] < options_.min_visitors) {
        ++report_.items_too_few;
      } else {
        kept.push_back(i);
      }
    }
    const auto id_of = [&](std::uint32_t item) { return past_.item_ids[item]; };
    std::sort(kept.begin(), kept.end(), [&](std::uint32_t a, std::uint32_t b) {
      return choosers[a] != choosers[b] ? choosers[a] > choosers[b] : id_of(a) < id_of(b);
    });
    if (kept.size() > options_.max_items) {
      report_.items_too_many = static_cast<std::uint32_t>(kept.size()) - options_.max_items;
      kept.resize(options_.max_items);
    }
    std::sort(kept.begin(), kept.end(), [&](std::uint32_t a, std::uint32_t b) { return id_of(a) < id_of(b); });
    std::vector<std::uint32_t> index(past_.item_ids.size(), snapshot::kNone);
    for (std::uint32_t k = 0; k < kept.size(); ++k) index[kept[k]] = k;

    VisitorItems choices;
    choices.item_count = static_cast<std::uint32_t>(kept.size());
    std::vector<std::uint32_t> own;
    for (std::size_t v = 0; v < counts_.chosen.visitor_count(); ++v) {
      own.clear();
      for (const std::uint32_t item : counts_.chosen.of(v)) {
        if (index[item] != snapshot::kNone) own.push_back(index[item]);
      }
      if (!own.empty()) choices.add(own);
    }
    model_.visitors = report_.learned_from = choices.visitor_count();
    report_.choices = choices.items.size();
    report_.items_learned = choices.item_count;
    if (choices.item_count == 0) return;

    const ItemItemModel fitted = fit_item_item(
        choices, {options_.method, options_.neighbours, options_.lambda, options_.threads},
        [&](double share) { progress_("fitting the item-item model", share); }, cancel_);
    model_.item_item_method = report_.item_item_method = item_item_method_name(fitted.method);
    model_.item_item_weight = fitted.weight;
    model_.history_exponent = fitted.history_exponent;
    // Popular means popular for its type: else where projects are opened more often than guides each would be.
    std::map<snapshot::ContentType, std::pair<double, double>> of_type;  // sum, count
    double mean = 0;
    for (std::size_t j = 0; j < kept.size(); ++j) {
      auto& [sum, count] = of_type[items_.at(id_of(kept[j]))->type];
      sum += static_cast<double>(fitted.bias[j]);
      count += 1;
      mean += static_cast<double>(fitted.bias[j]) / static_cast<double>(kept.size());
    }
    for (std::size_t j = 0; j < kept.size(); ++j) {
      LearnedItem& item = learned(id_of(kept[j]));
      const auto& [sum, count] = of_type[items_.at(item.item_id)->type];
      item.visitors = choosers[kept[j]];
      item.bias = static_cast<float>(static_cast<double>(fitted.bias[j]) - sum / count + mean);
      for (const ItemNeighbour& neighbour : fitted.neighbours[j]) {
        item.neighbours.emplace_back(id_of(kept[neighbour.item]), neighbour.weight);
      }
    }
  }

  void learn_rates(const snapshot::SnapshotView& view) {
    progress_("estimating rates", -1);
    std::vector<std::uint32_t> rated;
    std::vector<Count> known;
    for (std::uint32_t i = 0; i < past_.item_ids.size(); ++i) {
      const Count& count = counts_.overall[i];
      if (!counts_.shown[i] || count.seen < options_.min_visitors || !items_.contains(past_.item_ids[i])) continue;
      rated.push_back(i);
      known.push_back(count);
    }
    rate_prior_ = fit_rate_prior(known);
    for (std::size_t r = 0; r < rated.size(); ++r) {
      const double rate = shrunk_rate(known[r], rate_prior_);
      LearnedItem& item = learned(past_.item_ids[rated[r]]);
      item.engagement_rate = static_cast<float>(rate);
      item.popularity = static_cast<float>(logit(rate) - logit(rate_prior_.mean));
      item.seen = static_cast<std::uint32_t>(known[r].seen);
    }
    report_.rates = static_cast<std::uint32_t>(rated.size());
    model_.segments = segment_priors(past_, counts_, view, options_.min_visitors, options_.segment_strength);
    report_.segments = static_cast<std::uint32_t>(model_.segments.size());
  }

  // What matching answers are worth, from what is not held out.
  void learn_question_weights() {
    const double per_match = site_.weights.match;
    if (!(per_match > 0) || input_.questions.empty()) return;
    snapshot::SnapshotInput words = input_;
    for (auto& question : words.questions) question.weight = 1;
    const Opened unit(words);
    const MatchShares shares = match_shares(past_, unit.view(), progress_, cancel_);
    std::vector<MatchCase> cases;
    for (std::size_t i = 0; i < past_.impressions.size(); ++i) {
      const PastImpression& impression = past_.impressions[i];
      if (past_.is_held_out(impression.at_ms) || !items_.contains(past_.item_ids[impression.item])) continue;
      cases.push_back(
          {static_cast<std::uint32_t>(i), impression.item, impression.position, (impression.outcome & kClicked) != 0});
    }
    std::vector<double> guess;
    for (const auto& question : input_.questions) guess.push_back(per_match * static_cast<double>(question.weight));
    progress_("weighing the questions", -1);
    const std::vector<double> learned = fit_question_log_odds(shares, cases, past_.item_ids.size(), guess, cancel_);
    matched_.assign(past_.impressions.size(), 0.0F);
    for (std::size_t q = 0; q < learned.size(); ++q) {
      const snapshot::QuestionInput& question = input_.questions[q];
      const double weight = std::min(learned[q] / per_match, kMaxQuestionWeight);
      model_.question_weights.emplace_back(question.id, weight);
      report_.question_weights.push_back({question.name, weight, static_cast<double>(question.weight)});
      for (std::size_t i = 0; i < matched_.size(); ++i) {
        matched_[i] += static_cast<float>(per_match * weight) * shares.of(i)[q];
      }
    }
  }

  void learn_engagement(const snapshot::SnapshotView& view, const std::vector<snapshot::FieldInput>& fields) {
    Features features = features_of(past_, view, progress_, cancel_);
    const std::vector<bool> known = known_fields(past_, features);
    EngagementData fitting;
    EngagementData holding;
    std::size_t kept = 0;
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (!known[f]) continue;
      fitting.fields.push_back(fields[f]);
      ++kept;
    }
    // Rows of the masks move together in place: fields that are never known go.
    for (std::size_t v = 0; v < features.vector_count(); ++v) {
      std::size_t at = 0;
      for (std::size_t f = 0; f < fields.size(); ++f) {
        if (known[f]) features.masks[v * kept + at++] = features.masks[v * fields.size() + f];
      }
    }
    features.masks.resize(features.vector_count() * kept);

    std::vector<std::uint32_t> index(past_.item_ids.size(), snapshot::kNone);
    for (std::size_t i = 0; i < past_.item_ids.size(); ++i) {
      const auto item = items_.find(past_.item_ids[i]);
      if (item == items_.end()) continue;
      index[i] = static_cast<std::uint32_t>(fitting.items.size());
      fitting.items.push_back({item_features(*item->second)});
    }
    std::int64_t newest = past_.held_out_from_ms;
    for (const PastImpression& impression : past_.impressions) newest = std::max(newest, impression.at_ms);
    for (std::size_t i = 0; i < past_.impressions.size(); ++i) {
      const PastImpression& impression = past_.impressions[i];
      if (index[impression.item] == snapshot::kNone) continue;
      EngagementData& data = past_.is_held_out(impression.at_ms) ? holding : fitting;
      data.rows.push_back({.side = features.of_impression[i],
                           .item = index[impression.item],
                           .labels = static_cast<std::uint8_t>(impression.outcome & (kClicked | kEngaged | kConverted)),
                           .position = impression.position,
                           .offset = matched_.empty() ? 0.0F : matched_[i],
                           .age = static_cast<float>(static_cast<double>(newest - impression.at_ms) / kDayMs)});
    }
    if (fitting.rows.empty() || kept == 0) return;
    fitting.masks = std::move(features.masks);
    holding.fields = fitting.fields;
    holding.masks = fitting.masks;
    holding.items = fitting.items;
    EngagementOptions how = engagement_options_for(fitting.rows.size());
    how.threads = options_.threads;
    how.dimensions = 8;  // 16 and 32 were no better in simulated worlds (./dev bench coldstart), and slower
    how.item_l2 = 8;     // a site's items differ more than a table's columns: by half a log-odds and above
    how.refit = false;   // what is held out must stay so: weights, calibration and the gate are to see it fresh
    EngagementModel fitted = fit_engagement(fitting, holding, how, progress_, cancel_);
    // An item's own part needs as many visitors behind it as everything else.
    std::unordered_map<std::uint32_t, std::uint64_t> seen;
    for (std::size_t i = 0; i < past_.item_ids.size(); ++i) seen.emplace(past_.item_ids[i], counts_.overall[i].seen);
    std::erase_if(fitted.features, [&](const EngagementFeature& feature) {
      if (static_cast<ItemFeatureKind>(feature.feature >> 32U) != ItemFeatureKind::kItem) return false;
      const auto found = seen.find(static_cast<std::uint32_t>(feature.feature));
      return found == seen.end() || found->second < options_.min_visitors;
    });
    report_.engagement = true;
    report_.engagement_rows = fitted.rows;
    report_.engagement_trees = fitted.trees;
    report_.engagement_log_loss = fitted.validation_log_loss;
    model_.engagement = std::move(fitted);
  }

  // The snapshot that the models at hand would make; kept for what follows.
  const snapshot::SnapshotView& candidate() {
    candidate_.emplace(publish::assemble(store_, site_, model_).input);
    return candidate_->view();
  }

  void learn_stack() {
    report_.default_weights = publish::day0_weights(site_, model_);
    const snapshot::SnapshotView& view = candidate();
    if (past_.held_out_from_ms == 0) return;
    std::unordered_map<std::uint32_t, const LearnedItem*> known;
    for (const LearnedItem& item : model_.items) known.emplace(item.item_id, &item);
    std::vector<StackRow> rows;
    for (std::size_t v = 0; v < past_.visitor_count(); ++v) {
      if (v % 1024 == 0) {
        stop_if_cancelled();
        progress_("weighing the parts", static_cast<double>(v) / static_cast<double>(past_.visitor_count()));
      }
      const auto own = past_.impressions_of(v);
      if (own.empty() || !past_.is_held_out(own.back().at_ms)) continue;
      // Fibonacci hashing (Knuth, volume 3, 6.4): half of the visitors, whatever their order.
      const bool checks = ((static_cast<std::uint64_t>(v) * 0x9E3779B97F4A7C15ULL) >> 63U) != 0;
      replay(past_, v, [&](std::uint32_t i, const Visitor& then) {
        const PastImpression& impression = past_.impressions[i];
        if (!past_.is_held_out(impression.at_ms)) return;
        const std::uint32_t id = past_.item_ids[impression.item];
        const std::uint32_t item = view.find_item(id);
        if (item == snapshot::kNone) return;
        const FoldedRequest folded = fold_request(then, view, context_of(impression));
        const ScoreParts parts = score_parts(view, folded, item);
        const auto learned = known.find(id);
        const double intercept = learned == known.end() ? 0 : static_cast<double>(learned->second->bias);
        const double popularity = learned == known.end() ? 0 : static_cast<double>(learned->second->popularity);
        rows.push_back(
            {.parts = {static_cast<float>(parts.match),
                       static_cast<float>(parts.engagement + folded.engagement.own_blend),
                       static_cast<float>(parts.item_item + intercept), static_cast<float>(parts.prior + popularity)},
             .position = impression.position,
             .clicked = (impression.outcome & kClicked) != 0,
             .checks = checks});
      });
    }
    if (rows.empty()) return;
    model_.stack = fit_stack(rows, report_.default_weights);
    report_.stack = model_.stack;
  }

  void learn_temperatures() {
    const snapshot::SnapshotView& view = candidate();
    std::unordered_map<std::uint32_t, Count> known;
    for (std::size_t i = 0; i < past_.item_ids.size(); ++i) known.emplace(past_.item_ids[i], counts_.overall[i]);
    std::vector<std::byte> scratch(decide_scratch_bytes(view));
    score_items(view, Visitor{}, Context{}, scratch);
    const auto* scores = reinterpret_cast<const double*>(scratch.data());
    const double scale = model_.stack ? model_.stack->calibrate_scale : 1;
    for (const origin::SiteSlot& slot : site_.slots) {
      std::vector<std::uint32_t> best;
      for (const snapshot::ContentType type : slot.types) {
        const auto range = view.items_of(type);
        for (std::uint32_t i = range.begin; i < range.end; ++i) best.push_back(i);
      }
      std::sort(best.begin(), best.end(), [&](std::uint32_t a, std::uint32_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
      });
      best.resize(std::min(best.size(), std::max<std::size_t>(kCandidates, std::size_t{4} * slot.limit)));
      std::vector<Count> candidates;
      for (const std::uint32_t item : best) {
        const auto count = known.find(view.items()[item].id);
        candidates.push_back(count == known.end() ? Count{} : count->second);
      }
      const double temperature = temperature_of(candidates, rate_prior_, scale, slot.temperature);
      model_.temperatures.emplace_back(slot.id, temperature);
      report_.temperatures.push_back({slot.name, temperature, slot.temperature});
    }
  }

  origin::Store& store_;
  const TrainOptions& options_;
  const StageProgress& progress_;
  const std::atomic<bool>& cancel_;
  origin::Site site_;
  Past past_;
  Counts counts_;
  RatePrior rate_prior_;
  snapshot::SnapshotInput input_;                                        // site, content and segments
  std::unordered_map<std::uint32_t, const snapshot::ItemInput*> items_;  // of input_, by id
  std::map<std::uint32_t, LearnedItem> learned_;
  std::vector<float> matched_;  // [impressions]: log-odds of their match
  std::optional<Opened> candidate_;
  Model model_;
  TrainReport report_;
};

}  // namespace

TrainReport train(origin::Store& store, const TrainOptions& options, const StageProgress& progress,
                  const std::atomic<bool>& cancel) {
  const std::int64_t from_ms = origin::now_ms();
  TrainReport report = Training(store, options, progress, cancel).run();
  origin::clear_retraining(store, from_ms);
  return report;
}

}  // namespace footlight::learn
