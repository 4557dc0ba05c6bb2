// JavaScript's regular expressions (no flags, or "i") -> the bytecode of core/experiment/pattern.h.
//
// Everything of ECMA-262's syntax without the u and v flags, with Annex B as browsers have it, but for what no machine
// of bounded size does: back references and look-around. Lazy and greedy are the same: only whether is asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/experiment/pattern.h"

namespace footlight::experiment {

struct CompiledPattern {
  enum class Verdict { kGood, kInvalid, kUnsupported };
  Verdict verdict = Verdict::kGood;
  std::string detail;  // of the others: "nothing to repeat at 3", "look-around
                       // cannot be bounded"
  std::vector<PatternRow> rows;
  std::vector<UnitRange> ranges;  // kSet rows point into these
};

// kInvalid: JavaScript refuses it, too, and a condition with it never holds. kUnsupported: it cannot be published.
[[nodiscard]] CompiledPattern compile_pattern(std::string_view pattern, bool ignore_case);

// Pieces of text with anything ("*") between them, the whole text, cases ignored, "." for no line break.
[[nodiscard]] CompiledPattern compile_wildcard(const std::vector<std::string>& pieces, bool optional_slashes);

}  // namespace footlight::experiment
