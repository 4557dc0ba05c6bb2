// The native side of `./dev bench decide`. Writes the made-up site of a size for the other sides, then times decide().
//
//     bench_decide ITEMS OUT [engagement]
//
// Writes OUT.snapshot, OUT.record, OUT.request (of fl_decide), OUT.expected (the decision's bytes) and OUT.json (the
// same site in plain form; without it where the site has an engagement model). Then, for every line N on standard
// input, decides N times and prints `microseconds-per-decision allocations-in-all`.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/match/match.h"
#include "core/rank/wire.h"
#include "core/visitor/record.h"
#include "tests/world/world.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// Out of line: g++ 12 sees malloc through one and not the other, and warns of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* at = std::malloc(size)) return at;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }

namespace {

using namespace footlight;
using nlohmann::json;

// A full questionnaire and sixteen clicks on sixteen days.
Visitor make_visitor(const snapshot::SnapshotInput& site, const world::Options& options) {
  Random random(42);
  Visitor visitor;
  visitor.unit_id = 0x1234567890abcdefU;
  visitor.texts_given = 3;
  for (const auto& question : site.questions) {
    const std::size_t given = question.kind == snapshot::QuestionKind::kMultiple ? 2 : 1;
    for (std::size_t n = 0; n < given && n < question.options.size(); ++n) {
      visitor.answers[visitor.answer_count++] = static_cast<std::uint16_t>(question.options[n].id);
    }
  }
  for (std::uint16_t h = 0; h < 16; ++h) {
    interact(visitor, {world::below(random, options.items) * 3 + 1, Action::kClick, Feedback::kNone, 0,
                       static_cast<std::uint16_t>(options.today - h)});
  }
  return visitor;
}

// The site as a person would write it in JavaScript: items with the options they match, neighbours with their weights.
json plain(const snapshot::SnapshotView& view, const Visitor& visitor) {
  json out;
  for (const auto& question : view.questions()) {
    out["questions"].push_back({{"weight", question.weight},
                                {"multiple", question.kind == snapshot::QuestionKind::kMultiple},
                                {"perAnswer", (question.flags & snapshot::kPerAnswer) != 0},
                                {"fromHistory", (question.flags & snapshot::kFromHistory) != 0},
                                {"options", json::array()}});
    for (std::uint32_t o = 0; o < question.option_count; ++o) {
      out["questions"].back()["options"].push_back(view.options()[question.first_option + o].id);
    }
  }
  const std::uint32_t segment = segment_of(visitor, view);
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    const auto& row = view.items()[i];
    json item = {{"id", row.id},
                 {"type", static_cast<int>(row.type)},
                 {"bias", row.bias},
                 {"rate", row.engagement_rate},
                 {"from", row.active_from_s},
                 {"until", row.active_until_s},
                 {"prior", view.segment_priors(segment)[i]},
                 {"norm", row.norm}};
    for (std::uint32_t o = 0; o < view.options().size(); ++o) {
      if (view.features(i)[o] != 0) item["affinity"].push_back({view.options()[o].id, view.features(i)[o]});
    }
    const auto neighbours = view.neighbours(i);
    for (std::size_t n = 0; n < neighbours.items.size(); ++n) {
      item["neighbours"].push_back({view.items()[neighbours.items[n]].id, neighbours.weights[n]});
    }
    item["scale"] = neighbours.scale;
    out["items"].push_back(std::move(item));
  }
  for (const auto& slot : view.slots()) {
    out["slots"].push_back({{"id", slot.id},
                            {"name", view.text(slot.name)},
                            {"types", slot.type_mask},
                            {"limit", slot.limit},
                            {"temperature", slot.temperature},
                            {"diversity", slot.diversity}});
  }
  const auto& w = view.weights();
  out["weights"] = {{"match", w.match},
                    {"itemItem", w.item_item},
                    {"prior", w.prior},
                    {"slope", w.confidence_slope},
                    {"halfLife", w.half_life_days},
                    {"historyExponent", w.history_exponent},
                    {"historyMatch", w.history_match}};
  out["version"] = view.version();
  out["segment"] = segment;
  for (std::uint32_t a = 0; a < visitor.answer_count; ++a) out["visitor"]["answers"].push_back(visitor.answers[a]);
  for (std::uint32_t h = 0; h < visitor.history_count; ++h) {
    out["visitor"]["history"].push_back({{"item", visitor.history[h].item_id}, {"day", visitor.history[h].day}});
  }
  out["visitor"]["unit"] = std::to_string(visitor.unit_id);
  return out;
}

void save(const std::string& path, const void* data, std::size_t size) {
  std::ofstream out(path, std::ios::binary);
  out.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: bench_decide ITEMS OUT [engagement]\n");
    return 2;
  }
  world::Options options;
  options.engagement = argc == 4;  // the plain JavaScript that is compared has no engagement model
  options.items = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
  const std::string out = argv[2];
  snapshot::SnapshotInput site = world::make_site(options);
  site.rules.clear();
  const auto built = snapshot::build(site);
  if (!built) {
    std::fprintf(stderr, "bench_decide: %s\n", built.error().what.c_str());
    return 1;
  }
  const auto view = snapshot::SnapshotView::open(*built);
  if (!view) return 1;
  const Visitor visitor = make_visitor(site, options);
  const SlotRequest requests[] = {{0, 1}, {1, 6}, {2, 3}, {3, 4}};
  const Context context{site.created_at_s + 50000, true, true};
  std::vector<std::byte> scratch(decide_scratch_bytes(*view));
  std::vector<std::byte> wire(kMaxDecisionBytes);
  const auto decision = std::make_unique<Decision>();
  if (decide(*view, visitor, context, requests, scratch, *decision) != Status::kOk) return 1;

  save(out + ".snapshot", built->data(), built->size());
  std::byte record[kMaxRecordBytes];
  const auto size = encode_visitor(visitor, record);
  if (!size) return 1;
  save(out + ".record", record, *size);
  std::vector<std::uint32_t> request = {context.now_s, 3, 4};
  for (const SlotRequest& r : requests) request.insert(request.end(), {r.slot, r.limit});
  save(out + ".request", request.data(), request.size() * sizeof(std::uint32_t));
  save(out + ".expected", wire.data(), encode_decision(*decision, wire));
  if (!options.engagement) {
    const std::string text = plain(*view, visitor).dump();
    save(out + ".json", text.data(), text.size());
  }
  std::cout << "ready" << std::endl;

  for (std::uint64_t n = 0; std::cin >> n;) {
    const std::uint64_t before = allocations.load();
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < n; ++i) {
      if (decide(*view, visitor, context, requests, scratch, *decision) != Status::kOk) return 1;
    }
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
    std::cout << spent.count() / static_cast<double>(n) << ' ' << allocations.load() - before << std::endl;
  }
  return 0;
}
