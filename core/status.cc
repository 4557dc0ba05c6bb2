#include "core/status.h"

namespace footlight {

const char* status_name(Status status) noexcept {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kTruncated:
      return "truncated";
    case Status::kBadMagic:
      return "bad_magic";
    case Status::kUnsupportedMajor:
      return "unsupported_major";
    case Status::kMissingSection:
      return "missing_section";
    case Status::kBadSection:
      return "bad_section";
    case Status::kBadReference:
      return "bad_reference";
    case Status::kBadValue:
      return "bad_value";
    case Status::kTooLarge:
      return "too_large";
    case Status::kUnknownItem:
      return "unknown_item";
    case Status::kUnknownSlot:
      return "unknown_slot";
    case Status::kUnknownQuestion:
      return "unknown_question";
    case Status::kUnknownOption:
      return "unknown_option";
    case Status::kNotLoaded:
      return "not_loaded";
  }
  return "unknown_status";
}

}  // namespace footlight
