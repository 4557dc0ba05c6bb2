#include <stdexcept>

#include <boost/test/unit_test.hpp>

#include "origin/learn/model.h"

namespace {

using namespace footlight::learn;

Model sample() {
  Model model;
  model.trained_at_s = 1'790'000'000;
  model.visitors = 12;
  model.lambda = 20;
  model.min_visitors = 5;
  model.items = {{7, 9, 0.25F, 0.5F, -0.125F, {{8, 0.75F}, {900000, -0.1F}}}, {8, 5, 0.1F, -1, 0, {}}};
  model.segments = {{3, {{7, 0.3F}}}};
  return model;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_model)

BOOST_AUTO_TEST_CASE(what_is_stored_comes_back) {
  BOOST_TEST((decode_model(encode_model(sample())) == sample()));
  BOOST_TEST((decode_model(encode_model({})) == Model{}));
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  const auto bytes = encode_model(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    BOOST_CHECK_THROW((void)decode_model(std::span(bytes).first(n)), std::runtime_error);
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_refused_or_gives_a_model) {
  const auto bytes = encode_model(sample());
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size() * 8; ++at) {
    auto changed = bytes;
    changed[at / 8] ^= std::byte{1} << (at % 8);
    try {
      (void)decode_model(changed);
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  BOOST_TEST(refused > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
