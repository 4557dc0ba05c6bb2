// Off-policy estimates for people and for programs: one way to print them, whoever asked.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "origin/learn/off_policy.h"

namespace footlight::cli {

// Flat: "ips", "ips_low", "ips_high", "ips_standard_error", … for logged, ips, snips, dm, dr, switch_dr; "tau",
// "rounds", "left_out", "clusters", "rewarded", "effective_sample_size", "unknown_share", "greedy_share",
// "largest_weight", "mean_weight", "unsupported"; and "warnings": [{"code", "text"}]. Every key after `prefix`.
void put_off_policy(nlohmann::ordered_json& json, const learn::OffPolicy& report, const std::string& prefix = {});

// As `put_off_policy` under a prefix, the intervals alone.
void put_interval(nlohmann::ordered_json& json, const std::string& name, const learn::Interval& interval);

// A table of the estimates on stdout, then the warnings.
void print_off_policy(const learn::OffPolicy& report, bool is_difference = false);

// Writes JSON to a file, or to stdout for "-". Throws std::runtime_error.
void write_json(const std::string& file, const nlohmann::ordered_json& json);

}  // namespace footlight::cli
