#define BOOST_TEST_MODULE unit_origin
#include <boost/test/unit_test.hpp>
