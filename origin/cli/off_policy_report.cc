#include "origin/cli/off_policy_report.h"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "origin/publish/file_write.h"

namespace footlight::cli {
namespace {

using Named = std::pair<const char*, learn::Interval learn::OffPolicy::*>;
constexpr std::array<Named, 6> kEstimates = {{{"logged", &learn::OffPolicy::logged},
                                              {"ips", &learn::OffPolicy::ips},
                                              {"snips", &learn::OffPolicy::snips},
                                              {"dm", &learn::OffPolicy::dm},
                                              {"dr", &learn::OffPolicy::dr},
                                              {"switch_dr", &learn::OffPolicy::switch_dr}}};

}  // namespace

void put_interval(nlohmann::ordered_json& json, const std::string& name, const learn::Interval& interval) {
  json[name] = interval.value;
  json[name + "_low"] = interval.low;
  json[name + "_high"] = interval.high;
  json[name + "_standard_error"] = interval.standard_error;
}

void put_off_policy(nlohmann::ordered_json& json, const learn::OffPolicy& report, const std::string& prefix) {
  for (const auto& [name, member] : kEstimates) put_interval(json, prefix + name, report.*member);
  json[prefix + "tau"] = report.tau;
  json[prefix + "rounds"] = report.rounds;
  json[prefix + "left_out"] = report.left_out;
  json[prefix + "clusters"] = report.clusters;
  json[prefix + "rewarded"] = report.rewarded;
  json[prefix + "effective_sample_size"] = report.effective_sample_size;
  json[prefix + "unknown_share"] = report.unknown_share;
  json[prefix + "greedy_share"] = report.greedy_share;
  json[prefix + "largest_weight"] = report.largest_weight;
  json[prefix + "mean_weight"] = report.mean_weight;
  json[prefix + "unsupported"] = report.unsupported;
  auto& warnings = json[prefix + "warnings"] = nlohmann::ordered_json::array();
  for (const learn::Warning& warning : report.warnings) {
    warnings.push_back({{"code", learn::caution_name(warning.caution)}, {"text", warning.text}});
  }
}

void print_off_policy(const learn::OffPolicy& report, bool is_difference) {
  fmt::print("  {} rounds of {} independent units, {} with a reward; worth {:.1f} of the target's own\n", report.rounds,
             report.clusters, report.rewarded, report.effective_sample_size);
  fmt::print("  {:<10} {:>10} {:>10} {:>10}\n", "", "estimate", "low", "high");
  for (const auto& [name, member] : kEstimates) {
    if (is_difference && member == &learn::OffPolicy::logged) continue;  // of both the same
    const learn::Interval& interval = report.*member;
    fmt::print("  {:<10} {:>10.6f} {:>10.6f} {:>10.6f}\n", name, interval.value, interval.low, interval.high);
  }
  for (const learn::Warning& warning : report.warnings) fmt::print("  warning: {}\n", warning.text);
}

void write_json(const std::string& file, const nlohmann::ordered_json& json) {
  const std::string text = json.dump(2) + "\n";
  if (file == "-") {
    fmt::print("{}", text);
  } else {
    publish::replace_file(file, std::as_bytes(std::span(text)));
  }
}

}  // namespace footlight::cli
