// footlight evaluate ranking: the item-item model on anybody's pairs, in floats and as the core scores it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/rank/decide.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/reader.h"
#include "origin/cli/commands.h"
#include "origin/cli/progress.h"
#include "origin/learn/ease.h"
#include "origin/learn/item_cosine.h"
#include "origin/learn/item_item.h"
#include "origin/learn/item_item_sparse.h"
#include "origin/learn/pairs_file.h"
#include "origin/learn/parallel.h"
#include "origin/learn/ranking_metrics.h"

namespace footlight::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::uint16_t kToday = 20000;  // any day: all of a history is of it
constexpr const char* kDefinitions =
    R"(Recall@k = relevant in the first k / min(k, relevant);  NDCG@k = DCG@k / DCG@k of a perfect ranking, a relevant item
at rank r from 1 worth 1 / log2(r + 1);  HR@k = 1 when a relevant item is in the first k;  MRR@k = 1 / rank of the
first relevant item, 0 when it is beyond k.  Each is the mean over users.)";

struct Wanted {
  std::string train, test, candidates, fold_in, json;
  std::vector<std::uint32_t> k = {10, 20};
  std::string model = "automatic";
  double lambda = 20;
  std::uint32_t neighbours = 32;
  unsigned threads = 0;
};

// One user of the test file. Indexes of training items.
struct Case {
  std::vector<std::uint32_t> history;     // oldest first
  std::vector<std::uint32_t> relevant;    // not in the history
  std::vector<std::uint32_t> candidates;  // empty: all
};

struct Data {
  std::uint32_t items = 0;
  std::uint64_t users = 0;
  std::uint64_t pairs = 0;
  learn::VisitorItems training;           // latest first, as the trainer gives them
  std::vector<std::uint32_t> popularity;  // [items]
  std::vector<Case> cases;
  std::uint64_t without_relevant = 0;  // users left out
  std::uint64_t without_history = 0;   // users ranked by bias alone
  std::uint64_t unknown_items = 0;     // test pairs left out: item not in training
  std::uint64_t repeats = 0;           // test pairs left out: item already in the history
};

Data read(const Wanted& wanted) {
  Data data;
  learn::Names names;
  const auto& stop = interrupted();
  const learn::UserItems train = learn::read_pairs(wanted.train, names, true, stop);
  data.items = names.size();
  data.users = train.items.size();
  data.pairs = train.pairs;
  data.training.item_count = data.items;
  data.popularity.resize(data.items, 0);
  for (const auto& items : train.items) {
    data.training.add(std::vector<std::uint32_t>(items.rbegin(), items.rend()));
    for (const std::uint32_t item : items) ++data.popularity[item];
  }
  const learn::UserItems test = learn::read_pairs(wanted.test, names, false, stop);
  data.unknown_items = test.unknown;
  learn::UserItems fold_in, candidates;
  if (!wanted.fold_in.empty()) fold_in = learn::read_pairs(wanted.fold_in, names, false, stop);
  if (!wanted.candidates.empty()) candidates = learn::read_lists(wanted.candidates, names, stop);

  std::vector<const std::string*> users(test.items.size());
  test.users.for_each([&](const std::string& name, std::uint32_t number) { users[number] = &name; });
  std::vector<std::uint8_t> had(data.items, 0);
  for (std::size_t u = 0; u < users.size(); ++u) {
    Case one;
    for (const learn::UserItems* source : {&train, static_cast<const learn::UserItems*>(&fold_in)}) {
      const std::uint32_t* user = source->users.find(*users[u]);
      if (user == nullptr) continue;
      for (const std::uint32_t item : source->items[*user]) {
        if (had[item] == 0) one.history.push_back(item);
        had[item] = 1;
      }
    }
    for (const std::uint32_t item : test.items[u]) {
      if (had[item] != 0) {
        ++data.repeats;
      } else {
        one.relevant.push_back(item);
      }
    }
    if (!wanted.candidates.empty()) {
      const std::uint32_t* user = candidates.users.find(*users[u]);
      if (user == nullptr)
        throw std::runtime_error(fmt::format("{}: no line for user {}", wanted.candidates, *users[u]));
      for (const std::uint32_t item : one.relevant) {
        one.candidates.push_back(item);
        had[item] = 2;
      }
      for (const std::uint32_t item : candidates.items[*user]) {
        if (had[item] == 0) one.candidates.push_back(item);
      }
      for (const std::uint32_t item : one.relevant) had[item] = 0;
    }
    for (const std::uint32_t item : one.history) had[item] = 0;
    if (one.relevant.empty()) {
      ++data.without_relevant;
      continue;
    }
    data.without_history += one.history.empty() ? 1 : 0;
    data.cases.push_back(std::move(one));
  }
  if (data.cases.empty()) throw std::runtime_error(wanted.test + ": no user has a test item that training knows");
  return data;
}

// The regressions and cosine whole, so that what pruning costs shows; softmax is trained pruned.
learn::ItemItemModel fit(const Data& data, const Wanted& wanted, std::string& name, Progress& progress) {
  const learn::Progress tell = [&](double share) { progress("fitting", share); };
  const auto& stop = interrupted();
  name = wanted.model;
  if (name == "automatic") {
    name = learn::item_item_method_name(learn::automatic_item_item_method(data.training));
  }
  learn::EaseModel whole;
  if (name == "popularity") {
    for (const std::uint32_t count : data.popularity) whole.bias.push_back(static_cast<float>(std::log(count + 0.5)));
    whole.neighbours.resize(data.items);
    return {.weight = 1, .bias = std::move(whole.bias), .neighbours = std::move(whole.neighbours)};
  }
  if (name == "cosine") {
    whole = learn::fit_cosine(data.training, data.items, wanted.threads, tell, stop);
  } else if (name == "ease") {
    whole = learn::fit_ease(data.training, {wanted.lambda, data.items, wanted.threads}, tell, stop);
  } else if (name == "sparse") {
    learn::SparseOptions options;
    options.lambda = wanted.lambda;
    options.neighbours_kept = data.items;
    options.threads = wanted.threads;
    whole = learn::fit_sparse(data.training, options, tell, stop);
  } else {
    return learn::fit_item_item(
        data.training,
        {.method = learn::ItemItemMethod::kSoftmax, .neighbours_kept = wanted.neighbours, .threads = wanted.threads},
        tell, stop);
  }
  return {.weight = 4, .bias = std::move(whole.bias), .neighbours = std::move(whole.neighbours)};
}

std::vector<std::byte> snapshot_of(const learn::ItemItemModel& model, const Wanted& wanted) {
  snapshot::SnapshotInput input;
  input.weights.item_item = static_cast<float>(model.weight);
  input.weights.history_exponent = static_cast<float>(model.history_exponent);
  input.weights.half_life_days = 0;
  input.neighbours_kept = wanted.neighbours;
  for (std::uint32_t i = 0; i < model.bias.size(); ++i) {
    snapshot::ItemInput item;
    item.id = i + 1;
    for (int byte = 0; byte < 4; ++byte) item.uuid[12 + byte] = static_cast<std::uint8_t>(item.id >> (24 - 8 * byte));
    item.type = snapshot::ContentType::kResource;
    item.bias = static_cast<float>(model.weight) * model.bias[i];
    for (const learn::ItemNeighbour& neighbour : model.neighbours[i]) {
      item.neighbours.push_back({neighbour.item + 1, neighbour.weight});
    }
    if (model.method == learn::ItemItemMethod::kSoftmax) {  // pruned over all rows: some are longer than the mean
      input.neighbours_kept = std::max(input.neighbours_kept, static_cast<std::uint32_t>(item.neighbours.size()));
    }
    input.items.push_back(std::move(item));
  }
  auto built = snapshot::build(input);
  if (!built) throw std::runtime_error("building the snapshot: " + built.error().what);
  return std::move(*built);
}

using Means = std::map<std::uint32_t, learn::RankingMetrics>;  // by k

// `score(case, thread, scores)` fills one score an item. Ties go to what more users have in training, then to the item
// that comes first in the training file.
template <typename Score>
Means evaluate(const Data& data, const Wanted& wanted, Progress& progress, const char* stage, const Score& score) {
  const unsigned threads = learn::thread_count(wanted.threads);
  std::vector<std::vector<double>> scores(threads, std::vector<double>(data.items));
  std::vector<std::vector<std::uint8_t>> had(threads, std::vector<std::uint8_t>(data.items, 0));
  std::vector<std::vector<std::uint32_t>> ranks(data.cases.size());
  learn::for_blocks(
      data.cases.size(), 16, threads, interrupted(), [&](double share) { progress(stage, share); },
      [&](std::size_t begin, std::size_t end, unsigned self) {
        const std::vector<double>& z = scores[self];
        for (std::size_t c = begin; c < end; ++c) {
          const Case& one = data.cases[c];
          score(one, self, scores[self]);
          const auto before = [&](std::uint32_t a, std::uint32_t b) {
            if (z[a] != z[b]) return z[a] > z[b];
            return data.popularity[a] != data.popularity[b] ? data.popularity[a] > data.popularity[b] : a < b;
          };
          for (const std::uint32_t item : one.history) had[self][item] = 1;
          for (const std::uint32_t target : one.relevant) {
            std::uint32_t rank = 0;
            if (one.candidates.empty()) {
              for (std::uint32_t i = 0; i < data.items; ++i) rank += had[self][i] == 0 && before(i, target) ? 1 : 0;
            } else {
              for (const std::uint32_t i : one.candidates) rank += before(i, target) ? 1 : 0;
            }
            ranks[c].push_back(rank);
          }
          for (const std::uint32_t item : one.history) had[self][item] = 0;
        }
      });
  Means means;
  for (const std::uint32_t k : wanted.k) {
    learn::RankingMetrics& mean = means[k];
    for (const auto& of_case : ranks) {
      const learn::RankingMetrics m = learn::ranking_metrics(of_case, k);
      mean.recall += m.recall;
      mean.ndcg += m.ndcg;
      mean.hr += m.hr;
      mean.mrr += m.mrr;
    }
    for (double* sum : {&mean.recall, &mean.ndcg, &mean.hr, &mean.mrr}) *sum /= static_cast<double>(ranks.size());
  }
  return means;
}

Means evaluate_float(const learn::ItemItemModel& model, const Data& data, const Wanted& wanted, Progress& progress) {
  return evaluate(data, wanted, progress, "ranking in floats",
                  [&](const Case& one, unsigned, std::vector<double>& scores) {
                    const double damping =
                        std::pow(std::max<double>(1, static_cast<double>(one.history.size())), -model.history_exponent);
                    std::copy(model.bias.begin(), model.bias.end(), scores.begin());
                    for (const std::uint32_t j : one.history) {
                      for (const auto& neighbour : model.neighbours[j]) {
                        scores[neighbour.item] += damping * static_cast<double>(neighbour.weight);
                      }
                    }
                  });
}

Means evaluate_snapshot(const snapshot::SnapshotView& view, const Data& data, const Wanted& wanted,
                        Progress& progress) {
  std::vector<std::vector<std::byte>> scratch(learn::thread_count(wanted.threads));
  for (auto& bytes : scratch) bytes.resize(decide_scratch_bytes(view));
  return evaluate(data, wanted, progress, "ranking with the snapshot",
                  [&](const Case& one, unsigned self, std::vector<double>& scores) {
                    Visitor visitor;
                    const std::size_t skipped =
                        one.history.size() - std::min<std::size_t>(one.history.size(), kMaxHistory);
                    for (std::size_t h = skipped; h < one.history.size(); ++h) {
                      interact(visitor, {.item_id = one.history[h] + 1, .action = Action::kClick, .day = kToday});
                    }
                    score_items(view, visitor, {.now_s = std::uint32_t{kToday} * 86400U}, scratch[self]);
                    const auto* z = reinterpret_cast<const double*>(scratch[self].data());
                    std::copy(z, z + scores.size(), scores.begin());
                  });
}

// VmHWM: the most memory this process has had so far. 0 where there is no /proc.
double peak_mb() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

Json json_of(const Means& means) {
  Json out;
  for (const auto& [k, m] : means) {
    out[fmt::format("recall@{}", k)] = m.recall;
    out[fmt::format("ndcg@{}", k)] = m.ndcg;
    out[fmt::format("hr@{}", k)] = m.hr;
    out[fmt::format("mrr@{}", k)] = m.mrr;
  }
  return out;
}

void show(const char* name, const Means& means) {
  for (const auto& [k, m] : means) {
    fmt::print("  {:<9} @{:<4} Recall {:.4f}  NDCG {:.4f}  HR {:.4f}  MRR {:.4f}\n", name, k, m.recall, m.ndcg, m.hr,
               m.mrr);
  }
}

void run(const Wanted& wanted) {
  Progress progress("evaluate ranking");
  progress("reading pairs", -1);
  const Data data = read(wanted);
  const auto start = Clock::now();
  std::string name;
  const learn::ItemItemModel model = fit(data, wanted, name, progress);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double fit_peak = peak_mb();
  const Means in_floats = evaluate_float(model, data, wanted, progress);
  progress("building the snapshot", -1);
  const std::vector<std::byte> bytes = snapshot_of(model, wanted);
  const auto view = snapshot::SnapshotView::open(bytes);
  if (!view) throw std::runtime_error("the snapshot that was built is not valid");
  const Means quantised = evaluate_snapshot(*view, data, wanted, progress);
  std::uint64_t cut = 0;
  for (const Case& one : data.cases) cut += one.history.size() > kMaxHistory ? 1 : 0;

  if (!wanted.json.empty()) {
    const Json json = {{"model", name},
                       {"train_users", data.users},
                       {"train_items", data.items},
                       {"train_pairs", data.pairs},
                       {"users", data.cases.size()},
                       {"users_without_test_items", data.without_relevant},
                       {"users_without_history", data.without_history},
                       {"users_with_cut_history", cut},
                       {"pairs_of_unknown_items", data.unknown_items},
                       {"pairs_already_in_history", data.repeats},
                       {"neighbours", wanted.neighbours},
                       {"fit_seconds", seconds},
                       {"fit_peak_mb", fit_peak},
                       {"peak_mb", peak_mb()},
                       {"snapshot_bytes", bytes.size()},
                       {"float", json_of(in_floats)},
                       {"snapshot", json_of(quantised)},
                       {"definitions", kDefinitions}};
    std::ofstream out(wanted.json);
    out << json.dump(2) << '\n';
    if (!out.flush()) throw std::runtime_error("cannot write " + wanted.json);
  }
  fmt::print("{}: {} users, {} items, {} pairs; fitted in {:.2f} s, peak {:.0f} MB; snapshot {} bytes\n", name,
             data.users, data.items, data.pairs, seconds, fit_peak, bytes.size());
  fmt::print("{} test users ranked", data.cases.size());
  if (!wanted.candidates.empty()) fmt::print(" on their candidates");
  const auto also = [](std::uint64_t count, const char* what) {
    if (count > 0) fmt::print("; {} {}", count, what);
  };
  also(data.without_relevant, "users left out, with no test item to find");
  also(data.without_history, "without a history");
  also(cut, "with a history over 64 items, of which the snapshot's visitor record holds the latest 64");
  also(data.unknown_items, "pairs left out, item not in training");
  also(data.repeats, "pairs left out, already in the history");
  fmt::print("\n");
  show("float", in_floats);
  show("snapshot", quantised);
  fmt::print("{}\n", kDefinitions);
}

}  // namespace

void add_evaluate_ranking(CLI::App& evaluate) {
  auto* command =
      evaluate.add_subcommand("ranking", "Fit the item-item model on a file of pairs and rank for test users");
  command->footer(fmt::format(
      R"(Files hold one user<TAB>item a line (further columns are left out; a line without a tab is split at spaces; # starts
a comment; no header), oldest first. A test user's history is that user's items in the training file and in --fold-in,
which is for users who are not in training. All training items that are not in the history are ranked, or only those of
--candidates: lines of user<TAB>item<TAB>item …, any number a user; the test items are always candidates. Ties go to the
more popular item. Left out, and counted: test items that training does not know or the history already has, and users
with none left.

{}

"float" is the model as it was fitted (ease, sparse and cosine with all their weights), "snapshot" what a site would
ship: --neighbours a row, int8, scored by the core from a visitor record, which holds the latest 64 items.

Models: automatic (what `footlight train` takes), softmax, ease (closed form; n^3), sparse, cosine, popularity.

Examples:
  footlight evaluate ranking --train train.tsv --test test.tsv
  footlight evaluate ranking --train train.tsv --test test.tsv --fold-in known.tsv --k 20,100 --model ease --json out.json)",
      kDefinitions));
  auto wanted = std::make_shared<Wanted>();
  command->add_option("--train", wanted->train, "Pairs to learn from")->required()->check(CLI::ExistingFile);
  command->add_option("--test", wanted->test, "Pairs to find")->required()->check(CLI::ExistingFile);
  command->add_option("--candidates", wanted->candidates, "Items to rank for each user")->check(CLI::ExistingFile);
  command->add_option("--fold-in", wanted->fold_in, "Histories of users who are not in training")
      ->check(CLI::ExistingFile);
  command->add_option("--k", wanted->k, "Depths, with commas between them")
      ->delimiter(',')
      ->check(CLI::Range(1U, 1000000U))
      ->capture_default_str();
  command->add_option("--model", wanted->model, "Which model")
      ->check(CLI::IsMember({"automatic", "softmax", "ease", "sparse", "cosine", "popularity"}))
      ->capture_default_str();
  command->add_option("--lambda", wanted->lambda, "Ridge of ease and sparse, in users")
      ->check(CLI::Range(1e-6, 1e9))
      ->capture_default_str();
  command->add_option("--neighbours", wanted->neighbours, "Neighbours of an item in the snapshot (softmax: on average)")
      ->check(CLI::Range(1U, snapshot::kMaxNeighbours))
      ->capture_default_str();
  command->add_option("--threads", wanted->threads, "0: one a core; changes no figure")->capture_default_str();
  command->add_option("--json", wanted->json, "Write the figures to this file");
  command->callback([wanted] { run(*wanted); });
}

}  // namespace footlight::cli
