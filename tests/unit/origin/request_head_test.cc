#include "origin/http/request_head.h"

#include <ostream>
#include <string>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using footlight::origin::parse_request_head;
using footlight::origin::RequestHead;

BOOST_AUTO_TEST_SUITE(request_head)

struct Case {
  const char* name;
  std::string lines;  // behind the request line, each with its end
};
std::ostream& operator<<(std::ostream& out, const Case& row) { return out << row.name; }

bool parses(const std::string& lines, RequestHead& head) {
  return parse_request_head("POST /x HTTP/1.1\r\n" + lines + "\r\n", head);
}

const Case kUnclear[] = {
    {"space before the colon", "Content-Length : 5\r\n"},
    {"tab before the colon", "Content-Length\t: 5\r\n"},
    {"space before the name", " Content-Length: 5\r\n"},
    {"folded line", "X: y\r\n Content-Length: 5\r\n"},
    {"NUL in a name", std::string("Content-Length\0: 5\r\n", 20)},
    {"NUL in a value", std::string("X: a\0b\r\n", 8)},
    {"bare CR", "X: y\rContent-Length: 5\r\n"},
    {"bare LF", "X: y\nContent-Length: 5\r\n"},
    {"empty length", "Content-Length:\r\n"},
    {"blank length", "Content-Length: \t \r\n"},
    {"signed length", "Content-Length: +5\r\n"},
    {"negative length", "Content-Length: -5\r\n"},
    {"hexadecimal length", "Content-Length: 0x5\r\n"},
    {"list of lengths", "Content-Length: 5, 5\r\n"},
    {"endless length", "Content-Length: 11111111111111111111\r\n"},
    {"two lengths", "Content-Length: 5\r\nContent-Length: 5\r\n"},
    {"two lengths, other case", "Content-Length: 5\r\ncontent-length: 6\r\n"},
    {"length and encoding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
    {"two encodings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
    {"other encoding", "Transfer-Encoding: gzip\r\n"},
    {"list of encodings", "Transfer-Encoding: gzip, chunked\r\n"},
    {"space before the colon of an encoding", "Transfer-Encoding : chunked\r\n"},
    {"no colon", "Host\r\n"},
    {"no name", ": x\r\n"},
    {"name that is no token", "X(y): z\r\n"},
};
BOOST_DATA_TEST_CASE(what_could_be_read_in_two_ways_is_refused, boost::unit_test::data::make(kUnclear), row) {
  RequestHead head;
  BOOST_TEST(!parses(row.lines, head));
}

BOOST_AUTO_TEST_CASE(a_head_says_how_long_the_body_is) {
  RequestHead head;
  BOOST_TEST(parses("Host: x\r\n", head));
  BOOST_TEST((head.content_length == 0U && !head.is_chunked && !head.expects_continue));
  BOOST_TEST(head.bytes == 29U);
  BOOST_TEST(parses("content-LENGTH:\t 42 \r\nX-Empty:\r\nX-High: \xC3\xA9\r\n", head));
  BOOST_TEST(head.content_length == 42U);
  BOOST_TEST(parses("Transfer-Encoding: Chunked\r\nExpect: 100-continue\r\n", head));
  BOOST_TEST((head.is_chunked && head.expects_continue && head.takes_body));
  BOOST_TEST(parse_request_head("GET /POST HTTP/1.1\r\n\r\n", head));
  BOOST_TEST(!head.takes_body);
}

BOOST_AUTO_TEST_CASE(an_end_is_an_empty_line_and_nothing_behind_it) {
  RequestHead head;
  BOOST_TEST(!parse_request_head("", head));
  BOOST_TEST(!parse_request_head("\r\n", head));
  BOOST_TEST(!parse_request_head("GET / HTTP/1.1\r\n", head));
  BOOST_TEST(!parse_request_head("GET / HTTP/1.1\r\nA: b", head));
  BOOST_TEST(!parse_request_head("GET / HTTP/1.1\r\n\r\nA: b\r\n\r\n", head));
}

BOOST_AUTO_TEST_SUITE_END()
