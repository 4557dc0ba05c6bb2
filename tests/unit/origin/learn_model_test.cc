#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "origin/learn/model.h"

namespace {

using namespace footlight::learn;

Model sample() {
  Model model;
  model.trained_at_s = 1'790'000'000;
  model.visitors = 12;
  model.held_out_from_ms = 1'789'000'000'000;
  model.item_item_method = "softmax";
  model.item_item_weight = 1;
  model.history_exponent = 0.25;
  model.learned_segments = {{10'000, {{1, {101, 102}}, {4, {401}}}, 60, 7.5}};
  model.next_segment_id = 10'001;
  model.stack.emplace();
  model.stack->weights = {1.5, 1, 0.25, 0};
  model.stack->calibrate_shift = -2;
  model.stack->calibrated = true;
  model.temperatures = {{2, 0.25}};
  model.min_visitors = 5;
  model.items = {{7, 9, 0.25F, 0.5F, -0.125F, 40, {{8, 0.75F}, {900000, -0.1F}}}, {8, 5, 0.1F, -1, 0, 0, {}}};
  model.segments = {{3, {{7, 0.3F}}}};
  return model;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learn_model)

BOOST_AUTO_TEST_CASE(what_is_stored_comes_back) {
  const Model back = decode_model(encode_model(sample()));
  const Model sent = sample();
  BOOST_TEST((back.items == sent.items && back.segments == sent.segments));
  BOOST_TEST((back.learned_segments == sent.learned_segments && back.next_segment_id == sent.next_segment_id));
  BOOST_TEST((back.stack == sent.stack && back.temperatures == sent.temperatures));
  BOOST_TEST(back.held_out_from_ms == sent.held_out_from_ms);
  BOOST_TEST(back.item_item_method == sent.item_item_method);
  BOOST_TEST(back.history_exponent == sent.history_exponent);
  for (const Model& model : {sample(), Model{}}) {
    BOOST_TEST((encode_model(decode_model(encode_model(model))) == encode_model(model)));
  }
}

BOOST_AUTO_TEST_CASE(an_older_format_says_train_again) {
  const auto cbor = nlohmann::json::to_cbor({{"format", 1}, {"items", nlohmann::json::array()}});
  try {
    (void)decode_model(std::as_bytes(std::span(cbor)));
    BOOST_FAIL("not refused");
  } catch (const std::runtime_error& error) {
    BOOST_TEST(std::string_view(error.what()).find("footlight train") != std::string_view::npos);
  }
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
