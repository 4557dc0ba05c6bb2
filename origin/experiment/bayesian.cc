#include "origin/experiment/bayesian.h"

#include <cmath>
#include <utility>

#include <boost/math/distributions/normal.hpp>

namespace footlight::experiment {

double expected_gain(double mean, double error) {
  const boost::math::normal z;
  return mean * boost::math::cdf(z, mean / error) + error * boost::math::pdf(z, mean / error);
}

std::optional<BayesResult> bayes_test(const Effect& effect, const Prior& prior, double alpha, bool less_is_better) {
  if (!(effect.variance > 0)) return std::nullopt;
  const double of_data = 1 / effect.variance;
  const double of_prior = prior.proper ? 1 / prior.variance : 0;
  BayesResult out;
  out.value = (of_data * effect.value + of_prior * prior.mean) / (of_data + of_prior);
  out.error = std::sqrt(1 / (of_data + of_prior));
  const boost::math::normal z;
  const double half = boost::math::quantile(z, 1 - alpha / 2) * out.error;
  out.interval = {out.value - half, out.value + half};
  out.chance_to_win = boost::math::cdf(z, (less_is_better ? -out.value : out.value) / out.error);
  out.risk_of_control = expected_gain(out.value, out.error);
  out.risk_of_treatment = expected_gain(-out.value, out.error);
  if (less_is_better) std::swap(out.risk_of_control, out.risk_of_treatment);
  return out;
}

}  // namespace footlight::experiment
