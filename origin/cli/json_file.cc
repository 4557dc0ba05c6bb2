#include "origin/cli/json_file.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

#include "origin/cli/commands.h"
#include "origin/store/document.h"

namespace footlight::cli {

nlohmann::ordered_json read_json(const std::string& path) {
  std::ifstream input(path, std::ios::binary);
  if (!input) throw std::runtime_error("cannot read " + path);
  const std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  if (origin::too_deep(text)) throw std::runtime_error(path + " is nested too deeply");
  auto document = nlohmann::ordered_json::parse(text, nullptr, false);
  if (document.is_discarded()) throw std::runtime_error(path + " is not valid JSON");
  return document;
}

void refuse_faults(const std::string& path, const std::vector<origin::Fault>& faults) {
  for (const auto& fault : faults) {
    fmt::print(stderr, "{}: {}: {} ({})\n", path, fault.code, fault.detail,
               fault.pointer.empty() ? "/" : fault.pointer);
  }
  if (!faults.empty()) throw CLI::RuntimeError(kExitRefused);
}

}  // namespace footlight::cli
