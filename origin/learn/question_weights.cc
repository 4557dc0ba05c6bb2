#include "origin/learn/question_weights.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "core/match/match.h"
#include "origin/learn/features.h"

namespace footlight::learn {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr double kItemL2 = 8;
constexpr double kAnsweredL2 = 4;
constexpr double kPlaceL2 = 1;
constexpr double kBaseL2 = 1e-3;
constexpr double kLongestStep = 2;
constexpr int kMostRounds = 25;

// Columns: [0, Q) shares, [Q, 2 Q) answered, 2 Q the place, 2 Q + 1 the base.
struct Fit {
  Vector theta;
  Vector item;
};

// A Newton step for theta and the items together.
class Step {
 public:
  Step(const Fit& at, const Vector& mean, const Vector& l2)
      : gradient_(-l2.cwiseProduct(at.theta - mean)),
        hessian_(l2.asDiagonal()),
        item_gradient_(-kItemL2 * at.item),
        item_hessian_(Vector::Constant(at.item.size(), kItemL2)),
        cross_(Matrix::Zero(at.theta.size(), at.item.size())) {}

  void add(std::span<const int> columns, std::span<const double> values, Eigen::Index item, double r, double w) {
    for (std::size_t a = 0; a < columns.size(); ++a) {
      gradient_[columns[a]] += r * values[a];
      const double wa = w * values[a];
      cross_(columns[a], item) += wa;
      for (std::size_t b = 0; b <= a; ++b) hessian_(columns[a], columns[b]) += wa * values[b];
    }
    item_gradient_[item] += r;
    item_hessian_[item] += w;
  }

  // Moves `at`; gives the longest part of the step. Shares that are 0 and want below stay.
  double take(Fit& at, Eigen::Index questions) {
    hessian_ = Matrix(hessian_.selfadjointView<Eigen::Lower>());
    const Matrix scaled = cross_ * item_hessian_.cwiseInverse().asDiagonal();
    hessian_ -= scaled * cross_.transpose();
    gradient_ -= scaled * item_gradient_;
    Vector step;
    for (bool again = true; again;) {
      step = hessian_.ldlt().solve(gradient_);
      again = false;
      for (Eigen::Index q = 0; q < questions; ++q) {
        if (at.theta[q] > 0 || step[q] >= 0) continue;
        hessian_.row(q).setZero();
        hessian_.col(q).setZero();
        hessian_(q, q) = 1;
        gradient_[q] = 0;
        again = true;
      }
    }
    const Vector items = (item_gradient_ - cross_.transpose() * step).cwiseQuotient(item_hessian_);
    double longest = std::max(step.cwiseAbs().maxCoeff(), items.size() == 0 ? 0.0 : items.cwiseAbs().maxCoeff());
    const double share = longest > kLongestStep ? kLongestStep / longest : 1;
    at.theta += share * step;
    at.item += share * items;
    at.theta.head(questions) = at.theta.head(questions).cwiseMax(0);
    return longest;
  }

 private:
  Vector gradient_;
  Matrix hessian_;  // the lower half, until take()
  Vector item_gradient_;
  Vector item_hessian_;
  Matrix cross_;  // [columns, items]
};

}  // namespace

MatchShares match_shares(const Past& past, const snapshot::SnapshotView& unit, const StageProgress& progress,
                         const std::atomic<bool>& cancel) {
  MatchShares result;
  result.questions = unit.questions().size();
  result.shares.assign(past.impressions.size() * result.questions, 0.0F);
  result.answered.assign(past.impressions.size(), 0);
  std::vector<std::uint32_t> found;
  for (const std::uint32_t id : past.item_ids) found.push_back(unit.find_item(id));
  MatchFactor factors[kMaxFactors];
  for (std::size_t v = 0; v < past.visitor_count(); ++v) {
    if (v % 1024 == 0) {
      if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
      progress("matching answers", static_cast<double>(v) / static_cast<double>(past.visitor_count()));
    }
    replay(past, v, [&](std::uint32_t i, const Visitor& then) {
      const FoldedVisitor folded = fold(then, unit, context_of(past.impressions[i]).day());
      for (std::uint32_t c = 0; c < folded.column_count; ++c) {
        result.answered[i] |= std::uint64_t{1} << unit.options()[folded.columns[c]].question;
      }
      const std::uint32_t item = found[past.impressions[i].item];
      if (item == snapshot::kNone) return;
      const std::size_t count = match_factors(folded, unit, item, factors);
      for (std::size_t k = 0; k < count; ++k) {
        result.shares[i * result.questions + factors[k].question] = static_cast<float>(factors[k].score);
      }
    });
  }
  return result;
}

std::vector<double> fit_question_log_odds(const MatchShares& shares, std::span<const MatchCase> cases,
                                          std::size_t items, std::span<const double> guess,
                                          const std::atomic<bool>& cancel) {
  const auto questions = static_cast<Eigen::Index>(shares.questions);
  const Eigen::Index columns = 2 * questions + 2;
  Vector mean = Vector::Zero(columns);
  Vector l2 = Vector::Constant(columns, kAnsweredL2);
  for (Eigen::Index q = 0; q < questions; ++q) {
    mean[q] = guess[static_cast<std::size_t>(q)];
    const double sd = std::max(kLeastSd, kGuessSd * mean[q]);
    l2[q] = 1 / (sd * sd);
  }
  l2[2 * questions] = kPlaceL2;
  l2[2 * questions + 1] = kBaseL2;

  const std::size_t stride = std::max<std::size_t>(1, (cases.size() + kMostMatchRows - 1) / kMostMatchRows);
  double used = 0;
  double clicked = 0;
  for (std::size_t n = 0; n < cases.size(); n += stride) {
    used += 1;
    clicked += cases[n].clicked ? 1 : 0;
  }
  std::vector<double> result(guess.begin(), guess.end());
  if (clicked == 0 || clicked == used) return result;

  Fit fit{mean, Vector::Zero(static_cast<Eigen::Index>(items))};
  fit.theta[2 * questions + 1] = std::log(clicked / (used - clicked));
  std::vector<int> at;
  std::vector<double> values;
  for (int round = 0; round < kMostRounds; ++round) {
    if (cancel.load(std::memory_order_relaxed)) throw Cancelled{};
    Step step(fit, mean, l2);
    for (std::size_t n = 0; n < cases.size(); n += stride) {
      const MatchCase& one = cases[n];
      at.clear();
      values.clear();
      const auto put = [&](Eigen::Index column, double value) {
        at.push_back(static_cast<int>(column));
        values.push_back(value);
      };
      const auto own = shares.of(one.row);
      for (Eigen::Index q = 0; q < questions; ++q) {
        if (own[static_cast<std::size_t>(q)] != 0) put(q, static_cast<double>(own[static_cast<std::size_t>(q)]));
      }
      for (Eigen::Index q = 0; q < questions; ++q) {
        if (((shares.answered[one.row] >> static_cast<unsigned>(q)) & 1U) != 0) put(questions + q, 1);
      }
      if (one.position != kPositionUnknown && one.position != 0) {
        put(2 * questions, std::log2(1.0 + static_cast<double>(one.position)));
      }
      put(2 * questions + 1, 1);
      double log_odds = fit.item[one.item];
      for (std::size_t a = 0; a < at.size(); ++a) log_odds += fit.theta[at[a]] * values[a];
      const double p = 1 / (1 + std::exp(-log_odds));
      step.add(at, values, one.item, (one.clicked ? 1.0 : 0.0) - p, p * (1 - p));
    }
    if (step.take(fit, questions) < 1e-4) break;
  }
  for (Eigen::Index q = 0; q < questions; ++q) result[static_cast<std::size_t>(q)] = fit.theta[q];
  return result;
}

}  // namespace footlight::learn
