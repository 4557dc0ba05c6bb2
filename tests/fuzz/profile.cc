// Any JSON as what a person sends of themselves: answers, choices, an address; and any bytes as their record.
#include <fstream>
#include <string>

#include "core/visitor/record.h"
#include "origin/ingest/questionnaire.h"
#include "origin/privacy/consent.h"
#include "origin/privacy/erasure.h"
#include "tests/fuzz/json_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight;
  static const origin::Site site = [] {
    std::ifstream file(FOOTLIGHT_SOURCE_DIR "/web/demo/content/site.json");
    std::vector<origin::Fault> faults;
    return origin::parse_site(fuzz::Json::parse(file), faults);
  }();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string email = origin::normal_email(text);
  if (!email.empty() && origin::normal_email(email) != email) __builtin_trap();
  const auto document = fuzz::document_of(data, size);
  if (!document) return 0;
  std::vector<origin::Fault> faults;
  const origin::Answers answers = origin::parse_answers(*document, site, "/questionnaireData", faults);
  Visitor visitor;
  origin::apply_answers(visitor, answers, site);
  std::array<std::byte, kMaxRecordBytes> record;
  if (!encode_visitor(visitor, record)) __builtin_trap();
  fuzz::check(faults);
  faults.clear();
  const origin::ConsentChange change = origin::parse_consent(*document, "/consent", faults);
  origin::apply_consent(visitor, change, size % 2 == 0);
  if (origin::refuses_personalization(visitor) && visitor.history_count > 0) __builtin_trap();
  fuzz::check(faults);
  try {
    static_cast<void>(origin::parse_erasure(*document));
  } catch (const std::runtime_error&) {
  }
  return 0;
}
