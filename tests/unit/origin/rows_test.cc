// Reading documents and rows: CSV and JSON Lines, times, e-mail addresses, content and site.
#include "origin/ingest/rows.h"

#include <fstream>
#include <sstream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "origin/http/problem.h"
#include "origin/ingest/interaction.h"
#include "origin/ingest/questionnaire.h"
#include "origin/store/content.h"
#include "origin/store/document.h"

using namespace footlight;
using namespace footlight::origin;
namespace data = boost::unit_test::data;
using Json = nlohmann::ordered_json;

namespace {

struct Case {
  const char* name;
  const char* text;
  const char* rows;  // the rows as JSON, separated by a line break; "!" for a refused one
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

std::string read_all(RowFormat format, const std::string& text) {
  std::istringstream input(text);
  RowReader reader(input, format, [](std::string_view field) {
    if (field == "list") return CellKind::kList;
    if (field == "number") return CellKind::kNumber;
    if (field == "flag") return CellKind::kBoolean;
    return CellKind::kText;
  });
  std::string out;
  Json row;
  std::string error;
  while (reader.next(row, error)) {
    out += std::to_string(reader.line()) + (error.empty() ? row.dump() : "!") + "\n";
  }
  return out;
}

const Case kCsv[] = {
    {"plain", "a,b\n1,2\n", "2{\"a\":\"1\",\"b\":\"2\"}\n"},
    {"crlf and bom",
     "\xEF\xBB\xBF"
     "a,b\r\n1,2\r\n",
     "2{\"a\":\"1\",\"b\":\"2\"}\n"},
    {"no line end", "a\nx", "2{\"a\":\"x\"}\n"},
    {"empty cell is a missing field", "a,b\n,2\n", "2{\"b\":\"2\"}\n"},
    {"quoted", "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "2{\"a\":\"x,y\",\"b\":\"say \\\"hi\\\"\"}\n"},
    {"line break in a cell", "a,b\n\"x\ny\",2\n3,4\n", "2{\"a\":\"x\\ny\",\"b\":\"2\"}\n4{\"a\":\"3\",\"b\":\"4\"}\n"},
    {"nested", "body.title,body.url\nT,/u\n", "2{\"body\":{\"title\":\"T\",\"url\":\"/u\"}}\n"},
    {"kinds", "list,number,flag\nx|y,12.5,true\n", "2{\"list\":[\"x\",\"y\"],\"number\":12.5,\"flag\":true}\n"},
    {"whole numbers stay whole", "number\n12000\n", "2{\"number\":12000}\n"},
    {"too few cells", "a,b\n1\n2,3\n", "2!\n3{\"a\":\"2\",\"b\":\"3\"}\n"},
    {"not a number", "number\nx\n", "2!\n"},
    {"quote not closed", "a\n\"x\n", "2!\n"},
    {"text after a quote", "a,b\n\"x\"y,2\n", "2!\n"},
    {"not UTF-8", "a\n\xff\n", "2!\n"},
    {"field inside a text", "a,a.b\n1,2\n", "2!\n"},
    {"empty file", "", ""},
    {"header alone", "a,b\n", ""},
};

const Case kLines[] = {
    {"plain", "{\"a\":1}\n{\"a\":2}\n", "1{\"a\":1}\n2{\"a\":2}\n"},
    {"blank lines", "\n{\"a\":1}\n  \n{\"a\":2}", "2{\"a\":1}\n4{\"a\":2}\n"},
    {"one bad row", "{\"a\":1}\n{\n{\"a\":3}\n", "1{\"a\":1}\n2!\n3{\"a\":3}\n"},
    {"not an object", "[1]\n", "1!\n"},
    {"not UTF-8", "{\"a\":\"\xff\"}\n", "1!\n"},
};

Site demo_site() {
  std::ifstream file(std::string(FOOTLIGHT_SOURCE_DIR) + "/web/demo/content/site.json");
  std::vector<Fault> faults;
  Site site = parse_site(Json::parse(file), faults);
  for (const Fault& fault : faults) BOOST_TEST_MESSAGE(fault.pointer << " " << fault.detail);
  BOOST_REQUIRE(faults.empty());
  return site;
}

struct BadContent {
  const char* document;
  const char* code;
  const char* pointer;
};
std::ostream& operator<<(std::ostream& out, const BadContent& one) { return out << one.document; }

const BadContent kBadContent[] = {
    {R"({"type":"project","body":{}})", "required", "/id"},
    {R"({"id":"a","body":{}})", "required", "/type"},
    {R"({"id":"a","type":"film","body":{}})", "unknown", "/type"},
    {R"({"id":"a","type":"project"})", "required", "/body"},
    {R"({"id":"a","type":"project","body":[]})", "type", "/body"},
    {R"({"id":"a","type":"project","body":{"id":"x"}})", "reserved", "/body/id"},
    {R"({"id":"a","type":"project","body":{},"attributes":{"colour":["red"]}})", "unknown", "/attributes/colour"},
    {R"({"id":"a","type":"project","body":{},"attributes":{"format":["opera"]}})", "unknown", "/attributes/format/0"},
    {R"({"id":"a","type":"project","body":{},"attributes":{"budget":{"min":9,"max":1}}})", "range",
     "/attributes/budget"},
    {R"({"id":"a","type":"project","body":{},"attributes":{"format":{"min":1}}})", "type", "/attributes/format"},
    {R"({"id":"a","type":"project","body":{},"active_from":"yesterday"})", "type", "/active_from"},
    {R"({"id":"a","type":"project","body":{},"status":"gone"})", "unknown", "/status"},
    {R"({"id":"a","type":"project","body":{},"locales":{"fr":{}}})", "unknown", "/locales/fr"},
    {R"({"id":"a","type":"project","body":{},"titel":"x"})", "unknown", "/titel"},
};

struct BadSite {
  const char* path;   // JSON pointer into the demo's site.json
  const char* value;  // JSON put there
  const char* code;
};
std::ostream& operator<<(std::ostream& out, const BadSite& one) { return out << one.path << " = " << one.value; }

const BadSite kBadSites[] = {
    {"/questions/0/id", "0", "range"},
    {"/questions/0/id", "2", "duplicate"},
    {"/questions/0/name", "\"format\"", "duplicate"},
    {"/questions/0/kind", "\"radio\"", "unknown"},
    {"/questions/0/weight", "2", "range"},
    {"/questions/0/options/0/id", "102", "duplicate"},
    {"/questions/0/options/0/key", "\"months\"", "duplicate"},
    {"/questions/0/options/0/label", "{\"fr\":\"x\"}", "unknown"},
    {"/slots/0/types", "[\"film\"]", "unknown"},
    {"/slots/1/max_limit", "2", "range"},
    {"/segments/0/when", "{\"format\":[\"opera\"]}", "unknown"},
    {"/segments/0/when", "{}", "required"},
    {"/weights/match", "\"x\"", "type"},
    {"/rules", "[{\"id\":1,\"kind\":\"pin\",\"slot\":\"nowhere\",\"content\":\"a\"}]", "unknown"},
    {"/rules", R"([{"id":1,"kind":"like","content":"a"}])", "unknown"},
    {"/rules", R"([{"id":1,"kind":"prefer"}])", "required"},
    {"/rules", R"([{"id":1,"kind":"prefer","content":"a","slot":"projects"}])", "unknown"},
    {"/rules", R"([{"id":1,"kind":"prefer","content":"a","position":1}])", "unknown"},
    {"/objective", R"({"click": 0.5})", "range"},
    {"/objective", R"({"click": 1, "sales": 0})", "unknown"},
    {"/weights/engagement", "-1", "range"},
};

struct BadEvent {
  const char* document;
  const char* pointer;
};
std::ostream& operator<<(std::ostream& out, const BadEvent& one) { return out << one.document; }

const BadEvent kBadEvents[] = {
    {R"({"action":"click"})", "/contentId"},
    {R"({"contentId":"a"})", "/action"},
    {R"({"contentId":"a","action":"stare"})", "/action"},
    {R"({"contentId":"a","action":"click","contentType":"film"})", "/contentType"},
    {R"({"contentId":"a","action":"click","duration":-1})", "/duration"},
    {R"({"contentId":"a","action":"click","duration":"long"})", "/duration"},
    {R"({"contentId":"a","action":"click","feedback":"great"})", "/feedback"},
    {R"({"contentId":"a","action":"click","occurredAt":"noon"})", "/occurredAt"},
    {R"({"contentId":"a","action":"click","propensity":2})", "/propensity"},
    {R"({"contentId":"a","action":"click","extra":1})", "/extra"},
    {R"([])", ""},
    {R"({"contentId":"a","action":"exposure","context":{"device":"fridge"}})", "/context/device"},
    {R"({"contentId":"a","action":"exposure","context":65536})", "/context"},
    {R"({"contentId":"a","action":"exposure","context":{"weekday":8}})", "/context/weekday"},
    {R"({"contentId":"a","action":"exposure","context":{"colour":"red"}})", "/context/colour"},
    {R"({"contentId":"a","action":"exposure","context":"phone"})", "/context"},
};

bool has(const std::vector<Fault>& faults, std::string_view code, std::string_view pointer) {
  for (const Fault& fault : faults) {
    if ((code.empty() || fault.code == code) && fault.pointer == pointer) return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rows)

const Case kBadHeaders[] = {
    {"not UTF-8", "a,b\xff\n1,2\n3,4\n", "1!\n"},
    {"a column twice", "a,b,a\n1,2,3\n", "1!\n"},
    {"a column without a name", "a,,b\n1,2,3\n", "1!\n"},
    {"too many objects in one another", "a.b.c.d.e.f.g.h.i.j\n1\n", "1!\n"},
    {"semicolons", "a;b\n1;2\n", "1!\n"},
    {"CR alone", "a,b\r1,2\r", "1!\n"},
};
BOOST_DATA_TEST_CASE(no_row_is_read_below_a_bad_header, data::make(kBadHeaders), one) {
  BOOST_TEST(read_all(RowFormat::kCsv, one.text) == one.rows);
}

BOOST_AUTO_TEST_CASE(a_long_row_takes_no_other_along) {
  const std::string cell(3'000'000, 'x');
  BOOST_TEST(read_all(RowFormat::kCsv, "a,b\ng1,\"" + cell + "\"\ng2,y\n") == "2!\n3{\"a\":\"g2\",\"b\":\"y\"}\n");
  BOOST_TEST(read_all(RowFormat::kCsv, "a,b\ng1,\"x\n" + cell + "\"\ng2,y\n") == "2!\n4{\"a\":\"g2\",\"b\":\"y\"}\n");
  BOOST_TEST(read_all(RowFormat::kJsonLines, "{\"a\":\"" + cell + "\"}\n{\"a\":1}\n") == "1!\n2{\"a\":1}\n");
}

BOOST_AUTO_TEST_CASE(a_deep_row_is_refused_alone) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}\n";
  };
  BOOST_TEST(read_all(RowFormat::kJsonLines, nested(400'000) + "{\"a\":1}\n") == "1!\n2{\"a\":1}\n");
  BOOST_TEST(read_all(RowFormat::kJsonLines, nested(kMaxDepth)) == "1!\n");  // and the object around them
  BOOST_TEST(read_all(RowFormat::kJsonLines, nested(kMaxDepth - 1)) == "1" + nested(kMaxDepth - 1));
  BOOST_TEST(!too_deep("{\"a\":\"" + std::string(1000, '[') + "\\\"[\"}"));
}

BOOST_DATA_TEST_CASE(csv, data::make(kCsv), one) { BOOST_TEST(read_all(RowFormat::kCsv, one.text) == one.rows); }
BOOST_DATA_TEST_CASE(lines, data::make(kLines), one) {
  BOOST_TEST(read_all(RowFormat::kJsonLines, one.text) == one.rows);
}

BOOST_AUTO_TEST_CASE(times) {
  BOOST_TEST(*parse_time_ms("1970-01-01T00:00:00Z") == 0);
  BOOST_TEST(*parse_time_ms("2026-01-02T10:00:00.25Z") == 1767348000250);
  BOOST_TEST(*parse_time_ms("2026-01-02T12:00:00+02:00") == 1767348000000);
  BOOST_TEST(format_time(1767348000250) == "2026-01-02T10:00:00.250Z");
  for (const char* bad :
       {"", "2026-01-02", "2026-13-02T10:00:00Z", "2026-02-30T10:00:00Z", "2026-01-02T25:00:00Z", "2026-01-02T10:00:00",
        "2026-01-02T10:00:00.Z", "1969-12-31T23:59:59Z", "2026-01-02T10:00:00+2", "2026-01-02T10:00:00Zx"}) {
    BOOST_TEST(!parse_time_ms(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(addresses) {
  BOOST_TEST(normal_email(" A.B@Example.COM ") == "a.b@example.com");
  for (const char* bad : {"", "a", "@b.co", "a@b", "a@b.", "a@.b", "a b@c.de", "a@b@c.de", "<a@b.co>"}) {
    BOOST_TEST(normal_email(bad).empty(), bad);
  }
}

BOOST_AUTO_TEST_CASE(the_demo_content_is_valid) {
  const Site site = demo_site();
  std::ifstream file(std::string(FOOTLIGHT_SOURCE_DIR) + "/web/demo/content/content.jsonl");
  RowReader reader(file, RowFormat::kJsonLines, [](std::string_view) { return CellKind::kText; });
  Json row;
  std::string error;
  std::size_t count = 0;
  while (reader.next(row, error)) {
    std::vector<Fault> faults;
    const ContentRow content = parse_content(row, site, faults);
    BOOST_TEST(error.empty());
    BOOST_TEST(faults.empty());
    BOOST_TEST(localized_bodies(content, site).size() == site.locales.size());
    BOOST_TEST(!localized_names(content, site)[0].empty());
    ++count;
  }
  BOOST_TEST(count >= 74U);
}

BOOST_DATA_TEST_CASE(bad_content, data::make(kBadContent), one) {
  static const Site site = demo_site();
  std::vector<Fault> faults;
  static_cast<void>(parse_content(Json::parse(one.document), site, faults));
  BOOST_TEST(has(faults, one.code, one.pointer));
}

BOOST_DATA_TEST_CASE(bad_sites, data::make(kBadSites), one) {
  std::ifstream file(std::string(FOOTLIGHT_SOURCE_DIR) + "/web/demo/content/site.json");
  Json document = Json::parse(file);
  document[Json::json_pointer(one.path)] = Json::parse(one.value);
  std::vector<Fault> faults;
  static_cast<void>(parse_site(document, faults));
  bool found = false;
  for (const Fault& fault : faults) found = found || fault.code == one.code;
  BOOST_TEST(found);
}

BOOST_DATA_TEST_CASE(bad_events, data::make(kBadEvents), one) {
  std::vector<Fault> faults;
  static_cast<void>(parse_event(Json::parse(one.document), "", 1767348000000, faults));
  BOOST_TEST(has(faults, "", one.pointer));
}

BOOST_AUTO_TEST_CASE(answers_become_options_and_texts) {
  const Site site = demo_site();
  std::vector<Fault> faults;
  const Answers answers = parse_answers(Json{{"format", "Feature Film"},
                                             {"materials", {"A script or draft", "pitch_deck"}},
                                             {"logline", "In a world"},
                                             {"want_consult", true}},
                                        site, "", faults);
  BOOST_TEST(faults.empty());
  Visitor visitor;
  apply_answers(visitor, answers, site);
  BOOST_REQUIRE(visitor.answer_count == 4U);
  BOOST_TEST(visitor.answers[0] == 401);
  BOOST_TEST(visitor.answers[3] == 1201);
  BOOST_TEST(visitor.texts_given == 1);
  // Answered anew, and taken back.
  apply_answers(visitor, parse_answers(Json{{"format", "tv_series"}, {"logline", ""}}, site, "", faults), site);
  BOOST_TEST(visitor.answers[0] == 402);
  BOOST_TEST(visitor.texts_given == 0);
  static_cast<void>(parse_answers(Json{{"format", "Opera"}, {"shoe_size", "44"}}, site, "/q", faults));
  BOOST_TEST(has(faults, "unknown", "/q/format"));
  BOOST_TEST(has(faults, "unknown", "/q/shoe_size"));
}

BOOST_AUTO_TEST_CASE(the_problem_table_is_in_order_and_its_codes_are_unique) {
  std::vector<std::string_view> codes;
  for (std::size_t i = 0; i < problem_table().size(); ++i) {
    const ProblemRow& row = problem_table()[i];
    BOOST_TEST(static_cast<std::size_t>(row.kind) == i);
    BOOST_TEST((row.status >= 400 && row.status < 600));
    BOOST_TEST((std::find(codes.begin(), codes.end(), row.code) == codes.end()));
    codes.push_back(row.code);
  }
  const Json document = Json::parse(problem_json(invalid({{"type", "must be text", "/a"}}), "r1"));
  BOOST_TEST(document["code"] == "invalid");
  BOOST_TEST(document["status"] == 422);
  BOOST_TEST(document["pointer"] == "/a");
  BOOST_TEST(document["requestId"] == "r1");
}

BOOST_AUTO_TEST_SUITE_END()
