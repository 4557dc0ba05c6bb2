#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "core/numeric/dot.h"
#include "core/numeric/elementary.h"
#include "core/numeric/random.h"

namespace {

using namespace footlight;

double relative_error(double got, double want) {
  return want == 0 ? std::abs(got) : std::abs(got - want) / std::abs(want);
}

BOOST_AUTO_TEST_SUITE(numeric)

BOOST_AUTO_TEST_CASE(exp_agrees_with_libm) {
  double worst = 0;
  for (int i = 0; i < 102'846; ++i) {
    const double x = -700 + 0.0137 * i;
    worst = std::max(worst, relative_error(exp_exact(x), std::exp(x)));
  }
  BOOST_TEST_MESSAGE("worst relative error of exp: " << worst);
  BOOST_CHECK_LT(worst, 1e-15);
  BOOST_CHECK_EQUAL(exp_exact(0), 1.0);
}

BOOST_AUTO_TEST_CASE(exp_at_its_edges) {
  BOOST_CHECK_EQUAL(exp_exact(-1e308), 0.0);
  BOOST_CHECK_EQUAL(exp_exact(-std::numeric_limits<double>::infinity()), 0.0);
  BOOST_CHECK_EQUAL(exp_exact(std::numeric_limits<double>::infinity()), std::numeric_limits<double>::max());
  BOOST_CHECK_EQUAL(exp_exact(std::nan("")), 0.0);
}

BOOST_AUTO_TEST_CASE(log_agrees_with_libm) {
  double worst = 0;
  for (int i = -10'000; i < 10'000; ++i) {
    const double x = std::pow(10.0, 0.03 * i);
    worst = std::max(worst, relative_error(log_exact(x), std::log(x)));
  }
  for (int i = 0; i < 15'000; ++i) {
    const double x = 0.5 + 1e-4 * i;
    worst = std::max(worst, std::abs(log_exact(x) - std::log(x)));
  }
  BOOST_TEST_MESSAGE("worst error of log: " << worst);
  BOOST_CHECK_LT(worst, 1e-14);
  BOOST_CHECK_EQUAL(log_exact(1), 0.0);
  BOOST_CHECK_EQUAL(log_exact(0), std::numeric_limits<double>::lowest());
  BOOST_CHECK_CLOSE(log_exact(5e-324), std::log(5e-324), 1e-10);
}

BOOST_AUTO_TEST_CASE(sigmoid_is_bounded_and_monotone) {
  double before = -1;
  for (int i = -3200; i <= 3200; ++i) {
    const double x = 0.25 * i;
    const double y = sigmoid(x);
    BOOST_REQUIRE(y >= 0 && y <= 1 && y >= before);
    before = y;
  }
  BOOST_CHECK_EQUAL(sigmoid(0), 0.5);
}

// These bits are the contract: WebAssembly gives the same (tests/parity).
BOOST_AUTO_TEST_CASE(the_bits_are_fixed) {
  const auto bits = [](double x) {
    std::uint64_t out = 0;
    std::memcpy(&out, &x, sizeof out);
    return out;
  };
  BOOST_CHECK_EQUAL(bits(exp_exact(1.0)), 0x4005bf0a8b14576aU);
  BOOST_CHECK_EQUAL(bits(log_exact(10.0)), 0x40026bb1bbb55516U);
}

BOOST_AUTO_TEST_CASE(random_is_splitmix64) {
  // Reference outputs for seed 1234567 (Vigna's splitmix64.c).
  Random random(1234567);
  for (const std::uint64_t want : {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                   4593380528125082431U, 16408922859458223821U}) {
    BOOST_CHECK_EQUAL(random.next(), want);
  }
}

BOOST_AUTO_TEST_CASE(uniform_fills_its_range_evenly) {
  Random random(3);
  std::vector<int> buckets(10);
  for (int i = 0; i < 100000; ++i) {
    const double u = random.uniform();
    BOOST_REQUIRE(u >= 0 && u < 1);
    ++buckets[static_cast<std::size_t>(u * 10)];
  }
  for (const int count : buckets) BOOST_CHECK_LT(std::abs(count - 10000), 500);
}

BOOST_AUTO_TEST_CASE(dot_is_exact_at_its_extremes) {
  std::vector<std::int16_t> a(512, 32767);
  std::vector<std::int8_t> b(512, 127);
  BOOST_CHECK_EQUAL(dot(a.data(), b.data(), 512), 512 * 32767 * 127);
  b.assign(512, -127);
  BOOST_CHECK_EQUAL(dot(a.data(), b.data(), 512), -512 * 32767 * 127);
}

BOOST_AUTO_TEST_CASE(dot_equals_the_plain_loop) {
  Random random(8);
  for (int round = 0; round < 2000; ++round) {
    const std::size_t n = 16 * (1 + random.next() % 16);
    std::vector<std::int16_t> wide(n);
    std::vector<std::int8_t> a(n), b(n);
    for (std::size_t i = 0; i < n; ++i) {
      wide[i] = static_cast<std::int16_t>(random.next());
      a[i] = static_cast<std::int8_t>(static_cast<int>(random.next() % 255) - 127);
      b[i] = static_cast<std::int8_t>(static_cast<int>(random.next() % 255) - 127);
    }
    BOOST_REQUIRE_EQUAL(dot(wide.data(), b.data(), n), dot_plain(wide.data(), b.data(), n));
    BOOST_REQUIRE_EQUAL(dot(a.data(), b.data(), n), dot_plain(a.data(), b.data(), n));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
