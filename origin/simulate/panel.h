// The panel: visitors nobody has learned from, on whom policies are compared.
//
// One in `kFirstVisit` comes for the first time; the others bring what they did on one to eight earlier pages, which
// were filled at random. The panel is the same at every stage (common random numbers): persons, surroundings,
// histories and their ages. What is measured is the expected click rate of a page: the mean of the true probability of
// its cards, greedy, at the time asked for; nothing is drawn, so the only error is that of the choice of visitors.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/snapshot/reader.h"
#include "core/visitor/visitor.h"
#include "origin/simulate/record.h"
#include "origin/simulate/world.h"

namespace footlight::simulate {

struct Estimate {
  double mean = 0;
  double error = 0;  // standard error of the mean, over visitors
};

// Expected click rates of one group of visitors.
struct Rates {
  std::uint64_t visitors = 0;
  Estimate fixed;       // the editor's page, the same for everybody
  Estimate popularity;  // for everybody what the model takes for most popular
  Estimate footlight;
  Estimate oracle;       // knows the world and sees what a site sees: answers and surroundings (known_traits())
  Estimate all_knowing;  // knows every visitor's mind too: no site can be that
  Estimate regret;       // oracle - footlight
  Estimate lift;         // footlight / fixed - 1
  Estimate gain_share;   // (footlight - fixed) / (oracle - fixed)
};

struct PanelRates {
  Rates all;
  Rates first_visit;
  Rates returning;
  Rates anonymous;  // without answers, first visit or not
};

class Panel {
 public:
  static constexpr double kFirstVisit = 0.4;

  // The world must outlive this. `item_ids`: by item of the world.
  Panel(const World& world, std::uint32_t visitors, std::span<const std::uint32_t> item_ids);

  // `popularity`: by item of the world, larger is more popular.
  [[nodiscard]] PanelRates measure(const snapshot::SnapshotView& snapshot, std::span<const double> popularity,
                                   double day, std::uint32_t now_s) const;

 private:
  struct Past {
    Interaction interaction;  // its day is the age
  };
  struct Member {
    Person person;
    Surroundings surroundings;
    Visitor visitor;          // answers only
    std::vector<Past> past;   // oldest first
    std::uint32_t pages = 0;  // earlier ones
    std::vector<double> traits;
    std::vector<double> known;
  };

  const World& world_;
  std::vector<std::uint32_t> item_ids_;
  std::vector<Member> members_;
};

}  // namespace footlight::simulate
