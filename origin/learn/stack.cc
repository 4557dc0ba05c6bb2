#include "origin/learn/stack.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "origin/learn/metrics.h"

namespace footlight::learn {
namespace {

constexpr int kColumns = kStackParts + 2;  // and b, c
using Vector = Eigen::Matrix<double, kColumns, 1>;
using Square = Eigen::Matrix<double, kColumns, kColumns>;

double sigmoid_of(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

// log(1 + e^x), without overflow.
double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

double log_loss_of(double log_odds, bool clicked) { return softplus(log_odds) - (clicked ? log_odds : 0); }

struct Prior {
  Vector mean = Vector::Zero();
  Vector precision = Vector::Zero();
  Vector lower = Vector::Constant(-1e9);
};

// Penalised negative log-likelihood, with its gradient and Hessian when asked for.
double objective(const std::vector<Vector>& x, const std::vector<bool>& y, const Prior& prior, const Vector& theta,
                 Vector* gradient, Square* hessian) {
  const Vector off = theta - prior.mean;
  double value = 0.5 * off.cwiseProduct(off).dot(prior.precision);
  if (gradient != nullptr) {
    *gradient = prior.precision.cwiseProduct(off);
    *hessian = Square(prior.precision.asDiagonal());
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double log_odds = theta.dot(x[i]);
    value += log_loss_of(log_odds, y[i]);
    if (gradient == nullptr) continue;
    const double p = sigmoid_of(log_odds);
    *gradient += (p - (y[i] ? 1.0 : 0.0)) * x[i];
    hessian->noalias() += p * (1 - p) * x[i] * x[i].transpose();
  }
  return value;
}

// Projected Newton: what sits at its bound and wants beyond it stays; the others take a Newton step, halved until it
// helps.
Vector minimise(const std::vector<Vector>& x, const std::vector<bool>& y, const Prior& prior) {
  Vector theta = prior.mean;
  Vector gradient;
  Square hessian;
  double value = objective(x, y, prior, theta, &gradient, &hessian);
  for (int round = 0; round < 50; ++round) {
    for (int j = 0; j < kColumns; ++j) {
      if (theta[j] > prior.lower[j] || gradient[j] <= 0) continue;
      gradient[j] = 0;
      hessian.row(j).setZero();
      hessian.col(j).setZero();
      hessian(j, j) = 1;
    }
    const Vector step = hessian.ldlt().solve(gradient);
    Vector next = theta;
    double reached = value;
    for (int halvings = 0; halvings < 20; ++halvings) {
      next = (theta - std::ldexp(1.0, -halvings) * step).cwiseMax(prior.lower).cwiseMin(kMaxStackWeight);
      reached = objective(x, y, prior, next, nullptr, nullptr);
      if (reached < value) break;
    }
    if (!(reached < value - 1e-10 * (1 + std::abs(value)))) break;
    theta = next;
    value = objective(x, y, prior, theta, &gradient, &hessian);
  }
  return theta;
}

double sum_of(const StackRow& row, const StackWeights& weights) {
  double sum = 0;
  for (std::size_t j = 0; j < kStackParts; ++j) sum += weights[j] * static_cast<double>(row.parts[j]);
  return sum;
}

double mean_position(std::span<const StackRow> rows) {
  double sum = 0;
  double count = 0;
  for (const StackRow& row : rows) {
    if (row.position == 255) continue;
    sum += std::log2(1.0 + row.position);
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}

StackWeights fit_weights(std::span<const StackRow> rows, const StackWeights& defaults) {
  const double typical = mean_position(rows);
  std::vector<Vector> x;
  std::vector<bool> y;
  for (const StackRow& row : rows) {
    if (row.checks) continue;
    Vector columns;
    for (std::size_t j = 0; j < kStackParts; ++j) columns[static_cast<int>(j)] = static_cast<double>(row.parts[j]);
    columns[kStackParts] = 1;
    columns[kStackParts + 1] = row.position == 255 ? typical : std::log2(1.0 + row.position);
    x.push_back(columns);
    y.push_back(row.clicked);
  }
  Prior prior;
  for (std::size_t j = 0; j < kStackParts; ++j) {
    const double sd = kPriorSd * std::max(defaults[j], 0.1);
    prior.mean[static_cast<int>(j)] = defaults[j];
    prior.precision[static_cast<int>(j)] = 1 / (sd * sd);
    prior.lower[static_cast<int>(j)] = 0;
  }
  prior.precision[kStackParts] = 1e-4;
  prior.precision[kStackParts + 1] = 1;
  const Vector theta = minimise(x, y, prior);
  StackWeights weights;
  for (std::size_t j = 0; j < kStackParts; ++j) {
    weights[j] = theta[static_cast<int>(j)];
  }
  return weights;
}

void fit_calibration(std::span<const StackRow> rows, StackFit& fit) {
  std::vector<Vector> x;
  std::vector<bool> y;
  for (const StackRow& row : rows) {
    if (row.checks) continue;
    Vector columns = Vector::Zero();
    columns[0] = sum_of(row, fit.weights);
    columns[1] = 1;
    x.push_back(columns);
    y.push_back(row.clicked);
  }
  Prior prior;
  prior.mean[0] = 1;
  prior.precision.setOnes();  // of the columns that are not there
  prior.precision[0] = 4;
  prior.precision[1] = 1e-4;
  prior.lower[0] = 0.01;  // a higher score never means a lower probability
  const Vector theta = minimise(x, y, prior);
  fit.calibrate_scale = theta[0];
  fit.calibrate_shift = theta[1];
}

}  // namespace

StackFit fit_stack(std::span<const StackRow> rows, const StackWeights& defaults) {
  StackFit fit;
  fit.weights = defaults;
  for (const StackRow& row : rows) ++(row.checks ? fit.checked_on : fit.fitted_on);
  if (fit.fitted_on == 0) return fit;
  fit.weights = fit_weights(rows, defaults);
  fit_calibration(rows, fit);

  std::vector<double> probabilities;
  std::vector<std::uint8_t> clicked;
  double rate = 0;
  for (const StackRow& row : rows) {
    if (!row.checks) continue;
    const double log_odds = fit.calibrate_scale * sum_of(row, fit.weights) + fit.calibrate_shift;
    probabilities.push_back(sigmoid_of(log_odds));
    clicked.push_back(row.clicked ? 1 : 0);
    fit.log_loss += log_loss_of(log_odds, row.clicked);
    rate += row.clicked ? 1 : 0;
  }
  if (fit.checked_on == 0) return fit;
  const auto n = static_cast<double>(fit.checked_on);
  fit.log_loss /= n;
  rate /= n;
  if (rate > 0 && rate < 1) fit.base_log_loss = -(rate * std::log(rate) + (1 - rate) * std::log(1 - rate));
  fit.auc = auc(probabilities, clicked);
  fit.ece = calibration_error(probabilities, clicked, std::clamp<std::size_t>(rows.size() / 2 / kRowsABin, 1, 10));
  fit.calibrated = fit.checked_on >= kLeastChecked && fit.ece <= kMaxEce;
  return fit;
}

}  // namespace footlight::learn
