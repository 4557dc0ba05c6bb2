#include "origin/experiment/peeking.h"

#include "core/numeric/random.h"
#include "origin/experiment/frequentist.h"
#include "origin/experiment/metric.h"
#include "origin/experiment/sequential.h"

namespace footlight::experiment {
namespace {

void draw(Sums& sums, double rate, std::uint32_t units, Random& random) {
  double converted = 0;
  for (std::uint32_t u = 0; u < units; ++u) converted += random.uniform() < rate ? 1 : 0;
  sums.n += units;
  sums.sum[kValue] += converted;
  sums.product[kValue][kValue] += converted;
}

}  // namespace

PeekingResult simulate_peeking(const PeekingOptions& options) {
  constexpr Metric kProportion{MetricKind::kProportion, false};
  const double treated = options.rate * (1 + options.lift);
  const double truth = treated - options.rate;
  Random random(options.seed);
  PeekingResult out;
  for (std::uint32_t run = 0; run < options.runs; ++run) {
    Sums control;
    Sums treatment;
    bool fixed = false;
    bool sequential = false;
    bool covered = true;
    for (std::uint32_t look = 0; look < options.looks; ++look) {
      draw(control, options.rate, options.units_per_look, random);
      draw(treatment, treated, options.units_per_look, random);
      const Effect effect = effect_of(estimate(kProportion, control, 0), estimate(kProportion, treatment, 0), false);
      const auto once = welch_test(effect, options.alpha);
      const auto always = sequential_test(effect, options.alpha, options.tuning);
      if (!once || !always) continue;
      fixed = fixed || once->p <= options.alpha;
      sequential = sequential || always->p <= options.alpha;
      covered = covered && always->interval.low <= truth && truth <= always->interval.high;
    }
    out.fixed_rejected += fixed ? 1 : 0;
    out.sequential_rejected += sequential ? 1 : 0;
    out.covered += covered ? 1 : 0;
  }
  out.fixed_rejected /= options.runs;
  out.sequential_rejected /= options.runs;
  out.covered /= options.runs;
  return out;
}

}  // namespace footlight::experiment
