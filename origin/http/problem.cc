#include "origin/http/problem.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace footlight::origin {
namespace {

constexpr std::size_t kMaxFaults = 20;  // a body full of faults must not make an answer larger than itself

constexpr ProblemRow kTable[] = {
    {"bad_request", "The request is malformed.", 400, ProblemKind::kBadRequest},
    {"bad_json", "The body is not valid JSON.", 400, ProblemKind::kBadJson},
    {"invalid", "The body is not what this operation takes.", 422, ProblemKind::kInvalid},
    {"bad_parameter", "A parameter is not valid.", 400, ProblemKind::kBadParameter},
    {"unauthorized", "Valid credentials are needed.", 401, ProblemKind::kUnauthorized},
    {"forbidden", "These credentials do not allow this.", 403, ProblemKind::kForbidden},
    {"not_found", "There is nothing here.", 404, ProblemKind::kNotFound},
    {"method_not_allowed", "This method is not known here.", 405, ProblemKind::kMethodNotAllowed},
    {"conflict", "This cannot be done now.", 409, ProblemKind::kConflict},
    {"worse_model", "The new model is worse than the live one.", 409, ProblemKind::kWorse},
    {"too_large", "The body is too large.", 413, ProblemKind::kTooLarge},
    {"uri_too_long", "The address is too long.", 414, ProblemKind::kUriTooLong},
    {"headers_too_large", "The request's head is too large.", 431, ProblemKind::kHeadTooLarge},
    {"unsupported_media_type", "This content type is not taken here.", 415, ProblemKind::kUnsupportedMedia},
    {"too_many_requests", "Too many requests.", 429, ProblemKind::kTooMany},
    {"unavailable", "The service cannot answer now.", 503, ProblemKind::kUnavailable},
    {"no_snapshot", "Nothing has been published yet.", 503, ProblemKind::kNoSnapshot},
    {"internal", "Something went wrong here.", 500, ProblemKind::kInternal},
};

}  // namespace

std::span<const ProblemRow> problem_table() { return kTable; }

const ProblemRow& problem_row(ProblemKind kind) { return kTable[static_cast<std::size_t>(kind)]; }

std::string problem_json(const Problem& problem, std::string_view request_id) {
  const ProblemRow& row = problem_row(problem.kind);
  nlohmann::ordered_json document = {{"type", fmt::format("urn:footlight:problem:{}", row.code)},
                                     {"title", row.title},
                                     {"status", row.status},
                                     {"code", row.code}};
  if (!problem.detail.empty()) document["detail"] = problem.detail;
  if (!problem.pointer.empty()) document["pointer"] = problem.pointer;
  if (!problem.faults.empty()) {
    auto& errors = document["errors"] = nlohmann::ordered_json::array();
    for (const Fault& fault : problem.faults) {
      if (errors.size() == kMaxFaults) break;
      errors.push_back({{"code", fault.code}, {"detail", fault.detail}, {"pointer", fault.pointer}});
    }
  }
  document["requestId"] = request_id;
  // A pointer repeats names from the body; they may be any bytes.
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Problem invalid(std::vector<Fault> faults) {
  Problem problem{.kind = ProblemKind::kInvalid};
  if (!faults.empty()) {
    problem.detail = faults.front().detail;
    problem.pointer = faults.front().pointer;
  }
  problem.faults = std::move(faults);
  return problem;
}

}  // namespace footlight::origin
