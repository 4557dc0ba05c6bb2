#include "core/numeric/elementary.h"

#include <cstdint>
#include <limits>

namespace footlight {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // ln 2, upper bits: k * kLn2High is exact for |k| < 2^20
constexpr double kLn2Low = 1.90821492927058770002e-10;   // ln 2 - kLn2High
constexpr double kInvLn2 = 1.44269504088896338700e+00;
constexpr double kSqrt2 = 1.41421356237309504880;

double power_of_two(std::int64_t k) noexcept {  // k in [-1022, 1023]
  return __builtin_bit_cast(double, static_cast<std::uint64_t>(k + 1023) << 52U);
}

}  // namespace

double exp_exact(double x) noexcept {
  if (!(x > -708.0)) return 0.0;  // NaN too
  if (x >= 709.0) return std::numeric_limits<double>::max();
  // x = k ln2 + r with |r| <= ln2 / 2, then e^x = 2^k e^r (Cody and Waite 1980).
  const double scaled = x * kInvLn2;
  const auto k = static_cast<std::int64_t>(scaled >= 0 ? scaled + 0.5 : scaled - 0.5);
  const auto kd = static_cast<double>(k);
  const double r = (x - kd * kLn2High) - kd * kLn2Low;
  // Taylor to r^13: the remainder for |r| <= 0.3466 is below 4e-18. Terms go in pairs (Estrin 1960), so that they do
  // not wait for one another.
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double low = (1.0 / 2.0 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
  const double middle = (1.0 / 720.0 + r * (1.0 / 5040.0)) + r2 * (1.0 / 40320.0 + r * (1.0 / 362880.0));
  const double high = (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + r2 * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0));
  const double sum = 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)));
  return sum * power_of_two(k);
}

double log_exact(double x) noexcept {
  if (!(x > 0.0)) return std::numeric_limits<double>::lowest();
  double shift = 0.0;
  if (x < std::numeric_limits<double>::min()) {  // subnormal: bring it up by 2^54
    x *= 18014398509481984.0;
    shift = -54.0;
  }
  const auto bits = __builtin_bit_cast(std::uint64_t, x);
  auto k = static_cast<std::int64_t>((bits >> 52U) & 0x7ffU) - 1023;
  if (k == 1024) return std::numeric_limits<double>::max();  // infinity
  double m = __builtin_bit_cast(double, (bits & 0x000fffffffffffffU) | 0x3ff0000000000000U);
  if (m > kSqrt2) {
    m *= 0.5;
    k += 1;
  }
  // log m = 2 atanh(f) = 2 (f + f^3/3 + f^5/5 + …), f = (m - 1) / (m + 1), |f| <= 0.1716.
  const double f = (m - 1.0) / (m + 1.0);
  const double f2 = f * f;
  double series = 0.0;
  for (int n = 21; n >= 3; n -= 2) series = (series + 1.0 / n) * f2;
  const double kd = static_cast<double>(k) + shift;
  return kd * kLn2High + (2.0 * f + (2.0 * f * series + kd * kLn2Low));
}

double sigmoid(double x) noexcept {
  if (x >= 0.0) return 1.0 / (1.0 + exp_exact(-x));
  const double e = exp_exact(x);
  return e / (1.0 + e);
}

}  // namespace footlight
