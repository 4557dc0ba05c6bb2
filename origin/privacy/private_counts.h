// Counts that never knew a truth: locally private reporting by randomised response (Warner, J. Amer. Statist. Assoc.
// 60, 1965; the estimator and its variance as in Wang et al., "Locally differentially private protocols for frequency
// estimation", USENIX Security 2017, section 3, for one bit).
//
// A device that takes part chooses, once a day, one (item, action) pair uniformly from the published ones, whatever the
// visitor did. Its bit b says whether the visitor did that. It sends b with probability p = e^eps / (1 + e^eps) and 1 -
// b otherwise, with the pair, without an id, a cookie or a token. Of n reports about a pair, y of them 1:
//
//     share  = (y / n - (1 - p)) / (2 p - 1)                       unbiased
//     error  = sqrt(y / n (1 - y / n) / (n - 1)) / (2 p - 1)       its standard error
//
// One day's report is eps-differentially private; k days are k eps. Reports of different eps are combined by the
// inverse of their variances.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/visitor/visitor.h"
#include "origin/store/store.h"

namespace footlight::origin {

inline constexpr double kMinEpsilon = 0.1;
inline constexpr double kMaxEpsilon = 8;

struct PrivateReport {
  std::string content_id;
  Action action = Action::kView;
  bool bit = false;
  double epsilon = 1;
  std::int64_t day = 0;  // since 1970-01-01
};

// False: there is no such content.
[[nodiscard]] bool insert_private_report(Store& store, const PrivateReport& report);

struct PrivateEstimate {
  std::string content_id;  // UUID
  std::string_view action;
  std::uint64_t reports = 0;
  double share = 0;  // of the devices asked; noise can take it below 0 or above 1
  double standard_error = 0;
};
void for_each_private_estimate(Store& store, std::int64_t since_day,
                               const std::function<void(const PrivateEstimate&)>& visit);

// The estimator itself, of one pair and one epsilon.
struct ResponseEstimate {
  double share = 0;
  double standard_error = 0;
};
[[nodiscard]] ResponseEstimate estimate_response(std::uint64_t reports, std::uint64_t ones, double epsilon);

}  // namespace footlight::origin
