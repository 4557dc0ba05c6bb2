// AUC, log loss, error and calibration error against values worked out by hand.
#include <cmath>
#include <stdexcept>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "origin/learn/metrics.h"

using namespace footlight::learn;
namespace data = boost::unit_test::data;

namespace {

struct AucCase {
  const char* name;
  std::vector<double> scores;
  std::vector<std::uint8_t> outcomes;
  double auc;
};
std::ostream& operator<<(std::ostream& out, const AucCase& c) { return out << c.name; }

const AucCase kAuc[] = {
    {"in order", {1, 2, 3, 4}, {0, 0, 1, 1}, 1},
    {"reversed", {4, 3, 2, 1}, {0, 0, 1, 1}, 0},
    {"one pair of four lost", {1, 3, 2, 4}, {0, 0, 1, 1}, 0.75},
    {"all tied", {1, 1, 1, 1}, {0, 1, 0, 1}, 0.5},
    {"a tie counts half", {1, 2, 2, 3}, {0, 0, 1, 1}, 0.875},
    {"positives alone", {1, 2}, {1, 1}, 0.5},
    {"nothing", {}, {}, 0.5},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_metrics)

BOOST_DATA_TEST_CASE(area_under_the_curve, data::make(kAuc), c) {
  BOOST_CHECK_CLOSE(auc(c.scores, c.outcomes) + 1, c.auc + 1, 1e-12);
}

BOOST_AUTO_TEST_CASE(log_loss_and_error_by_hand) {
  const std::vector<double> p = {0.5, 0.9, 0.2, 0.6};
  const std::vector<std::uint8_t> y = {1, 1, 0, 0};
  // -(ln .5 + ln .9 + ln .8 + ln .4) / 4; wrong is the last alone
  BOOST_CHECK_CLOSE(log_loss(p, y), -(std::log(.5) + std::log(.9) + std::log(.8) + std::log(.4)) / 4, 1e-9);
  BOOST_CHECK_EQUAL(error_rate(p, y), 0.25);
  const std::vector<double> certain = {0};
  BOOST_CHECK_CLOSE(log_loss(certain, std::vector<std::uint8_t>{1}), -std::log(1e-15), 1e-9);
}

BOOST_AUTO_TEST_CASE(calibration_error_by_hand) {
  // Two bins of two: (.1, .3) with rate .5, off by .3; (.6, .8) with rate 1, off by .3.
  const std::vector<double> p = {0.8, 0.1, 0.6, 0.3};
  const std::vector<std::uint8_t> y = {1, 0, 1, 1};
  BOOST_CHECK_CLOSE(calibration_error(p, y, 2), 0.3, 1e-9);
  const auto curve = calibration_curve(p, y, 2);
  BOOST_REQUIRE_EQUAL(curve.size(), 2U);
  BOOST_CHECK_EQUAL(curve[0].rows, 2U);
  BOOST_CHECK_CLOSE(curve[1].mean_probability, 0.7, 1e-9);
  BOOST_CHECK_EQUAL(curve[1].rate, 1);
  BOOST_CHECK_EQUAL(calibration_curve(p, y).size(), 4U);  // no more bins than rows
  BOOST_CHECK_EQUAL(calibration_error({}, {}), 0);
}

BOOST_AUTO_TEST_CASE(lengths_must_agree) {
  const std::vector<double> p = {0.5};
  BOOST_CHECK_THROW((void)auc(p, {}), std::invalid_argument);
  BOOST_CHECK_THROW((void)log_loss(p, {}), std::invalid_argument);
  BOOST_CHECK_THROW((void)calibration_error(p, {}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
