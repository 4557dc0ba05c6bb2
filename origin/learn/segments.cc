#include "origin/learn/segments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "origin/learn/rates.h"
#include "origin/learn/visitor_items.h"

namespace footlight::learn {
namespace {

constexpr int kParts = 3;  // A, B, C
constexpr std::uint32_t kNoOption = 0xFFFFFFFF;

struct Seen {  // one visitor's dealings with one cell
  std::uint32_t cell = 0;
  float chosen = 0;
  float expected = 0;
};

struct Person {
  std::uint32_t part = 0;
  std::uint32_t first_seen = 0;
  std::uint32_t seen = 0;
  std::uint32_t first_option = 0;  // columns given, ascending
  std::uint32_t options = 0;
};

struct Column {
  std::uint32_t question = 0;  // index
  std::uint32_t option_id = 0;
};

// Choices and expected choices of one group, by part and cell.
struct Sums {
  std::vector<float> chosen;    // [kParts * cells]
  std::vector<float> expected;  // [kParts * cells]
  std::uint64_t visitors = 0;

  explicit Sums(std::size_t cells = 0) : chosen(kParts * cells), expected(kParts * cells) {}
  void add(const Sums& other) {
    for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] += other.chosen[i];
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += other.expected[i];
    visitors += other.visitors;
  }
};

struct Split {
  std::vector<std::uint32_t> columns;  // of one question
  double gain = 0;                     // A and B on each other
  double last_word = 0;                // C
  std::size_t candidates = 0;
};

struct Node {
  std::vector<std::uint32_t> people;
  std::vector<std::vector<std::uint32_t>> steps;  // the "yes" steps that lead here, as columns
  std::optional<Split> split;
  double made_by = 0;  // last word of the split that made it
  std::unique_ptr<Node> yes;
  std::unique_ptr<Node> no;
};

std::uint64_t mixed(std::uint64_t value) {  // SplitMix64 (Steele, Lea, Flood 2014)
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

// What everybody's choices say before any grouping: the expected choices of an impression.
class Baseline {
 public:
  explicit Baseline(const Past& past) {
    std::vector<Count> items(past.item_ids.size());
    for (const PastImpression& i : past.impressions) {
      if (past.is_held_out(i.at_ms)) continue;
      ++items[i.item].seen;
      items[i.item].chosen += i.outcome & kClicked;
    }
    const RatePrior prior = fit_rate_prior(items);
    for (const Count& count : items) rates_.push_back(shrunk_rate(count, prior));
    // What stands lower is chosen less, whoever looks: else the cards that a group is shown first would look loved.
    std::vector<double> chosen(256, 0);
    std::vector<double> expected(256, 0);
    for (const PastImpression& i : past.impressions) {
      if (past.is_held_out(i.at_ms)) continue;
      chosen[i.position] += i.outcome & kClicked;
      expected[i.position] += rates_[i.item];
    }
    for (std::size_t p = 0; p < 256; ++p) positions_.push_back((chosen[p] + 10) / (expected[p] + 10));
  }
  [[nodiscard]] double of(const PastImpression& impression) const {
    return rates_[impression.item] * positions_[impression.position];
  }

 private:
  std::vector<double> rates_;
  std::vector<double> positions_;
};

class Finder {
 public:
  Finder(const Past& past, const snapshot::SnapshotInput& input, const SegmentOptions& options,
         const std::atomic<bool>& cancel)
      : past_(past), input_(input), options_(options), cancel_(cancel) {
    for (std::uint32_t q = 0; q < input.questions.size(); ++q) {
      for (const auto& option : input.questions[q].options) {
        column_of_.emplace(option.id, static_cast<std::uint32_t>(columns_.size()));
        columns_.push_back({q, option.id});
      }
    }
    by_choice_ = past.impressions.empty();
    make_cells();
    gather();
  }

  std::vector<LearnedSegment> run(const StageProgress& progress) {
    Node root;
    for (std::uint32_t p = 0; p < people_.size(); ++p) root.people.push_back(p);
    if (cells_ == 0 || columns_.empty()) return {};
    look(root);
    std::vector<Node*> leaves{&root};
    // A tree of n leaves has at most n - 1 segments beside everyone; the best split first, so that the bound cuts the
    // least.
    while (leaves.size() <= options_.most) {
      const auto best = std::max_element(leaves.begin(), leaves.end(), [](const Node* a, const Node* b) {
        return (a->split ? a->split->gain : 0) < (b->split ? b->split->gain : 0);
      });
      if (!(*best)->split) break;
      Node& node = **best;
      grow(node);
      *best = node.yes.get();
      leaves.push_back(node.no.get());
      progress("finding segments", static_cast<double>(leaves.size()) / static_cast<double>(options_.most));
    }
    std::vector<LearnedSegment> found;
    list(root, found);
    return found;
  }

 private:
  // -- cells and people

  void make_cells() {
    std::vector<std::uint32_t> choices(past_.item_ids.size(), 0);
    if (by_choice_) {
      for (const PastEvent& e : past_.events) choices[e.item] += e.action != Action::kView ? 1 : 0;
    } else {
      for (const PastImpression& i : past_.impressions) choices[i.item] += i.outcome & kClicked;
    }
    std::unordered_map<std::uint32_t, const snapshot::ItemInput*> known;
    for (const auto& item : input_.items) known.emplace(item.id, &item);
    std::map<std::tuple<int, std::vector<std::uint32_t>>, std::uint32_t> groups;
    cell_of_.assign(past_.item_ids.size(), kNoOption);
    for (std::size_t i = 0; i < past_.item_ids.size(); ++i) {
      const auto item = known.find(past_.item_ids[i]);
      if (item == known.end()) continue;
      if (choices[i] >= kCellChoices) {
        cell_of_[i] = static_cast<std::uint32_t>(cells_++);
        continue;
      }
      std::vector<std::uint32_t> attributes;
      for (const auto& affinity : item->second->affinities) attributes.push_back(affinity.option_id);
      std::sort(attributes.begin(), attributes.end());
      const auto [group, fresh] = groups.try_emplace({static_cast<int>(item->second->type), std::move(attributes)},
                                                     static_cast<std::uint32_t>(cells_));
      if (fresh) ++cells_;
      cell_of_[i] = group->second;
    }
  }

  [[nodiscard]] bool is_taken(std::span<const std::uint32_t> given) const {
    return std::any_of(input_.segments.begin(), input_.segments.end(), [&](const auto& segment) {
      return !segment.when.empty() && std::all_of(segment.when.begin(), segment.when.end(), [&](const auto& condition) {
        return std::any_of(given.begin(), given.end(), [&](std::uint32_t column) {
          return std::find(condition.second.begin(), condition.second.end(), columns_[column].option_id) !=
                 condition.second.end();
        });
      });
    });
  }

  void gather() {
    const Baseline baseline(past_);
    std::map<std::uint32_t, Seen> own;
    std::vector<std::uint32_t> given;
    std::vector<double> totals(cells_, 0);
    for (std::size_t v = 0; v < past_.visitor_count(); ++v) {
      given.clear();
      for (const std::uint16_t id : past_.answers_of(v)) {
        if (const auto column = column_of_.find(id); column != column_of_.end()) given.push_back(column->second);
      }
      std::sort(given.begin(), given.end());
      if (is_taken(given)) continue;
      own.clear();
      if (by_choice_) {
        for (const PastEvent& e : past_.events_of(v)) {
          const std::uint32_t cell = cell_of_[e.item];
          if (cell == kNoOption || e.action == Action::kView || e.feedback == Feedback::kNegative) continue;
          own[cell].chosen = 1;
        }
      } else {
        for (const PastImpression& i : past_.impressions_of(v)) {
          const std::uint32_t cell = cell_of_[i.item];
          if (cell == kNoOption || past_.is_held_out(i.at_ms)) continue;
          Seen& seen = own[cell];
          seen.chosen += static_cast<float>(i.outcome & kClicked);
          seen.expected += static_cast<float>(baseline.of(i));
        }
      }
      if (own.empty()) continue;
      Person person{.part = part_of(v),
                    .first_seen = static_cast<std::uint32_t>(seen_.size()),
                    .seen = static_cast<std::uint32_t>(own.size()),
                    .first_option = static_cast<std::uint32_t>(given_.size()),
                    .options = static_cast<std::uint32_t>(given.size())};
      for (auto& [cell, seen] : own) {
        seen.cell = cell;
        totals[cell] += seen.chosen;
        seen_.push_back(seen);
      }
      given_.insert(given_.end(), given.begin(), given.end());
      people_.push_back(person);
    }
    double all = 0;
    for (const double total : totals) all += total;
    for (const double total : totals) shares_.push_back(all > 0 ? total / all : 0);
  }

  [[nodiscard]] static std::uint32_t part_of(std::size_t visitor) {
    const std::uint64_t fifth = mixed(visitor) % 5;
    return fifth < 2 ? 0 : (fifth < 4 ? 1 : 2);
  }

  [[nodiscard]] std::span<const std::uint32_t> given(const Person& person) const {
    return std::span(given_).subspan(person.first_option, person.options);
  }

  void count(Sums& sums, const Person& person) const {
    ++sums.visitors;
    const std::size_t base = person.part * cells_;
    for (std::uint32_t s = person.first_seen; s < person.first_seen + person.seen; ++s) {
      sums.chosen[base + seen_[s].cell] += seen_[s].chosen;
      if (!by_choice_) sums.expected[base + seen_[s].cell] += seen_[s].expected;
    }
  }

  // A log of clicks: what is expected of a group is its number of choices, spread like everybody's.
  void expect_by_choice(Sums& sums) const {
    if (!by_choice_) return;
    for (int part = 0; part < kParts; ++part) {
      double total = 0;
      for (std::size_t c = 0; c < cells_; ++c) total += sums.chosen[part * cells_ + c];
      for (std::size_t c = 0; c < cells_; ++c) {
        sums.expected[part * cells_ + c] = static_cast<float>(total * shares_[c]);
      }
    }
  }

  // -- splits

  struct Fit {
    double chosen = 0;
    double expected = 0;
  };

  // Gain of telling `group` from `parent`, on part `judge`, with lambda of the parts in `fitted` (bits).
  [[nodiscard]] double gain_of(const Sums& group, const Sums& parent, unsigned fitted, int judge) const {
    double gain = 0;
    for (std::size_t c = 0; c < cells_; ++c) {
      const double k = group.chosen[judge * cells_ + c];
      const double e = group.expected[judge * cells_ + c];
      if (k == 0 && e == 0) continue;
      Fit of_group;
      Fit of_parent;
      for (int part = 0; part < kParts; ++part) {
        if (((fitted >> part) & 1U) == 0) continue;
        of_group.chosen += group.chosen[part * cells_ + c];
        of_group.expected += group.expected[part * cells_ + c];
        of_parent.chosen += parent.chosen[part * cells_ + c];
        of_parent.expected += parent.expected[part * cells_ + c];
      }
      const double before = (of_parent.chosen + kSegmentStrength) / (of_parent.expected + kSegmentStrength);
      const double after = (of_group.chosen + kSegmentStrength * before) / (of_group.expected + kSegmentStrength);
      gain += k * std::log(after / before) - e * (after - before);
    }
    return gain;
  }

  void judge(const Sums& yes, const Sums& all, Split& split) const {
    Sums no(cells_);
    for (std::size_t i = 0; i < no.chosen.size(); ++i) {
      no.chosen[i] = std::max(0.0F, all.chosen[i] - yes.chosen[i]);
      no.expected[i] = std::max(0.0F, all.expected[i] - yes.expected[i]);
    }
    split.gain = 0;
    split.last_word = 0;
    for (const Sums* group : {&yes, static_cast<const Sums*>(&no)}) {
      split.gain += gain_of(*group, all, 1, 1) + gain_of(*group, all, 2, 0);
      split.last_word += gain_of(*group, all, 3, 2);
    }
  }

  [[nodiscard]] bool large_enough(const Sums& yes, const Sums& all) const {
    return yes.visitors >= options_.min_visitors && all.visitors - yes.visitors >= options_.min_visitors;
  }

  // Finds the node's best split, if one is worth it.
  void look(Node& node) {
    if (cancel_.load(std::memory_order_relaxed)) throw Cancelled{};
    if (node.people.size() < 2 * options_.min_visitors) return;
    Sums all(cells_);
    std::vector<Sums> by_column(columns_.size(), Sums(cells_));
    for (const std::uint32_t p : node.people) {
      const Person& person = people_[p];
      count(all, person);
      for (const std::uint32_t column : given(person)) count(by_column[column], person);
    }
    expect_by_choice(all);
    for (Sums& sums : by_column) expect_by_choice(sums);

    Split best;
    std::size_t candidates = 0;
    for (std::uint32_t first = 0; first < columns_.size();) {
      std::uint32_t end = first;
      while (end < columns_.size() && columns_[end].question == columns_[first].question) ++end;
      consider(by_column, all, first, end, best, candidates);
      first = end;
    }
    best.candidates = candidates;
    // Two parts judge: their mean is what Markov's inequality is about.
    const bool convincing = !best.columns.empty() && best.gain / 2 >= std::log(20.0 * static_cast<double>(candidates));
    if (convincing && best.last_word > 0) node.split = std::move(best);
  }

  // The best set of options of one question: the best single one, and others with it while that helps. Of a question
  // with several answers, sets would count a visitor twice: single options only.
  void consider(const std::vector<Sums>& by_column, const Sums& all, std::uint32_t first, std::uint32_t end,
                Split& best, std::size_t& candidates) const {
    const bool several = input_.questions[columns_[first].question].kind == snapshot::QuestionKind::kMultiple;
    Split mine;
    Sums together(cells_);
    for (;;) {
      Split round;
      for (std::uint32_t column = first; column < end; ++column) {
        if (std::find(mine.columns.begin(), mine.columns.end(), column) != mine.columns.end()) continue;
        if (by_column[column].visitors == 0) continue;
        Sums yes = together;
        yes.add(by_column[column]);
        if (!large_enough(yes, all)) continue;
        ++candidates;
        Split split;
        judge(yes, all, split);
        if (!round.columns.empty() && split.gain <= round.gain) continue;
        round = split;
        round.columns = mine.columns;
        round.columns.push_back(column);
      }
      if (round.columns.empty() || (!mine.columns.empty() && round.gain <= mine.gain)) break;
      together.add(by_column[round.columns.back()]);
      mine = std::move(round);
      if (several || mine.columns.size() == kMaxOptionsNamed) break;
    }
    if (!mine.columns.empty() && (best.columns.empty() || mine.gain > best.gain)) best = std::move(mine);
  }

  void grow(Node& node) {
    const Split split = *node.split;
    node.split.reset();
    node.yes = std::make_unique<Node>();
    node.no = std::make_unique<Node>();
    node.yes->steps = node.steps;
    node.yes->steps.push_back(split.columns);
    node.no->steps = node.steps;
    node.yes->made_by = node.no->made_by = split.last_word;
    for (const std::uint32_t p : node.people) {
      const auto own = given(people_[p]);
      const bool holds = std::any_of(own.begin(), own.end(), [&](std::uint32_t column) {
        return std::find(split.columns.begin(), split.columns.end(), column) != split.columns.end();
      });
      (holds ? node.yes : node.no)->people.push_back(p);
    }
    node.people.clear();
    node.people.shrink_to_fit();
    look(*node.yes);
    look(*node.no);
  }

  // -- the list

  [[nodiscard]] Conditions conditions_of(const Node& node) const {
    Conditions when;
    for (const auto& step : node.steps) {
      const auto& question = input_.questions[columns_[step.front()].question];
      std::vector<std::uint32_t> ids;
      ids.reserve(step.size());
      for (const std::uint32_t column : step) ids.push_back(columns_[column].option_id);
      std::sort(ids.begin(), ids.end());
      // Of a question with one answer, a later step narrows an earlier one.
      const auto earlier =
          std::find_if(when.begin(), when.end(), [&](const auto& c) { return c.first == question.id; });
      if (earlier == when.end() || question.kind == snapshot::QuestionKind::kMultiple) {
        when.emplace_back(question.id, std::move(ids));
      } else {
        std::erase_if(earlier->second,
                      [&](std::uint32_t id) { return !std::binary_search(ids.begin(), ids.end(), id); });
      }
    }
    return when;
  }

  void list(const Node& node, std::vector<LearnedSegment>& found) const {
    if (node.yes) {
      list(*node.yes, found);
      list(*node.no, found);
    } else if (!node.steps.empty()) {
      found.push_back({0, conditions_of(node), node.people.size(), node.made_by});
    }
  }

  const Past& past_;
  const snapshot::SnapshotInput& input_;
  const SegmentOptions& options_;
  const std::atomic<bool>& cancel_;
  bool by_choice_ = false;
  std::vector<Column> columns_;  // grouped by question
  std::unordered_map<std::uint32_t, std::uint32_t> column_of_;
  std::size_t cells_ = 0;
  std::vector<std::uint32_t> cell_of_;  // by item of the past; kNoOption: content that is gone
  std::vector<Person> people_;
  std::vector<Seen> seen_;
  std::vector<std::uint32_t> given_;
  std::vector<double> shares_;
};

Conditions canonical(Conditions when) {
  for (auto& [question, options] : when) std::sort(options.begin(), options.end());
  std::sort(when.begin(), when.end());
  return when;
}

}  // namespace

std::vector<LearnedSegment> find_segments(const Past& past, const snapshot::SnapshotInput& input,
                                          const SegmentOptions& options, const StageProgress& progress,
                                          const std::atomic<bool>& cancel) {
  progress("finding segments", -1);
  return Finder(past, input, options, cancel).run(progress);
}

void name_segments(std::vector<LearnedSegment>& segments, std::span<const LearnedSegment> before,
                   std::span<const std::uint32_t> taken, std::uint32_t& next) {
  std::map<Conditions, std::uint32_t> known;
  std::set<std::uint32_t> used(taken.begin(), taken.end());
  for (const LearnedSegment& segment : before) {
    if (std::find(taken.begin(), taken.end(), segment.id) == taken.end()) {
      known.emplace(canonical(segment.when), segment.id);
    }
    used.insert(segment.id);
  }
  next = std::max(next, kFirstLearnedSegment);
  for (LearnedSegment& segment : segments) {
    if (const auto same = known.find(canonical(segment.when)); same != known.end()) {
      segment.id = same->second;
      continue;
    }
    while (used.contains(next) || next > kLastLearnedSegment) {
      next = next >= kLastLearnedSegment ? kFirstLearnedSegment : next + 1;
    }
    segment.id = next;
    used.insert(next++);
  }
}

std::optional<origin::LocalizedText> segment_name(const Conditions& when, const origin::Site& site) {
  origin::LocalizedText name(site.locales.size());
  for (const auto& [question_id, ids] : when) {
    const auto question = std::find_if(site.questions.begin(), site.questions.end(),
                                       [id = question_id](const auto& q) { return q.id == id; });
    if (question == site.questions.end()) return std::nullopt;
    for (std::size_t l = 0; l < name.size(); ++l) {
      std::string part;
      for (const std::uint32_t id : ids) {
        const auto option = std::find_if(question->options.begin(), question->options.end(),
                                         [id](const auto& o) { return o.id == id; });
        if (option == question->options.end()) return std::nullopt;
        const bool translated = l < option->label.size() && !option->label[l].empty();
        if (!part.empty()) part += " / ";
        part += option->label.empty() ? option->key : option->label[translated ? l : 0];
      }
      if (!name[l].empty()) name[l] += ", ";
      name[l] += part;
    }
  }
  return name;
}

}  // namespace footlight::learn
