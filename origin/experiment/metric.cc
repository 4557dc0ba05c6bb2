#include "origin/experiment/metric.h"

#include <algorithm>
#include <cmath>

namespace footlight::experiment {
namespace {

using Gradient = std::array<double, kParts>;

// Variance of a'x for x with the sample covariances of `sums`.
double bilinear(const Sums& sums, const Gradient& a, const Gradient& b) {
  double total = 0;
  for (std::size_t p = 0; p < kParts; ++p) {
    for (std::size_t q = 0; q < kParts; ++q) {
      if (a[p] != 0 && b[q] != 0) total += a[p] * b[q] * sums.covariance(static_cast<Part>(p), static_cast<Part>(q));
    }
  }
  return total;
}

// The ratio of two parts and its gradient in them.
double ratio(const Sums& sums, Part above, Part below, Gradient& gradient) {
  const double base = sums.mean(below);
  if (base == 0) return 0;
  gradient[above] = 1 / base;
  gradient[below] = -sums.mean(above) / (base * base);
  return sums.mean(above) / base;
}

struct Moments {  // of the metric after and before, for one unit
  double after = 0;
  double before = 0;
  double variance_after = 0;
  double variance_before = 0;
  double covariance = 0;
};

Moments moments(const Metric& metric, const Sums& sums) {
  Moments out;
  Gradient after{};
  Gradient before{};
  if (metric.kind == MetricKind::kRatio) {
    out.after = ratio(sums, kValue, kBase, after);
    if (metric.before) out.before = ratio(sums, kValueBefore, kBaseBefore, before);
  } else {
    out.after = sums.mean(kValue);
    after[kValue] = 1;
    if (metric.before) {
      out.before = sums.mean(kValueBefore);
      before[kValueBefore] = 1;
    }
  }
  out.variance_after = bilinear(sums, after, after);
  out.variance_before = bilinear(sums, before, before);
  out.covariance = bilinear(sums, after, before);
  if (metric.kind == MetricKind::kProportion) {
    out.variance_after = out.after * (1 - out.after);
    out.variance_before = out.before * (1 - out.before);
    out.covariance = sums.n > 0 ? sums.product[kValue][kValueBefore] / sums.n - out.after * out.before : 0;
  }
  return out;
}

}  // namespace

void Sums::add(std::span<const double> values) {
  n += 1;
  for (std::size_t p = 0; p < std::min(values.size(), kParts); ++p) {
    sum[p] += values[p];
    for (std::size_t q = 0; q < std::min(values.size(), kParts); ++q) product[p][q] += values[p] * values[q];
  }
}

Sums& Sums::operator+=(const Sums& other) {
  n += other.n;
  for (std::size_t p = 0; p < kParts; ++p) {
    sum[p] += other.sum[p];
    for (std::size_t q = 0; q < kParts; ++q) product[p][q] += other.product[p][q];
  }
  return *this;
}

double Sums::mean(Part part) const { return n > 0 ? sum[part] / n : 0; }

double Sums::covariance(Part a, Part b) const { return n > 1 ? (product[a][b] - sum[a] * sum[b] / n) / (n - 1) : 0; }

double capped(double value, double cap) noexcept { return value > cap ? cap : value; }

double cuped_theta(const Metric& metric, const Sums& control, const Sums& treatment) {
  if (!metric.before) return 0;
  double covariance = 0;
  double variance = 0;
  if (metric.kind == MetricKind::kRatio) {
    for (const Sums* one : {&control, &treatment}) {
      const Moments m = moments(metric, *one);
      if (one->n > 0) covariance += m.covariance / one->n;
      if (one->n > 0) variance += m.variance_before / one->n;
    }
  } else {
    Sums both = control;
    both += treatment;
    const Moments m = moments(metric, both);
    covariance = m.covariance;
    variance = m.variance_before;
  }
  return variance > 0 ? covariance / variance : 0;
}

Estimate estimate(const Metric& metric, const Sums& sums, double theta) {
  const Moments m = moments(metric, sums);
  Estimate out{.n = sums.n,
               .mean = m.after - theta * m.before,
               .unadjusted_mean = m.after,
               .variance = m.variance_after - 2 * theta * m.covariance + theta * theta * m.variance_before,
               .theta = theta,
               .variance_after = m.variance_after,
               .variance_before = m.variance_before,
               .covariance_before = m.covariance,
               .is_ratio = metric.kind == MetricKind::kRatio};
  if (sums.n <= 1) out.variance = 0;
  return out;
}

Effect effect_of(const Estimate& control, const Estimate& treatment, bool relative) {
  Effect out;
  out.units = control.n + treatment.n;
  if (control.variance <= 0 || treatment.variance <= 0 || control.n < 2 || treatment.n < 2) return out;
  const double by_control = control.variance / control.n;
  const double by_treatment = treatment.variance / treatment.n;
  const double sum = by_control + by_treatment;
  out.degrees_of_freedom =
      sum * sum / (by_control * by_control / (control.n - 1) + by_treatment * by_treatment / (treatment.n - 1));
  const double difference = treatment.mean - control.mean;
  if (!relative) {
    out.value = difference;
    out.variance = sum;
    return out;
  }
  const double base = control.unadjusted_mean;
  if (base == 0) return out;
  out.value = difference / base;
  // The control stands above and below the line: d/d(before) is theta/base, d/d(after) is -1/base - difference/base^2.
  // The means before differ by chance alone, so that -treatment/base^2, unadjusted, is the same; the published
  // expectations (tests/conformance) take the one form for ratios and the other for all else, and so do we.
  const double by_after =
      control.is_ratio ? -1 / base - difference / (base * base) : -treatment.unadjusted_mean / (base * base);
  const double by_before = control.theta / base;
  out.variance = by_treatment / (base * base) +
                 (by_after * by_after * control.variance_after + 2 * by_after * by_before * control.covariance_before +
                  by_before * by_before * control.variance_before) /
                     control.n;
  return out;
}

}  // namespace footlight::experiment
